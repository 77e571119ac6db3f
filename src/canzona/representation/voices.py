"""Images ⇄ states: what every voice of a level does in each frame. ``states_of`` reads an image, ``paint`` draws states on one.

An image shows a hold at its pitch; a state does not say which, for a hold goes on with whatever sounded before. So pitch is
decided once a note, and no image that states are painted on has a held pixel that no onset leads to.

How states lie as points (``model/states.py``) decides the order in which a sampler settles things, for near points are told
apart in weak noise only: first what begins, goes on and rests; then chords, and the contour of a melody; then exact pitches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from canzona.hierarchy.level import Level, Part, Voicing
from canzona.model.states import VoiceShape
from canzona.representation.form_image import key_templates
from canzona.representation.roll_image import ONSET, SUSTAIN, chroma_templates
from canzona.song.form import PhraseType
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.timing import Meter

REST, HOLD, FIRST_ITEM = 0, 1, 2
"""States of every voice; the items that it can begin follow."""

ON = 0.5
"""Pixels above are on."""

# how far apart states lie; squared distances over 2σ² are evidence in nats
_RHYTHM = 2.75  # of rest, hold and onset, of a melody
_CONTOUR, _CONTOUR_WIDTH = 1.625, 2.5  # height, and width in semitones, of the bump that shows about where a pitch is
_PITCH = 2.0  # of the exact pitch
_CHORD_RHYTHM, _BASS, _CHROMA = 4.0, 3.0, 3.0  # of rest, hold and change of a chord; of its bass; of each of its tones
_KEY = 3.0  # of a piano's key struck, held and off
_FORM = 3.0  # of phrases and keys

_LAG_BEATS = {Voicing.PITCH: (2, 3, 4, 6, 8, 12, 16), Voicing.KEYS: (1, 2, 3, 4, 6, 8)}
"""Lags at which voices are told what they do themselves: half a bar, and one, two and four bars, of four beats and of three."""
_LAG_FRAMES = {Voicing.KEYS: {1}}
"""The same in frames: a key that holds goes on with what it did."""


@dataclass(frozen=True)
class Voices:
    """The voices of a part of a level.

    Attributes:
        shape: how many, and of how many states.
        points: (states, size) what each state is drawn as.
        items: (items, rows of the part) 1 where an item is drawn; where voices are rows, the one item draws the row.
    """

    shape: VoiceShape
    points: Tensor
    items: Tensor


@cache
def voices(level: Level) -> tuple[Voices, ...]:
    """The voices of each part of a level, on the CPU and fit for training, whoever asks first."""
    with torch.device("cpu"), torch.inference_mode(mode=False):
        return tuple(_with_lags(level, part, _VOICES[part.voicing](part)) for part in level.parts)


def states_of(level: Level, image: Tensor) -> list[Tensor]:
    """Read what every voice does.

    Args:
        level: the level.
        image: (..., frames, planes, rows) values from 0 to 1.

    Returns:
        For every part, (..., frames, voices) states. A chord outside the vocabulary is taken as the nearest.
    """
    return [_READERS[part.voicing](level, part, own, image) for part, own in zip(level.parts, voices(level), strict=True)]


def paint(level: Level, image: Tensor, first_frame: int, states: Sequence[Tensor], unknown: Tensor) -> None:
    """Draw states on an image of a song, in place, where they are unknown.

    Args:
        level: the level.
        image: (frames, planes, rows) values from 0 to 1; what is on it before ``first_frame`` sounds on.
        first_frame: where the states begin.
        states: for every part, (frames of the window, voices).
        unknown: (frames of the window, parts) booleans: where states are drawn.
    """
    for number, (part, own) in enumerate(zip(level.parts, voices(level), strict=True)):
        _PAINTERS[part.voicing](level, part, own, image, first_frame, states[number], unknown[:, number])


def _with_lags(level: Level, part: Part, own: Voices) -> Voices:
    """Melodies and keys are told what they do themselves some lags before and after."""
    frames_per_beat = level.unit.frames_per_bar(Meter(4)) // 4
    frames = {beats * frames_per_beat for beats in _LAG_BEATS.get(part.voicing, ())} | _LAG_FRAMES.get(part.voicing, set())
    return replace(own, shape=replace(own.shape, lags=tuple(sign * lag for sign in (-1, 1) for lag in sorted(frames))))


def _spaced(count: int, distance: float) -> Tensor:
    return torch.eye(count) * distance


def _pitch_voices(part: Part) -> Voices:
    (region,) = part.regions
    pitches = region.row_count
    margin = int(2 * _CONTOUR_WIDTH)
    places = torch.arange(-margin, pitches + margin)[None] - torch.arange(pitches)[:, None]
    bumps = _CONTOUR * torch.exp(-(places**2) / (2 * _CONTOUR_WIDTH**2))
    return _one_voice(torch.cat([bumps, _spaced(pitches, _PITCH)], dim=1), _RHYTHM, torch.eye(pitches), line=pitches)


def _chord_voices(part: Part) -> Voices:
    items = torch.tensor(
        [
            [*(float(tone == bass) for tone in range(PITCH_CLASSES)), *vector]
            for vector in chroma_templates()[1].tolist()
            for bass in np.flatnonzero(vector).tolist()
        ]
    )
    return _one_voice(items * torch.tensor([_BASS, _CHROMA]).repeat_interleave(PITCH_CLASSES), _CHORD_RHYTHM, items)


def _one_voice(item_points: Tensor, rhythm: float, items: Tensor, line: int = 0) -> Voices:
    """Rest, hold and onset at equal distances, and beside these what tells the items apart."""
    kinds = torch.tensor([REST, HOLD, *[FIRST_ITEM] * len(items)])
    silent = torch.zeros(FIRST_ITEM, item_points.shape[1])
    points = torch.cat([_spaced(FIRST_ITEM + 1, rhythm)[kinds], torch.cat([silent, item_points])], dim=1)
    return Voices(VoiceShape(1, *points.shape, line=line, items=item_points.shape[1]), _representable(points), items)


def _key_voices(part: Part) -> Voices:
    rows = sum(region.row_count for region in part.regions)
    points = torch.tensor([[0.0, 0.0], [0.0, _KEY], [_KEY, 0.0]])
    return Voices(VoiceShape(rows, *points.shape), points, torch.ones(1, 1))


def _form_voices(items: int) -> Voices:
    points = _spaced(FIRST_ITEM + items, _FORM)
    return Voices(VoiceShape(1, *points.shape), points, torch.eye(items))


def _representable(points: Tensor) -> Tensor:
    """Rounded as a weight file rounds them."""
    return points.bfloat16().float()


_VOICES = {
    Voicing.PITCH: _pitch_voices,
    Voicing.CHORD: _chord_voices,
    Voicing.KEYS: _key_voices,
    Voicing.PHRASE: lambda part: _form_voices(len(PhraseType)),
    Voicing.KEY: lambda part: _form_voices(len(key_templates()[0])),
}


def _roll(level: Level, part: Part, image: Tensor) -> Tensor:
    """(..., frames, planes, rows) → (..., frames, 2, rows of the part): onsets and sustains of all its regions."""
    return torch.cat(
        [image[..., [level.channel(plane) for plane in region.planes], region.rows] for region in part.regions],
        dim=-1,
    )


def _read_one_voice(level: Level, part: Part, own: Voices, image: Tensor) -> Tensor:
    roll = _roll(level, part, image) > ON
    onset, sustain = roll[..., ONSET, :], roll[..., SUSTAIN, :]
    items = own.items.to(image.device)
    item = (2 * onset.float() @ items.T - items.sum(-1)).argmax(-1)
    state = torch.where(sustain.any(-1), HOLD, REST)
    return torch.where(onset.any(-1), FIRST_ITEM + item, state)[..., None]


def _read_keys(level: Level, part: Part, own: Voices, image: Tensor) -> Tensor:
    roll = _roll(level, part, image) > ON
    return torch.where(roll[..., ONSET, :], FIRST_ITEM, torch.where(roll[..., SUSTAIN, :], HOLD, REST))


def _read_phrases(level: Level, part: Part, own: Voices, image: Tensor) -> Tensor:
    values, kind = image[..., _phrase_planes(level), 0].max(-1)
    return torch.where(values >= 1, FIRST_ITEM + kind, torch.where(values > 0, HOLD, REST))[..., None]


def _read_key(level: Level, part: Part, own: Voices, image: Tensor) -> Tensor:
    _, templates = key_templates()
    planes = image[..., [level.channel("tonic"), level.channel("scale")], :PITCH_CLASSES].flatten(-2)
    vectors = torch.from_numpy(templates).float().flatten(1).to(image.device)
    key = (2 * planes.float() @ vectors.T - vectors.sum(-1)).argmax(-1)
    return torch.where(planes.sum(-1) > 0, FIRST_ITEM + key, REST)[..., None]


_READERS = {
    Voicing.PITCH: _read_one_voice,
    Voicing.CHORD: _read_one_voice,
    Voicing.KEYS: _read_keys,
    Voicing.PHRASE: _read_phrases,
    Voicing.KEY: _read_key,
}


def _paint_roll(
    level: Level, part: Part, own: Voices, image: Tensor, first_frame: int, states: Tensor, unknown: Tensor
) -> None:
    """Onsets where items begin, and sustains where what sounded in the frame before is held."""
    items, frames = own.items > 0, min(len(states), len(image) - first_frame)
    roll = _roll(level, part, image) > ON
    sounding = roll[first_frame - 1].any(0) if first_frame else torch.zeros(roll.shape[-1], dtype=torch.bool)
    for frame in range(frames):
        here = roll[first_frame + frame]
        if unknown[frame]:
            state = states[frame]
            begins = state >= FIRST_ITEM
            onset = begins & items[0] if len(items) == 1 else items[int(state[0]) - FIRST_ITEM] & begins
            here[ONSET], here[SUSTAIN] = onset, (state == HOLD) & sounding
        sounding = here.any(0)
    row = 0
    for region in part.regions:
        for number, plane in enumerate(region.planes):
            image[first_frame : first_frame + frames, level.channel(plane), region.rows] = roll[
                first_frame : first_frame + frames, number, row : row + region.row_count
            ].to(image.dtype)
        row += region.row_count


def _paint_phrases(
    level: Level, part: Part, own: Voices, image: Tensor, first_frame: int, states: Tensor, unknown: Tensor
) -> None:
    """Every phrase anew, from where it begins to where the next does: a phrase that was known may go on."""
    bars = _read_phrases(level, part, own, image)[:, 0]
    frames = min(len(states), len(image) - first_frame)
    here = slice(first_frame, first_frame + frames)
    bars[here] = torch.where(unknown[:frames], states[:frames, 0], bars[here])
    begins = bars >= FIRST_ITEM
    begins[1:] |= (bars[1:] == HOLD) & (bars[:-1] == REST)
    begins[0] |= bars[0] == HOLD
    ends = begins | (bars == REST)
    starts = begins.nonzero()[:, 0].tolist()
    planes, place, left = _phrase_planes(level), level.channel("place"), level.channel("left")
    image[:, [*planes, place, left]] = 0
    for start in starts:
        later = ends[start + 1 :].nonzero()[:, 0]
        length = 1 + (int(later[0]) if len(later) else len(bars) - start - 1)
        kind = max(int(bars[start]) - FIRST_ITEM, 0)
        bar = torch.arange(length)
        image[start + bar, planes[kind]] = (1 - bar / length)[:, None].to(image.dtype)
        image[start + bar, place, bar.clamp(max=level.rows - 1)] = 1
        image[start + bar, left, bar.flip(0).clamp(max=level.rows - 1)] = 1


def _paint_key(level: Level, part: Part, own: Voices, image: Tensor, first_frame: int, states: Tensor, unknown: Tensor) -> None:
    _, templates = key_templates()
    vectors = torch.from_numpy(np.concatenate([np.zeros((FIRST_ITEM, 2, PITCH_CLASSES)), templates])).to(image.dtype)
    frames = min(len(states), len(image) - first_frame)
    chosen = unknown[:frames].nonzero()[:, 0]
    for number, plane in enumerate(("tonic", "scale")):
        image[first_frame + chosen, level.channel(plane), :PITCH_CLASSES] = vectors[states[chosen, 0], number]


_PAINTERS = {
    Voicing.PITCH: _paint_roll,
    Voicing.CHORD: _paint_roll,
    Voicing.KEYS: _paint_roll,
    Voicing.PHRASE: _paint_phrases,
    Voicing.KEY: _paint_key,
}


def _phrase_planes(level: Level) -> list[int]:
    return [level.channel(phrase_type.name.lower()) for phrase_type in PhraseType]
