"""Tracks as the bytes of a MIDI file of type 1."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mido

SUSTAIN_PEDAL, VOLUME, PAN, REVERB = 64, 7, 10, 91
"""Numbers of MIDI's controllers."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A key that is struck and released, at ticks; pitch and velocity as MIDI has them."""

    start_tick: int
    end_tick: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class MidiTrack:
    """A track of one channel.

    Attributes:
        name: of the track.
        channel: from 0.
        program: the General MIDI sound, from 0.
        strikes: its notes.
        controls: (tick, controller, value).
        lyrics: (tick, text).
    """

    name: str
    channel: int
    program: int
    strikes: tuple[Strike, ...] = ()
    controls: tuple[tuple[int, int, int], ...] = ()
    lyrics: tuple[tuple[int, str], ...] = ()

    def later(self, ticks: int) -> "MidiTrack":
        """The same, so many ticks later."""
        return replace(
            self,
            strikes=tuple(
                replace(strike, start_tick=strike.start_tick + ticks, end_tick=strike.end_tick + ticks)
                for strike in self.strikes
            ),
            controls=tuple((tick + ticks, number, value) for tick, number, value in self.controls),
            lyrics=tuple((tick + ticks, text) for tick, text in self.lyrics),
        )


def midi_file(tracks: Sequence[MidiTrack], conductor: Iterable[mido.MetaMessage], ticks_per_beat: int, end_tick: int) -> bytes:
    """The file; every track ends at ``end_tick``.

    Args:
        tracks: one or more.
        conductor: what the first track also holds, as tempo and metre, each with its tick as its time.
        ticks_per_beat: of a quarter note.
        end_tick: at or after the last event.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8")
    for number, track in enumerate(tracks):
        events: list[Any] = [  # mido's messages have a time, which their types do not say
            mido.MetaMessage("track_name", name=track.name),
            *(conductor if number == 0 else ()),
            mido.Message("program_change", channel=track.channel, program=track.program),
            *(mido.MetaMessage("lyrics", text=text, time=tick) for tick, text in track.lyrics),
            *(
                mido.Message("control_change", channel=track.channel, control=control, value=value, time=tick)
                for tick, control, value in track.controls
            ),
        ]
        for strike in track.strikes:
            for kind, velocity, tick in (
                ("note_on", strike.velocity, strike.start_tick),
                ("note_off", 0, strike.end_tick),
            ):
                events.append(mido.Message(kind, channel=track.channel, note=strike.pitch, velocity=velocity, time=tick))
        events.sort(key=lambda event: (event.time, event.type == "note_on"))  # a key is released before it is struck again
        written, now = mido.MidiTrack(), 0
        events.append(mido.MetaMessage("end_of_track", time=end_tick))
        for event in events:
            written.append(event.copy(time=event.time - now))
            now = event.time
        file.tracks.append(written)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()
