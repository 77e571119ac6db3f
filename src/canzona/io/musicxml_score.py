"""A MusicXML tree as parts of bars: notes, chord symbols, marks, tempi and signs at exact times, at sounding pitch."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from canzona.io.musicxml_harmony import has_chord, read_chord
from canzona.io.musicxml_order import Signs
from canzona.song import Chord
from canzona.song.harmony import PITCH_CLASSES, parse_pitch_class
from canzona.song.time_signatures import COMPOUND

UNITS = {"whole": 4, "half": 2, "quarter": 1, "eighth": Fraction(1, 2), "16th": Fraction(1, 4), "breve": 8}
"""Beat unit of a metronome mark → quarter notes."""

_JUMPS = {
    "capo": re.compile(r"\W*(d\W{0,2}c\b|da capo)", re.IGNORECASE),
    "segno": re.compile(r"\W*(d\W{0,2}s\b|dal segno)", re.IGNORECASE),
}
_COMPOUND = {tuple(map(str, signature)) for signature in COMPOUND}
_FINE, _TO_CODA = re.compile(r"\W*fine\W*", re.IGNORECASE), re.compile(r"\W*to coda\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note within a bar, in quarter notes from its start.

    Attributes:
        start, duration: when it sounds.
        pitch: MIDI pitch, as it sounds.
        voice: number of staff and voice.
        is_tied: whether it goes on a note before it.
        is_tied_on: whether a note goes on after it.
    """

    start: Fraction
    duration: Fraction
    pitch: int
    voice: tuple[int, str]
    is_tied: bool = False
    is_tied_on: bool = False


@dataclass(slots=True)
class Bar:
    """What is written in one bar of one part; times are in quarter notes from its start.

    Attributes:
        length: how long its notes and rests last.
        notes: in the order of the file.
        symbols: time and chord, ``None`` for none.
        marks: rehearsal marks and words.
        tempos: time and quarter notes a minute.
        key: fifths and mode, empty where none is named; ``None`` where no signature changes.
        time: beats and beat type; ``None`` where the metre does not change.
        signs: where to go on.
    """

    length: Fraction = Fraction(0)
    notes: list[WrittenNote] = field(default_factory=list)
    symbols: list[tuple[Fraction, Chord | None]] = field(default_factory=list)
    marks: list[tuple[str, bool]] = field(default_factory=list)
    tempos: list[tuple[Fraction, float]] = field(default_factory=list)
    key: tuple[int, str] | None = None
    time: tuple[str, str] | None = None
    signs: Signs = field(default_factory=Signs)


@dataclass(slots=True)
class Part:
    """One part.

    Attributes:
        name: as the score has it.
        bars: its bars.
        sung: its voices with words under them.
        left_out: things that are not read, each once for every time that it comes.
    """

    name: str
    bars: list[Bar] = field(default_factory=list)
    sung: set[tuple[int, str]] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)

    @property
    def symbols(self) -> int:
        """How many chord symbols it has."""
        return sum(len(bar.symbols) for bar in self.bars)

    @property
    def voices(self) -> dict[tuple[int, str], int]:
        """Its voices with notes → in how many bars, the topmost first."""
        found: dict[tuple[int, str], int] = {}
        for bar in self.bars:
            for voice in {note.voice for note in bar.notes}:
                found[voice] = found.get(voice, 0) + 1
        return dict(sorted(found.items()))


def read_parts(root: Element) -> list[Part]:
    """All parts of a tree that ``musicxml_document`` let through.

    Raises:
        ValueError: naming the bar, where a note or symbol is none.
    """
    names = {own.get("id"): own.findtext("part-name", "").strip() for own in root.iterfind("part-list/score-part")}
    return [_part(names.get(part.get("id"), ""), part) for part in root.iterfind("part")]


def _part(name: str, element: Element) -> Part:
    part, reader = Part(name), _Reader()
    ending: frozenset[int] = frozenset()
    for number, measure in enumerate(element.iterfind("measure"), start=1):
        try:
            bar = reader.bar(measure, part)
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError(f"musicxml: bar {number}: {error}") from None
        ending = _read_barlines(measure, bar.signs, ending)
        part.bars.append(bar)
    return part


def _read_barlines(measure: Element, signs: Signs, ending: frozenset[int]) -> frozenset[int]:
    """Note repeats and endings in ``signs``; gives the ending that goes on in the next bar."""
    goes_on = ending
    for element in measure.iterfind("barline/ending"):
        numbers = frozenset(_numbers(element.get("number", "1")))
        if element.get("type") == "start":
            ending = goes_on = numbers
        else:
            goes_on = frozenset()
    for repeat in measure.iterfind("barline/repeat"):
        if repeat.get("direction") == "forward":
            signs.begins_repeat = True
        else:
            signs.repeats = max(2, int(repeat.get("times", "2")))
    signs.endings = ending
    return goes_on


def _numbers(text: str) -> Iterator[int]:
    """``1, 3`` → 1, 3; ``1-3`` → 1, 2, 3."""
    for first, last in re.findall(r"(\d+)(?:\s*-\s*(\d+))?", text[:20]):
        yield from range(int(first), min(int(last or first), 9) + 1)


class _Reader:
    """Reads the bars of one part in order; holds what goes on from bar to bar."""

    def __init__(self) -> None:
        self._divisions, self._semitones, self._is_compound = Fraction(1), 0, False

    def bar(self, measure: Element, part: Part) -> Bar:
        bar = Bar()
        now, onset = Fraction(0), Fraction(0)
        for element in measure:
            if element.tag == "attributes":
                self._attributes(element, bar)
            elif element.tag in ("backup", "forward"):
                length = self._beats(element.findtext("duration"))
                now = max(now - length, Fraction(0)) if element.tag == "backup" else now + length
                bar.length = max(bar.length, now)
            elif element.tag == "harmony":
                if has_chord(element):
                    time = max(now + self._beats(element.findtext("offset")), Fraction(0))
                    bar.symbols.append((time, read_chord(element, self._semitones)))
                else:
                    part.left_out.append("roman numeral")
            elif element.tag in ("direction", "sound"):
                self._direction(element, now + self._beats(element.findtext("offset")), bar)
            elif element.tag == "note":
                if element.find("grace") is not None or element.find("cue") is not None:
                    if element.find("pitch") is not None:
                        part.left_out.append("grace note" if element.find("grace") is not None else "cue note")
                    continue
                duration = self._beats(element.findtext("duration"))
                if element.find("chord") is None:
                    onset, now = now, now + duration
                self._note(element, onset, duration, bar, part)
                bar.length = max(bar.length, now)
        return bar

    def _beats(self, text: str | None) -> Fraction:
        """A time in divisions as quarter notes; in 6/8 and the like as eighths, which count as such."""
        return Fraction(text.strip() or 0) / self._divisions * (2 if self._is_compound else 1) if text else Fraction(0)

    def _attributes(self, element: Element, bar: Bar) -> None:
        if divisions := element.findtext("divisions"):
            self._divisions = Fraction(divisions.strip())
        transpose = element.find("transpose")
        if transpose is not None:
            octaves = float(transpose.findtext("octave-change") or 0)
            self._semitones = int(float(transpose.findtext("chromatic") or 0) + PITCH_CLASSES * octaves)
        key = element.find("key")
        if key is not None and key.findtext("fifths", "").strip():
            bar.key = self._sounding(int(float(key.findtext("fifths", "0"))), key.findtext("mode", "").strip().lower())
        time = element.find("time")
        if time is not None and time.find("beats") is not None:
            bar.time = time.findtext("beats", "").strip(), time.findtext("beat-type", "").strip()
            self._is_compound = bar.time in _COMPOUND

    def _sounding(self, fifths: int, mode: str) -> tuple[int, str]:
        """A signature as it sounds; a transposed one with the fewest signs."""
        if self._semitones % PITCH_CLASSES == 0:
            return fifths, mode
        return (fifths + 7 * self._semitones + 5) % PITCH_CLASSES - 5, mode

    def _note(self, element: Element, onset: Fraction, duration: Fraction, bar: Bar, part: Part) -> None:
        pitch = element.find("pitch")
        voice = int(element.findtext("staff") or 1), element.findtext("voice", "1").strip() or "1"
        if element.find("lyric") is not None:
            part.sung.add(voice)
        if pitch is None or not duration or element.findtext("notehead", "").strip() == "slash":
            return
        step, octave = pitch.findtext("step", "").strip(), int(float(pitch.findtext("octave", "4")))
        alter = float(pitch.findtext("alter") or 0)
        if alter != int(alter):
            part.left_out.append("quarter tone")
        midi = (octave + 1) * PITCH_CLASSES + parse_pitch_class(step) + int(alter) + self._semitones
        if not 0 <= midi <= 127:
            raise ValueError(f"note: must be within MIDI pitches 0 to 127, got {midi}")
        ties = {tie.get("type") for tie in element.iterfind("tie")}
        bar.notes.append(WrittenNote(onset, duration, midi, voice, "stop" in ties, "start" in ties))

    def _direction(self, element: Element, time: Fraction, bar: Bar) -> None:
        signs = bar.signs
        kinds = list(element.iterfind("direction-type/*"))
        sound = element if element.tag == "sound" else element.find("sound")
        given = {} if sound is None else sound.attrib
        for kind in kinds:
            text = (kind.text or "").strip()
            if kind.tag in ("rehearsal", "words") and text:
                bar.marks.append((text, kind.tag == "rehearsal"))
            if kind.tag == "words" and not given.keys() & {"dacapo", "dalsegno", "fine", "tocoda"}:
                signs.jump = next((jump for jump, words in _JUMPS.items() if words.match(text)), signs.jump)
                signs.is_fine |= bool(_FINE.fullmatch(text))
                signs.leaves_for_coda |= bool(_TO_CODA.fullmatch(text))
            signs.is_segno |= kind.tag == "segno"
            signs.is_coda |= kind.tag == "coda" and "tocoda" not in given
        signs.jump = "capo" if "dacapo" in given else "segno" if "dalsegno" in given else signs.jump
        signs.is_segno |= "segno" in given
        signs.is_coda |= "coda" in given
        signs.is_fine |= "fine" in given
        signs.leaves_for_coda |= "tocoda" in given
        tempo = float(given["tempo"]) if given.get("tempo") else _metronome(element)
        if tempo:
            bar.tempos.append((time, tempo * (2 if self._is_compound else 1)))


def _metronome(element: Element) -> float | None:
    """Quarter notes a minute of a metronome mark of one unit and a number."""
    mark = element.find("direction-type/metronome")
    number = re.search(r"\d+(\.\d+)?", mark.findtext("per-minute", "") if mark is not None else "")
    if mark is None or number is None or len(mark.findall("beat-unit")) != 1:
        return None
    unit = Fraction(UNITS.get(mark.findtext("beat-unit", "").strip(), 1))
    dots = len(mark.findall("beat-unit-dot"))
    return float(number[0]) * float(unit * (2 - Fraction(1, 2**dots)))
