"""The REMI baseline: songs as tokens and back, what may follow what, and songs from a tiny random model."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from canzona.baselines import remi
from canzona.baselines.remi_grammar import BarState, Grammar, Place
from canzona.baselines.remi_model import WEIGHTS, RemiConfig, RemiModel, load_model, new_network, save_model
from canzona.baselines.remi_score import score_to_song, song_to_score
from canzona.baselines.remi_tokens import MOST_BARS_LEFT, RemiTokens, headers
from canzona.baselines.remi_training import RemiTrainer, RemiTraining
from canzona.baselines.remi_windows import UNJUDGED, TokenSong, token_songs, window
from canzona.generation.request import Request
from canzona.generation.request_json import request_to_dict
from canzona.io.files import check_storable
from canzona.song import ChordSpan, Form, Key, LeadSheet, Meter, Note, PhraseType, Song
from canzona.song.notes import DEFAULT_VELOCITY
from canzona.song.transposition import transposed
from certain import sure_chord
from test_render import example_song

G_MAJOR = Key.parse("G major")
TINY = RemiConfig(width=16, layers=2, heads=2, hidden=32, context=128)
FORM = Form.parse("i1A3A3B2o1", G_MAJOR)


@pytest.fixture(scope="module")
def tokens() -> RemiTokens:
    return RemiTokens()


@pytest.fixture(scope="module")
def model(tokens: RemiTokens) -> RemiModel:
    return RemiModel(new_network(TINY, len(tokens.names), seed=0).eval().requires_grad_(False), tokens, TINY, {"steps": 0})


def plain(song: Song) -> Song:
    """What tokens can say of a song."""

    def notes(voice: tuple[Note, ...]) -> tuple[Note, ...]:
        longest = {(note.start_step, note.pitch): note for note in sorted(voice, key=lambda note: note.duration_steps)}
        return tuple(sorted(replace(note, velocity=DEFAULT_VELOCITY) for note in longest.values()))

    sheet = song.lead_sheet or LeadSheet()
    return Song(
        song.form, song.meter, song.tempo, None, LeadSheet(notes(sheet.melody), sheet.chords), notes(song.accompaniment or ())
    )


def there_and_back(song: Song, tokens: RemiTokens) -> Song:
    return tokens.song(tokens.contents(song), song.form, song.meter, song.tempo)


@pytest.mark.parametrize("beats_per_bar", Meter.ALLOWED)
def test_songs_return_from_tokens(tokens, beats_per_bar):
    song = example_song(beats_per_bar=beats_per_bar)
    assert len(tokens.contents(song)) == song.form.length_bars
    assert there_and_back(song, tokens) == plain(song)


def test_empty_bars_and_empty_songs_return(tokens):
    sheet = LeadSheet((Note(2 * 16 + 3, 60, 2),), ())
    sparse = Song(Form.parse("A5", G_MAJOR), lead_sheet=sheet, accompaniment=())
    assert [bool(content) for content in tokens.contents(sparse)] == [False, False, True, False, False]
    assert there_and_back(sparse, tokens) == sparse
    silent = replace(sparse, lead_sheet=LeadSheet())
    assert there_and_back(silent, tokens) == silent


def test_each_bar_can_be_read_alone(tokens):
    song = example_song("A8")
    for content in tokens.contents(song):
        words = [tokens.names[number] for number in content]
        assert words[0].startswith("Position_")
        assert words[1].startswith("Program_")


def test_what_no_song_may_hold_is_mended():
    form, short = Form.parse("A1", G_MAJOR), Form.parse("A2", G_MAJOR)
    melody = (Note(0, 60, 8), Note(0, 64, 8), Note(4, 62, 4), Note(6, 20, 1))  # two at once, one overlapping, one too low
    chords = (ChordSpan(0, 8, sure_chord("C:maj")), ChordSpan(2, 2, sure_chord("G:7/b7")))
    piano = (Note(14, 50, 9), Note(20, 50, 2))
    score = song_to_score(Song(short, lead_sheet=LeadSheet(melody, chords), accompaniment=piano))
    song = score_to_song(score, form, Meter(), 90.0)
    assert song.lead_sheet is not None
    assert song.lead_sheet.melody == (Note(0, 64, 4), Note(4, 62, 4))
    assert song.lead_sheet.chords == (ChordSpan(0, 2, sure_chord("C:maj")), ChordSpan(2, 2, sure_chord("G:7/b7")))
    assert song.accompaniment == (Note(14, 50, 2),)


def test_headers_follow_the_form():
    form = Form.parse("x1A20", G_MAJOR)
    found = headers(form)
    assert [header.type for header in found] == [PhraseType.OTHER] + [PhraseType.A] * 20
    assert [header.bars_left for header in found][:8] == [1] + [MOST_BARS_LEFT] * 5 + [15, 14]
    assert [bar for bar, header in enumerate(found) if header.starts_phrase] == [0, 1]
    with pytest.raises(ValueError, match="every phrase must have a key, got A8 without one"):
        headers(Form.parse("i4A8").with_keys([G_MAJOR, None]))


def test_header_tokens(tokens):
    first, second = headers(Form.parse("A2", G_MAJOR))

    def words(*arguments: object) -> list[str]:
        return [tokens.names[number] for number in tokens.header(*arguments)]

    assert words(first, Meter(3), False) == ["Bar_None", "Phrase_A", "Left_2", "Key_G major"]
    assert words(second, Meter(3), False) == ["Bar_None", "Phrase_A", "Left_1"]
    assert words(second, Meter(3), True) == ["Bar_None", "Phrase_A", "Left_1", "Key_G major", "TimeSig_3/4"]


def test_every_real_bar_is_allowed(tokens):
    grammar = Grammar(tokens)
    for beats_per_bar in Meter.ALLOWED:
        song = example_song(beats_per_bar=beats_per_bar)
        for content in tokens.contents(song):
            state = BarState()
            for number in content:
                assert grammar.allowed(state, song.meter)[number], tokens.names[number]
                state = grammar.after(state, number)
            assert grammar.allowed(state, song.meter)[tokens.ids["Bar_None"]]


def test_what_may_not_follow(tokens):
    grammar, number = Grammar(tokens), tokens.ids

    def allowed(state: BarState, word: str, beats_per_bar: int = 4) -> bool:
        return bool(grammar.allowed(state, Meter(beats_per_bar))[number[word]])

    written = BarState(Place.DURATION, position=4, has_program=True)
    assert allowed(written, "Position_5")
    assert not allowed(written, "Position_4")  # time only goes on
    assert allowed(written, "Position_15")
    assert not allowed(written, "Position_15", 3)
    assert not allowed(BarState(Place.POSITION, 0), "Pitch_60")  # of which program?
    assert allowed(BarState(Place.POSITION, 0, has_program=True), "Pitch_60")
    assert not allowed(BarState(Place.PITCH, 0, True), "Bar_None")
    assert not any(allowed(state, "Phrase_A") or allowed(state, "PAD_None") for state in (BarState(), written))
    closed = grammar.allowed(written, Meter(), closing=True)
    assert np.flatnonzero(closed).tolist() == [number["Bar_None"]]
    assert not grammar.allowed(BarState(Place.PITCH, 0, True), Meter(), closing=True)[number["Bar_None"]]


def test_windows_judge_music_and_not_the_form(tokens):
    song = example_song("A2B2")
    bars = TokenSong.of(song, tokens)
    ids, targets = window(bars, 1, 10_000, tokens)
    assert ids == [number for bar in (1, 2, 3) for number in
                   tokens.header(bars.headers[bar], song.meter, bar == 1) + bars.contents[bar]]  # fmt: skip
    judged = [target for target in targets if target != UNJUDGED]
    bar = tokens.ids["Bar_None"]
    assert judged == [*bars.contents[1], bar, *bars.contents[2], bar, *bars.contents[3], bar]
    short_ids, short_targets = window(bars, 1, 12, tokens)
    assert (short_ids, short_targets) == (ids[:12], targets[:12])


def test_songs_are_learned_in_other_keys(tokens):
    song = example_song("A4")
    copies = token_songs([song], tokens, 12, np.random.default_rng(0))
    assert len({copy.headers[0].key for copy in copies}) == 12
    higher = transposed(song, 2)
    assert higher.lead_sheet is not None
    assert song.lead_sheet is not None
    assert higher.lead_sheet.chords[0].chord == song.lead_sheet.chords[0].chord.transposed(2)
    assert transposed(higher, -2) == song


def test_draws():
    logits = np.log([0.5, 0.3, 0.15, 0.05, 0.0 + 1e-300])
    logits[4] = -np.inf
    generator = np.random.default_rng(0)
    counts = np.bincount([remi.RemiSampling(top_p=1.0).draw(logits, generator) for _ in range(4000)], minlength=5) / 4000
    assert counts == pytest.approx([0.5, 0.3, 0.15, 0.05, 0], abs=0.03)
    assert {remi.RemiSampling(top_p=0.79).draw(logits, generator) for _ in range(200)} == {0, 1}
    assert {remi.RemiSampling(temperature=0.01).draw(logits, generator) for _ in range(50)} == {0}
    for wrong in ({"temperature": 0.0}, {"top_p": 0.0}, {"top_p": 1.5}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}: must be more than 0"):
            remi.RemiSampling(**wrong)


@pytest.mark.parametrize("meter", [Meter(3), Meter(4)])
def test_a_random_model_composes_legal_songs_of_the_form(model, meter):
    request = Request(FORM, meter=meter, tempo=101.0, seed=3)
    (song,) = remi.compose_many(model, [request])
    check_storable(song)
    assert (song.form, song.meter, song.tempo) == (FORM, meter, 101.0)
    assert song.lead_sheet is not None
    assert song.accompaniment
    assert all(note.end_step <= song.length_steps for note in (*song.lead_sheet.melody, *song.accompaniment))
    assert all(before.end_step <= after.start_step for before, after in pairwise(song.lead_sheet.melody))
    assert all(before.end_beat <= after.start_beat for before, after in pairwise(song.lead_sheet.chords))
    assert song.provenance["system"] == "remi"
    assert song.provenance["request"] == request_to_dict(request)


def test_same_seed_same_song(model):
    first, other = (list(remi.compose_many(model, [Request(FORM, seed=7), Request(FORM, seed=8)])) for _ in range(2))
    assert first == other
    assert first[0].accompaniment != first[1].accompaniment
    assert list(remi.compose_many(model, [Request(FORM, seed=8)])) == first[1:]


def test_what_is_read_again_is_as_many_whole_bars_as_fit_six_tenths_of_the_context(model, monkeypatch):
    readings = []
    read = remi._read
    monkeypatch.setattr(remi, "_read", lambda model, tokens, cache: readings.append(list(tokens)) or read(model, tokens, cache))
    list(remi.compose_many(model, [Request(FORM, seed=seed) for seed in range(3)]))
    bar = model.tokens.ids["Bar_None"]
    again = [tokens for tokens in readings if len(tokens) > 10]
    assert len(again) >= 3
    for tokens in again:
        assert tokens[0] == bar
        assert tokens.count(bar) >= 2  # two bars of the longest allowed fit
        assert len(tokens) <= 0.6 * TINY.context
    longest_bar = TINY.context // 4 + 8  # with its header
    assert all(len(tokens) > 0.6 * TINY.context - longest_bar for tokens in again)


@pytest.mark.parametrize("context", [128, 1024])
def test_a_bar_that_does_not_end_is_ended_at_a_quarter_of_the_context(model, context):
    endless = RemiModel(model.network, model.tokens, replace(TINY, context=context), {})
    writer = remi._Writer(Request(FORM), endless, Grammar(model.tokens), remi.RemiSampling())
    logits = np.array([0.0 if name.startswith(("Pitch", "Duration")) else -40.0 for name in model.tokens.names])
    writer.window(context)
    while len(writer.contents) == 1:
        writer.write(logits)
    assert context / 4 <= len(writer.contents[0]) < context / 4 + 2  # a note that is begun gets its duration


def test_keys_must_be_given(model):
    with pytest.raises(ValueError, match="form: must be given with keys"):
        list(remi.compose_many(model, [Request(Form.parse("A4"))]))


def test_reading_in_two_steps_is_reading_in_one(model):
    from transformers import DynamicCache

    at_once = remi._read(model, [5, 6, 7, 8, 9], DynamicCache())
    cache = DynamicCache()
    remi._read(model, [5, 6, 7], cache)
    assert remi._read(model, [8, 9], cache) == pytest.approx(at_once, abs=1e-4)
    assert remi._read(model, [8, 9], DynamicCache()) != pytest.approx(at_once, abs=1e-4)


def test_training_learns_saves_and_goes_on(tokens, tmp_path):
    songs = token_songs([example_song("A4B4")], tokens, 1, np.random.default_rng(0))
    settings = RemiTraining(
        processor_minutes=0.02, learning_rate=5e-3, warmup_steps=1, save_minutes=0.004, validation_windows=2
    )
    trainer = RemiTrainer(songs, songs, tokens, tmp_path, TINY, settings)
    lines = list(trainer.run())
    assert lines[-1]["validation_loss"] < lines[0]["validation_loss"] < np.log(len(tokens.names)) + 0.5

    again = RemiTrainer(songs, songs, tokens, tmp_path, TINY, replace(settings, processor_minutes=0.03))
    again.resume()
    assert again.step == trainer.step
    assert again.validate() == trainer.validate()
    assert next(again.run())["step"] > trainer.step

    other = RemiTrainer(songs, songs, tokens, tmp_path, replace(TINY, hidden=48), settings)
    with pytest.raises(ValueError, match="must have"):
        other.resume()


def test_models_return_from_files(model, tmp_path):
    save_model(tmp_path, model)
    again = load_model(tmp_path)
    assert (again.config, again.training) == (model.config, model.training)
    (song,), (same,) = (remi.compose_many(loaded, [Request(Form.parse("A2", G_MAJOR))]) for loaded in (model, again))
    assert song == same
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is damaged"):
        load_model(tmp_path)
