"""The whole public path of composing, on a cascade of tiny random networks."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from canzona.generation import Cascade, Kept, LevelModel, Repetition, Request, Revision, canvas
from canzona.generation.canvas import Canvas
from canzona.generation.form import KNOWN_KEY_BARS, LARGEST_EVIDENCE, SHORTEST_SONG_BARS, form_evidence, opening
from canzona.generation.home import MELODY_PITCHES, PIANO_PITCHES, shift_home, within_range
from canzona.generation.request import LARGEST_SEED
from canzona.generation.schedule import window_places
from canzona.hierarchy.level import Content, Level, Voicing
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.io.files import check_storable
from canzona.io.midi import midi_to_song, song_to_midi
from canzona.io.song_json import song_from_json, song_to_json
from canzona.model.denoiser import Denoiser, WindowDenoiser
from canzona.representation.form_image import key_templates
from canzona.representation.image import decode_level, encode_level
from canzona.representation.structure import reference_bars
from canzona.representation.voices import FIRST_ITEM, REST, voices
from canzona.song import Form, Key, LeadSheet, Meter, Note, Song
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.progression import Progression
from canzona.song.timing import beats_to_steps
from canzona.song.transposition import FURTHEST_DOWN, FURTHEST_UP, home_shift, transposed
from canzona.version import __version__
from certain import sure
from strategies import forms, meters
from tiny import tiny_cascade

SHORT = Request(Form.parse("i1A2D1A2x1"), Key.parse("G major"), seed=3, steps=3)
QUICK = {"steps": 2, "guidance": 0.0}
LIVELY = {Voicing.PITCH: 3.0, Voicing.CHORD: 3.0}
"""Log-odds added to whatever may begin: without them, few steps leave lead sheets all but silent."""


def state_biases(level: Level, model: LevelModel) -> Iterator[torch.Tensor]:
    """For every part, (voices, states) the biases of its log-odds: views, to be written to."""
    shapes = [own.shape for own in voices(level)]
    biases = model.denoiser.network.output.bias.split([shape.logit_size for shape in shapes])
    return (bias.view(shape.count, shape.states) for bias, shape in zip(biases, shapes, strict=True))


def lively_cascade(folder: Path) -> Cascade:
    """The tiny cascade with music in every bar."""
    cascade = tiny_cascade(folder)
    for level in LEVELS:
        for part, bias in zip(level.parts, state_biases(level, cascade.models[level.name]), strict=True):
            bias[:, FIRST_ITEM:] += LIVELY.get(part.voicing, 0.0)
    return cascade


def centred_cascade(cascade: Cascade) -> Cascade:
    """A cascade of the same networks, whose notes lie in the middle of every instrument's range, whatever the key."""
    models = deepcopy(cascade.models)
    for level in LEVELS[1:]:
        for part, bias in zip(level.parts, state_biases(level, models[level.name]), strict=True):
            pitches = {Voicing.PITCH: MELODY_PITCHES, Voicing.KEYS: PIANO_PITCHES}.get(part.voicing)
            if pitches:
                lowest = level.lowest_pitch + part.regions[0].first_row
                onsets = bias[:, FIRST_ITEM:].view(-1)  # one a pitch
                onsets[: pitches.start + FURTHEST_DOWN - lowest] = -1000
                onsets[pitches.stop - FURTHEST_DOWN - lowest :] = -1000
    return Cascade(models)


@pytest.fixture(scope="module")
def cascade(tmp_path_factory) -> Cascade:
    return lively_cascade(tmp_path_factory.mktemp("cascade"))


@pytest.fixture(scope="module")
def modulating(cascade) -> Cascade:
    """A cascade whose form level wants every bar to be in D major, wherever home is."""
    form = deepcopy(cascade.models[FORM.name])
    keys, _ = key_templates()
    next(state_biases(FORM, form))[:, FIRST_ITEM + keys.index(Key.parse("D"))] += 20
    return Cascade({FORM.name: form})


@pytest.fixture(scope="module")
def centred(cascade) -> Cascade:
    return centred_cascade(cascade)


@pytest.fixture(scope="module")
def deaf(centred) -> Cascade:
    """The same as ``centred``, deaf to the tonic that songs are moved to."""
    models = deepcopy(centred.models)
    for model in models.values():
        model.denoiser.network.conditions.read_known.weight[:, -PITCH_CLASSES:] = 0
    return Cascade(models)


def music(song: Song) -> Song:
    """The song without its history."""
    return replace(song, provenance={})


def form_of(cascade: Cascade, request: Request) -> Form:
    (song,) = sure(list(cascade.stream([request], until=FORM))[-1].songs)
    return song.form


@pytest.fixture(scope="module")
def short_song(cascade) -> Song:
    return cascade.compose(SHORT)


def check_song(song: Song, request: Request) -> None:
    """All that a composed song promises, whatever the networks drew."""
    check_storable(song)
    assert (song.meter, song.tempo) == (request.meter, request.tempo)
    assert None not in (song.reduced_lead_sheet, song.lead_sheet, song.accompaniment)
    for sheet in (song.reduced_lead_sheet, song.lead_sheet):
        assert all(earlier.end_step <= later.start_step for earlier, later in pairwise(sure(sheet).melody))
        assert all(0 <= note.start_step < note.end_step <= song.length_steps for note in sure(sheet).melody)
    beat = beats_to_steps(1)
    assert all(note.start_step % beat == note.duration_steps % beat == 0 for note in sure(song.reduced_lead_sheet).melody)
    assert all(note.end_step <= song.length_steps for note in sure(song.accompaniment))
    assert {note.pitch for sheet in (song.reduced_lead_sheet, song.lead_sheet) for note in sure(sheet).melody} <= {
        *MELODY_PITCHES
    }
    assert {note.pitch for note in sure(song.accompaniment)} <= {*PIANO_PITCHES}
    for pitch in PIANO_PITCHES:
        same = [note for note in sure(song.accompaniment) if note.pitch == pitch]
        assert all(earlier.end_step <= later.start_step for earlier, later in pairwise(same))
    assert song_from_json(song_to_json(song)) == song
    midi_to_song(song_to_midi(song))


def test_the_same_seed_gives_the_same_song_and_the_same_files(cascade, short_song):
    again = cascade.compose(SHORT)
    assert again == short_song
    assert song_to_midi(again) == song_to_midi(short_song)
    assert song_to_json(again) == song_to_json(short_song)
    check_song(short_song, SHORT)


def test_another_seed_gives_another_song_at_every_level(cascade, short_song):
    other = cascade.compose(SHORT.with_seed(4))
    assert other.reduced_lead_sheet != short_song.reduced_lead_sheet
    assert other.lead_sheet != short_song.lead_sheet
    assert other.accompaniment != short_song.accompaniment
    assert song_to_midi(other) != song_to_midi(short_song)


def test_largest_seed_and_its_neighbour_differ(cascade):
    quick = replace(SHORT, form=Form.parse("A1"), **QUICK)
    first, second = (cascade.compose(quick.with_seed(LARGEST_SEED - back)) for back in (0, 1))
    assert first.accompaniment != second.accompaniment


def test_the_song_says_how_it_came_to_be(short_song):
    assert short_song.provenance["canzona"] == __version__
    assert list(short_song.provenance["weights"]) == [*(level.name for level in LEVELS), "dynamics"]
    assert short_song.provenance["request"] == {
        "form": "i1A2D1A2x1",
        "phrase_keys": [None] * 5,
        "key": "G major",
        "meter": "4/4",
        "tempo": 90.0,
        "seed": 3,
        "steps": 3,
        "guidance": 1.0,
        "end_on_tonic": True,
    }


def test_guidance_and_steps_matter(cascade, short_song):
    for change in ({"guidance": 0.0}, {"steps": 2}):
        assert cascade.compose(replace(SHORT, **change)).accompaniment != short_song.accompaniment


@pytest.mark.parametrize("has_learnt", [False, True])
def test_tempo_matters_where_networks_have_learnt_what_it_says(cascade, has_learnt):
    models = {}
    for name, model in cascade.models.items():
        network = deepcopy(model.denoiser.network)
        if has_learnt:
            network.conditions.read_tempo.weight.normal_(generator=torch.Generator().manual_seed(1))
        else:
            network.conditions.read_tempo = network.conditions.pace = None
        models[name] = replace(model, denoiser=Denoiser(network))
    slow, fast = (Cascade(models).compose(replace(SHORT, tempo=tempo)) for tempo in (60.0, 140.0))
    assert (slow.tempo, fast.tempo) == (60, 140)
    assert ((slow.lead_sheet, slow.accompaniment) != (fast.lead_sheet, fast.accompaniment)) is has_learnt


@pytest.mark.parametrize(("unlucky", "draws"), [(0, 1), (2, 3), (99, 8)])
def test_a_form_with_nothing_to_sing_is_drawn_again(cascade, monkeypatch, unlucky, draws):
    """With other noise, until there is something, but not for ever; a form that is given stands."""
    drawn, noises, read, noise = [], [], Cascade._read, canvas._generator
    monkeypatch.setattr(canvas, "_generator", lambda *asked: noises.append(asked) or noise(*asked))

    def unluckily(own, level, image, fixed, request):
        song = read(own, level, image, fixed, request)
        if level is FORM:
            drawn.append(song.form)
            letters = "i4" if len(drawn) <= unlucky else "A4"
            return replace(song, form=Form.parse(letters).with_keys([Key(0)]))
        return song

    monkeypatch.setattr(Cascade, "_read", unluckily)
    composed = cascade.compose(Request(seed=1, **QUICK))
    assert len(drawn) == draws
    assert [draw for _, level, draw in noises if level is FORM] == list(range(draws))
    assert str(composed.form) == ("i4" if unlucky == 99 else "A4")
    drawn.clear()
    given = cascade.compose(Request(Form.parse("i4"), Key(0), seed=1, **QUICK))
    assert not drawn
    assert str(given.form) == "i4"


def test_a_song_is_the_same_alone_and_among_many(cascade, short_song):
    waltz = Request(Form.parse("A3A2"), Key.parse("E minor"), Meter(3), seed=8, steps=3)
    longer = replace(SHORT, form=Form.parse("A9B2"), key=Key.parse("F#"), repeat=(Repetition(0.0),))
    for batch_size in (1, 3):
        assert cascade.compose_many([waltz, SHORT, longer], batch_size)[1] == short_song
    assert cascade.compose_many([]) == []
    with pytest.raises(ValueError, match="batch_size: must be 1 or more, got 0"):
        cascade.compose_many([SHORT], batch_size=0)


def test_a_batch_of_songs_of_different_lengths_and_metres(cascade):
    requests = [
        Request(Form.parse("A2"), Key.parse("C major"), Meter(3), 60.0, seed=1, **QUICK),
        Request(Form.parse("i4A12B4"), Key.parse("A minor"), Meter(4), 120.0, seed=2, **QUICK),
        Request(None, None, Meter(3), seed=3, **QUICK),
    ]
    songs = cascade.compose_many(requests, batch_size=2) + cascade.compose_many(requests[::-1], batch_size=3)
    for song, request in zip(songs, requests + requests[::-1], strict=True):
        check_song(song, request)
        assert request.form is None or song.form == request.keyed_form
        assert song.provenance["request"]["seed"] == request.seed


def test_no_request_is_refused(cascade):
    with pytest.raises(ValueError, match=r"^requests: must be at least one, got none$"):
        next(cascade.stream([]))


@pytest.mark.parametrize(("name", "other"), [("steps", 4), ("guidance", 2.0)])
def test_what_is_composed_together_must_agree(cascade, name, other):
    with pytest.raises(ValueError, match="requests: must agree in steps and guidance"):
        next(cascade.stream([SHORT, replace(SHORT, **{name: other})]))


@pytest.mark.parametrize("meter", [Meter(3), Meter(4)], ids=str)
@pytest.mark.parametrize("key", ["Bb major", "F# minor"])
@pytest.mark.parametrize("form", ["A1", "B3", "i2A4D3x2A4Z1o1"])
def test_the_form_and_key_asked_for_come_back_exactly(cascade, form, key, meter):
    request = Request(Form.parse(form), Key.parse(key), meter, seed=5, **QUICK)
    song = cascade.compose(request)
    check_song(song, request)
    assert str(song.form) == form
    assert {phrase.key for phrase in song.form.phrases} == {Key.parse(key)}


def test_keys_of_phrases_are_kept_and_the_others_composed(cascade):
    keys = [Key.parse("Eb major"), None, Key.parse("C minor")]
    request = Request(Form.parse("A2B1A2").with_keys(keys), seed=1, **QUICK)
    song = cascade.compose(request)
    check_song(song, request)
    assert str(song.form) == "A2B1A2"
    assert [song.form.phrases[number].key for number in (0, 2)] == [keys[0], keys[2]]
    keyed = cascade.compose(replace(request, key=Key.parse("D major")))
    assert keyed.form.phrases[1].key == Key.parse("D major")


@pytest.mark.parametrize("key", [None, Key.parse("Ab major"), Key.parse("B minor")], ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_composed_form_is_a_form(cascade, key, seed):
    request = Request(None, key, seed=seed, **QUICK)
    song = cascade.compose(request)
    check_song(song, request)
    assert Form.parse(str(song.form)) == song.form.with_keys([None] * len(song.form.phrases))
    assert SHORTEST_SONG_BARS <= song.form.length_bars <= FORM.window_frames
    assert key is None or song.form.phrases[0].key == key


def test_a_key_without_a_form_is_that_of_the_first_phrase(modulating):
    for name in ("Ab major", "B minor", "F# major"):
        form = form_of(modulating, Request(key=Key.parse(name), seed=2, **QUICK))
        assert form.phrases[0].key == Key.parse(name)
        assert len({phrase.key for phrase in form.phrases}) == 2  # the network has its way after it


def test_a_composed_form_starts_at_home_which_the_seed_draws(modulating):
    forms = {seed: form_of(modulating, Request(seed=seed, **QUICK)) for seed in range(5)}
    for seed, form in forms.items():
        shift = shift_home(Request(seed=seed))
        assert shift == home_shift(form)
        first, *later = (sure(phrase.key).transposed(shift) for phrase in form.phrases)
        assert first.relative_major == 0
        assert {*later} <= {Key.parse("D")}
    assert max(len(form.phrases) for form in forms.values()) > 2
    assert len({sure(form.phrases[0].key).relative_major for form in forms.values()}) > 2
    keyless = Form.parse("A3B8")
    assert home_shift(form_of(modulating, Request(keyless, seed=3, **QUICK))) == shift_home(Request(seed=3))
    partly = form_of(modulating, Request(keyless.with_keys([None, Key.parse("Eb")]), **QUICK))
    assert [sure(phrase.key).relative_major for phrase in partly.phrases] == [3, 3]


def test_form_networks_are_told_to_begin_at_home_and_how_long_to_go_on():
    keys, _ = key_templates()
    at_home = np.array([key.relative_major == 0 for key in keys])
    for bars in (None, 6):
        request = Request(bars=bars)
        evidence = form_evidence(FORM, opening(request), request)
        length = bars or SHORTEST_SONG_BARS
        for own in evidence.values():
            assert len(own) == FORM.window_frames
            assert (own[:length, REST] == -LARGEST_EVIDENCE).all()
            assert not own[length:, REST].any()
        of_keys = evidence["keys"][:, FIRST_ITEM:]
        assert (of_keys[:KNOWN_KEY_BARS, ~at_home] == -LARGEST_EVIDENCE).all()
        assert not of_keys[:, at_home].any()
        assert not of_keys[KNOWN_KEY_BARS:].any()


@pytest.mark.parametrize("shift", [-FURTHEST_UP, FURTHEST_DOWN])
def test_a_song_in_another_key_is_the_same_song_moved_but_for_what_its_tonic_changes(centred, deaf, shift):
    chords = Progression.parse("B: Cm | Bb/D", Meter())
    home = Request(Form.parse("A2@C B2@Eb A2@Am"), chords=chords, repeat=(Repetition(0.8),), seed=6, steps=3)
    away = home.transposed(shift)
    song, moved = (music(deaf.compose(request)) for request in (home, away))
    assert moved == transposed(song, shift)
    assert min(map(len, (sure(song.accompaniment), sure(song.lead_sheet).melody, sure(song.reduced_lead_sheet).melody))) > 5
    song, moved = (music(centred.compose(request)) for request in (home, away))
    assert moved.form == transposed(song, shift).form
    there = transposed(song, shift)
    assert sum(getattr(moved, level.attribute) != getattr(there, level.attribute) for level in LEVELS[1:]) > 1


def test_notes_beyond_an_instrument_move_by_octaves_or_make_way():
    low, high, middle = Note(0, MELODY_PITCHES.start - 1, 4), Note(4, MELODY_PITCHES.stop + 20, 4), Note(8, 60, 4)
    deep, top = Note(0, PIANO_PITCHES.start - 1, 8), Note(4, PIANO_PITCHES.stop, 2)
    there = Note(6, deep.pitch + 12, 4)  # would sound twice at once
    song = Song(Form.parse("A2"), lead_sheet=LeadSheet((low, high, middle)), accompaniment=(deep, top, there))
    found = within_range(song)
    assert sure(found.lead_sheet).melody == (replace(low, pitch=low.pitch + 12), replace(high, pitch=high.pitch - 24), middle)
    assert found.accompaniment == (replace(top, pitch=top.pitch - 12), there)
    apart = replace(there, start_step=deep.end_step)
    assert within_range(replace(song, accompaniment=(deep, apart))).accompaniment == (replace(deep, pitch=there.pitch), apart)
    assert within_range(found) == found


def test_what_may_be_composed_has_rows_whichever_way_home_it_is_moved():
    for level, region, pitches in (
        (REDUCED_LEAD_SHEET, "melody", MELODY_PITCHES),
        (LEAD_SHEET, "melody", MELODY_PITCHES),
        (ACCOMPANIMENT, "piano", PIANO_PITCHES),
    ):
        lowest = level.lowest_pitch + level.region(region).first_row
        rows = range(lowest, lowest + level.region(region).row_count)
        assert pitches == range(rows.start + FURTHEST_DOWN, rows.stop - FURTHEST_UP)


def test_a_form_longer_than_a_window_is_composed_to_its_end(cascade):
    request = Request(Form.parse("A100x64B64D72"), Key.parse("C major"), seed=1, **QUICK)
    (song,) = list(cascade.stream([request], until=REDUCED_LEAD_SHEET))[-1].songs
    check_storable(song)
    assert song.form == request.keyed_form
    assert song.form.length_bars > FORM.window_frames
    half_window = song.meter.bars_to_steps(REDUCED_LEAD_SHEET.window_bars(song.meter) // 2)
    assert song.reduced_lead_sheet.melody[-1].start_step >= song.length_steps - half_window


def test_progress_only_rises_and_the_last_report_has_the_songs(cascade, short_song):
    reports = list(cascade.stream([SHORT]))
    places = [(LEVELS.index(report.level), report.step / report.steps) for report in reports]
    assert places == sorted(places)
    assert [report.level for report in reports if report.step == 1 and report.songs is None] == list(LEVELS[1:])
    ends = [report for report in reports if report.songs is not None]
    assert [report.level for report in ends] == list(LEVELS[1:])
    for level, report in zip(LEVELS[1:], ends, strict=True):  # a level is there as soon as it is done
        (so_far,) = report.songs
        fields = [row.attribute for row in LEVELS]
        finer = fields[LEVELS.index(level) + 1 :]
        assert music(so_far) == music(replace(short_song, **dict.fromkeys(finer)))
    assert reports[-1].songs == (short_song,)
    assert places[-1] == (len(LEVELS) - 1, 1)
    keyless = next(cascade.stream([replace(SHORT, key=None)]))
    assert (keyless.level, keyless.step, keyless.steps) == (FORM, 1, SHORT.steps)


def test_closing_the_stream_stops_at_once(cascade, monkeypatch):
    calls = []
    denoise = WindowDenoiser.__call__
    monkeypatch.setattr(WindowDenoiser, "__call__", lambda *arguments: (calls.append(1), denoise(*arguments))[1])
    stream = cascade.stream([SHORT])
    for _ in range(5):
        next(stream)
    assert len(calls) == 5
    stream.close()
    with pytest.raises(StopIteration):
        next(stream)
    assert len(calls) == 5


def test_only_levels_that_are_not_kept_are_composed(centred):
    song = centred.compose(SHORT)
    only_piano = Cascade({ACCOMPANIMENT.name: centred.models[ACCOMPANIMENT.name]})
    request = replace(SHORT, form=None, key=None, kept=(Kept(song, LEAD_SHEET.name),))
    reports = list(only_piano.stream([request]))
    assert {report.level for report in reports if report.songs is None} == {ACCOMPANIMENT}
    assert music(sure(reports[-1].songs)[0]) == music(song)
    (until_chords,) = list(centred.stream([SHORT], until=REDUCED_LEAD_SHEET))[-1].songs
    assert until_chords.reduced_lead_sheet == song.reduced_lead_sheet
    assert (until_chords.lead_sheet, until_chords.accompaniment) == (None, None)


LITERAL = replace(SHORT, form=Form.parse("A6B5A6A6"), repeat=(Repetition(0.75),), **QUICK)


CANVAS_REQUESTS: dict[str, Callable[[Song], Request]] = {
    "all levels composed": lambda song: Request(seed=2, bars=20, **QUICK),
    "literal returns": lambda song: LITERAL,
    "literal returns in other keys": lambda song: replace(LITERAL, key=None, form=Form.parse("A6@Gb B5@D A6@F")),
    "a waltz": lambda song: replace(LITERAL, meter=Meter(3)),
    "given chords": lambda song: replace(LITERAL, chords=Progression.parse("A: C | G/B N", Meter())),
    "a kept melody": lambda song: replace(SHORT, seed=9, kept=(Kept(song, LEAD_SHEET.name, "melody"),), **QUICK),
    "a prompt": lambda song: Request(seed=4, bars=20, kept=(Kept(song, bars=3),), **QUICK),
    "half a revision": lambda song: Request(revision=Revision(song, REDUCED_LEAD_SHEET.name, vary=0.5), **QUICK),
}


@pytest.mark.parametrize("request_of", CANVAS_REQUESTS.values(), ids=CANVAS_REQUESTS)
def test_what_a_window_leaves_on_the_canvas_is_the_image_of_a_song(cascade, short_song, monkeypatch, request_of):
    left: list[tuple[Level, np.ndarray, Song]] = []
    paint = Canvas._paint

    def watched(canvas, level, songs, places, window, states) -> None:
        paint(canvas, level, songs, places, window, states)
        (song,), (place,) = songs, places
        end = place.end_bar * level.unit.frames_per_bar(canvas.meters[song])
        left.append((level, canvas.store.read(level, song)[:end], Song(canvas.forms[song], canvas.meters[song])))

    monkeypatch.setattr(Canvas, "_paint", watched)
    cascade.compose(request_of(short_song))
    assert {level.name for level, _, _ in left} >= {LEAD_SHEET.name, ACCOMPANIMENT.name}
    for level, image, song in left:
        assert image.any(), level.name
        again = encode_level(level, decode_level(level, image, song), len(image))
        assert np.allclose(again, image, atol=1 / 255), level.name
        if level.content is Content.LEAD_SHEET:
            melody = level.region("melody")
            rows = slice(melody.first_row, melody.first_row + melody.row_count)
            assert image[:, :, rows].sum((1, 2)).max() == 1  # one note at a time begins or is held


def test_a_level_without_a_model_is_named(cascade):
    models = {name: model for name, model in cascade.models.items() if name != LEAD_SHEET.name}
    with pytest.raises(ValueError, match=r"^models: must have one for the lead sheet, got form, reduced-lead-sheet, acc"):
        Cascade(models).compose(replace(SHORT, **QUICK))


def test_networks_that_draw_nothing_leave_a_song_without_notes(cascade):
    models = deepcopy(cascade.models)
    for level in LEVELS:
        for bias in state_biases(level, models[level.name]):
            bias[:, REST] += 1000
    request = replace(SHORT, end_on_tonic=False)
    song = Cascade(models).compose(request)
    check_song(song, request)
    assert (song.lead_sheet, song.reduced_lead_sheet, song.accompaniment) == (LeadSheet(), LeadSheet(), ())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"form": Form.parse("A1000B25")}, r"^form: must be 1 to 1024 bars long, got 1025$"),
        ({"tempo": 19.5}, r"^tempo: must be 20 to 300 quarter notes a minute, got 19\.5$"),
        ({"tempo": 301.0}, r"^tempo: must be 20 to 300 quarter notes a minute, got 301$"),
        ({"tempo": float("nan")}, r"^tempo: must be 20 to 300 quarter notes a minute, got nan$"),
        ({"seed": -1}, rf"^seed: must be 0 to {LARGEST_SEED}, got -1$"),
        ({"seed": LARGEST_SEED + 1}, rf"^seed: must be 0 to {LARGEST_SEED}, got {LARGEST_SEED + 1}$"),
        ({"steps": 1}, r"^steps: must be 2 to 1000, got 1$"),
        ({"steps": 0}, r"^steps: must be 2 to 1000, got 0$"),
        ({"steps": 1001}, r"^steps: must be 2 to 1000, got 1001$"),
        ({"guidance": -0.5}, r"^guidance: must be 0 to 5, got -0\.5$"),
        ({"guidance": 5.5}, r"^guidance: must be 0 to 5, got 5\.5$"),
        ({"guidance": float("nan")}, r"^guidance: must be 0 to 5, got nan$"),
    ],
)
def test_a_bad_request_gets_one_line(wrong, message):
    with pytest.raises(ValueError, match=message):
        Request(**wrong)


def test_the_limits_of_a_request_are_allowed():
    Request(Form.parse("A1024"), tempo=20.0, seed=LARGEST_SEED, steps=1000, guidance=5.0)
    Request(tempo=300.0, steps=2, guidance=0.0)
    with pytest.raises(ValueError, match="seed"):
        Request(seed=LARGEST_SEED).with_seed(LARGEST_SEED + 1)


@given(forms(max_phrases=12, max_phrase_bars=40), meters, st.sampled_from(LEVELS[1:]))
def test_windows_settle_every_bar_once_with_half_a_window_before_them(form, meter, level):
    places = list(window_places(level, meter, form))
    extent = level.window_bars(meter)
    assert [bar for place in places for bar in range(place.settled_bars, place.end_bar)] == list(range(form.length_bars))
    for place in places:
        assert place.start_bar == max(0, place.settled_bars - level.lookback_bars(meter))
        assert place.end_bar - place.start_bar <= extent
    assert extent % 2 == 0
    counterparts = reference_bars(form)[:, 0]
    for place in places:
        for bar in range(place.settled_bars + 1, place.end_bar):
            assert counterparts[bar] < place.settled_bars or counterparts[bar] > bar


@pytest.mark.parametrize(("meter", "extents"), [(Meter(4), (32, 16, 8)), (Meter(3), (40, 20, 10))], ids=str)
def test_windows_of_whole_bars_in_both_metres(meter, extents):
    form = Form.parse("A20B20C20D20E20")
    for level, extent in zip(LEVELS[1:], extents, strict=True):
        assert level.window_bars(meter) == extent
        places = list(window_places(level, meter, form))
        settled = [0, *range(extent, form.length_bars, extent // 2)]
        assert [place.settled_bars for place in places] == settled
    (whole,) = window_places(FORM, meter, Form.parse("A3"))
    assert (whole.start_bar, whole.settled_bars, whole.end_bar) == (0, 0, FORM.window_frames)
