"""Make ``examples``: twenty songs of seeds 0 to 19, not chosen, with one page of pictures, and three that show steering.

    python benchmarks/examples.py

Every command is run as a user would run it, within the folder, and told in its ``README.md``. There must be no such folder yet.
"""

import argparse
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

from PIL import Image

from canzona.io.files import atomic_write
from canzona.io.midi import song_to_midi
from canzona.io.picture import song_to_picture
from canzona.io.song_json import read_song_file
from canzona.song import Form, LeadSheet, Meter, Note, Song

SONGS = 20
COLUMNS, PICTURE_PIXELS, GAP_PIXELS = 4, 520, 16

TUNE = "64 64 65 67 67 65 64 62 60 60 62 64 64. 62- 62= 64 64 65 67 67 65 64 62 60 60 62 64 62. 60- 60="
"""Beethoven's Ode to Joy: MIDI pitches in quarter notes; dotted (.), eighth (-) and half notes (=)."""
LENGTHS = {".": 6, "-": 2, "=": 8}
QUARTER = 4

STEERED = {
    "A tune that is given gets chords and a piano": "compose --melody tune.mid --form A8 --seed 1 -o harmonised.mid",
    "The verses of song 0 stay, its choruses are composed anew, half as far from what they were": (
        "revise songs/0.mid --level lead-sheet --phrases B --vary 0.5 --seed 2 -o varied-chorus.mid"
    ),
    "The tune again, its piano like that of bars 9 to 10 of song 3": (
        "compose --lead-sheet harmonised.mid --texture-like songs/3.mid:9-10 --seed 1 -o texture.mid"
    ),
}
TABLE = "| seed | form | key of the first phrase | bars |\n| --- | --- | --- | --- |\n"


def main() -> None:
    """Compose, draw and describe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", "-o", type=Path, default=Path("examples"))
    folder: Path = parser.parse_args().output
    folder.mkdir()
    atomic_write(folder / "tune.mid", song_to_midi(tune()))
    together = f"compose --count {SONGS} --seed 0 -o songs/"
    for command in (together, *STEERED.values()):
        run(folder, command)
    songs = [read_song_file(folder / "songs" / f"{seed}.json") for seed in range(SONGS)]
    atomic_write(folder / "songs.png", page_of(songs))
    rows = (
        f"| [{seed}](songs/{seed}.mid) | {song.form} | {song.form.phrases[0].key} | {song.form.length_bars} |\n"
        for seed, song in enumerate(songs)
    )
    steered = (
        f"- {told}: [{command.split()[-1]}]({command.split()[-1]})\n\n      canzona {command}\n"
        for told, command in STEERED.items()
    )
    text = f"# Examples\n\nTwenty songs, by seeds 0 to {SONGS - 1}, not chosen:\n\n    canzona {together}\n\n"
    text += TABLE + "".join(rows) + "\n![Their four levels](songs.png)\n\n"
    text += "Three that show steering, of these songs and of [a tune](tune.mid):\n\n" + "\n".join(steered)
    atomic_write(folder / "README.md", text.encode())
    for path in folder.rglob("*.json"):
        path.unlink()


def tune() -> Song:
    """The tune that is given, 8 bars without chords."""
    notes, start = [], 0
    for written in TUNE.split():
        length = LENGTHS.get(written[-1], QUARTER)
        notes.append(Note(start, int(written.rstrip("".join(LENGTHS))), length))
        start += length
    return Song(Form.parse("A8"), Meter(4), 100, lead_sheet=LeadSheet(tuple(notes)))


def run(folder: Path, command: str) -> None:
    """Run a command of Canzona in the folder."""
    print("canzona", command, flush=True)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent / "src")}
    subprocess.run([sys.executable, "-m", "canzona", *shlex.split(command)], cwd=folder, check=True, env=environment)


def page_of(songs: list[Song]) -> bytes:
    """The songs' pictures on one page, row by row."""
    pictures = [Image.open(io.BytesIO(song_to_picture(song))).convert("RGB") for song in songs]
    sizes = [(PICTURE_PIXELS, round(own.height * PICTURE_PIXELS / own.width)) for own in pictures]
    small = [own.resize(size, Image.Resampling.LANCZOS) for own, size in zip(pictures, sizes, strict=True)]
    step, row = PICTURE_PIXELS + GAP_PIXELS, max(own.height for own in small) + GAP_PIXELS
    rows = -(-len(small) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * step + GAP_PIXELS, rows * row + GAP_PIXELS), "white")
    for number, picture in enumerate(small):
        page.paste(picture, (GAP_PIXELS + number % COLUMNS * step, GAP_PIXELS + number // COLUMNS * row))
    file = io.BytesIO()
    page.quantize(64).save(file, "png", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    main()
