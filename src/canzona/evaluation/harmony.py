"""How notes agree with chords and keys. Tones are compared by pitch class."""

from canzona.evaluation.voices import melody_of, share
from canzona.song.harmony import PITCH_CLASSES, Chord
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT


def chord_tones_piano(song: Song) -> float | None:
    """Share of piano onsets on a tone or the bass of the sounding chord, by pitch class; onsets under no chord are left out."""
    return _chord_tones(song, song.accompaniment or ())


def chord_tones_melody(song: Song) -> float | None:
    """Share of melody onsets on tones of the sounding chord."""
    return _chord_tones(song, melody_of(song))


def melody_in_key(song: Song) -> float | None:
    """Share of melody notes that belong to the scale of their phrase's key (a minor key: the natural minor)."""
    keys = song.form.keys_by_bar()
    judged = []
    for note in melody_of(song):
        key = keys[song.meter.bar_of_step(note.start_step)]
        if key is not None:
            judged.append(note.pitch % PITCH_CLASSES in key.scale)
    return share(judged)


def _chord_tones(song: Song, notes: tuple[Note, ...]) -> float | None:
    sounding: dict[int, Chord] = {}
    for span in song.lead_sheet.chords if song.lead_sheet is not None else ():
        for beat in range(span.start_beat, span.end_beat):
            sounding[beat] = span.chord
    judged = []
    for note in notes:
        chord = sounding.get(note.start_step // STEPS_PER_BEAT)
        if chord is not None:
            judged.append(note.pitch % PITCH_CLASSES in (*chord.chroma, chord.bass))
    return share(judged)
