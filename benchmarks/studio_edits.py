"""What a page might send to the studio, legal and illegal, at random: for the tests and for ``benchmarks/studio.py``."""

from collections.abc import Iterator
from random import Random
from typing import Any

from canzona.io.song_json import song_to_dict
from canzona.song.chord_symbols import chord_name
from canzona.song.harmony import QUALITY_NAMES, Chord
from canzona.studio.documents import Document
from canzona.studio.lanes import Lane

Command = dict[str, Any]


def random_command(document: Document, random: Random) -> Command:
    """A command that may be refused."""
    kinds = {_notes: 6, _chords: 3, _form: 1, _tempo: 1, _locks: 1, _paste: 1}
    (kind,) = random.choices([*kinds], [*kinds.values()])
    return kind(document, song_to_dict(document.song), random)


def _rows(song: dict[str, Any], lane: Lane, part: str) -> list[Any]:
    if lane is Lane.PIANO:
        return song["accompaniment"]
    return song["reduced_lead_sheet" if lane is Lane.REDUCED else "lead_sheet"][part]


def _notes(document: Document, song: dict[str, Any], random: Random) -> Command:
    lane = random.choice([Lane.MELODY, Lane.PIANO, Lane.REDUCED])
    rows, grid = _rows(song, lane, "melody"), 4 if lane is Lane.REDUCED else 1
    removed = random.sample(rows, min(len(rows), random.randrange(4)))
    length = document.song.length_steps // grid
    added = [
        [random.randrange(length) * grid, random.randint(1, 4) * grid, random.randint(44, 100), random.randint(1, 127)]
        for _ in range(random.randrange(3))
    ]
    for row in removed[: random.randrange(3)]:  # moved, stretched, louder
        added.append([row[0], row[1], min(98, row[2] + 1), random.randint(1, 127)])
    return {"kind": "notes", "lane": lane.value, "remove": removed, "add": added}


def _chords(document: Document, song: dict[str, Any], random: Random) -> Command:
    lane = random.choice([Lane.CHORDS, Lane.REDUCED])
    rows = _rows(song, lane, "chords")
    removed = random.sample(rows, min(len(rows), random.randrange(3)))
    chord = Chord(random.randrange(12), random.choice(QUALITY_NAMES), random.randrange(12))
    added = [[start, length, chord_name(chord)] for start, length, _ in removed[: random.randrange(3)]]
    beats = document.song.meter.bars_to_beats(document.song.form.length_bars)
    if random.random() < 0.3:
        added.append([random.randrange(beats), 1, chord.symbol])
    return {"kind": "chords", "lane": lane.value, "remove": removed, "add": added}


def _form(document: Document, song: dict[str, Any], random: Random) -> Command:
    phrases = [
        {"letter": phrase.letter, "bars": phrase.length_bars, "key": phrase.key and str(phrase.key), "source": number}
        for number, phrase in enumerate(document.song.form.phrases)
    ]
    match random.randrange(5):
        case 0:
            random.shuffle(phrases)
        case 1 if len(phrases) < 8:
            phrases.insert(random.randrange(len(phrases) + 1), {**random.choice(phrases), "letter": random.choice("ABio")})
        case 2 if len(phrases) > 1:
            phrases.pop(random.randrange(len(phrases)))
        case 3:
            random.choice(phrases)["bars"] = random.randint(1, 6)
        case _ if len(phrases) < 8:
            phrases.append({"letter": "B", "bars": 2, "key": random.choice([None, "Gb major", "F# major"]), "source": None})
    return {"kind": "form", "phrases": phrases}


def _tempo(document: Document, song: dict[str, Any], random: Random) -> Command:
    return {"kind": "tempo", "tempo": random.choice([random.randint(10, 320), round(random.uniform(20, 300), 3)])}


def _locks(document: Document, song: dict[str, Any], random: Random) -> Command:
    locks = []
    for _ in range(random.randrange(3)):
        first, last = sorted(random.choices(range(1, document.song.form.length_bars + 1), k=2))
        locks.append({"lane": random.choice([*Lane]).value, "first_bar": first, "last_bar": last})
    return {"kind": "locks", "locks": locks}


def _paste(document: Document, song: dict[str, Any], random: Random) -> Command:
    bars = document.song.form.length_bars
    first, last = sorted(random.choices(range(1, bars + 1), k=2))
    lanes = random.sample([Lane.REDUCED, Lane.CHORDS, Lane.MELODY, Lane.PIANO], random.randint(1, 4))
    return {
        "kind": "paste",
        "lanes": [lane.value for lane in lanes],
        "song_id": None,
        "bars": [first, last],
        "to_bar": random.randint(1, bars),
    }


_HOSTILE = (
    *("..", "../" * 9 + "etc/passwd", "..\\..\\x", "%2e%2e%2f", "/etc/passwd", "//host/share", "\\\\host\\c$", "C:", "C:\\x"),
    *(".", "\0", "\x1b[2J", "\n", "\r\nSet-Cookie: a=b", "\u202e", "\ud800", "ä", "😀", "x" * 300, " ", "~", "$HOME", "`id`"),
    *("NUL", "con.mid", "aux", "LPT1.json", ":stream", "file://", "data:", "songs", ".mid", ".json", "<script>", '"', "'", ";"),
)


def hostile_names(random: Random, count: int) -> Iterator[str]:
    """Names that somewhere mean another place, a device, or something that is run."""
    for _ in range(count):
        yield random.choice(["", "/", "\\", "%2f"]).join(random.choices(_HOSTILE, k=random.randint(1, 4)))
