"""The page of a check in a real browser: it runs under its own policy, fits a phone, and can be read."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.check_sample import check, hostile

from kernward.cli.check_html import render

HERE = Path(__file__).parent
CHROMIUM: dict[str, Any] = runpy.run_path(str(HERE / "chromium.py"))
LOW_CONTRAST = runpy.run_path(str(HERE / "test_triage_page.py"))["LOW_CONTRAST"]
BROWSER = CHROMIUM["installed"]()

pytestmark = pytest.mark.skipif(
    BROWSER is None,
    reason="Chromium is not installed, so the page was not tried in a browser: apt-get install chromium",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with CHROMIUM["Page"](BROWSER) as page:
        yield page


@pytest.fixture(params=["plain", "hostile"])
def page(browser: Any, request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    path = tmp_path / "check.html"
    long = "/kubepods.slice/kubepods-burstable.slice/" + "x" * 300
    result = hostile() if request.param == "hostile" else check(findings=3, name=long)
    path.write_text(render(result), encoding="utf-8")
    browser.console.clear()
    browser.loads.clear()
    browser.look(1280, 900)
    browser.open(path)
    browser.file = path
    return browser


def test_it_renders_says_nothing_on_the_console_and_loads_nothing_else(page: Any) -> None:
    assert page.js("document.querySelectorAll('article.finding').length") >= 1
    assert page.js("document.querySelector('polyline').getBoundingClientRect().width") > 100
    assert page.js("getComputedStyle(document.querySelector('.finding')).borderLeftWidth") == "4px", (
        "no style"
    )
    assert page.console == []
    assert page.loads == [page.file.as_uri()]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_never_scrolls_sideways(page: Any, width: int) -> None:
    page.look(width, 800)
    assert page.js("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_asks_for(page: Any, dark: bool) -> None:
    page.look(1280, 900, dark=dark)
    seen, low = page.js(LOW_CONTRAST)
    assert seen > 60
    assert low == []
