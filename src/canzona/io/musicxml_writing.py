"""Songs as MusicXML 4.0: a lead sheet and a piano part, what notation programs open and songwriters print."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from canzona.io.files import check_storable
from canzona.io.musicxml_symbols import chord_symbol
from canzona.io.notation.durations import NOTE_VALUES, Event, Head, written_bars
from canzona.io.notation.hands import divided_hands
from canzona.io.notation.legible import legible, legible_changes
from canzona.io.notation.signs import accidentals, beams, spelt
from canzona.io.notation.voices import two_voices
from canzona.song import STEPS_PER_BEAT, Chord, Key, LeadSheet, Note, Song
from canzona.song.harmony import chord_changes
from canzona.song.notes import one_voice, struck
from canzona.song.timing import beats_to_steps
from canzona.version import __version__

_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_LOWEST_PITCH = 12  # MusicXML's lowest octave begins here
_FORTE = 90  # the velocity that MusicXML counts per cents of
_HEADER = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_CONTAINER = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile full-path="score.musicxml" '
    b'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
)


class ScorePart(Enum):
    """What of a song is written."""

    ALL = "all"
    LEAD_SHEET = "lead-" + "sheet"
    PIANO = "piano"


class Lengths(Enum):
    """How long notes are written; legible pages also say a chord anew at each phrase, and else only where it changes."""

    EXACT = "exact"
    LEGIBLE = "legible"


@dataclass(frozen=True, slots=True)
class Transposition:
    """How far a part is written above where it sounds, in semitones and in steps of the staff, both 0 or more; and its name."""

    semitones: int = 0
    staff_steps: int = 0
    name: str = ""


TRANSPOSITIONS = {"concert": Transposition(), "b-flat": Transposition(2, 1, " in B♭"), "e-flat": Transposition(9, 5, " in E♭")}
"""Instruments that the lead sheet can be written for: in C, in B♭ (trumpet, clarinet) and in E♭ (alto saxophone)."""


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """How a song is written.

    Attributes:
        part: what of it; parts that the song lacks are left out of ``ALL``.
        transposition: of the lead sheet; the piano is always written as it sounds.
        title: stands above the score; empty for none.
        composer: stands below the title; empty for none.
        lengths: exact, or as ``legible`` makes them; ``None`` for exact ones in files of MusicXML and legible ones on pages.
    """

    part: ScorePart = ScorePart.ALL
    transposition: Transposition = TRANSPOSITIONS["concert"]
    title: str = ""
    composer: str = ""
    lengths: Lengths | None = None


def song_to_musicxml(song: Song, options: ScoreOptions | None = None) -> bytes:
    """The song's lead sheet and piano as a MusicXML file, always the same bytes.

    The lead sheet is one voice with chord symbols; the piano has two staves of at most two voices each. ``musicxml_to_song``
    reads the lead sheet back. What the file does not say: the reduced lead sheet and provenance; an empty level; a phrase
    without a key after one with a key, which is read back with that key. Of melody notes that overlap one voice is written, as
    ``one_voice`` has it; of piano notes of one pitch that overlap the first ends where the second begins.

    Raises:
        ValueError: as ``check_storable``, for a pitch below 12, and for a part that the song lacks.
    """
    root = song_to_score(song, options or ScoreOptions())
    indent(root, " ")
    return _HEADER + tostring(root, encoding="utf-8") + b"\n"


def song_to_score(song: Song, options: ScoreOptions) -> Element:
    """What ``song_to_musicxml`` writes, as a tree.

    Raises:
        ValueError: as ``song_to_musicxml``.
    """
    check_storable(song)
    root = Element("score-partwise", version="4.0")
    if options.title:
        _text(SubElement(root, "work"), "work-title", options.title)
    identification = SubElement(root, "identification")
    if options.composer:
        _text(identification, "creator", options.composer).set("type", "composer")
    _text(SubElement(identification, "encoding"), "software", f"Canzona {__version__}")
    for kind, words, justify, size in (("title", options.title, "center", 24), ("composer", options.composer, "right", 12)):
        if words:
            credit = SubElement(root, "credit", page="1")
            _text(credit, "credit-type", kind)
            place = {"justify": justify, "valign": "top" if kind == "title" else "bottom", "font-size": str(size)}
            _text(credit, "credit-words", words).attrib.update(place)
    part_list = SubElement(root, "part-list")
    for number, (name, measures) in enumerate(_parts(song, options), start=1):
        score_part = SubElement(part_list, "score-part", id=f"P{number}")
        _text(score_part, "part-name", name)
        _text(SubElement(score_part, "score-instrument", id=f"P{number}-I1"), "instrument-name", name)
        SubElement(root, "part", id=f"P{number}").extend(measures)
    return root


def compressed_musicxml(data: bytes) -> bytes:
    """A MusicXML file as an ``.mxl`` archive, always the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("META-INF/container.xml", _CONTAINER), ("score.musicxml", data)):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _parts(song: Song, options: ScoreOptions) -> Iterator[tuple[str, list[Element]]]:
    if options.part is ScorePart.PIANO and song.accompaniment is None:
        raise ValueError("part: must be one that the song has, got piano of a song without piano")
    lasting = partial(legible, meter=song.meter) if options.lengths is Lengths.LEGIBLE else list[Note]
    if options.part is not ScorePart.PIANO:
        moved = options.transposition.semitones
        sheet = song.lead_sheet or LeadSheet()
        melody = [replace(note, pitch=note.pitch + moved) for note in one_voice(sheet.melody)]
        chords = [replace(span, chord=span.chord.transposed(moved)) for span in sheet.chords]
        changes = list(chord_changes(chords, song.meter.bars_to_beats(song.form.length_bars)))
        if options.lengths is Lengths.LEGIBLE:
            changes = legible_changes(changes, [song.meter.bars_to_beats(bar) for bar, _ in song.form.spans()])
        written = replace(song, form=song.form.transposed(moved))
        yield (
            f"Melody{options.transposition.name}",
            _measures(written, [[lasting(melody)]], changes, options.transposition, is_first_part=True),
        )
    if options.part is not ScorePart.LEAD_SHEET and song.accompaniment is not None:
        left, right = divided_hands(struck(song.accompaniment))
        staves = [two_voices(lasting(hand)) for hand in (right, left)]
        yield "Piano", _measures(song, staves, [], Transposition(), is_first_part=options.part is ScorePart.PIANO)


def _measures(
    song: Song, staves: Sequence[Sequence[Sequence[Note]]], changes: Sequence[tuple[int, Chord | None]],
    transposition: Transposition, is_first_part: bool,
) -> list[Element]:  # fmt: skip
    """The measures of a part; ``staves`` holds the voices of each staff, from the highest down, as they are written.

    ``changes`` are beats and the chords whose symbols stand there. Phrases' names and the tempo stand in the first part, above
    the whole score.
    """
    lowest = min((note.pitch for voices in staves for voice in voices for note in voice), default=_LOWEST_PITCH)
    if lowest < _LOWEST_PITCH:
        raise ValueError(f"notes: must have MIDI pitches of {_LOWEST_PITCH} or more to be written as MusicXML, got {lowest}")
    length_bars = song.form.length_bars
    written = [[written_bars(voice, song.meter, length_bars) for voice in voices] for voices in staves]
    marks = dict(song.form.spans())
    measures: list[Element] = []
    latest: Key | None = None
    for bar in range(length_bars):
        measure = Element("measure", number=str(bar + 1))
        phrase = marks.get(bar)
        key = phrase.key if phrase is not None and phrase.key != latest else None
        latest = key or latest
        _add_attributes(measure, song, key, staves, transposition, is_first=bar == 0)
        if phrase is not None and is_first_part:
            _add_directions(measure, str(phrase), song.tempo if bar == 0 else None)
        start_beat = song.meter.bars_to_beats(bar)
        own_changes = [
            (beats_to_steps(beat - start_beat), chord) for beat, chord in changes if song.meter.bar_of_beat(beat) == bar
        ]
        number = 0
        for staff, voices in enumerate(written, start=1):
            own_voices = [voice[bar] for voice in voices]
            signs = accidentals(own_voices, latest)
            for voice, events in enumerate(own_voices):
                number += 1
                if voice and not any(event.heads for event in events):
                    continue
                if len(measure.findall("note")):
                    _text(SubElement(measure, "backup"), "duration", song.meter.steps_per_bar)
                _add_voice(
                    measure, events, song, latest, signs, number, staff if len(staves) > 1 else 0, own_changes,
                    hides_rests=voice > 0,
                )  # fmt: skip
                own_changes = []
        ends = bar + 1 == length_bars
        if ends or bar + 1 in marks:
            _text(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy" if ends else "light-light")
        measures.append(measure)
    return measures


def _add_attributes(
    measure: Element, song: Song, key: Key | None, staves: Sequence[object], transposition: Transposition, is_first: bool
) -> None:
    if not is_first and key is None:
        return
    attributes = SubElement(measure, "attributes")
    if is_first:
        _text(attributes, "divisions", STEPS_PER_BEAT)
    if key is not None:
        signature = SubElement(attributes, "key")
        _text(signature, "fifths", key.accidentals)
        _text(signature, "mode", key.mode.value)
    if not is_first:
        return
    time = SubElement(attributes, "time")
    _text(time, "beats", song.meter.beats_per_bar)
    _text(time, "beat-type", 4)
    if len(staves) > 1:
        _text(attributes, "staves", len(staves))
    for number, (sign, line) in enumerate((("G", 2), ("F", 4))[: len(staves)], start=1):
        clef = SubElement(attributes, "clef", {"number": str(number)} if len(staves) > 1 else {})
        _text(clef, "sign", sign)
        _text(clef, "line", line)
    if transposition.semitones:
        transpose = SubElement(attributes, "transpose")
        _text(transpose, "diatonic", -transposition.staff_steps)
        _text(transpose, "chromatic", -transposition.semitones)


def _add_directions(measure: Element, name: str, tempo: float | None) -> None:
    direction = SubElement(measure, "direction", placement="above")
    _text(SubElement(direction, "direction-type"), "rehearsal", name)
    if tempo is not None:
        direction = SubElement(measure, "direction", placement="above")
        metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
        _text(metronome, "beat-unit", "quarter")
        _text(metronome, "per-minute", f"{tempo:.4g}")
        SubElement(direction, "sound", tempo=repr(float(tempo)))  # the metronome mark is rounded


def _add_voice(
    measure: Element, events: Sequence[Event], song: Song, key: Key | None, signs: dict[tuple[int, int], int], voice: int,
    staff: int, changes: Sequence[tuple[int, Chord | None]], hides_rests: bool,
) -> None:  # fmt: skip
    beamed = beams(events, song.meter)
    for event in events:
        for start, chord in changes:
            if event.start_step <= start < event.end_step:
                measure.append(chord_symbol(chord, key, start - event.start_step))
        if not event.heads and hides_rests:
            forward = SubElement(measure, "forward")
            _text(forward, "duration", event.duration_steps)
            _text(forward, "voice", voice)
            if staff:
                _text(forward, "staff", staff)
        for number, head in enumerate(event.heads or (None,)):
            if head is not None or not hides_rests:
                _add_note(measure, event, head, song, key, signs, voice, staff, beamed, is_chord=number > 0)


def _add_note(
    measure: Element, event: Event, head: Head | None, song: Song, key: Key | None, signs: dict[tuple[int, int], int],
    voice: int, staff: int, beamed: dict[int, tuple[str, ...]], is_chord: bool,
) -> None:  # fmt: skip
    """One head of a chord, or a rest."""
    note = SubElement(measure, "note", {} if head is None else {"dynamics": f"{100 * head.velocity / _FORTE:.2f}"})
    is_whole_bar = head is None and event.duration_steps == song.meter.steps_per_bar
    if head is None:
        SubElement(note, "rest", {"measure": "yes"} if is_whole_bar else {})
    else:
        if is_chord:
            SubElement(note, "chord")
        own, pitch = spelt(head.pitch, key), SubElement(note, "pitch")
        _text(pitch, "step", own.letter)
        if own.alter:
            _text(pitch, "alter", own.alter)
        _text(pitch, "octave", own.octave)
    _text(note, "duration", event.duration_steps)
    ties = [kind for kind, is_tied in (("stop", head and head.is_continued), ("start", head and head.goes_on)) if is_tied]
    for kind in ties:
        SubElement(note, "tie", type=kind)
    _text(note, "voice", voice)
    if not is_whole_bar:
        name, dots = NOTE_VALUES[event.duration_steps]
        _text(note, "type", name)
        for _ in range(dots):
            SubElement(note, "dot")
    if head is not None and (sign := signs.get((event.start_step, head.pitch))) is not None:
        _text(note, "accidental", _SIGNS[sign])
    if staff:
        _text(note, "staff", staff)
    if head is not None and not is_chord:
        for number, kind in enumerate(beamed.get(event.start_step, ()), start=1):
            _text(note, "beam", kind).set("number", str(number))
    if ties:
        notations = SubElement(note, "notations")
        for kind in ties:
            SubElement(notations, "tied", type=kind)


def _text(parent: Element, tag: str, text: object) -> Element:
    element = SubElement(parent, tag)
    element.text = str(text)
    return element
