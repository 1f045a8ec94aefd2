"""A real browser that reaches nothing but the server of a test, and writes down every fault."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    Request,
    Route,
    expect,
    sync_playwright,
)

from geo_hygiene.database import engine
from tests.browser.serving import serve
from tests.browser.towns import markup_town
from tests.conftest import TestDatabase
from tests.web.towns import web_town

DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is there is used; a page costs half as much in the first as in the others."""
SOFTWARE_WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
WITHOUT_WEBGL = ("--disable-3d-apis",)
DRAWN = """() => window.vector_tiles
    ? vector_tiles.getMaplibreMap().areTilesLoaded()
    : document.querySelector(".canvas-tiles")?.dataset.drawn === "true"
"""
WATCH_POLICY = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
"""


@dataclass
class Faults:
    """Everything that a good page does not do."""

    origin: str
    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("requestfailed", self._miss)
        page.on(
            "response", lambda answer: answer.status >= 400 and self.refused.append(f"{answer.status} {answer.url}")
        )
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", self._dismiss)

    def _miss(self, request: Request) -> None:
        # what the browser itself breaks off, when it leaves a page or saves a file, is nobody's fault
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(f"{request.url} {request.failure}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def pass_own(self, route: Route) -> None:
        """Let only requests to the server through."""
        if route.request.url.startswith((self.origin, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def collect(self, page: Page) -> dict[str, list[str]]:
        """Return every fault that was seen, by kind."""
        self.violations += page.evaluate("window.violations ?? []")
        return {name: value for name, value in vars(self).items() if isinstance(value, list) and value}


@dataclass(frozen=True)
class Opened:
    """A page with what it did wrong."""

    page: Page
    faults: Faults
    server: str

    def go(self, path: str) -> Page:
        """Open a page and wait until its scripts stand."""
        self.leave()
        self.page.goto(self.server + path)
        if has_map(self.page):
            self.page.locator("html[data-ready=true]").wait_for(state="attached")
        return self.page

    def leave(self) -> None:
        """Let a map finish first: what a browser breaks off when it leaves a page is not the page's fault."""
        if has_map(self.page):
            settle(self.page)


def has_map(page: Page) -> bool:
    """Tell whether a page draws a map."""
    return page.locator("#map").count() > 0


def until(page: Page, question: str, argument: object = None, *, seconds: float = 15) -> None:
    """Ask the page until it says yes; the browser's own waiting needs ``eval``, which the page's policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(question, argument):
        assert time.monotonic() < end, f"never true: {question} {argument!r}"
        page.wait_for_timeout(50)


def settle(page: Page) -> None:
    """Wait until the tiles of the view are drawn and nothing more is asked for.

    A layer that was just shown asks for its tiles with the next frame only; until then all tiles seem to be there.
    """
    page.evaluate(
        "() => window.vector_tiles && new Promise((drawn) => {"
        " const vectors = vector_tiles.getMaplibreMap();"
        " vectors.once('render', () => setTimeout(drawn));"
        " setTimeout(drawn, 2000);"
        " vectors.triggerRepaint(); })"
    )
    page.evaluate("() => !window.vector_tiles && new Promise(requestAnimationFrame)")
    until(page, DRAWN, seconds=60)
    page.wait_for_load_state("networkidle")


@pytest.fixture(scope="session")
def town_server(new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server over a small town with every state in it."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
    writer.dispose()
    yield from serve(database, tmp_path_factory.mktemp("town-server"))


@pytest.fixture(scope="session")
def sample_server(sample_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server over the sample town; it only reads."""
    yield from serve(sample_database, tmp_path_factory.mktemp("sample-server"))


@pytest.fixture(scope="session")
def markup_server(new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server over a town in which every name is markup."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        markup_town(connection)
    writer.dispose()
    yield from serve(database, tmp_path_factory.mktemp("markup-server"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=20_000)  # as long as the pages' own acts wait: machines may have much to do
    with sync_playwright() as running:
        yield running


def launch(playwright: Playwright, *flags: str) -> Browser:
    """Start the browser of this machine."""
    program = next(filter(None, map(shutil.which, BROWSERS)))
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *flags])


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return a browser for tests of what WebGL draws."""
    browser = launch(playwright, *QUIET, *SOFTWARE_WEBGL)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def plain_chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return a browser that has no WebGL: a page costs a quarter there of what it costs where WebGL is computed."""
    browser = launch(playwright, *QUIET, *WITHOUT_WEBGL)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def office_chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return a browser as it comes on a PC without a GPU: it draws and puts layers together by itself.

    It loads both cores, so that it ends with the module that wants it.
    """
    browser = launch(playwright)
    yield browser
    browser.close()


Open = Callable[..., Opened]


@pytest.fixture
def open_page(plain_chromium: Browser) -> Iterator[Open]:
    """Return a function that opens a page on a server in a context of its own; faults fail the test at its end."""
    contexts: list[BrowserContext] = []
    opened: list[Opened] = []

    def open_one(
        server: str, *, phone: bool = False, browser: Browser = plain_chromium, language: str = "en-GB"
    ) -> Opened:
        size = PHONE if phone else DESKTOP
        context = browser.new_context(
            viewport=size,
            locale=language,
            has_touch=phone,
            is_mobile=phone,
            ignore_https_errors=server.startswith("https:"),  # a certificate that a home made for itself
            reduced_motion="reduce",  # a busy machine may begin to move a map after the test has looked where it is
        )
        contexts.append(context)
        context.add_init_script(WATCH_POLICY)
        faults = Faults(server)
        context.route("**/*", faults.pass_own)
        page = context.new_page()
        page.set_default_timeout(20_000)
        faults.watch(page)
        opened.append(Opened(page, faults, server))
        return opened[-1]

    yield open_one
    seen = [one.faults.collect(one.page) for one in opened]
    for context in contexts:
        context.close()
    assert not any(seen), seen
