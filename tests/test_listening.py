"""Listening tests: which excerpts are heard, that nothing gives their systems away, and how answers become figures."""

import base64
import csv
import io
import json
import math
import re
import shutil
import wave
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from canzona.cli.listen_test import listen_test
from canzona.evaluation.listening_test.page import PAGE, SOUND_RATE, page_files, play
from canzona.evaluation.listening_test.plan import LONG_CRITERIA, SHORT_CRITERIA, excerpt_of, key_csv, plan_test
from canzona.evaluation.listening_test.scores import comparisons, read_answers, read_key, standings
from canzona.io.midi import song_to_midi
from canzona.io.song_json import write_song_file
from canzona.song import Form, LeadSheet, Note, Song
from certain import sure
from test_render import example_song

SYSTEMS = ("humanmade", "diffusionmade", "copiedmade")
STEMS = ("evergreen", "lullaby", "serenade")


def songs(form: str = "i1A2B2") -> dict[str, dict[str, Song]]:
    """Three systems with three short songs each, of the same names."""
    return {system: {stem: example_song(form) for stem in STEMS} for system in SYSTEMS}


def planned(seed: int = 0, **options: Any):
    return plan_test(songs(), 2, np.random.default_rng(seed), **options)


@pytest.fixture
def command(monkeypatch, tmp_path, capsys):
    """Runs ``canzona listen-test`` in an empty folder, without FluidSynth; gives what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CANZONA_SOUNDFONT", raising=False)
    app = typer.Typer(add_completion=False)
    app.command()(listen_test)

    def call(*arguments: object):
        capsys.readouterr()
        app([str(argument) for argument in arguments], standalone_mode=False)
        return capsys.readouterr()

    return call


@pytest.fixture
def folders(tmp_path) -> Path:
    """Two folders of two songs in the current folder, one of them MIDI, beside how long composing took."""
    for system in SYSTEMS[:2]:
        (tmp_path / system).mkdir()
        write_song_file(tmp_path / system / "evergreen.json", example_song("i1A2"))
        (tmp_path / system / "lullaby.mid").write_bytes(song_to_midi(example_song("A2")))
        (tmp_path / system / "seconds.json").write_text('{"evergreen": 2.5}')
    return tmp_path


def test_an_excerpt_starts_where_singing_starts_unless_told_otherwise():
    song = Song(
        Form.parse("i1A3B2"), lead_sheet=LeadSheet((Note(20, 60, 4),)), accompaniment=(Note(14, 40, 1), Note(80, 43, 1))
    )
    assert str(sure(excerpt_of(song, 4)).form) == "A3B1"
    assert sure(sure(excerpt_of(song, 4)).lead_sheet).melody == (Note(4, 60, 4),)
    assert sure(excerpt_of(song, 4)).accompaniment == ()
    assert str(sure(excerpt_of(song, 5)).form) == "A3B2"
    assert excerpt_of(song, 6) is None
    assert str(sure(excerpt_of(song, 2, start_bar=0)).form) == "i1A1"
    assert str(sure(excerpt_of(Song(Form.parse("i2o2")), 3)).form) == "i2o1"


def test_every_song_of_every_system_is_there_once_and_heard_beside_its_namesakes():
    test = planned()
    excerpts = [excerpt for piece in test.pieces for excerpt in piece]
    assert Counter((one.system, one.song_name) for one in excerpts) == {
        (system, stem): 1 for system in SYSTEMS for stem in STEMS
    }
    assert all(len({one.song_name for one in piece}) == 1 for piece in test.pieces)
    assert len({one.id for one in excerpts}) == len(excerpts)
    assert test.paired
    assert test.left_out == 0


def test_a_seed_decides_the_test_and_other_songs_have_other_names():
    assert planned(3) == planned(3)
    assert planned(3) != planned(4)
    other = plan_test(songs("B2A2"), 2, np.random.default_rng(3))
    assert not {one.id for piece in planned(3).pieces for one in piece} & {one.id for piece in other.pieces for one in piece}
    assert other.id != planned(3).id


def test_no_place_in_a_piece_belongs_to_a_system():
    orders = {tuple(one.system for one in piece) for seed in range(20) for piece in planned(seed).pieces}
    assert len(orders) == 6


def test_songs_are_paired_by_name_where_names_agree_and_short_ones_are_left_out():
    shared = songs()
    del shared["humanmade"]["lullaby"]
    shared["copiedmade"]["serenade"] = example_song("A1")
    test = plan_test(shared, 2, np.random.default_rng(0))
    assert [{one.song_name for one in piece} for piece in test.pieces] == [{"evergreen"}]
    assert test.left_out == 5
    own = {system: {f"{system}-{stem}": song for stem, song in named.items()} for system, named in songs().items()}
    unpaired = plan_test(own, 2, np.random.default_rng(0), pieces=2)
    assert not unpaired.paired
    assert [sorted(one.system for one in piece) for piece in unpaired.pieces] == [sorted(SYSTEMS)] * 2
    fewer = plan_test(own | {SYSTEMS[0]: dict([next(iter(own[SYSTEMS[0]].items()))])}, 2, np.random.default_rng(0))
    assert (len(fewer.pieces), fewer.left_out) == (1, 4)
    with pytest.raises(ValueError, match=r"^songs: must be at least 4 of 2 bars under the same names in each system, got 3$"):
        planned(pieces=4)


def test_criteria_are_those_of_the_excerpts_length():
    long = {"one": {"song": example_song("A8B8")}}
    assert plan_test(long, 8, np.random.default_rng(0)).criteria == SHORT_CRITERIA
    assert plan_test(long, 9, np.random.default_rng(0)).criteria == LONG_CRITERIA


def test_excerpts_are_equally_loud_whatever_their_velocities(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CANZONA_SOUNDFONT", raising=False)
    song = example_song("A2")
    soft = replace(song, accompaniment=tuple(replace(note, velocity=30) for note in sure(song.accompaniment)))
    sounds = list(play(plan_test({"one": {"a": song}, "two": {"a": soft}}, 2, np.random.default_rng(0))))
    assert all("apt install" in sure(sound.played.missing) for sound in sounds)
    for sound in sounds:
        with wave.open(io.BytesIO(sound.wav)) as file:
            assert (file.getnchannels(), file.getframerate()) == (1, SOUND_RATE)
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32767
        assert len(samples) == round((2 * 4 * 60 / 92 + 1) * SOUND_RATE)
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.1, rel=0.01)
        assert abs(samples[-1]) < 0.001


@pytest.mark.parametrize("most_embedded_bytes", [10**6, 0], ids=["within", "beside"])
def test_the_page_gives_nothing_away(most_embedded_bytes):
    test = planned()
    ids = {one.id: one for piece in test.pieces for one in piece}
    sounds = {name: f"RIFF{name}".encode() for name in ids}
    files = page_files(test, sounds, most_embedded_bytes)
    page = files.pop(PAGE).decode()
    for name in (*SYSTEMS, *STEMS):
        assert name not in page
    assert "@@" not in page
    assert not re.search(r"https?://|//[a-z]+\.", page)  # nothing is asked of a network
    within = dict(re.findall(r'id="sound-(\w+)">([^<]+)<', page))
    beside = {Path(path).stem: data for path, data in files.items()}
    assert {name: base64.b64decode(text) for name, text in within.items()} | beside == sounds
    assert list(files) == sorted(files)
    assert bool(within) == bool(most_embedded_bytes)
    facts = json.loads(sure(re.search(r'id="test">(.*?)</script>', page))[1])
    assert facts["pieces"] == [[one.id for one in piece] for piece in test.pieces]
    assert facts["least_seconds"] == 5  # of two bars of 5.2 seconds all that are whole
    assert [one["name"] for one in facts["criteria"]] == ["creativity", "naturalness", "musicality"]


KEY = {"a1": "A", "b1": "B", "b2": "B"}
HEADER = "listener,id,criterion,rating,seconds_listened\n"


def answers(*rows: str, name: str = "x.csv"):
    return read_answers({name: HEADER + "\n".join(rows)}, KEY)


def test_the_key_is_read_back():
    test = planned()
    key = read_key("key.csv", key_csv(test).decode())
    assert key == {one.id: one.system for piece in test.pieces for one in piece}


def test_scores_are_those_worked_out_by_hand():
    # Listeners' means of A: 4, 5, 3; of B: 2, 3, 4. Without each listener's own mean A is 4.5, 4.5, 3: variance .75,
    # doubled for two systems 1.5; √(1.5 / 3) · 4.302653 (Student, 2 degrees of freedom) = 3.042435. The same for B.
    rated = {"x": (4, 1, 3), "y": (5, 3, 3), "z": (3, 5, 3)}
    rows = [f"{who},{id},musicality,{rating},3.5" for who, own in rated.items() for id, rating in zip(KEY, own, strict=True)]
    first, second = standings(answers(*rows, "partial,a1,musicality,1,0"), KEY)
    assert (first.system, first.mean, first.listeners, first.left_out) == ("A", 4, 3, 1)
    assert (first.low, first.high) == pytest.approx((4 - 3.042435, 4 + 3.042435), abs=1e-5)
    assert (second.system, second.mean) == ("B", 3)
    assert (second.low, second.high) == pytest.approx((3 - 3.042435, 3 + 3.042435), abs=1e-5)


def rated(rows: dict[str, tuple[int, ...]], criterion: str = "musicality", key: dict[str, str] = KEY) -> list[str]:
    return [f"{who},{id},{criterion},{rating},9" for who, own in rows.items() for id, rating in zip(key, own, strict=True)]


THREE_DEGREES = 1 - 2 / math.pi * (math.atan(5) + 5 / 26)
"""p of t = 5 √3 with three degrees of freedom, in closed form."""


def test_systems_are_compared_listener_by_listener():
    # Listeners' means of A less those of B: 3, 2, 2, 3. Mean 2.5, standard error .288675, t 8.660254 with 3 degrees of freedom.
    rows = rated({"w": (5, 1, 3), "x": (4, 2, 2), "y": (3, 1, 1), "z": (5, 2, 2)})
    (found,) = comparisons(answers(*rows, "partial,a1,musicality,1,9"), KEY)
    assert (found.criterion, found.first, found.second, found.listeners) == ("musicality", "A", "B", 4)
    assert found.mean == 2.5
    assert (found.low, found.high) == pytest.approx((2.5 - 0.288675 * 3.182446, 2.5 + 0.288675 * 3.182446), abs=1e-5)
    assert found.p == pytest.approx(THREE_DEGREES)


def test_p_is_that_of_all_pairs_and_criteria_together():
    rows = {"w": (5, 1, 3), "x": (4, 2, 2), "y": (3, 1, 1), "z": (5, 2, 2)}
    twice = comparisons(answers(*rated(rows), *rated(rows, "creativity")), KEY)
    assert [one.p for one in twice] == pytest.approx([2 * THREE_DEGREES] * 2)
    key = {"a1": "A", "b1": "B", "c1": "C"}
    same = read_answers({"x.csv": HEADER + "\n".join(rated(dict.fromkeys("xyz", (3, 3, 3)), key=key))}, key)
    assert [(one.first, one.second, one.mean, one.p) for one in comparisons(same, key)] == [
        ("A", "B", 0, 1), ("A", "C", 0, 1), ("B", "C", 0, 1)
    ]  # fmt: skip


def test_two_listeners_are_too_few_to_compare():
    assert comparisons(answers(*rated({"x": (5, 1, 1), "y": (4, 1, 2)})), KEY) == []


def test_a_strict_listener_widens_no_interval():
    rows = [f"{who},{id},creativity,{rating},1" for who, level in (("x", 1), ("y", 3), ("z", 4))
            for id, rating in (("a1", level), ("b1", level + 1), ("b2", level + 1))]  # fmt: skip
    for standing in standings(answers(*rows), KEY):
        assert sure(standing.high) - sure(standing.low) == pytest.approx(0, abs=1e-9)


def test_what_has_too_few_answers_is_not_scored():
    alone = standings(answers("x,a1,musicality,2,1", "x,b1,musicality,4,1"), KEY)
    assert [(one.mean, one.low, one.high) for one in alone] == [(2, None, None), (4, None, None)]
    assert [(one.mean, one.listeners) for one in standings(answers("x,a1,musicality,2,1"), KEY)] == [(None, 0)] * 2


def test_a_single_system_has_the_common_interval():
    (standing,) = standings(answers("x,a1,musicality,2,1", "y,a1,musicality,4,1"), {"a1": "A"})
    assert sure(standing.high) - sure(standing.mean) == pytest.approx(
        12.706205, abs=1e-5
    )  # √(2 / 2) · Student, 1 degree of freedom


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,a1,musicality,6,1", "x.csv, line 3: rating must be 1 to 5, got '6'"),
        ("x,a1,musicality,2.5,1", "x.csv, line 3: rating must be 1 to 5, got '2.5'"),
        ("x,zz,musicality,3,1", "x.csv, line 3: id must be one of the key, got 'zz'"),
        ("x,a1,beauty,3,1", "x.csv, line 3: criterion must be one of creativity"),
        (",a1,musicality,3,1", "x.csv, line 3: listener must have a name, got none"),
        ("x,a1,musicality,3,nan", "x.csv, line 3: seconds_listened must be 0 or more, got 'nan'"),
        ("x,a1,musicality,3", "x.csv, line 3: must have 5 values, got 4"),
        ("x,b1,musicality,3,1", "x.csv, line 3: a listener must answer once, got x, b1, musicality as in x.csv, line 2"),
    ],
)
def test_an_answer_that_is_none_is_refused_by_file_and_line(row, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        answers("x,b1,musicality,4,1", row)


def test_files_that_are_no_answers_are_refused():
    with pytest.raises(ValueError, match=r"^x.csv, line 1: must be listener,id,"):
        read_answers({"x.csv": "a,b\n"}, KEY)
    with pytest.raises(ValueError, match=r"^k.csv, line 3: each id must be there once"):
        read_key("k.csv", "id,piece,system,song\na,1,A,s\na,1,B,s\n")


def test_the_command_makes_a_test_and_scores_it(command, folders):
    output = command("humanmade", "Second=diffusionmade", "-o", "test", "--bars", 2, "--json")
    assert json.loads(output.out)["pieces"] == 2
    assert output.err.count("canzona: read ") == 2, "a line a system"
    assert "a simple sampler played" in output.err
    assert [path.name for path in (folders / "test").iterdir()] == ["index.html"]
    rows = list(csv.DictReader((folders / "test-key.csv").read_text().splitlines()))
    assert {(row["system"], row["song"]) for row in rows} == {
        (system, song) for system in ("humanmade", "Second") for song in ("evergreen", "lullaby")
    }
    for listener, bonus in (("x", 0), ("y", 1)):
        ratings = {"humanmade": 4, "Second": 2 + bonus}
        text = [f"{listener},{row['id']},musicality,{ratings[row['system']]},9.0" for row in rows]
        (folders / f"{listener}.csv").write_text("\ufeff" + HEADER + "\n".join(text))
    first = json.loads(command("--score", "x.csv", "y.csv", "--json").out)  # the key is found beside them
    assert first["humanmade"]["musicality"] | {"low": 0, "high": 0} == {"mean": 4, "low": 0, "high": 0, "n": 2}
    assert first["Second"]["musicality"]["mean"] == 2.5
    assert json.loads(command("--score", "test-key.csv", "x.csv", "y.csv", "--json").out) == first  # as *.csv would say it
    hasty = "\n".join(f"z,{row['id']},musicality,1,2.0" for row in rows)
    (folders / "z.csv").write_text(HEADER + hasty)
    with_hasty = command("--score", "x.csv", "y.csv", "z.csv", "--least-seconds", 5, "--json")
    assert json.loads(with_hasty.out) == first
    assert with_hasty.err == "canzona: 4 of 12 ratings are left out, heard for less than 5 seconds\n"
    all_heard = json.loads(command("--score", "x.csv", "y.csv", "z.csv", "--json").out)
    assert all_heard["Second"]["musicality"]["less"]["humanmade"]["mean"] == pytest.approx((-2 - 1 + 0) / 3)
    assert "Second − humanmade" in command("--score", "x.csv", "y.csv", "z.csv").out
    with pytest.raises(ValueError, match=r"^answers: must be at least one, heard for 60 seconds or more, got none$"):
        command("--score", "x.csv", "--least-seconds", 60)
    (folders / "sent").mkdir()
    shutil.move(folders / "x.csv", folders / "sent")
    assert "2.00" in command("--score", "sent/x.csv", "--key", "test-key.csv").out
    with pytest.raises(ValueError, match=r"^key: must be given by --key, or be one \*-key.csv .*, got none$"):
        command("--score", "sent/x.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["humanmade"], "output: must be a new folder for the page, got none"),
        (["missing", "-o", "test"], "systems: must be folders of songs, got 'missing'"),
        (["humanmade", "humanmade", "-o", "test"], "systems: must have different names"),
        (["humanmade", "-o", "diffusionmade"], "output: must be a new or empty folder"),
        (["humanmade", "-o", "no/test"], "output: must be within a folder that exists"),
        (["humanmade", "-o", "test", "--bars", "0"], "bars: must be 1 to 1024, got 0"),
        (["humanmade", "-o", "test", "--bars", "3"], "songs: must be at least 1 of 3 bars under the same names"),
        (["humanmade", "-o", "test", "--key", "k.csv"], "key: must only be given with --score"),
        (["humanmade", "-o", "test", "--least-seconds", "5"], "least-seconds: must only be given with --score"),
        (["--score", "x.csv", "--least-seconds", "-1"], "least-seconds: must be 0 or more, got -1"),
        (["--score", "x.csv", "--bars", "8"], "bars: must not be given with --score"),
        (["--score", "missing.csv"], "CSV: cannot read 'missing.csv': no such file"),
    ],
)
def test_mistakes_are_told_and_write_nothing(command, folders, arguments, message):
    before = sorted(folders.rglob("*"))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        command(*arguments)
    assert sorted(folders.rglob("*")) == before
