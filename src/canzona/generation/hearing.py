"""The keys that are heard in the music which a request is given, where it names none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from canzona.hierarchy.analysis import phrase_keys
from canzona.hierarchy.extraction import completed
from canzona.hierarchy.levels import external_named
from canzona.song.form import Form, Phrase
from canzona.song.harmony import ChordSpan, Key
from canzona.song.song import LeadSheet

if TYPE_CHECKING:
    from canzona.generation.request import Request


def with_heard_keys(form: Form, request: Request) -> Form:
    """The form, each phrase without a key in the one that is heard in what is given for it.

    A prompt's keys hold as far as it goes, and its last one goes on. Next come the chords that are given and the music that is
    kept whole, and last the passages whose chords the song is to be like. What nothing is given for stays without a key.
    """
    for heard in (_in_prompts(form, request), _in_music(form, request), _in_passages(form, request)):
        if heard is not None and not all(phrase.key for phrase in form.phrases):
            form = form.with_keys_from(heard)
    return form


def first_heard_key(request: Request) -> Key | None:
    """The key of the chords that are given, or else of a passage whose chords the song is to be like; for a form to come."""
    if request.chords is not None:
        bars = [bar for section in request.chords.sections for bar in section.bars]
        beat, spans = 0, []
        for written in (written for bar in bars for written in bar):
            if written.chord is not None:
                spans.append(ChordSpan(beat, written.beats, written.chord))
            beat += written.beats
        form = Form((Phrase("A", len(bars)),))
        return phrase_keys(form, LeadSheet(chords=tuple(spans)), request.meter).phrases[0].key if spans else None
    return next(iter(_passage_keys(request).values()), None)


def _in_prompts(form: Form, request: Request) -> Form | None:
    prompts = [kept for kept in request.kept if kept.bars is not None]
    if not prompts:
        return None
    keys = prompts[0].song.form.keys_by_bar()[: prompts[0].length_bars]
    return form.with_keys([keys[min(start_bar, len(keys) - 1)] for start_bar, _ in form.spans()])


def _in_music(form: Form, request: Request) -> Form | None:
    sheets = [kept.song.lead_sheet for kept in request.kept if kept.bars is None and kept.song.lead_sheet is not None]
    sheet = sheets[0] if sheets else LeadSheet()
    given = () if request.chords is None else request.chords.spans(form, request.meter).chords
    sheet = LeadSheet(sheet.melody, given or sheet.chords)
    return phrase_keys(form, sheet, request.meter) if sheet.melody or sheet.chords else None


def _in_passages(form: Form, request: Request) -> Form | None:
    keys = _passage_keys(request)
    first = next(iter(keys.values()), None)
    return (
        None if first is None else form.with_keys([keys.get(phrase.letter, keys.get(None, first)) for phrase in form.phrases])
    )


def _passage_keys(request: Request) -> dict[str | None, Key | None]:
    """Letter → key of the passage that its phrases are to be like, in a respect that follows keys."""
    keys: dict[str | None, Key | None] = {}
    for likeness in request.like:
        external = external_named(likeness.control).external
        if external is not None and external.follows_key and likeness.weight != 0:
            keys[likeness.letter] = completed(likeness.song).form.phrases[0].key
    return keys
