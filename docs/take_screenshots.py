"""Take the pictures of the documents from the running sample town: ``make screenshots``."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.ImageColor import getrgb
from playwright.sync_api import Browser, Page, sync_playwright

from bench.starting import up
from geo_hygiene.maps import STATES
from tests.browser.conftest import SOFTWARE_WEBGL, launch

PICTURES = Path(__file__).parent / "img"
COLOURS = 192
"""Enough for the few colours of a map, and a third of the bytes."""
KEPT = tuple(color for state in STATES for color in (state.color, state.core) if color)
"""Colours that stay as they are: thin lines are few pixels, and overlaps became grey."""
DRAWN = "() => !window.vector_tiles || vector_tiles.getMaplibreMap().areTilesLoaded()"
WAIT_SECONDS = 60
DAY = "2025-09-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture: what is opened, in which language, on how large a screen."""

    name: str
    path: str
    language: str
    width: int = 1366
    height: int = 768

    @property
    def is_phone(self) -> bool:
        """Tell whether the screen is one to hold in a hand."""
        return self.width < self.height


def pictures(segment: str) -> list[Picture]:
    """Return the pictures; ``segment`` is the one whose panel is shown."""
    return [
        Picture(name="map", path=f"/map?duty=sweeping&on={DAY}", language="en-GB"),
        Picture(name="map-zh", path=f"/map?duty=sweeping&on={DAY}", language="zh-CN"),
        Picture(name="panel", path=f"/map?duty=sweeping&on={DAY}&select={segment}", language="en-GB"),
        Picture(name="holders-zh", path=f"/map?duty=sweeping&on={DAY}&color=holder", language="zh-CN"),
        Picture(name="phone-zh", path=f"/map?duty=sweeping&on={DAY}", language="zh-CN", width=390, height=844),
        Picture(name="campaign", path="/campaigns/2025-spring-rodent", language="en-GB"),
        Picture(name="heat-zh", path="/cases/heat?from=2025-06-01&to=2025-09-01", language="zh-CN"),
        Picture(name="start", path="/", language="en-GB"),
    ]


def supervised_segment(address: str) -> str:
    """Return a segment that both a cleaner and a supervisor look after."""
    question = f"{address}/api/v1/cover/pieces?duty=supervision&on={DAY}&state=covered&limit=1"
    with urllib.request.urlopen(question) as answer:  # noqa: S310 - our own server
        segment: str = json.load(answer)["pieces"][0]["segment"]
    return segment


def take(browser: Browser, address: str, picture: Picture) -> bytes:
    """Return a picture as PNG."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        locale=picture.language,
        is_mobile=picture.is_phone,
        has_touch=picture.is_phone,
    )
    page = context.new_page()
    page.goto(address + picture.path)
    page.wait_for_load_state("networkidle")
    _wait_until_drawn(page)
    content = page.screenshot()
    context.close()
    return content


def _wait_until_drawn(page: Page) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not page.evaluate(DRAWN):
        if time.monotonic() > end:
            raise TimeoutError("the tiles of the map never came")
        page.wait_for_timeout(100)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)  # names fade in after the tiles


def write(file: Path, content: bytes) -> None:
    """Write a picture with few colours and few bytes."""
    image = Image.open(BytesIO(content)).convert("RGB")
    palette = Image.new("P", (1, 1))
    usual = image.quantize(COLOURS - len(KEPT)).getpalette() or []
    palette.putpalette([*usual[: 3 * (COLOURS - len(KEPT))], *(part for color in KEPT for part in getrgb(color))])
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)


def main() -> None:
    """Serve the sample town in a home of its own and take all pictures."""
    home = Path(tempfile.mkdtemp(prefix="geo-hygiene-pictures-"))
    home.chmod(0o755)
    PICTURES.mkdir(exist_ok=True)
    try:
        with up(home) as server, sync_playwright() as playwright:
            browser = launch(playwright, *SOFTWARE_WEBGL)
            for picture in pictures(supervised_segment(server.address)):
                write(PICTURES / f"{picture.name}.png", take(browser, server.address, picture))
            browser.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
