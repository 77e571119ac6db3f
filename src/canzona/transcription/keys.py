"""Keys: what the notes say, and the file's signatures where the notes do not contradict them."""

from collections.abc import Sequence

import numpy as np

from canzona.hierarchy.analysis import phrase_keys
from canzona.song.form import Form
from canzona.song.harmony import Key, Mode
from canzona.song.song import LeadSheet
from canzona.song.timing import Meter, beats_to_steps

AS_GOOD = 0.03
"""A signature is believed where it leaves at most this much more of the music outside its scale than the key that is heard."""


def heard_keys(form: Form, sheet: LeadSheet, meter: Meter, signatures: Sequence[tuple[int, Key]]) -> tuple[Form, float]:
    """The phrases with their keys, and the share 0 to 1 of the music that lies within their scales.

    A signature of none is what sequencers write unasked: it is believed only where it explains the notes no worse.

    Args:
        form: the phrases.
        sheet: what sounds in them.
        meter: theirs.
        signatures: steps from which they hold, and the keys that they name, ascending.
    """
    heard = phrase_keys(form.with_keys([None] * len(form.phrases)), sheet, meter)
    keys: list[Key | None] = []
    inside = []
    for start_bar, phrase in heard.spans():
        start, end = meter.bars_to_steps(start_bar), meter.bars_to_steps(start_bar + phrase.length_bars)
        key, chroma = phrase.key, _chroma(sheet, start, end)
        assert key is not None
        named = [named for step, named in signatures if step <= start] or [named for _, named in signatures[:1]]
        if named:
            written = named[-1]
            slack = 0.0 if written == Key(0) else AS_GOOD
            if written.accidentals == key.accidentals:
                key = written if written.mode is Mode.MINOR else key
            elif _within(written, chroma) + slack >= _within(key, chroma):
                key = written
        keys.append(key)
        inside.append((_within(key, chroma), phrase.length_bars))
    return form.with_keys(keys), float(np.average([share for share, _ in inside], weights=[bars for _, bars in inside]))


def _chroma(sheet: LeadSheet, start: int, end: int) -> np.ndarray:
    """How long each pitch class sounds between two steps, in chords and melody."""
    chroma = np.zeros(12)
    for note in sheet.melody:
        if start <= note.start_step < end:
            chroma[note.pitch % 12] += note.duration_steps
    for span in sheet.chords:
        length = min(beats_to_steps(span.end_beat), end) - max(beats_to_steps(span.start_beat), start)
        if length > 0:
            chroma[list(span.chord.chroma)] += length / 3
    return chroma


def _within(key: Key, chroma: np.ndarray) -> float:
    """The share of what sounds that is in the scale, in minor with its leading tone; 1 where nothing sounds."""
    tones = {*key.scale} | ({(key.tonic - 1) % 12} if key.mode is Mode.MINOR else set())
    return float(chroma[sorted(tones)].sum() / chroma.sum()) if chroma.any() else 1.0
