"""Steering: what is given exactly comes back exactly, what is kept stays, the rest is composed; on a tiny random cascade."""

import json
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
import torch

from canzona.evaluation.control import chords_by_beat
from canzona.generation import Cascade, Kept, Likeness, Repetition, Request, Revision
from canzona.generation.codes import code_plan
from canzona.generation.form import SHORTEST_SONG_BARS, fixed_form, opening
from canzona.generation.home import MELODY_PITCHES, PIANO_PITCHES
from canzona.generation.request_json import request_from_dict, request_to_dict
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.io.files import check_storable
from canzona.io.song_json import song_from_json, song_to_json
from canzona.representation.encoders import CONTROL_SEED
from canzona.representation.image import encode_level
from canzona.representation.structure import NONE
from canzona.representation.voices import FIRST_ITEM, HOLD, REST
from canzona.representation.window import FULL, ImageStore, Windows
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.progression import Progression
from canzona.song.transposition import FURTHEST_DOWN, at_home
from certain import sure
from test_generation import centred_cascade, lively_cascade, music

QUICK = {"steps": 3, "guidance": 0.5}
SHORT = Request(Form.parse("i2A4B2A4o2"), Key.parse("G major"), seed=3, **QUICK)
CHORDS = Progression.parse("A: C | G/B | Am7 F | C6; o: Dm7 G7 | C", Meter())


@pytest.fixture(scope="module")
def cascade(tmp_path_factory) -> Cascade:
    return lively_cascade(tmp_path_factory.mktemp("cascade"))


@pytest.fixture(scope="module")
def song(cascade) -> Song:
    return cascade.compose(SHORT)


@pytest.fixture(scope="module")
def modulating_song(cascade) -> Song:
    """A song that begins as far from home as may be, and does not stay there."""
    return cascade.compose(replace(SHORT, form=Form.parse("i2@Gb A4@A B2@Gb A4@Ebm o2@Dm"), key=None))


def chord_of_beat(song: Song, sheet: LeadSheet) -> list[Chord | None]:
    return chords_by_beat(sheet.chords, song.meter.bars_to_beats(song.form.length_bars))


def outside(song: Song, bars: set[int]) -> list[object]:
    """All that a song says outside of some bars: notes that begin there, and the chords of every beat."""
    sheets = (song.reduced_lead_sheet, song.lead_sheet)
    voices = (*(sure(sheet).melody for sheet in sheets), song.accompaniment)
    notes = [[note for note in sure(voice) if song.meter.bar_of_step(note.start_step) not in bars] for voice in voices]
    chords = [
        [chord for beat, chord in enumerate(chord_of_beat(song, sure(sheet))) if song.meter.bar_of_beat(beat) not in bars]
        for sheet in sheets
    ]
    return [notes, chords]


class TestExactControl:
    def test_chords_come_back_beat_by_beat_as_they_were_spelt(self, cascade):
        song = cascade.compose(replace(SHORT, chords=CHORDS))
        placed = CHORDS.spans(song.form, song.meter)
        asked = chord_of_beat(song, LeadSheet((), placed.chords))
        obtained = chord_of_beat(song, song.lead_sheet)
        for bar in sorted(placed.given_bars):
            beats = slice(4 * bar, 4 * bar + 4)
            assert obtained[beats] == asked[beats]
        assert placed.given_bars == {2, 3, 4, 5, 8, 9, 10, 11, 12, 13}

    def test_silence_between_chords_is_kept_too(self, cascade):
        song = cascade.compose(replace(SHORT, chords=Progression.parse("B: N | C N", Meter())))
        b_bars = chord_of_beat(song, song.lead_sheet)[24:32]
        assert b_bars == [None] * 4 + [Chord(0, "maj", 0)] * 2 + [None] * 2

    def test_the_last_bar_has_the_tonic_unless_told_otherwise(self, cascade, song):
        tonic = ChordSpan(52, 4, Chord(7, "maj", 7))
        assert song.lead_sheet.chords[-1] == song.reduced_lead_sheet.chords[-1] == tonic
        minor = cascade.compose(replace(SHORT, key=Key.parse("E minor")))
        assert minor.lead_sheet.chords[-1].chord == Chord(4, "min", 4)
        free = cascade.compose(replace(SHORT, end_on_tonic=False))
        assert free.lead_sheet.chords[-1:] != (tonic,)
        own = cascade.compose(replace(SHORT, chords=Progression.parse("o: C | D", Meter())))
        assert own.lead_sheet.chords[-1].chord == Chord(2, "maj", 2)

    @pytest.mark.parametrize("part", ["melody", None])
    def test_a_given_melody_or_lead_sheet_comes_back_note_by_note(self, cascade, song, part):
        request = replace(SHORT, seed=9, kept=(Kept(song, LEAD_SHEET.name, part),))
        other = cascade.compose(request)
        assert other.lead_sheet.melody == song.lead_sheet.melody
        assert part or other.lead_sheet == song.lead_sheet
        assert (other.reduced_lead_sheet == song.reduced_lead_sheet) is (part is None)
        assert other.accompaniment != song.accompaniment
        check_storable(other)

    def test_a_melody_without_anything_else_gets_the_rest(self, cascade):
        melody = tuple(Note(4 * beat, 60 + (0, 4, 7, 5, 2, 0, 7, 0)[beat % 8], 4, 33) for beat in range(32))
        source = Song(Form.parse("A8"), lead_sheet=LeadSheet(melody))
        song = cascade.compose(Request(kept=(Kept(source, LEAD_SHEET.name, "melody"),), **QUICK))
        assert song.lead_sheet.melody == melody
        assert str(song.form) == "A8"
        assert song.form.phrases[0].key == Key.parse("C major")
        assert song.lead_sheet.chords
        phrased = cascade.compose(Request(Form.parse("A4B4"), kept=(Kept(source, LEAD_SHEET.name, "melody"),), **QUICK))
        assert phrased.lead_sheet.melody == melody
        assert str(phrased.form) == "A4B4"

    def test_melody_and_chords_together_leave_only_the_piano(self, cascade, song):
        chords = Progression.parse(" | ".join(["C", "F"] * 7), Meter())
        request = replace(SHORT, chords=chords, kept=(Kept(song, LEAD_SHEET.name, "melody"),))
        only_piano = Cascade({ACCOMPANIMENT.name: cascade.models[ACCOMPANIMENT.name]})
        other = only_piano.compose(request)
        assert sure(other.lead_sheet).melody == song.lead_sheet.melody
        assert [span.chord.root for span in sure(other.lead_sheet).chords] == [0, 5] * 7

    @pytest.mark.parametrize("level", [FORM, REDUCED_LEAD_SHEET, LEAD_SHEET])
    def test_any_level_may_be_entered(self, cascade, song, level):
        other = cascade.compose(Request(seed=8, kept=(Kept(song, level.name),), **QUICK))
        for row in LEVELS:
            kept = LEVELS.index(row) <= LEVELS.index(level)
            assert (getattr(other, row.attribute) == getattr(song, row.attribute)) is kept
        bare = replace(song, reduced_lead_sheet=None, form=Form.parse(str(song.form)))
        assert Kept(bare, LEAD_SHEET.name).song.reduced_lead_sheet is not None
        assert all(phrase.key for phrase in Kept(bare, LEAD_SHEET.name).song.form.phrases)

    def test_key_changes_within_the_form(self, cascade):
        form = Form.parse("A2@G A2@A o1")
        song = cascade.compose(Request(form, seed=1, **QUICK))
        assert [str(phrase.key) for phrase in song.form.phrases] == ["G major", "A major", "A major"]
        assert song.lead_sheet.chords[-1].chord.root == 9


PARTS = [(level, part.name) for level in LEVELS if not level.ends_freely for part in level.parts]


class TestKeptMusic:
    @pytest.mark.parametrize("bars", [None, 5])
    @pytest.mark.parametrize(("level", "part"), PARTS, ids=lambda value: getattr(value, "name", value))
    def test_every_part_of_every_level_can_be_kept_for_as_many_bars_as_asked(self, cascade, song, level, part, bars):
        form = Form.parse("i2A4B2A4o2", song.form.phrases[0].key)
        request = Request(form, seed=21, kept=(Kept(song, level.name, part, bars),), end_on_tonic=False, **QUICK)
        other = cascade.compose(request)
        old, new = (getattr(version, level.attribute) for version in (song, other))
        if part == "chords":
            beats = 4 * (bars or form.length_bars)
            old, new = (chords_by_beat(own.chords, 4 * form.length_bars) for own in (old, new))
            assert old[:beats] == new[:beats]
            assert bars is None or old[beats:] != new[beats:]
        else:
            old, new = (getattr(own, part, own) for own in (old, new))
            end = song.meter.bars_to_steps(bars or form.length_bars)
            assert [note for note in old if note.start_step < end] == [note for note in new if note.start_step < end]
            assert bars is None or any(note.start_step >= end for note in new)  # the rest is composed

    def test_parts_that_cannot_be_kept_are_refused(self, song):
        for level, part in ((FORM.name, "keys"), (ACCOMPANIMENT.name, "melody"), (None, "melody")):
            with pytest.raises(ValueError, match=r"^part: must be"):
                Kept(song, level, part)

    @pytest.mark.parametrize("part", [None, "melody"])
    def test_music_shorter_than_the_form_leaves_the_rest_to_be_composed(self, cascade, song, part):
        form = Form.parse("i2A4B2A4o2A4B4", song.form.phrases[0].key)
        other = cascade.compose(Request(form, seed=6, kept=(Kept(song, LEAD_SHEET.name, part),), **QUICK))
        end = song.length_steps
        assert [note for note in other.lead_sheet.melody if note.start_step < end] == list(song.lead_sheet.melody)
        assert any(note.start_step >= end for note in other.lead_sheet.melody)
        assert any(4 * span.start_beat >= end for span in other.lead_sheet.chords)

    def test_of_two_that_claim_a_part_one_is_refused(self, song):
        melody, chords = Kept(song, LEAD_SHEET.name, "melody"), Kept(song, LEAD_SHEET.name, "chords")
        assert Request(kept=(melody, chords)).kept == (melody, chords)
        for kept, asked in (((melody, melody), None), ((chords,), CHORDS)):
            with pytest.raises(ValueError, match=r"must be left out where a (melody|chords) is given"):
                Request(kept=kept, chords=asked)


class TestEveryKey:
    """Music that is given is composed around in its home key, and comes back where it was."""

    @staticmethod
    def source(key: Key) -> Song:
        """A song of six bars that modulates, with the lowest and highest notes that may be given."""
        form = Form.parse("A2B2C2").with_keys([key, key.transposed(3), key.transposed(7)])
        lowest, highest = MELODY_PITCHES.start, MELODY_PITCHES[-1]
        pitches = [lowest, 60, highest, 71, lowest, highest] * 4
        melody = tuple(Note(4 * beat + beat % 3, pitch, 1 + beat % 2, 40 + beat) for beat, pitch in enumerate(pitches))
        chords = tuple(
            ChordSpan(2 * number, 2, Chord((key.tonic + 5 * number) % 12, quality, (key.tonic + 5 * number + 7) % 12))
            for number, quality in enumerate(["maj", "min7", "7", "dim", "sus4", "maj7"] * 2)
        )
        piano = [Note(16 * bar, pitch, 20 - bar, 30 + bar) for bar in range(5) for pitch in (PIANO_PITCHES.start, 64)]
        piano += [Note(16 * bar + 3, PIANO_PITCHES[-1], 5) for bar in range(5)]
        return Song(form, lead_sheet=LeadSheet(melody, chords), accompaniment=tuple(sorted(piano)))

    @pytest.mark.parametrize(
        "kept", [{"level": LEAD_SHEET.name, "part": "melody"}, {"level": LEAD_SHEET.name}, {"bars": 3}], ids=str
    )
    def test_what_is_given_comes_back_bit_for_bit(self, cascade, kept):
        keys = [Key(tonic, mode) for tonic, mode in zip(range(PITCH_CLASSES), cycle(Mode), strict=False)]
        given = [Kept(self.source(key), **kept) for key in keys]
        form = Form.parse("A2B4") if "bars" in kept else None
        songs = cascade.compose_many([Request(form, kept=(own,), **QUICK) for own in given], batch_size=PITCH_CLASSES)
        for own, song in zip(given, songs, strict=True):
            check_storable(song)
            if own.bars:
                kept_song = replace(own.song, form=song.form)
                assert outside(song, set(range(own.bars, 6))) == outside(kept_song, set(range(own.bars, 6)))
                assert song.form.phrases[0].key == own.song.form.phrases[0].key
            else:
                assert song.lead_sheet.melody == sure(own.song.lead_sheet).melody
                assert song.form == own.song.form
            if own.level and not own.part:
                assert (song.lead_sheet, song.reduced_lead_sheet) == (own.song.lead_sheet, own.song.reduced_lead_sheet)
            assert any(note not in own.song.accompaniment for note in song.accompaniment)

    @pytest.mark.parametrize("pitch", [MELODY_PITCHES.start - 1, MELODY_PITCHES.stop])
    def test_notes_that_have_no_row_in_some_key_are_refused_in_all(self, pitch):
        for tonic in range(PITCH_CLASSES):
            source = Song(Form.parse("A1", Key(tonic)), lead_sheet=LeadSheet((Note(0, pitch, 4),)))
            with pytest.raises(ValueError, match=f"its melody must lie within MIDI pitches 46 to 98, got {pitch}"):
                Request(kept=(Kept(source, LEAD_SHEET.name, "melody"),))

    def test_a_request_moved_there_and_back_is_the_same(self, song):
        for request in requests(song):
            moved = request.transposed(-FURTHEST_DOWN)
            assert moved != request or not (request.form or request.kept or request.revision)
            assert moved.transposed(FURTHEST_DOWN) == request


class TestPrompt:
    def test_a_prompt_is_continued_by_a_composed_form(self, cascade, song):
        other = cascade.compose(Request(seed=4, kept=(Kept(song, bars=6),), **QUICK))
        assert str(other.form).startswith("i2A4")
        assert other.form.length_bars > 6
        later = set(range(6, max(song.form.length_bars, other.form.length_bars)))
        assert outside(other, later) == outside(song, later)

    def test_a_short_prompt_becomes_a_whole_song_in_its_key(self, cascade, song):
        for seed in range(3):
            request = Request(seed=seed, kept=(Kept(song, bars=3),), **QUICK)
            (other,) = list(cascade.stream([request], until=FORM))[-1].songs
            assert other.form.phrases[:2] == song.form.phrases[:2]  # the phrase that has begun goes on to its end
            assert other.form.length_bars >= SHORTEST_SONG_BARS
            keys, phrases = fixed_form(FORM, opening(request), request).mask
            assert (keys[:3].all(), phrases[:6].all()) == (True, True)
            assert not keys[3:].any()  # the network sees the prompt and composes all else
            assert not phrases[6:].any()
        (short,) = list(cascade.stream([Request(bars=4, kept=(Kept(song, bars=3),), **QUICK)], until=FORM))[-1].songs
        assert str(short.form) == "i2A2"

    def test_or_by_a_given_form_or_length(self, cascade, song):
        given = cascade.compose(replace(SHORT, form=Form.parse("i2A4D6"), seed=4, kept=(Kept(song, bars=6),)))
        assert str(given.form) == "i2A4D6"
        long = cascade.compose(Request(seed=4, bars=20, kept=(Kept(song, bars=6),), **QUICK))
        assert long.form.length_bars == 20
        for other in (given, long):
            later = set(range(6, 20))
            assert outside(other, later) == outside(song, later)


class TestRevision:
    @pytest.mark.parametrize("source", ["song", "modulating_song"])
    @pytest.mark.parametrize("level", [level for level in LEVELS if not level.ends_freely], ids=lambda level: level.name)
    def test_all_but_the_chosen_bars_stays_bit_for_bit(self, cascade, source, level, request):
        song, chosen = request.getfixturevalue(source), {4, 5, 6}
        other = cascade.revise(song, level.name, chosen, seed=11, **QUICK)
        assert outside(other, chosen) == outside(song, chosen)
        for row in LEVELS:
            same = getattr(other, row.attribute) == getattr(song, row.attribute)
            assert same is (LEVELS.index(row) < LEVELS.index(level))
        check_storable(other)

    def test_levels_below_change_only_where_they_must(self, cascade, song):
        other = cascade.revise(song, LEAD_SHEET.name, {4, 5}, vary=0.0, seed=11, **QUICK)
        assert music(other) == music(song)

    def test_vary_goes_from_nothing_to_everything(self, cascade, song):
        def changed(vary: float) -> int:
            other = cascade.revise(song, ACCOMPANIMENT.name, vary=vary, seed=11, steps=8, guidance=0.0)
            return len(set(other.accompaniment) ^ set(song.accompaniment))

        changes = [changed(vary) for vary in (0.0, 0.25, 0.75, 1.0)]
        assert changes[0] == 0
        assert 0 < changes[1] < changes[3]
        assert changes == sorted(changes) or changes[2] > changes[1]

    def test_half_bars_that_stay_are_the_very_same_notes(self, cascade, song):
        loud = replace(song, accompaniment=tuple(replace(note, velocity=1 + note.pitch) for note in song.accompaniment))
        other = cascade.revise(loud, ACCOMPANIMENT.name, vary=0.5, seed=11, **QUICK)
        half_bars = [
            [note for note in own if note.start_step // 8 == half]
            for own in (loud.accompaniment, other.accompaniment)
            for half in range(28)
        ]
        same = [old == new for old, new in zip(half_bars[:28], half_bars[28:], strict=True)]
        assert sum(same) >= 14

    def test_a_revision_without_a_seed_is_another_song_and_so_is_the_next(self, cascade, song):
        first = cascade.revise(song, ACCOMPANIMENT.name, **QUICK)
        second = cascade.revise(first, ACCOMPANIMENT.name, **QUICK)
        seeds = [own.provenance["request"]["seed"] for own in (song, first, second)]
        assert len(set(seeds)) == 3
        assert song.accompaniment != first.accompaniment != second.accompaniment != song.accompaniment

    def test_tempo_and_metre_are_those_of_the_song(self, cascade, song):
        fast = replace(song, tempo=140.0)
        request = Request(revision=Revision(fast, ACCOMPANIMENT.name, frozenset({1})), tempo=70.0, meter=Meter(3), **QUICK)
        assert (request.tempo, request.meter) == (140.0, Meter(4))
        assert cascade.compose(request).tempo == cascade.revise(fast, ACCOMPANIMENT.name, {1}, **QUICK).tempo == 140.0

    def test_a_first_phrase_is_composed_in_view_of_the_returns_that_stay(self, song):
        store = ImageStore([song.form], [song.meter])
        store.write(ACCOMPANIMENT, 0, encode_level(ACCOMPANIMENT, song))
        known = torch.ones(1, song.form.length_bars, dtype=torch.bool)
        known[:, 2:6] = False  # the first A
        nothing = torch.zeros(1, ACCOMPANIMENT.window_frames, 1, dtype=torch.bool)
        window = store.conditions(ACCOMPANIMENT, Windows(torch.tensor([0]), torch.tensor([0]), known, nothing))
        assert window.conditions.reference_mask[0, 2 * 16 : 6 * 16].all()
        assert torch.equal(
            window.conditions.reference[0, 2 * 16 : 6 * 16], store.image(ACCOMPANIMENT, 0)[8 * 16 : 12 * 16].flatten(1) / FULL
        )

    def test_chords_of_the_chosen_bars_can_be_given(self, cascade, song):
        chords = Progression.parse("B: F | Bb", Meter())
        other = cascade.revise(song, REDUCED_LEAD_SHEET.name, {6, 7}, chords=chords, **QUICK)
        assert [span.chord.root for span in other.lead_sheet.chords if 24 <= span.start_beat < 32] == [5, 10]
        assert outside(other, {6, 7}) == outside(song, {6, 7})

    def test_a_revision_of_a_revision(self, cascade, song):
        first = cascade.revise(song, ACCOMPANIMENT.name, {1}, seed=1, **QUICK)
        second = cascade.revise(first, ACCOMPANIMENT.name, {2}, seed=2, **QUICK)
        assert outside(second, {1, 2}) == outside(song, {1, 2})
        assert outside(second, {2}) == outside(first, {2})


class TestRepetition:
    FORM = Form.parse("A4B2A4B2")

    def phrases(self, song: Song, start_bars: tuple[int, int], bars: int) -> list[list[tuple[int, int, int]]]:
        return [
            [
                (note.start_step - 16 * start, note.pitch, note.duration_steps)
                for note in sure(song.accompaniment)
                if start <= note.start_step // 16 < start + bars
            ]
            for start in start_bars
        ]

    def test_one_is_literal_and_one_half_is_as_composed(self, cascade):
        request = replace(SHORT, form=self.FORM)
        plain = cascade.compose(request)
        literal = cascade.compose(replace(request, repeat=(Repetition(1.0),), end_on_tonic=False))
        first, second = self.phrases(literal, (0, 6), 4)
        assert [note[:2] for note in first] == [note[:2] for note in second] != []
        assert music(cascade.compose(replace(request, repeat=(Repetition(0.5),)))) == music(plain)
        assert music(cascade.compose(replace(request, repeat=(Repetition(0.0),)))) != music(plain)

    def test_letters_differ(self, cascade):
        repeat = (Repetition(0.0, "A"), Repetition(1.0, "B"))
        song = cascade.compose(replace(SHORT, form=self.FORM, repeat=repeat, end_on_tonic=False))
        first, second = self.phrases(song, (0, 6), 4)
        assert first != second
        first, second = self.phrases(song, (4, 10), 2)
        assert [note[:2] for note in first] == [note[:2] for note in second]

    def test_a_literal_return_in_another_key_is_transposed(self, cascade):
        form = Form.parse("A4@C A4@D")
        request = Request(form, repeat=(Repetition(1.0),), end_on_tonic=False, seed=2, **QUICK)
        song = centred_cascade(cascade).compose(request)
        first, second = self.phrases(song, (0, 4), 4)
        assert [(step, pitch + 2) for step, pitch, _ in first] == [note[:2] for note in second] != []
        assert [span.chord.transposed(2).chroma for span in sure(song.lead_sheet).chords if span.start_beat < 16] == [
            span.chord.chroma for span in sure(song.lead_sheet).chords if span.start_beat >= 16
        ]


class TestLikeness:
    @pytest.mark.parametrize("level", [level for level in LEVELS if level.external])
    def test_a_passage_changes_its_level_where_it_is_asked_for(self, cascade, song, level):
        like = Likeness(level.external.name, song, letter="B", weight=3.0)
        other = cascade.compose(replace(SHORT, seed=3, like=(like,)))
        place = LEVELS.index(level)
        for row in LEVELS[:place]:
            assert getattr(other, row.attribute) == getattr(song, row.attribute)
        assert getattr(other, level.attribute) != getattr(song, level.attribute)

    def test_weight_matters_and_nought_is_no_likeness(self, cascade, song):
        def with_weight(weight: float) -> Song:
            request = replace(SHORT, like=(Likeness(sure(ACCOMPANIMENT.external).name, song, weight=weight),))
            return music(cascade.compose(request))

        assert with_weight(0.0) == music(song)
        assert with_weight(1.0).accompaniment != with_weight(5.0).accompaniment

    def test_a_cascade_without_encoders_says_so(self, cascade, song):
        without = Cascade(cascade.models)
        with pytest.raises(ValueError, match="like: must be left out where there are no encoders"):
            without.compose(replace(SHORT, like=(Likeness(sure(ACCOMPANIMENT.external).name, song),)))

    def test_notes_begin_where_the_decoder_of_a_rhythm_is_sure_that_they_do(self, cascade, song):
        request = replace(SHORT, seed=8, like=(Likeness("rhythm", song, "A", 10.0),))
        plan = code_plan(LEAD_SHEET, song, request, cascade._encode, weight=1.0)
        (onsets,) = sure(plan).evidence(LEAD_SHEET, song.meter).values()
        belief = onsets[:, -1]
        assert (onsets[:, FIRST_ITEM:] == belief[:, None]).all()
        assert not onsets[:, REST].any()
        assert not onsets[:32].any()  # the intro is to be like nothing
        heard = np.isin(np.arange(len(belief)), [note.start_step for note in cascade.compose(request).lead_sheet.melody])
        is_sure = np.abs(belief - onsets[:, HOLD].clip(min=0)) > 45  # more than an untrained network says against it
        assert is_sure.sum() > 4
        assert (heard == (belief > 0))[is_sure].all()


def test_what_is_not_asked_for_changes_nothing(cascade, song):
    unsaid = replace(SHORT, kept=(), like=(), repeat=(), chords=None, bars=None, revision=None)
    assert cascade.compose(unsaid) == song


class TestLongSongs:
    @pytest.mark.parametrize("bars", [7, 256, 300])
    def test_a_composed_form_has_the_length_that_is_asked_for(self, cascade, bars):
        (song,) = list(cascade.stream([Request(bars=bars, seed=1, **QUICK)], until=FORM))[-1].songs
        assert song.form.length_bars == bars
        assert song.provenance["request"]["bars"] == bars

    def test_every_window_over_a_long_song_is_told_where_it_ends(self, cascade, monkeypatch):
        seen: list[tuple[int, torch.Tensor]] = []
        cut = ImageStore.conditions

        def watched(store, level, windows, *arguments):
            window = cut(store, level, windows, *arguments)
            if level is FORM:
                seen.append((int(windows.start_bar[0]), window.conditions.known_mask[0].bool().all(-1)))
            return window

        monkeypatch.setattr(ImageStore, "conditions", watched)
        list(cascade.stream([Request(bars=400, **QUICK)], until=FORM))
        assert [start for start, _ in seen] == [0, 256 - 48]
        for start, known in seen:
            bars = start + torch.arange(FORM.window_frames)
            assert torch.equal(known, (bars >= 400) | (bars < (256 if start else 0)))

    def test_keys_of_a_long_given_form_are_composed(self, cascade):
        (song,) = list(cascade.stream([Request(Form.parse("A150B150A10"), seed=1, **QUICK)], until=FORM))[-1].songs
        assert str(song.form) == "A150B150A10"
        assert all(phrase.key for phrase in song.form.phrases)


def requests(song: Song) -> list[Request]:
    """Requests that together use every field."""
    return [
        SHORT,
        replace(
            SHORT, chords=CHORDS, like=(Likeness("rhythm", song, "B", 2.5),), repeat=(Repetition(0.2, "A"), Repetition(1.0))
        ),
        Request(Form.parse("A4@C B4@Am"), meter=Meter(4), tempo=77.5, end_on_tonic=False),
        Request(bars=33, kept=(Kept(song, bars=6),), seed=2**63 - 1),
        Request(kept=(Kept(song, LEAD_SHEET.name, "melody"),)),
        Request(revision=Revision(song, LEAD_SHEET.name, frozenset({3, 4}), 0.4)),
    ]


def test_requests_survive_json(song):
    for request in requests(song):
        values = json.loads(json.dumps(request_to_dict(request)))
        assert request_from_dict(values) == request


def test_a_song_is_composed_again_from_what_it_says_of_itself(cascade, song):
    for request in requests(song)[1:2] + requests(song)[5:]:
        first = cascade.compose(replace(request, **QUICK))
        read = song_from_json(song_to_json(first))
        assert cascade.compose(request_from_dict(read.provenance["request"])) == first


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tempoo": 3}, "request: tempoo: extra inputs are not permitted, got 3"),
        ({"tempo": "fast"}, "request: tempo: must be a valid number, got .fast."),
        ({"seed": 1.5}, "request: seed: must be a valid integer, got 1.5"),
        ({"steps": 2.5}, "request: steps: must be a valid integer, got 2.5"),
        ({"kept": "abc"}, "request: kept: must be a valid list, got .abc."),
        ({"end_on_tonic": "no"}, "request: end_on_tonic: must be a valid boolean, got .no."),
        ({"repeat": [{"amount": "x"}]}, r"request: repeat\[0\].amount: must be a valid number"),
        ({"form": "A2B2", "phrase_keys": ["C major"]}, "keys: must be one a phrase, 2 for A2B2, got 1"),
        ({"kept": [{"song": {}}]}, "song file"),
        ({"revision": 3}, "request: revision: must be"),
        ([], "request: must be"),
    ],
)
def test_a_broken_stored_request_is_told_in_one_line(values, message):
    with pytest.raises(ValueError, match=message):
        request_from_dict(values)


class TestContradictions:
    def refused(self, message: str, **fields: object) -> None:
        with pytest.raises(ValueError, match=message) as told:
            replace(SHORT, **fields)
        assert "\n" not in str(told.value)

    def test_each_gets_one_line(self, song):
        low = Song(Form.parse("A4"), lead_sheet=LeadSheet((Note(0, 30, 4),)))
        waltz = Song(Form.parse("A4"), Meter(3), lead_sheet=LeadSheet((Note(0, 60, 4),)), accompaniment=())
        melody = Kept(song, LEAD_SHEET.name, "melody")
        whole = Kept(song, LEAD_SHEET.name)
        six = Progression.parse("C | C | C | C | C | C", Meter())
        self.refused("chords: must be", form=Form.parse("A8"), chords=six)
        self.refused("chords: letter must be one of i, A, B, o", chords=Progression.parse("C: F", Meter()))
        self.refused(
            "melody: its melody must lie within MIDI pitches 46 to 98, got 30", kept=(Kept(low, LEAD_SHEET.name, "melody"),)
        )
        self.refused("lead-sheet: must be in 4/4, the song's metre, got 3/4", kept=(Kept(waltz, LEAD_SHEET.name),))
        self.refused("rhythm-like: must be in 4/4", like=(Likeness("rhythm", waltz),))
        self.refused("lead-sheet: must be at most 4 bars, the form's length, got 14", form=Form.parse("A4"), kept=(whole,))
        self.refused("chords: must be left out where a lead-sheet is given", chords=CHORDS, kept=(whole,))
        self.refused("melody: must be left out where a lead-sheet is given", kept=(whole, melody))
        self.refused("kept: must be one of lead-sheet and prompt, got both", kept=(whole, Kept(song, bars=2)))
        self.refused("key: must be G major, that of the music given", form=None, key=Key(0), kept=(whole,))
        self.refused("bars: must be left out where the form is given", bars=8)
        self.refused("bars: must be at least the 6 bars of the prompt, got 5", form=None, bars=5, kept=(Kept(song, bars=6),))
        self.refused("bars: must be 1 to 1024 bars long, got 1025", form=None, bars=1025)
        self.refused("like: letter must be one of i, A, B, o of the form", like=(Likeness("rhythm", song, "Z"),))
        self.refused("repeat: letter must be one of", repeat=(Repetition(1.0, "Z"),))
        self.refused("repeat: must name each phrase letter once, got A, A", repeat=(Repetition(1.0, "A"), Repetition(0.0, "A")))
        self.refused("revision: must be without form, key", revision=Revision(song, LEAD_SHEET.name))
        twice = (Likeness("rhythm", song, "A"), Likeness("rhythm", song, "A", 2.0))
        self.refused("rhythm-like: must name one passage for phrases A, got several", like=twice)
        piano = {"form": None, "key": None, "revision": Revision(song, ACCOMPANIMENT.name)}
        self.refused("rhythm-like: must be left out where its level stays", **piano, like=twice[:1])
        self.refused("chords: must be left out where no chords are composed anew", **piano, chords=CHORDS)

    def test_controls_check_themselves(self, song):
        silent = replace(song, lead_sheet=LeadSheet())
        for message, make in (
            ("repeat: must be 0 to 1, got 1.5", lambda: Repetition(1.5)),
            ("vary: must be 0 to 1, got -1", lambda: Revision(song, LEAD_SHEET.name, vary=-1)),
            (
                "level: must be one of reduced-lead-sheet, lead-sheet, accompaniment, got 'form'",
                lambda: Revision(song, FORM.name),
            ),
            ("bars: must be within 1 to 14, got 9 to 15", lambda: Revision(song, LEAD_SHEET.name, frozenset({8, 14}))),
            ("song: must have all of its levels", lambda: Revision(replace(song, accompaniment=None), LEAD_SHEET.name)),
            ("texture-like-weight: must be 0 to 10, got 11", lambda: Likeness("texture", song, weight=11)),
            ("rhythm-like: must have rhythm in these bars", lambda: Likeness("rhythm", silent)),
            ("chords-like: must have chords in these bars", lambda: Likeness("chords", silent)),
            ("melody: must have notes in a track MELODY", lambda: Kept(silent, LEAD_SHEET.name, "melody")),
            ("like: must be one of chords, rhythm, texture, got 'tempo'", lambda: Likeness("tempo", song)),
            ("texture-like: song: must have an accompaniment", lambda: Likeness("texture", replace(song, accompaniment=None))),
            ("prompt bars: must be 1 to 14, the song's length, got 15", lambda: Kept(song, bars=15)),
            ("part: must be chords or melody of a lead sheet, got 'drums'", lambda: Kept(song, LEAD_SHEET.name, "drums")),
            ("lead-sheet: must have a lead sheet", lambda: Kept(Song(Form.parse("A4")), LEAD_SHEET.name)),
        ):
            with pytest.raises(ValueError, match=message):
                make()

    def test_chords_that_do_not_fit_a_composed_form_are_told_before_they_are_laid(self, cascade):
        chords = Progression.parse("Q: C", Meter())
        with pytest.raises(ValueError, match="chords: letter must be one of"):
            cascade.compose(Request(chords=chords, **QUICK))


def test_codes_are_laid_from_the_start_of_each_phrase(cascade, song):
    encoders = cascade._encode()
    request = replace(SHORT, like=(Likeness("texture", song, "A", 2.0),))
    plan = code_plan(ACCOMPANIMENT, song, request, lambda: encoders, weight=1.5)
    assert sure(plan).number.tolist() == [NONE] * 2 + [0, 0, 1, 1] + [NONE] * 2 + [0, 0, 1, 1] + [NONE] * 2
    assert sure(plan).bar.tolist() == [0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0]
    assert sure(plan).weight.tolist() == [1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 1, 1]
    starts = list(range(0, 13, 2))
    home = at_home(song)  # as in training
    assert np.array_equal(sure(plan).codes, encoders.asked(ACCOMPANIMENT.external, home, starts))
    codes = sure(plan).codes[:, : sure(ACCOMPANIMENT.external).width]
    assert np.array_equal(codes, encoders.encode("texture", CONTROL_SEED, home, starts))
    assert code_plan(LEAD_SHEET, song, request, lambda: encoders, weight=1.5) is None
