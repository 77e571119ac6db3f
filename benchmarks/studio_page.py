"""Measures the studio's page with a song of 200 bars and 8,800 notes: until it is there, scrolling, and an edit.

    python benchmarks/studio_page.py

Every figure stands beside one of an empty page in the same browser at the same time, which tells how busy the machine is.
"""

import json
import random
import tempfile
import urllib.request
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from studio_browser import running_browser, running_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BARS, STEPS_PER_BAR = 200, 16
FORM = "i4" + "A8B8" * 12 + "o4"
VISITS, EDITS, FRAMES = 5, 20, 240
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
EDIT = """edits => {
  const times = [];
  for (let edit = 0; edit < edits; edit++) {
    const before = document.querySelector('.note.chosen').getAttribute('y');
    const start = performance.now();
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: edit % 2 ? 'ArrowDown' : 'ArrowUp', bubbles: true}));
    document.querySelector('.note.chosen').getBoundingClientRect();
    times.push(performance.now() - start);
    if (document.querySelector('.note.chosen').getAttribute('y') === before) throw new Error('nothing moved');
  }
  return times;
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


def post(address: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A change at the studio, as its page would make it."""
    headers = {"Content-Type": "application/json", "Origin": address.rstrip("/")}
    request = urllib.request.Request(address + path, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def opened(browser: "Browser", address: str) -> "Page":
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.add_init_script(FIRST_NOTE)
    page.goto(address)
    page.locator(".note").first.wait_for()
    return page


def main() -> None:
    with tempfile.TemporaryDirectory() as library, running_studio(Path(library)) as address, running_browser() as browser:
        song = f"{address}#{post(address, 'api/songs', {'song': long_song()})['id']}"
        ready = []
        for _ in range(VISITS):
            page = opened(browser, song)
            page.wait_for_timeout(300)
            ready.append(page.evaluate("window.readyMilliseconds") / 1000)
            page.close()
        print(f"ready, seconds: {', '.join(f'{seconds:.2f}' for seconds in ready)}; median {median(ready):.2f}")

        page = opened(browser, song)
        for _ in range(6):
            page.keyboard.press("+")
        page.wait_for_timeout(300)
        empty = browser.new_page()
        print(f"frames a second of an empty page: {empty.evaluate(SCROLL, [FRAMES, 0]):.1f}")
        page.bring_to_front()
        print(f"frames a second while scrolling: {page.evaluate(SCROLL, [FRAMES, SCROLLED_PIXELS]):.1f}")
        print(f"notes in the document: {page.locator('.note').count()} of {len(long_song()['accompaniment']) * 11 // 8}")

        page.keyboard.press("Home")
        page.keyboard.press(".")
        page.locator(".note:focus").wait_for()
        times = page.evaluate(EDIT, EDITS)
        print(f"an edit until it is drawn, milliseconds: median {median(times):.1f}, longest {max(times):.1f}")


if __name__ == "__main__":
    main()
