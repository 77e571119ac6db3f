"""A studio of its own and a browser that looks at it: for tests of the page, its measures and its picture."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
"""Where Debian's Chromium lies; ``None`` where there is none."""

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS_TO_END = 20


@contextmanager
def running_studio(library: Path, weights: Path | None = None) -> Iterator[str]:
    """The address of a studio that runs until it is left.

    Args:
        library: the folder that keeps its songs.
        weights: folder with other weights than the package's.
    """
    command = [sys.executable, "-c", "from canzona.cli import main; main()", "studio", "--port", "0", "--no-browser"]
    command += ["--processes", "1", "--library", str(library)] + (["--weights", str(weights)] if weights else [])
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline()
            found = re.search(r"http://\S+", line)
            if not found:
                raise RuntimeError(f"studio: did not begin: {line}")
            yield found.group()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS_TO_END)


@contextmanager
def running_browser() -> "Iterator[Browser]":
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS)) as browser:
        yield browser
