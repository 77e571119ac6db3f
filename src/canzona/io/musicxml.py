"""Lead sheets as MusicXML, which notation programs open; music21 writes them, and ``musicxml_reading`` reads them again.

A file has one part: the melody, chord symbols, a key signature wherever the key changes and, at each phrase's start, a
rehearsal mark with its name and length, such as ``A8``.
"""

from canzona.faults import MachineFault
from canzona.io.files import check_storable
from canzona.io.musicxml_writing import song_to_part
from canzona.song import Song


def song_to_musicxml(song: Song) -> bytes:
    """The song's lead sheet as a MusicXML 4.0 file, always the same bytes; ``musicxml_to_song`` is the inverse.

    What the file does not say: the reduced lead sheet, the accompaniment, velocities and provenance; an empty level; a phrase
    without a key after one with a key, which is read back with that key; millionths of a tempo that is nearly whole. Of melody
    notes that overlap one voice is written, as ``one_voice`` has it.

    Raises:
        MachineFault: where music21 is not installed, naming the extra that brings it.
        ValueError: as ``check_storable``, and for a melody below MIDI pitch 12.
    """
    check_storable(song)
    _require_music21()
    from music21.musicxml.m21ToXml import ScoreExporter
    from music21.stream import Score

    part = song_to_part(song)
    part.makeNotation(inPlace=True)
    exporter = ScoreExporter(Score([part]))
    root = exporter.parse()
    for parent in list(root.iter()):  # without what music21 invents, the date, and inversions: the bass says them
        parent[:] = [x for x in parent if x.tag not in ("movement-title", "creator", "encoding-date", "inversion")]
    for sound in root.iter("sound"):
        sound.set("tempo", repr(float(song.tempo)))  # the metronome mark is rounded
    return exporter.asBytes()


def _require_music21() -> None:
    try:
        import music21  # noqa: F401 - only whether it is there
    except ImportError:
        raise MachineFault("MusicXML needs music21: pip install 'canzona[score]'") from None
