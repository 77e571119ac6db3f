"""A diffusion model without hierarchy: lead sheet and piano in one image of eight bars, told nothing but phrases and keys.

The baseline "Polyffusion + phrase labels" of arXiv 2405.09901, with our diffusion and our network: one window after the other,
each with half a window of settled bars in view, no coarser levels but the form, no earlier phrases.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from einops import rearrange

from canzona.generation.canvas import Canvas, LevelModel, LevelPlan
from canzona.generation.dynamics import with_dynamics
from canzona.generation.home import shift_home, within_range
from canzona.generation.request import Request
from canzona.hierarchy.level import Content, Drawing, Level, Part, Plane, Region, Sampling, Stretching, Voicing
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET
from canzona.model.denoiser import Guidance
from canzona.representation.image import decode_level, encode_level
from canzona.representation.window import ImageStore
from canzona.song.song import Song
from canzona.song.transposition import transposed

_LEAD_PLANES, _PIANO_PLANES = ("lead_onset", "lead_sustain"), ("piano_onset", "piano_sustain")
_FIRST_LEAD_ROW = LEAD_SHEET.lowest_pitch - ACCOMPANIMENT.lowest_pitch
_LEAD_ROWS = slice(_FIRST_LEAD_ROW, _FIRST_LEAD_ROW + LEAD_SHEET.rows)

FLAT = Level(
    name="flat",
    title="lead sheet and accompaniment",
    attribute=ACCOMPANIMENT.attribute,
    content=Content.NOTES,
    unit=LEAD_SHEET.unit,
    window_frames=ACCOMPANIMENT.window_frames,
    rows=ACCOMPANIMENT.rows,
    lowest_pitch=ACCOMPANIMENT.lowest_pitch,
    planes=tuple(
        Plane(name, stretching)
        for names in (_LEAD_PLANES, _PIANO_PLANES)
        for name, stretching in zip(names, (Stretching.ONSET, Stretching.SUSTAIN), strict=True)
    ),
    parts=(
        *(
            Part(
                part.name,
                tuple(
                    Region(region.name, _LEAD_PLANES, _FIRST_LEAD_ROW + region.first_row, region.row_count, region.drawing)
                    for region in part.regions
                ),
                part.voicing,
            )
            for part in LEAD_SHEET.parts
        ),
        Part("piano", (Region("piano", _PIANO_PLANES, 0, ACCOMPANIMENT.rows, Drawing.AS_IS),), Voicing.KEYS),
    ),
    sampling=Sampling(steps=16, background=1.5),
    background=(FORM.name,),
    has_references=False,
)
"""The one level below the form, in the words of the table of levels."""


def encode_flat(level: Level, song: Song, frames: int | None = None) -> np.ndarray:
    """(frames, planes, rows) values from 0 to 1, as ``encode_level``, with both finer levels in one image.

    Raises:
        ValueError: as ``encode_level``.
    """
    if level.name != FLAT.name:
        return encode_level(level, song, frames)
    sheet, piano = (encode_level(part, song, frames) for part in (LEAD_SHEET, ACCOMPANIMENT))
    lead = np.zeros_like(piano)
    lead[:, :, _LEAD_ROWS] = sheet
    return np.concatenate([lead, piano], axis=1)


def decode_flat(image: np.ndarray, song: Song) -> Song:
    """The song with lead sheet and accompaniment read off an image; the inverse of ``encode_flat``."""
    lead, piano = rearrange(image, "frames (voices planes) rows -> voices frames planes rows", voices=2)
    return decode_level(ACCOMPANIMENT, piano, decode_level(LEAD_SHEET, lead[:, :, _LEAD_ROWS], song))


@torch.inference_mode()
def compose_many(model: LevelModel, requests: Sequence[Request], sampling: Sampling = FLAT.sampling) -> Iterator[Song]:
    """Songs of the forms and keys asked for, one by one.

    Raises:
        ValueError: where a request has no form or not all of its keys.
    """
    for request in requests:
        shift = shift_home(request)
        form = request.given_form().transposed(shift)
        song = Song(form, request.meter, request.tempo)
        store = ImageStore([form], [request.meter], levels=(FORM, FLAT), tonics=[-shift], tempos=[request.tempo])
        store.write(FORM, 0, encode_level(FORM, song))

        def redraw(level: Level, image: np.ndarray, number: int, song: Song = song) -> np.ndarray:
            return encode_flat(level, decode_flat(image, song), len(image))

        canvas = Canvas(store, [form], [request.meter], [request.seed], redraw)
        guidance = Guidance(background=sampling.background)
        plan = LevelPlan(np.zeros((len(FLAT.parts), store.frames(FLAT, 0)), dtype=bool))
        for _ in canvas.compose(FLAT, model, request.steps or sampling.steps, guidance, [plan]):
            pass
        composed = with_dynamics(decode_flat(store.read(FLAT, 0), song))
        yield within_range(transposed(composed, -shift))
