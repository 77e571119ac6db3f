"""The page of a listening test as a listener uses it, in a real browser: what is clicked is what is saved.

Chromium (or Chrome, or Edge) opens the page from a server of this test. A script that stands behind the page's own clicks,
listens and saves as a person would, and posts what it found to the server.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from types import ModuleType
from urllib.parse import parse_qs

import numpy as np
import pytest

from canzona.evaluation.listening_test.page import PAGE, page_files, play
from canzona.evaluation.listening_test.plan import ListeningTest, plan_test
from canzona.evaluation.listening_test.scores import read_answers
from test_render import example_song

PATIENCE_SECONDS = 90

HELPERS = """
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const click = (element) => element.click();
const visible = () => ["welcome", "piece", "end"].filter((name) => !at(name).hidden).join();
const alarm = () => at("alarm").textContent;
const cards = () => [...document.querySelectorAll("#versions > .card")];
const idOf = (card) => card.querySelector("fieldset").id.split("-")[0];
const named = (name) => { at("listener").value = name; click(document.querySelector("#start button")); };
async function listen(card, seconds) {
  const audio = card.querySelector("audio");
  await audio.play();
  while (audio.currentTime < seconds) await wait(50);
  audio.pause();
  await wait(50);
}
function rate(card, criterion, rating) {
  click([...card.querySelectorAll("input")].find((input) => input.name.endsWith(" " + criterion) && +input.value === rating));
}
function savedText() {
  return new Promise((done) => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then(done); return make.call(URL, blob); };
    HTMLAnchorElement.prototype.click = function () {};  // headless browsers store nothing
    click(at("save"));
    URL.createObjectURL = make;
  });
}
function post(outcome) {
  const form = element("form", { method: "post", action: "/" });
  form.append(element("textarea", { name: "outcome", value: JSON.stringify(outcome) }));
  document.body.append(form);
  form.submit();
}
"""


@contextmanager
def served(page: bytes) -> Iterator[tuple[str, "Queue[object]"]]:
    """The page's address, and what it posts."""
    outcomes: Queue[object] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(page)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            outcomes.put(json.loads(parse_qs(text)["outcome"][0]))
            self.answer(b"thank you")

        def answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", outcomes
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def browsers(benchmark: Callable[[str], ModuleType]) -> ModuleType:
    """The browser that tests and benchmarks share, where there is one."""
    module = benchmark("browsers")
    if module.BROWSER is None:
        pytest.skip(module.NO_BROWSER)
    return module


def driven(browsers: ModuleType, page: bytes, script: str, profile: Path) -> object:
    """What a script gives that is run within the page, in a browser with a fresh profile."""
    program = (
        f"(async () => {{ try {{ post(await (async () => {{ {script} }})()); }} catch (error) {{ post(`${{error}}`); }} }})();"
    )
    driver = f'<script>"use strict";{HELPERS}{program}</script></body>'
    driven_page = page.replace(b"</body>", driver.encode())
    with served(driven_page) as (address, outcomes):
        browser = subprocess.Popen(
            [browsers.BROWSER, *browsers.SWITCHES, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return outcomes.get(timeout=PATIENCE_SECONDS)
        except Empty:
            raise AssertionError(f"{browsers.BROWSER} has told nothing within {PATIENCE_SECONDS} s") from None
        finally:
            browser.kill()
            browser.wait()


@pytest.fixture(scope="module")
def test() -> ListeningTest:
    """Two pieces by two systems."""
    songs = {
        system: {stem: example_song(form) for stem, form in (("one", "A1"), ("two", "B1"))} for system in ("first", "second")
    }
    return plan_test(songs, 1, np.random.default_rng(0))


@pytest.fixture(scope="module")
def page(test: ListeningTest) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # the simple synthesiser will do
        patch.delenv("CANZONA_SOUNDFONT", raising=False)
        return page_files(test, {sound.id: sound.wav for sound in play(test)})[PAGE]


def test_every_rating_is_saved_as_it_was_given(browsers: ModuleType, test: ListeningTest, page: bytes, tmp_path: Path) -> None:
    script = """
      named("Ann");
      const given = {};
      let rating = 0;
      while (visible() === "piece") {
        for (const card of cards()) {
          await listen(card, 2.2);
          for (const criterion of test.criteria) {
            rating = rating % 5 + 1;
            rate(card, criterion.name, rating % 5 + 1);  // another first: a rating may be changed
            rate(card, criterion.name, rating);
            given[`${idOf(card)} ${criterion.name}`] = rating;
          }
        }
        click(at("next"));
      }
      return { given, csv: await savedText(), section: visible(), title: document.title };
    """
    outcome = driven(browsers, page, script, tmp_path)
    assert isinstance(outcome, dict), outcome
    systems = {one.id: one.system for piece in test.pieces for one in piece}
    answers = read_answers({"Ann.csv": outcome["csv"]}, systems)
    assert outcome["section"] == "end"
    assert {f"{answer.id} {answer.criterion}": answer.rating for answer in answers} == outcome["given"]
    assert len(answers) == len(systems) * len(test.criteria)
    assert {answer.rating for answer in answers} == {1, 2, 3, 4, 5}
    assert {answer.listener for answer in answers} == {"Ann"}
    assert all(2 <= answer.seconds_listened < 4 for answer in answers)


def test_a_piece_must_be_heard_and_rated_before_the_next(browsers: ModuleType, page: bytes, tmp_path: Path) -> None:
    script = """
      const said = [];
      const next = () => { click(at("next")); said.push(alarm() || at("piece-title").textContent); };
      named("no name!");
      said.push(alarm());
      named("Bob");
      next();
      await listen(cards()[0], 2.2);
      next();
      for (const criterion of test.criteria) rate(cards()[0], criterion.name, 3);
      next();
      await listen(cards()[1], 2.2);
      for (const criterion of test.criteria) rate(cards()[1], criterion.name, 4);
      next();
      click(at("back"));
      const kept = cards().map((card) => [...card.querySelectorAll("input:checked")].map((input) => +input.value));
      return { said, kept };
    """
    outcome = driven(browsers, page, script, tmp_path)
    assert isinstance(outcome, dict), outcome
    assert outcome["said"] == [
        "Please give a name of letters, digits, - and _.",
        "Please listen to version 1 for 2 seconds.",
        "Please rate the creativity of version 1.",
        "Please listen to version 2 for 2 seconds.",
        "Piece 2 of 2",
    ]
    assert outcome["kept"] == [[3, 3, 3], [4, 4, 4]]


def test_a_listener_goes_on_where_they_stopped_and_hears_the_same_order(
    browsers: ModuleType, page: bytes, tmp_path: Path
) -> None:
    script = """
      const order = () => cards().map(idOf).join();
      const rated = () => document.querySelectorAll("input:checked").length;
      named("Ann");
      const first = order();
      await listen(cards()[0], 2.2);
      rate(cards()[0], test.criteria[0].name, 5);
      const others = [];
      for (const name of ["Bob", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ida"]) { start(name); others.push(order(), rated()); }
      start("Ann");
      return { first, again: order(), rated: rated(), others };
    """
    outcome = driven(browsers, page, script, tmp_path)
    assert isinstance(outcome, dict), outcome
    assert outcome["again"] == outcome["first"]
    assert outcome["rated"] == 1
    assert len(set(outcome["others"][::2])) > 2  # other listeners hear other orders
    assert set(outcome["others"][1::2]) == {0}
