"""Draws ``docs/studio.png``: the studio's page with a song that the released models composed.

python benchmarks/studio_picture.py -o docs/studio.png
"""

import argparse
import tempfile
from pathlib import Path

from browsers import running_browser
from canzona.pretrained import WEIGHTS_FOLDER
from studio_server import Server

SEED = 7
WIDTH, HEIGHT = 1440, 860
SHARPNESS = 2  # pixels of the picture for one of the page
WAIT_MILLISECONDS = 600_000


def draw(path: Path) -> None:
    """Composes as someone new would, chooses the first chorus, locks the melody and asks for two other pianos."""
    with (
        tempfile.TemporaryDirectory() as library,
        Server(Path(library), WEIGHTS_FOLDER) as server,
        running_browser() as browser,
    ):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SHARPNESS)
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.get_by_label("Key", exact=True).select_option("G major")
        page.get_by_label("Seed").fill(str(SEED))
        page.get_by_role("button", name="Compose", exact=True).click()
        page.locator(".side-panel").wait_for()
        page.get_by_label("Name of the song").fill("Evening in G")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Lock Melody", exact=True).click()
        page.locator("[data-phrase='2']").click()
        page.keyboard.press("r")
        page.get_by_role("button", name="Compose 2 takes").click()
        page.locator(".takes li").nth(2).wait_for()
        page.locator(".progress").wait_for(state="detached")
        page.keyboard.press("Escape")
        page.get_by_role("tab", name="Compose").click()
        page.mouse.move(WIDTH - 20, HEIGHT - 10)
        for dismiss in page.get_by_role("button", name="Dismiss").all():
            dismiss.click()
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=str(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/studio.png"))
    draw(parser.parse_args().output)


if __name__ == "__main__":
    main()
