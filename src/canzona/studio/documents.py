"""A song under edit: its versions, what two of them differ in, and how a difference is done and undone.

A document is frozen, and every change makes another. Undo is made of differences: each knows its inverse, whatever brought it
about, an edit by hand or a take that was taken.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from canzona.hierarchy.extraction import completed
from canzona.io.files import check_storable
from canzona.io.song_json import chord_of_row, chord_row, keyed_form, note_of_row, note_row
from canzona.song.bar_ranges import BarRange
from canzona.song.form import Form
from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter
from canzona.studio.lanes import STRANDS, Lane, Strand, by_bar, items_of, with_items

MOST_NOTES, LONGEST_BARS, LONGEST_MINUTES = 20_000, 512, 15
"""The most that a song under edit may have."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Bars of a lane in which nothing changes."""

    lane: Lane
    bars: BarRange

    def __str__(self) -> str:
        many = self.bars.length_bars > 1
        return f"bar{'s' if many else ''} {self.bars} of the {self.lane} {'are' if many else 'is'} locked"


@dataclass(frozen=True, slots=True)
class Document:
    """A song under edit.

    Attributes:
        song: with all of its levels, empty ones where there is no music yet; notes are sorted.
        locks: what stays.
        edited: whether it was changed by hand since it was composed, so that its request no longer makes it.
    """

    song: Song
    locks: tuple[Lock, ...] = ()
    edited: bool = False


def document_of(song: Song) -> Document:
    """Any song as a document: keys and skeleton that it lacks are found in its lead sheet, if it has one.

    Raises:
        ValueError: as ``check_storable``.
    """
    check_storable(song)
    check_size(song)
    whole = completed(song) if song.lead_sheet != LeadSheet() else song
    return Document(
        replace(
            whole,
            tempo=float(whole.tempo),
            reduced_lead_sheet=_sorted(whole.reduced_lead_sheet),
            lead_sheet=_sorted(whole.lead_sheet),
            accompaniment=tuple(sorted(whole.accompaniment or ())),
        )
    )


def _sorted(sheet: LeadSheet | None) -> LeadSheet:
    return LeadSheet() if sheet is None else LeadSheet(tuple(sorted(sheet.melody)), sheet.chords)


def check_size(song: Song) -> None:
    """See that a song is no larger than a page can show.

    Raises:
        ValueError: where it is.
    """
    notes = sum(len(items_of(song, strand)) for strand in Strand)
    if notes > MOST_NOTES:
        raise ValueError(f"song: must have at most {MOST_NOTES} notes and chords, got {notes}")
    check_length(song.form.length_bars, song.meter, song.tempo)


def check_length(bars: int, meter: Meter, tempo: float) -> None:
    """See that a song is no longer than the studio takes, in bars and, at so many quarter notes a minute, in time.

    Raises:
        ValueError: where it is; where a quicker tempo helps, with the slowest that does.
    """
    if bars > LONGEST_BARS:
        raise ValueError(f"song: must have at most {LONGEST_BARS} bars, got {bars}")
    minutes = meter.bars_to_beats(bars) / tempo
    if minutes > LONGEST_MINUTES:
        slowest = math.ceil(meter.bars_to_beats(bars) / LONGEST_MINUTES)
        helps = f"{bars} bars do at a tempo of {slowest} or more"
        raise ValueError(f"song: must last at most {LONGEST_MINUTES} minutes, got {minutes:.1f}; {helps}")


def same_music(one: Song, other: Song) -> bool:
    """Whether two songs are the same but for their histories."""
    return not difference(Document(one), Document(replace(other, provenance=one.provenance))).fields()


def check_locks(before: Document, after: Document, new_bar: Callable[[int], int | None] = lambda bar: bar) -> None:
    """See that nothing that is locked has changed.

    Args:
        before, after: two versions.
        new_bar: where a bar of the first is in the other; ``None`` for nowhere.

    Raises:
        ValueError: naming the lock.
    """
    for lock in before.locks:
        if not STRANDS[lock.lane] and _form_text(before.song.form) != _form_text(after.song.form):
            raise ValueError(f"{lock}; unlock it to change the form")
        for strand in STRANDS[lock.lane]:
            old, new = by_bar(before.song, strand), by_bar(after.song, strand)
            for bar in lock.bars.bars:
                place = new_bar(bar)
                if place is None or old[bar] != new[place]:
                    raise ValueError(f"{lock}; unlock them to change them")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Items of a strand that leave, and others that come."""

    strand: Strand
    removed: tuple[Any, ...]
    added: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What leads from one version of a document to another; ``inverse`` leads back.

    Attributes:
        exchanges: of notes and chords.
        others: field of the song or the document → its values before and after.
    """

    exchanges: tuple[Exchange, ...] = ()
    others: tuple[tuple[str, Any, Any], ...] = ()

    def inverse(self) -> "Difference":
        return Difference(
            tuple(Exchange(own.strand, own.added, own.removed) for own in self.exchanges),
            tuple((name, after, before) for name, before, after in self.others),
        )

    def fields(self) -> tuple[str, ...]:
        """What differs, by name."""
        return (*(own.strand.name for own in self.exchanges), *(name for name, _, _ in self.others))


_OF_SONG = ("form", "meter", "tempo", "provenance")
_OF_DOCUMENT = ("locks", "edited")


def difference(before: Document, after: Document) -> Difference:
    """What leads from one version to another; ``applied`` does it."""
    exchanges = []
    for strand in Strand:
        old, new = items_of(before.song, strand), items_of(after.song, strand)
        removed, added = _exchanged(old, new)
        if removed or added:
            exchanges.append(Exchange(strand, removed, added))
    pairs = [(name, getattr(before.song, name), getattr(after.song, name)) for name in _OF_SONG]
    pairs += [(name, getattr(before, name), getattr(after, name)) for name in _OF_DOCUMENT]
    others = ((name, old, new) for name, old, new in pairs if old is not new and _plain(old) != _plain(new))
    return Difference(tuple(exchanges), tuple(others))


def applied(document: Document, change: Difference) -> Document:
    """The document after a difference.

    Raises:
        ValueError: where something is to leave that is not there.
    """
    song = document.song
    for own in change.exchanges:
        song = with_items(song, own.strand, exchanged(items_of(song, own.strand), own))
    values = {name: after for name, _, after in change.others}
    song = replace(song, **{name: values[name] for name in _OF_SONG if name in values})
    return replace(document, song=song, **{name: values[name] for name in _OF_DOCUMENT if name in values})


def exchanged(items: Sequence[Any], change: Exchange) -> tuple[Any, ...]:
    """The items of a strand after an exchange, in order of time.

    Raises:
        ValueError: where something is to leave that is not there.
    """
    left = Counter(change.removed)
    kept = []
    for item in items:
        if left and left[item]:
            left[item] -= 1
        else:
            kept.append(item)
    missing = next(left.elements(), None)
    if missing is not None:
        raise ValueError(f"{change.strand.value.part}: there is no {described(missing)} to be removed")
    return tuple(sorted([*kept, *change.added], key=in_time))


def in_time(item: Note | ChordSpan) -> tuple[int, ...]:
    """How items of a strand are ordered."""
    if isinstance(item, Note):
        return item.start_step, item.pitch, item.duration_steps, item.velocity
    return item.start_beat, item.duration_beats


def described(item: Note | ChordSpan) -> str:
    """An item in words, as messages tell it."""
    if isinstance(item, Note):
        return f"note of pitch {item.pitch} at step {item.start_step} for {item.duration_steps}"
    return f"chord {item.chord.symbol} at beat {item.start_beat} for {item.duration_beats}"


def _exchanged(old: Sequence[Any], new: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What is in the one and not in the other, as often as it is."""
    if old is new:
        return (), ()
    shortest = min(len(old), len(new))
    first = next((place for place in range(shortest) if old[place] is not new[place] and old[place] != new[place]), shortest)
    rest = shortest - first
    last = next(
        (place for place in range(rest) if old[-1 - place] is not new[-1 - place] and old[-1 - place] != new[-1 - place]), rest
    )
    before, after = Counter(old[first : len(old) - last]), Counter(new[first : len(new) - last])
    return (*(before - after).elements(),), (*(after - before).elements(),)


def taken(document: Document, base: Song | None, take: Song) -> Document:
    """The document with a take in it.

    Args:
        document: as it is now.
        base: the song that was recomposed; ``None`` where the take was composed from nothing, and takes the place of all.
        take: what was composed.

    Raises:
        ValueError: where something that is locked would change, or the song has changed since where the take would change it.
    """
    new = document_of(take)
    if base is None or same_music(base, document.song):
        whole = replace(document, song=new.song, edited=False)
        check_locks(document, whole)
        return whole
    change = difference(Document(base), replace(new, song=replace(new.song, provenance=base.provenance)))
    if any(name in _OF_SONG for name, _, _ in change.others) or not _same_bars(base, document.song):
        raise ValueError("take: the song's form has changed since; compose it again")
    try:
        merged = replace(applied(document, Difference(change.exchanges)), edited=True)
        for own in change.exchanges:
            check_strand(merged.song, own.strand, own.added)
    except ValueError:
        raise ValueError("take: the song has changed in these bars since; compose them again") from None
    check_locks(document, merged)
    return merged


def _same_bars(one: Song, other: Song) -> bool:
    return str(one.form) == str(other.form) and one.meter == other.meter


def check_strand(song: Song, strand: Strand, added: Iterable[Any]) -> None:
    """See that what has come into a strand may be there, beside what is there.

    Raises:
        ValueError: in one line, where it may not.
    """
    row, new = strand.value, set(added)
    if not new:
        return
    check_storable(song)
    if row.is_chords:
        return
    pitches = row.level.playable_pitches(row.part)
    for note in new:
        if note.pitch not in pitches:
            raise ValueError(
                f"{row.part}: must lie within MIDI pitches {pitches.start} to {pitches.stop - 1}, got {note.pitch}"
            )
        if note.start_step % row.grid_steps or note.duration_steps % row.grid_steps:
            raise ValueError(f"{row.level.title}: must lie on whole beats, got a {described(note)}")
    notes = items_of(song, strand)
    rows = [notes] if row.one_voice else [[own for own in notes if own.pitch == pitch] for pitch in {own.pitch for own in new}]
    for earlier, later in (pair for own in rows for pair in pairwise(own)):
        if earlier.end_step > later.start_step and not new.isdisjoint((earlier, later)):
            raise ValueError(f"{row.part}: a {described(earlier)} must end before the next begins, at step {later.start_step}")


def difference_to_dict(change: Difference) -> dict[str, Any]:
    """Plain values for JSON; ``difference_from_dict`` is the inverse."""
    rows = [[own.strand.name, [*map(_row, own.removed)], [*map(_row, own.added)]] for own in change.exchanges]
    return {"exchanges": rows, "others": [[name, _plain(old), _plain(new)] for name, old, new in change.others]}


def difference_from_dict(values: dict[str, Any]) -> Difference:
    """The inverse of ``difference_to_dict``."""
    exchanges = []
    for name, *both in values["exchanges"]:
        strand = Strand[name]
        exchanges.append(Exchange(strand, *(tuple(_item(strand, row) for row in rows) for rows in both)))
    others = ((name, _value(name, old), _value(name, new)) for name, old, new in values["others"])
    return Difference(tuple(exchanges), tuple(others))


def lock_to_dict(lock: Lock) -> dict[str, Any]:
    """A lock as plain values, with bars as people count them; ``lock_from_dict`` is the inverse."""
    return {"lane": lock.lane.value, "first_bar": lock.bars.start_bar + 1, "last_bar": lock.bars.end_bar}


def lock_from_dict(values: dict[str, Any]) -> Lock:
    """The inverse of ``lock_to_dict``."""
    return Lock(Lane(values["lane"]), BarRange(values["first_bar"] - 1, values["last_bar"]))


def _row(item: Note | ChordSpan) -> list[Any]:
    return note_row(item) if isinstance(item, Note) else chord_row(item, None)


def _item(strand: Strand, row: Any) -> Note | ChordSpan:
    return chord_of_row(row) if strand.value.is_chords else note_of_row(row)


def _form_text(form: Form) -> list[Any]:
    return [str(form), [phrase.key and str(phrase.key) for phrase in form.phrases]]


def _plain(value: Any) -> Any:
    if isinstance(value, Form):
        return _form_text(value)
    if isinstance(value, Meter):
        return str(value)
    if isinstance(value, MappingProxyType):
        return dict(value)
    return [lock_to_dict(lock) for lock in value] if isinstance(value, tuple) else value


def _value(name: str, plain: Any) -> Any:
    """The inverse of ``_plain`` for a field."""
    read: dict[str, Callable[[Any], Any]] = {
        "form": lambda pair: keyed_form(*pair),
        "meter": Meter.parse,
        "provenance": MappingProxyType,
        "locks": lambda locks: tuple(map(lock_from_dict, locks)),
    }
    return read[name](plain) if name in read else plain
