"""What each command makes of a document. The difference to what was before is what undo is made of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from canzona.io.song_json import note_of_row
from canzona.song.bar_ranges import BarRange
from canzona.song.chord_symbols import parse_chord
from canzona.song.excerpt import excerpt
from canzona.song.form import Form, Phrase
from canzona.song.harmony import ChordSpan, Key
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.splice import splice_chords, splice_notes
from canzona.studio import wire
from canzona.studio.documents import Document, Exchange, Lock, check_locks, check_size, check_strand, exchanged
from canzona.studio.lanes import STRANDS, Lane, Strand, items_of, strand_of, with_items

SongOf = Callable[[str | None], Song]
"""Identifier → the song of the library; ``None`` → the song under edit."""


def apply_all(document: Document, commands: Iterable[wire.Command], song_of: SongOf) -> Document:
    """The document after commands, in order.

    Args:
        document: as it is.
        commands: that are applied.
        song_of: gives the songs that bars are pasted from.

    Raises:
        ValueError: in one sentence, where one of them may not be.
    """
    for command in commands:
        document = _apply(document, command, song_of)
    return document


def _apply(document: Document, command: wire.Command, song_of: SongOf) -> Document:
    new_bar: Callable[[int], int | None] = lambda bar: bar  # noqa: E731
    match command:
        case wire.Locks():
            return _locked(document, command)
        case wire.Tempo():
            after = replace(document, song=replace(document.song, tempo=float(command.tempo)))
        case wire.NewForm():
            old_bars, form = _new_form(document.song.form, command)
            places = {old: new for new, old in reversed([*enumerate(old_bars)]) if old is not None}
            new_bar = places.get
            after = _rearranged(document, form, old_bars, places)
        case wire.Paste():
            source = document.song if command.song_id is None else song_of(command.song_id)
            after = _pasted(document, command, source)
        case wire.Notes():
            notes = [[*map(note_of_row, rows)] for rows in _both(command)]
            after = _exchanged(document, strand_of(command.lane, is_chords=False), notes)
        case wire.Chords():
            spans = [[_span(*row) for row in rows] for rows in _both(command)]
            after = _exchanged(document, strand_of(command.lane, is_chords=True), spans)
    check_size(after.song)
    check_locks(document, after, new_bar)
    return replace(after, edited=True)


def _both(command: wire.Notes | wire.Chords) -> tuple[list[Any], list[Any]]:
    return command.remove, command.add


def _span(start_beat: int, duration_beats: int, symbol: str) -> ChordSpan:
    chord = parse_chord(symbol)
    if chord is None:
        raise ValueError(f"chord: must be a chord (remove the one that is there where none sounds), got {symbol!r}")
    return ChordSpan(start_beat, duration_beats, chord)


def _exchanged(document: Document, strand: Strand, both: Sequence[list[Any]]) -> Document:
    removed, added = both
    items = exchanged(items_of(document.song, strand), Exchange(strand, tuple(removed), tuple(added)))
    song = with_items(document.song, strand, items)
    check_strand(song, strand, added)
    return replace(document, song=song)


def _locked(document: Document, command: wire.Locks) -> Document:
    length = document.song.form.length_bars
    locks = []
    for own in command.locks:
        if not own.first_bar <= own.last_bar <= length:
            raise ValueError(f"locks: bars must be within 1 to {length}, got {own.first_bar} to {own.last_bar}")
        locks.append(Lock(own.lane, BarRange(own.first_bar - 1, own.last_bar)))
    return replace(document, locks=tuple(locks))


def _new_form(old: Form, command: wire.NewForm) -> tuple[list[int | None], Form]:
    """For every bar of the new form the old bar whose music it has, and the form."""
    starts = [start_bar for start_bar, _ in old.spans()]
    old_bars: list[int | None] = []
    phrases: list[Phrase] = []
    for own in command.phrases:
        if own.source is not None and own.source >= len(starts):
            raise ValueError(f"source: must be a phrase from 0 to {len(starts) - 1}, got {own.source}")
        source = None if own.source is None else old.phrases[own.source]
        inherited = source or (phrases[-1] if phrases else old.phrases[0])
        key = inherited.key if own.key is None else Key.parse(own.key)
        phrases.append(Phrase(own.letter, own.bars, key))
        first, length = (0, 0) if own.source is None or source is None else (starts[own.source], source.length_bars)
        old_bars += [first + bar if bar < length else None for bar in range(own.bars)]
    return old_bars, Form(tuple(phrases))


def _rearranged(document: Document, form: Form, old_bars: list[int | None], places: dict[int, int]) -> Document:
    """The document under another form: runs of bars that stay together keep what sounds over their bar lines."""
    song = document.song
    runs: list[tuple[int, int, int]] = []  # new start, old start, length, in bars
    for new, old in enumerate(old_bars):
        if old is not None and runs and runs[-1][0] + runs[-1][2] == new and runs[-1][1] + runs[-1][2] == old:
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        elif old is not None:
            runs.append((new, old, 1))
    pieces = [(new, excerpt(song, old, old + length)) for new, old, length in runs]
    moved = replace(song, form=form)
    for strand in Strand:
        items = [item for new, piece in pieces for item in _later(items_of(piece, strand), new, song)]
        moved = with_items(moved, strand, tuple(items))
    locks = tuple(own for lock in document.locks for own in _moved_lock(lock, places))
    return replace(document, song=moved, locks=locks)


def _moved_lock(lock: Lock, places: dict[int, int]) -> list[Lock]:
    ranges: list[BarRange] = []
    for bar in sorted(places[old] for old in lock.bars.bars if old in places):
        if ranges and ranges[-1].end_bar == bar:
            ranges[-1] = BarRange(ranges[-1].start_bar, bar + 1)
        else:
            ranges.append(BarRange(bar, bar + 1))
    return [Lock(lock.lane, own) for own in ranges]


def _later(items: Iterable[Any], bars: int, song: Song) -> list[Any]:
    """Notes or chords so many bars later."""
    steps, beats = song.meter.bars_to_steps(bars), song.meter.bars_to_beats(bars)
    return [
        replace(item, start_step=item.start_step + steps)
        if isinstance(item, Note)
        else replace(item, start_beat=item.start_beat + beats)
        for item in items
    ]


def _pasted(document: Document, command: wire.Paste, source: Song) -> Document:
    song, (first, last) = document.song, command.bars
    if not first <= last <= source.form.length_bars:
        raise ValueError(f"bars: must be within 1 to {source.form.length_bars}, got {first} to {last}")
    start_bar, end_bar = command.to_bar - 1, command.to_bar + last - first
    if end_bar > song.form.length_bars:
        raise ValueError(f"to_bar: must leave room for {last - first + 1} bars before the song's end, got {command.to_bar}")
    if source.meter != song.meter:
        raise ValueError(f"paste: must come from a song in {song.meter}, got {source.meter}")
    passage = excerpt(source, first - 1, last)
    is_kept = [not start_bar <= bar < end_bar for bar in range(song.form.length_bars)]
    start_step, steps = song.meter.bars_to_steps(start_bar), song.meter.steps_per_bar
    for strand in (own for lane in command.lanes for own in STRANDS[Lane(lane)]):
        new, old = _later(items_of(passage, strand), start_bar, song), items_of(song, strand)
        if strand.value.is_chords:
            items = splice_chords(old, new, is_kept, steps)
        else:
            cut = [note if note.start_step >= start_step else note.ending_by(start_step) for note in old]
            items = splice_notes(cut, new, is_kept, steps, strand.value.one_voice)
        song = with_items(song, strand, items)
        check_strand(song, strand, [item for item in new if item in items])
    return replace(document, song=song)


_WORDS = {
    "notes": "notes of the {lane}",
    "chords": "chords of the {lane}",
    "form": "form",
    "tempo": "tempo",
    "locks": "locks",
    "paste": "paste",
}
"""Kind of command → what it is called in the list of versions."""


def described_commands(commands: Sequence[wire.Command]) -> str:
    """What commands do, in a few words."""
    words = dict.fromkeys(_WORDS[own.kind].format(lane=getattr(own, "lane", "")) for own in commands)
    return ", ".join(words).replace("chords of the chords", "chords")
