"""Lead sheets of MusicXML files, as songwriters bring them, read by music21.

music21 is given trees in memory, so it neither fetches nor caches.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from canzona.faults import MachineFault
from canzona.io.files import LONGEST_FORM_BARS, check_storable
from canzona.io.musicxml_document import one_line, read_part
from canzona.io.musicxml_reading import nearest_step, read_chords, read_form, read_keys, read_melody, read_tempo, written_notes
from canzona.song import LeadSheet, Meter, Song

if TYPE_CHECKING:
    from music21.stream import Measure, Part

MOST_PLAYED_BARS = 2 * LONGEST_FORM_BARS
_METERS = {str(Meter(beats)) for beats in Meter.ALLOWED}


def musicxml_to_song(data: bytes) -> Song:
    """Read a lead sheet of any program, plain or compressed; inverse to ``song_to_musicxml`` but for what that names.

    The melody is the first voice of the first part with notes, of a chord the highest, as it sounds; times are taken to the
    nearest sixteenth (chords: beat). Chords are the chord symbols, each the nearest of the vocabulary. Repeats are played where
    music21 can make sense of them, else the bars are taken as written. A short first bar, and the rest of a bar split by a
    repeat, are filled up with silence. Phrases begin at rehearsal marks of a letter (``A``, ``A8``; bars before the first are
    an intro ``i`` if they are only an upbeat or without melody), else all is one phrase. Keys are the signatures at the
    phrases' starts; one without a mode is minor where the song ends on its minor tonic's chord. The tempo is the longest one.

    Raises:
        MachineFault: where music21 is not installed, naming the extra that brings it.
        ValueError: in one line, where this is no MusicXML, is malformed or too large, or has another metre than 3/4 or 4/4.
    """
    tree = read_part(data)
    meter = _meter(tree)
    _require_music21()
    from music21.exceptions21 import Music21Exception

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # music21's, about what is odd in a file
            return _read(tree, meter)
    except (Music21Exception, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"musicxml: {one_line(error)}") from None


def _require_music21() -> None:
    try:
        import music21  # noqa: F401 - only whether it is there
    except ImportError:
        raise MachineFault("MusicXML needs music21: pip install 'canzona[score]'") from None


def _meter(tree: Element) -> Meter:
    times = [
        [x.text or "" for x in time if x.tag in ("beats", "beat-type")] for time in tree.iterfind("measure/attributes/time")
    ]
    given = list(dict.fromkeys("/".join(time)[:20] for time in times))
    if len(given) > 1 or not _METERS.issuperset(given):
        raise ValueError(f"meter: must be 4/4 or 3/4 throughout, got {', '.join(given[:9])}")
    return Meter.parse(given[0]) if given else Meter()


def _read(tree: Element, meter: Meter) -> Song:
    measures = _measures(_imported(tree))
    played: list[tuple[int, Measure]] = []
    position = 0
    for number in _playing_order(tree):
        length = nearest_step(max((x.offset + x.quarterLength for x in written_notes(measures[number])), default=0))
        length = length or meter.steps_per_bar
        if length > meter.steps_per_bar:
            raise ValueError(f"bar {number + 1}: must last {meter.beats_per_bar} quarter notes at most")
        if not played:
            position = meter.steps_per_bar - length
        elif position % meter.steps_per_bar + length > meter.steps_per_bar:
            position += -position % meter.steps_per_bar
        played.append((position, measures[number]))
        position += length
    length_bars = meter.bar_of_step(position - 1) + 1
    if length_bars > LONGEST_FORM_BARS:
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most with its repeats, got {length_bars}")
    melody = read_melody(played, meter.bars_to_steps(length_bars))
    chords = read_chords(played, meter.bars_to_beats(length_bars))
    form = read_form(played, meter, length_bars, melody)
    form = form.with_keys(read_keys(measures, played, form, meter, chords[-1].chord if chords else None))
    tempo = read_tempo(played, position)
    song = Song(form, meter, tempo, lead_sheet=LeadSheet(melody, chords) if melody or chords else None)
    check_storable(song)
    return song


def _imported(measures: Element) -> Part:
    """music21's part of a tree's measures, at sounding pitch."""
    from music21.musicxml.xmlToM21 import MusicXMLImporter

    root = Element("score-partwise")
    SubElement(SubElement(SubElement(root, "part-list"), "score-part", {"id": "P1"}), "part-name")
    SubElement(root, "part", {"id": "P1"}).extend(measures)
    importer = MusicXMLImporter()
    importer.applyFinaleWorkarounds = True  # what is passed over counts as a rest
    importer.xmlRootToScore(root, importer.stream)
    part = importer.stream.parts[0]
    part.toSoundingPitch(inPlace=True)
    return part


def _measures(part: Part) -> list[Measure]:
    from music21.stream import Measure

    return list(part.getElementsByClass(Measure))


def _playing_order(tree: Element) -> list[int]:
    """The numbers of the bars, from 0, as they are played, or as written where music21 finds no sense in the repeats.

    Repeats within repeats are not expanded, nor what would be far longer than a song: music21 takes too long over them.
    """
    from music21.exceptions21 import Music21Exception
    from music21.repeat import Expander

    as_written = list(range(len(tree.findall("measure"))))
    most = times = 1
    directions = ["backward"]
    for sign in tree.iter("repeat"):
        times = times * int(sign.get("times", "2")) if sign.get("direction") == "backward" else 1
        most = max(most, times)
        directions.append(sign.get("direction", ""))
    is_nested = ("forward", "forward") in pairwise(directions)
    if is_nested or most * len(as_written) > MOST_PLAYED_BARS or len(directions) * len(as_written) > 8 * MOST_PLAYED_BARS:
        return as_written
    skeleton = Element("part")
    for measure in tree.iterfind("measure"):
        SubElement(skeleton, "measure", measure.attrib).extend(x for x in measure if x.tag in ("barline", "direction"))
    part = _imported(skeleton)
    for number, measure in enumerate(_measures(part)):
        measure.groups.append(str(number))  # music21 numbers them anew
    try:
        return [int(measure.groups[-1]) for measure in _measures(Expander(part).process())]
    except (Music21Exception, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return as_written
