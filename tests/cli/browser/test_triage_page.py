"""The triage page in a real browser: it runs under its own policy, fits a phone, obeys the keyboard."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kernward.cli.triage_html import render

HERE = Path(__file__).parent
CHROMIUM: dict[str, Any] = runpy.run_path(str(HERE / "chromium.py"))
FLEET = runpy.run_path(str(HERE / "sample.py"))["triage"]()
BROWSER = CHROMIUM["installed"]()

pytestmark = pytest.mark.skipif(
    BROWSER is None,
    reason="Chromium is not installed, so the page was not tried in a browser: apt-get install chromium",
)

SHOWN = "[...document.querySelectorAll('article.problem')].filter(each => !each.hidden)"

# Texts whose contrast with what is behind them is less than 4.5 (WCAG 2.2, 1.4.3), each once.
LOW_CONTRAST = """
(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  let seen = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.getClientRects().length) continue;
    if (element.closest("title, script, style, option")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(element instanceof SVGElement ? style.fill : style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen += 1;
    if (ratio < 4.5) found.add(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return [seen, [...found]];
})()
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "triage.html"
    path.write_text(render(FLEET), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with CHROMIUM["Page"](BROWSER) as page:
        yield page


@pytest.fixture
def page(browser: Any, file: Path) -> Any:
    browser.console.clear()
    browser.loads.clear()
    browser.do("Emulation.setScriptExecutionDisabled", value=False)
    browser.look(1280, 900)
    browser.open(file)
    return browser


def focused(page: Any) -> str:
    return str(page.js("document.activeElement.id || document.activeElement.closest('[id]').id"))


def test_the_page_renders_says_nothing_on_the_console_and_loads_nothing_else(page: Any, file: Path) -> None:
    assert page.js("document.querySelectorAll('article.problem').length") == len(FLEET.problems)
    assert page.js("document.querySelectorAll('svg rect').length") > 50
    assert page.js("document.getElementById('filter').hidden") is False, "the script did not run"
    assert page.js("getComputedStyle(document.querySelector('.problem')).borderLeftWidth") == "4px", (
        "no style"
    )
    assert page.console == []
    assert page.loads == [file.as_uri()]


def test_the_policy_blocks_a_script_that_got_in(page: Any) -> None:
    page.js(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert page.js("window.ran === undefined")
    assert any("Content Security Policy" in said for said in page.console)


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(page: Any, width: int) -> None:
    page.look(width, 800)
    page.js("document.getElementById('open-all').click()")
    page.js("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.js("document.documentElement.scrollWidth") <= width
    assert (
        page.js("document.querySelector('pre').scrollWidth > document.querySelector('pre').clientWidth")
        or width > 700
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_asks_for(page: Any, dark: bool) -> None:
    page.look(1280, 900, dark=dark)
    page.js("document.querySelectorAll('details').forEach(each => each.open = true)")
    seen, low = page.js(LOW_CONTRAST)
    assert seen > 500
    assert low == []


def test_the_theme_follows_the_system_until_the_reader_chooses(page: Any) -> None:
    def background() -> Any:
        return page.js("getComputedStyle(document.body).backgroundColor")

    light = background()
    page.look(1280, 900, dark=True)
    dark = background()
    assert dark != light
    page.js("document.getElementById('theme').click()")
    assert background() == light
    page.look(1280, 900, dark=False)
    page.js("document.getElementById('theme').click()")
    assert background() == dark


def test_tab_reaches_the_skip_link_first_and_every_problem(page: Any) -> None:
    page.key("Tab")
    assert page.js("document.activeElement.className") == "skip"
    assert page.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    reached = set()
    for _ in range(60):
        page.key("Tab")
        reached.add(
            page.js(
                "document.activeElement.tagName === 'SUMMARY' ? document.activeElement.closest('[id]')?.id : ''"
            )
        )
    assert set(page.js(f"{SHOWN}.map(each => each.id)")) <= reached


def test_j_and_k_walk_the_problems_and_enter_opens_one(page: Any) -> None:
    ids = page.js(f"{SHOWN}.map(each => each.id)")
    page.key("j")
    assert focused(page) == ids[0]
    page.key("j")
    assert focused(page) == ids[1]
    page.key("Enter")
    assert page.js(f"document.getElementById('{ids[1]}').firstElementChild.open")
    page.key("k")
    assert focused(page) == ids[0]


def test_the_filter_narrows_by_text_class_and_severity(page: Any) -> None:
    def fill(name: str, value: str) -> None:
        page.js(
            f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('input', {{bubbles: true}})) }})"
            f"(document.forms[0].elements['{name}'])"
        )

    page.js("document.forms[0].elements.text.focus()")
    for letter in "jbd2":
        page.key(letter)
    titles = page.js(f"{SHOWN}.map(each => each.querySelector('.title').textContent)")
    assert "INFO: task hung in jbd2_journal_commit_transaction" in titles
    assert len(titles) < len(FLEET.problems)
    assert (
        page.js("document.querySelector('output').textContent")
        == f"{len(titles)} of {len(FLEET.problems)} shown"
    )
    assert page.js(
        "[...document.querySelectorAll('.lanes [data-for], .lanes[data-for]')].filter(e => !e.hidden).length"
    ) == len(titles)
    fill("text", "")
    fill("severity", "fatal")
    assert page.js(f"{SHOWN}.length") == sum(each.severity == "fatal" for each in FLEET.problems)
    fill("severity", "")
    fill("class", "network")
    assert page.js(f"{SHOWN}.length") == sum(each.class_ == "network" for each in FLEET.problems)


def test_a_link_to_a_cause_opens_it(page: Any) -> None:
    page.js("document.querySelectorAll('article.problem')[2].querySelector('.links a').click()")
    page.js("new Promise(done => setTimeout(done, 100))")
    opened = page.js("document.activeElement.closest('article').id")
    assert page.js("location.hash") == f"#{opened}"
    assert page.js("document.activeElement.parentElement.open")


def test_without_scripts_all_problems_are_in_view_and_no_dead_control_is(page: Any, file: Path) -> None:
    page.do("Emulation.setScriptExecutionDisabled", value=True)
    page.open(file)
    assert page.js(f"{SHOWN}.length") == len(FLEET.problems)
    assert (
        page.js(
            "[...document.querySelectorAll('button, input, select')].filter(e => e.getClientRects().length).length"
        )
        == 0
    )


def test_print_shows_every_report_and_no_controls(page: Any) -> None:
    page.look(1000, 1200, media="print")
    page.js("dispatchEvent(new Event('beforeprint'))")
    assert page.js(
        "[...document.querySelectorAll('article pre')].every(each => each.getClientRects().length > 0)"
    )
    assert page.js("document.getElementById('filter').getClientRects().length") == 0
    page.js("dispatchEvent(new Event('afterprint'))")
    assert page.js(f"{SHOWN}.filter(each => each.firstElementChild.open).length") == 1
