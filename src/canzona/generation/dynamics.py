"""Loudness: the levels compose notes, not velocities; small networks that learnt how POP909 is played add them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from canzona.model.dynamics import Dynamics, Player, dynamics_from_bytes
from canzona.model.registry import DYNAMICS, WEIGHTS_FOLDER, UnusableWeights, read_registry, registered_bytes, weights_file
from canzona.representation.playing import playing
from canzona.song.form import Form
from canzona.song.notes import HIGHEST_VELOCITY, LOWEST_VELOCITY, Note
from canzona.song.song import Song

MELODY, PIANO = "melody", "piano"
"""The voices that are played, by the names of their networks."""


def load_dynamics(folder: Path) -> Dynamics:
    """The networks that play songs.

    Args:
        folder: where their file and its registry are.

    Raises:
        UnusableWeights: where the file is missing, damaged, or made to be told other things than these.
    """
    path = weights_file(folder, DYNAMICS)
    digest = read_registry(folder).get(DYNAMICS, "")
    data = registered_bytes(path, digest)
    try:
        return replace(read_dynamics(data, str(path)), digest=digest)
    except ValueError as error:
        raise UnusableWeights(str(error)) from None


@cache
def shipped_dynamics() -> Dynamics:
    """The networks that come with the package, errors as of ``load_dynamics``."""
    return load_dynamics(WEIGHTS_FOLDER)


def read_dynamics(data: bytes, source: str) -> Dynamics:
    """The networks of a file's contents; ``source`` names the file in errors.

    Raises:
        ValueError: where it is damaged, lacks a voice or was made to be told other things than these.
    """
    dynamics = dynamics_from_bytes(data, source)
    nothing = playing((), Song(Form.parse("A1")))
    wanted = {"numbers": nothing.told.shape[1], "windows": nothing.windows.shape[1]}
    for voice in (MELODY, PIANO):
        if voice not in dynamics.players:
            raise ValueError(f"dynamics: {source} must have a {voice}, got {', '.join(dynamics.players) or 'none'}")
        for name, number in wanted.items():
            if (found := getattr(dynamics.players[voice].config, name)) != number:
                raise ValueError(f"dynamics: {source} has {name} {found!r} for the {voice}, must have {number!r}")
    return dynamics


@torch.inference_mode()
def with_dynamics(song: Song, dynamics: Callable[[], Dynamics] = shipped_dynamics) -> Song:
    """The song with the velocities that its notes call for; notes are otherwise unchanged.

    They follow from the notes, the form and the chords alone: not from tempo, key or the velocities that were there. The melody
    is played the same whether there is a piano or not.

    Args:
        song: the song.
        dynamics: gives the networks, once there is a note to play.

    Raises:
        UnusableWeights: where those of the package are wanted and missing or damaged.
    """
    lead_sheet, accompaniment = song.lead_sheet, song.accompaniment
    melody = () if lead_sheet is None else lead_sheet.melody
    if lead_sheet is not None and melody:
        lead_sheet = replace(lead_sheet, melody=_played(dynamics().players[MELODY], melody, song))
    if accompaniment:
        accompaniment = _played(dynamics().players[PIANO], accompaniment, song, melody)
    return replace(song, lead_sheet=lead_sheet, accompaniment=accompaniment)


def _played(player: Player, notes: Sequence[Note], song: Song, above: Sequence[Note] = ()) -> tuple[Note, ...]:
    order = sorted(range(len(notes)), key=lambda place: (notes[place].start_step, notes[place].pitch))
    told = playing([notes[place] for place in order], song, sorted(above))
    velocities = player.velocities(torch.from_numpy(told.told), torch.from_numpy(told.windows)).round()
    played = list(notes)
    for place, velocity in zip(order, velocities.clamp(LOWEST_VELOCITY, HIGHEST_VELOCITY).tolist(), strict=True):
        played[place] = replace(notes[place], velocity=int(velocity))
    return tuple(played)
