"""The studio's page in a browser: the journey of someone new, by hand and by keyboard, on a cascade of tiny networks."""

import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tiny import write_tiny_weights

ROOT = Path(__file__).parents[1]
SOURCE, PAGE = ROOT / "studio", ROOT / "src" / "canzona" / "studio" / "page"
MODULES = SOURCE / "node_modules"
AXE = MODULES / "axe-core" / "axe.min.js"
WAIT_MILLISECONDS = 180_000

pytest.importorskip("fastapi", reason="the studio's server needs fastapi")


def test_built_page_is_what_its_source_builds(tmp_path: Path):
    if shutil.which("npm") is None or not MODULES.is_dir():
        pytest.skip("needs npm, and its packages by npm ci in studio/")
    command = ["npm", "run", "--silent", "build", "--", "--outDir", str(tmp_path / "page"), "--logLevel", "error"]
    subprocess.run(command, cwd=SOURCE, check=True, timeout=120)
    assert _files(tmp_path / "page") == _files(PAGE)


def test_page_asks_for_nothing_elsewhere():
    for path in PAGE.rglob("*"):
        if path.suffix in (".html", ".css"):
            text = path.read_text()
            assert not re.search(r"""(?:src|href)=["'](?!/)|url\((?!["']?(?:/|#|data:))""", text), path.name
            assert not re.search(r"<script(?![^>]*src=)|style=|<style", text), (
                f"{path.name}: nothing inline, as the policy says"
            )


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def address(benchmark: Callable[[str], ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio of its own."""
    folder = tmp_path_factory.mktemp("studio")
    with benchmark("studio_server").Server(folder / "library", write_tiny_weights(folder)) as server:
        yield f"http://127.0.0.1:{server.port}/"


@pytest.fixture(scope="module")
def browser(benchmark: Callable[[str], ModuleType]):
    """Chromium."""
    browsers = benchmark("browsers")
    if browsers.BROWSER is None:
        pytest.skip(browsers.NO_BROWSER)
    pytest.importorskip("playwright.sync_api", reason="needs Playwright for Python")
    with browsers.running_browser() as opened:
        yield opened


class Visit:
    """A page that is watched: what it asks for, and what goes wrong in it."""

    def __init__(self, browser, address: str, width: int = 1280, height: int = 720):
        self.context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MILLISECONDS)
        self.asked: list[str] = []
        self.troubles: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: message.type == "error" and self.troubles.append(message.text))
        self.address = address
        self.page.goto(address)

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def key(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def compose(self, seed: int) -> None:
        self.button("Short").click()
        self.page.get_by_label("Seed").fill(str(seed))
        self.button("Compose").click()
        self.page.locator(".side-panel").wait_for()

    def document(self) -> dict:
        identifier = self.page.url.split("#")[1]
        return json.loads(self.page.evaluate(f"fetch('/api/songs/{identifier}').then(answer => answer.text())"))

    def version_after(self, version: int) -> dict:
        """The document once it is newer than a version."""
        self.until(lambda: self.document()["version"] > version)
        return self.document()

    def until(self, holds: Callable[[], bool]) -> None:
        """Waits for something that is asked of the page again and again."""
        for _ in range(WAIT_MILLISECONDS // 50):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"does not come about: {inspect.getsource(holds).strip()}")

    def serious_findings(self, within: str = "body") -> list[str]:
        """What axe-core finds in a part of the page."""
        if not AXE.is_file():
            pytest.skip("needs axe-core, by npm ci in studio/")
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE.read_text())
        result = self.page.evaluate("within => axe.run(within, {resultTypes: ['violations']})", within)
        serious = [found for found in result["violations"] if found["impact"] in ("serious", "critical")]
        return [f"{found['id']}: {node['html'][:160]}" for found in serious for node in found["nodes"]]

    def close(self) -> None:
        assert not self.troubles
        assert [url for url in self.asked if not url.startswith((self.address, "blob:", "data:"))] == []
        self.context.close()


@pytest.fixture
def visit(browser, address: str) -> Iterator[Visit]:
    visit = Visit(browser, address)
    yield visit
    visit.close()


def test_journey(visit: Visit, tmp_path: Path):
    page = visit.page
    visit.compose(seed=3)
    composed = visit.document()
    assert composed["song"]["accompaniment"]

    visit.key("Space")
    visit.until(lambda: float(page.locator(".loudness").get_attribute("data-peak")) > 0.001)
    visit.until(lambda: page.locator(".place b").inner_text() != "1.1")
    visit.key("Space")

    page.locator(".lane-music.chords .chord").first.dblclick()
    page.get_by_label("Chord symbol").fill("F#m7b5")
    visit.key("Enter")
    changed = visit.version_after(composed["version"])
    assert changed["song"]["lead_sheet"]["chords"][0][2] == "F#:hdim7"
    assert page.locator(".chord-names", has_text="F♯").count() or page.locator(".chord[aria-label^='F♯']").count()

    page.locator("[data-phrase='1']").click()
    visit.key("r")
    visit.button("Compose 2 takes").click()
    page.locator(".take-bar").wait_for()
    page.locator(".take", has_text="Take 2").wait_for()
    shown = [_piano(visit)]
    visit.key("x")
    page.locator(".take-bar b", has_text="take 2").wait_for()
    shown.append(_piano(visit))
    assert shown[0] != shown[1]
    page.evaluate("document.activeElement.blur()")
    visit.key("Enter")
    taken = visit.version_after(changed["version"])
    page.locator(".take-bar").wait_for(state="detached")
    assert _piano(visit) == shown[1]
    assert taken["song"]["lead_sheet"] == changed["song"]["lead_sheet"]

    visit.button("Lock Melody").click()
    locked = visit.version_after(taken["version"])
    assert [lock["lane"] for lock in locked["locks"]] == ["melody"]
    assert page.locator(".lane-music.melody .lock").count() == 1
    page.get_by_role("tab", name="Compose").click()
    page.get_by_text("Lead sheet", exact=True).click()
    page.get_by_role("radio", name="1", exact=True).check(force=True)
    visit.button("Compose a take").click()
    page.locator(".take-bar").wait_for()
    visit.button("Take it").first.click()
    recomposed = visit.version_after(locked["version"])["song"]
    assert recomposed["lead_sheet"]["melody"] == locked["song"]["lead_sheet"]["melody"]
    assert recomposed["lead_sheet"]["chords"] != locked["song"]["lead_sheet"]["chords"]

    undo = visit.button("Undo")
    while undo.is_enabled():
        version = visit.document()["version"]
        undo.click()
        visit.version_after(version)
        page.wait_for_timeout(50)
    assert visit.document()["song"] == composed["song"]

    page.reload()
    page.locator(".note").first.wait_for()
    assert visit.document()["song"] == composed["song"]
    visit.key("e")
    for link in page.locator(".exports a").all():
        with page.expect_download() as download:
            link.click()
        link.get_by_text("Saved.").wait_for()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    assert {path.suffix for path in tmp_path.iterdir()} >= {".mid", ".musicxml", ".json", ".wav"}
    assert all(path.stat().st_size for path in tmp_path.iterdir())
    exported = json.loads(next(tmp_path.glob("*.json")).read_text())
    assert exported["lead_sheet"] == composed["song"]["lead_sheet"]


def _piano(visit: Visit) -> list[str]:
    return visit.page.locator(".lane-music.piano .note").evaluate_all("notes => notes.map(note => note.dataset.row).sort()")


DRAGGED = """link => {
  const dragged = new DataTransfer();
  link.dispatchEvent(new DragEvent('dragstart', {dataTransfer: dragged, bubbles: true}));
  return [dragged.getData('DownloadURL'), dragged.getData('text/uri-list')];
}"""


def test_a_row_of_the_export_is_dragged_out_and_tells_what_is_wrong(visit: Visit):
    """What browsers store of a row that is dropped elsewhere is a type, a name and an address, of which the first is right."""
    page = visit.page
    visit.compose(seed=4)
    page.get_by_label("Name of the song").fill("Été: 1/2 <b>")
    visit.key("Enter")
    visit.until(lambda: visit.document()["name"] == "Été: 1/2 <b>")
    page.evaluate("document.activeElement.blur()")
    visit.key("e")
    for link in page.locator(".exports a").all():
        dragged, address = link.evaluate(DRAGGED)
        media_type, name, there = dragged.split(":", 2)
        assert there == address == link.evaluate("link => link.href")
        assert re.fullmatch(r"Été 12 b\.(mid|musicxml|pdf|svg|wav|json)", name)
        if name.endswith((".mid", ".json")):
            answer = visit.context.request.get(address)
            assert answer.headers["content-type"] == media_type
            assert answer.headers["content-disposition"].startswith("attachment; ")
    sentence = "render: needs verovio; install canzona[score]"
    refusal = {"status": 500, "json": {"detail": sentence, "version": None}}
    page.route("**/export/pdf", lambda route: route.fulfill(**refusal))
    page.get_by_role("link", name="PDF").click()
    page.locator(".exports").get_by_text(sentence).wait_for()
    visit.troubles.remove("Failed to load resource: the server responded with a status of 500 (Internal Server Error)")


def test_a_song_is_begun_like_a_passage_of_another(visit: Visit):
    page = visit.page
    visit.compose(seed=6)
    model = visit.document()
    visit.button("New song").click()
    page.get_by_text("Like a passage of your songs").click()
    page.get_by_label("Like another passage").select_option("texture")
    page.get_by_label("Of the song", exact=True).select_option(model["id"])
    page.get_by_label("From bar").fill("2")
    page.get_by_label("to bar").fill("3")
    visit.compose(seed=7)
    visit.until(lambda: visit.document()["id"] != model["id"])
    (like,) = visit.document()["song"]["provenance"]["request"]["like"]
    assert like["control"] == "texture"
    assert like["song"]["form"] == "A2"


def test_keyboard_alone(visit: Visit):
    page = visit.page
    page.locator(".start-card").wait_for()
    for _ in range(60):
        visit.key("Tab")
        if page.evaluate("document.activeElement.textContent") == "Compose":
            break
    visit.key("Enter")
    page.locator(".side-panel").wait_for()
    before = visit.document()
    visit.key("Shift+ArrowRight", "Shift+ArrowRight")
    assert (
        page.locator(".side-panel h3", has_text="Bars 1–3").count()
        or page.locator(".side-panel h3", has_text="Bars 1–2").count()
    )
    visit.key("k")
    locked = visit.version_after(before["version"])
    assert {lock["lane"] for lock in locked["locks"]} == {"form", "reduced", "chords", "melody", "piano"}
    visit.key("k")
    free = visit.version_after(locked["version"])
    assert free["locks"] == []
    visit.key("Escape", ".")
    page.locator(".note:focus").wait_for()
    note = [int(column) for column in page.evaluate("document.activeElement.dataset.row").split()]
    visit.key("ArrowUp")
    moved = visit.version_after(free["version"])["song"]["lead_sheet"]["melody"]
    assert [note[0], note[1], note[2] + 1, note[3]] in moved
    visit.key("Control+z")
    visit.version_after(free["version"] + 1)
    assert visit.document()["song"] == before["song"]
    visit.key("e")
    page.locator(".exports a").first.wait_for()
    page.locator(".exports a:focus").wait_for()
    with page.expect_download() as download:
        visit.key("Enter")
    assert download.value.suggested_filename.endswith(".mid")
    visit.key("Escape")
    page.locator("dialog").wait_for(state="detached")


def test_axe_finds_nothing_serious(visit: Visit):
    page = visit.page
    page.locator(".block").first.click()
    findings = visit.serious_findings()
    visit.compose(seed=5)
    page.locator("[data-phrase='1']").click()
    findings += visit.serious_findings()
    for tab in ("Compose", "Takes", "About"):
        page.get_by_role("tab", name=tab).click()
        findings += visit.serious_findings(".side-panel")
    for key in ("e", "o", "?"):
        page.evaluate("document.activeElement.blur()")
        visit.key(key)
        page.locator("dialog").wait_for()
        findings += visit.serious_findings("dialog")
        visit.key("Escape")
        page.locator("dialog").wait_for(state="detached")
    visit.button("Dark").click()
    for part in (".toolbar", ".side-panel"):
        findings += visit.serious_findings(part)
    assert findings == []


def test_the_later_of_two_pages_loses_nothing(browser, address: str, visit: Visit):
    visit.compose(seed=8)
    other = Visit(browser, visit.page.url)
    other.address = address
    other.page.locator(".note").first.wait_for()
    for page in (visit.page, other.page):
        page.route("**/api/events", lambda route: route.abort())
    visit.key(".", "ArrowUp")
    version = visit.version_after(1)["version"]
    other.key(".", "ArrowDown")
    other.page.get_by_role("button", name="Keep mine as a copy").click()
    other.page.wait_for_url(lambda url: url != visit.page.url)
    assert other.document()["name"].endswith("(mine)")
    assert visit.document()["version"] == version
    assert other.document()["song"] != visit.document()["song"]
    other.troubles = [trouble for trouble in other.troubles if "409" not in trouble]
    other.close()
