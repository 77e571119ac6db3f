"""Measures the studio's page with a song of 200 bars and 8,800 notes: until it is there, scrolling, and an edit.

    python benchmarks/studio_page.py

Every figure stands beside one of an empty page in the same browser at the same time, which tells how busy the machine is.
"""

import random
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from browsers import running_browser
from canzona.pretrained import WEIGHTS_FOLDER
from studio_server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BARS, STEPS_PER_BAR = 200, 16
FORM = "i4" + "A8B8" * 12 + "o4"
VISITS, EDITS, FRAMES = 5, 20, 240
EDIT_PAUSE_MILLISECONDS = 200
SCROLLED_PIXELS = 14  # a frame

FIRST_NOTE = """
const seen = new MutationObserver(() => {
  if (!document.querySelector('.note')) return;
  seen.disconnect();
  requestAnimationFrame(() => { window.readyMilliseconds = performance.now(); });
});
seen.observe(document, {childList: true, subtree: true});
"""
SCROLL = """([frames, pixels]) => new Promise(done => {
  const scroller = document.querySelector('.scroller');
  const times = [];
  const next = time => {
    times.push(time);
    if (scroller) scroller.scrollLeft += pixels;
    if (times.length <= frames) requestAnimationFrame(next);
    else done(1000 * frames / (times[frames] - times[0]));
  };
  requestAnimationFrame(next);
})"""
EDIT = """edit => {
  const before = document.querySelector('.note.chosen').getAttribute('y');
  const start = performance.now();
  const key = edit % 2 ? 'ArrowDown' : 'ArrowUp';
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  document.querySelector('.note.chosen').getBoundingClientRect();
  const time = performance.now() - start;
  if (document.querySelector('.note.chosen').getAttribute('y') === before) throw new Error('nothing moved');
  return time;
}"""


def long_song() -> dict[str, Any]:
    """As ``song.json``: 8 notes of melody, 32 of piano and 4 of the reduced lead sheet a bar."""
    dice = random.Random(1)
    starts = [bar * STEPS_PER_BAR for bar in range(BARS)]
    melody = [[start + 2 * place, 2, dice.randrange(60, 80), 80] for start in starts for place in range(8)]
    reduced = [[start + 4 * place, 4, dice.randrange(60, 80), 80] for start in starts for place in range(4)]
    piano = [
        [start + 2 * place, 2, pitch, dice.randrange(40, 100)]
        for start in starts
        for place in range(8)
        for pitch in sorted(dice.sample(range(36, 84), 4))
    ]
    chords = [[2 * half, 2, dice.choice(["C:maj", "A:min", "F:maj", "G:7"])] for half in range(2 * BARS)]
    return {
        "format": "canzona-song", "version": 1, "form": FORM, "keys": ["C major"] * 26, "meter": "4/4", "tempo": 100.0,
        "reduced_lead_sheet": {"melody": reduced, "chords": chords}, "lead_sheet": {"melody": melody, "chords": chords},
        "accompaniment": piano, "provenance": {},
    }  # fmt: skip


def opened(browser: "Browser", address: str) -> "Page":
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.add_init_script(FIRST_NOTE)
    page.goto(address)
    page.locator(".note").first.wait_for()
    return page


class Work:
    """The seconds of a processor that the page's main thread has used, however busy the machine is."""

    def __init__(self, page: "Page") -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds(self) -> float:
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as library,
        Server(Path(library), WEIGHTS_FOLDER) as server,
        running_browser() as browser,
    ):
        song = long_song()
        identifier = server.ask("POST", "/api/songs", {"song": song})["id"]
        address = f"http://127.0.0.1:{server.port}/#{identifier}"
        ready = []
        for _ in range(VISITS):
            page = opened(browser, address)
            page.wait_for_timeout(300)
            ready.append(page.evaluate("window.readyMilliseconds") / 1000)
            page.close()
        print(f"ready, seconds: {', '.join(f'{seconds:.2f}' for seconds in ready)}; median {median(ready):.2f}")

        page = opened(browser, address)
        for _ in range(6):
            page.keyboard.press("+")
        page.wait_for_timeout(300)
        empty = browser.new_page()
        print(f"frames a second of an empty page: {empty.evaluate(SCROLL, [FRAMES, 0]):.1f}")
        page.bring_to_front()
        work = Work(page)
        before = work.seconds()
        print(f"frames a second while scrolling: {page.evaluate(SCROLL, [FRAMES, SCROLLED_PIXELS]):.1f}")
        print(f"main thread, milliseconds of work a frame: {(work.seconds() - before) / FRAMES * 1000:.1f}")
        notes = len(song["accompaniment"]) + len(song["lead_sheet"]["melody"]) + len(song["reduced_lead_sheet"]["melody"])
        print(f"notes in the document: {page.locator('.note').count()} of {notes}")

        page.keyboard.press("Home")
        page.keyboard.press(".")
        page.locator(".note:focus").wait_for()
        before = work.seconds()
        times = []
        for edit in range(EDITS):
            times.append(page.evaluate(EDIT, edit))
            page.wait_for_timeout(EDIT_PAUSE_MILLISECONDS)
        print(f"an edit until it is drawn, milliseconds: median {median(times):.1f}, longest {max(times):.1f}")
        print(f"main thread, milliseconds of work an edit with its answer: {(work.seconds() - before) / EDITS * 1000:.1f}")


if __name__ == "__main__":
    main()
