"""`render` gives one bounded file in which nothing of a log is markup, and nothing is loaded."""

import re
import runpy
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernward.cli.page import CHARS, TEMPLATES
from kernward.cli.terminal import escape
from kernward.cli.triage_html import render, report, timeline
from kernward.cli.triage_html.fields import facts
from kernward.cli.triage_html.page import DETAILED, anchors_of
from kernward.cli.triage_html.report import Printed, deciding, marked, shorten
from kernward.events import index
from kernward.records.events import Event
from kernward.records.problems import Link, Problem, TimeBin, Timeline, Totals, Triage

SAMPLE: dict[str, Any] = runpy.run_path(str(Path(__file__).parent / "browser" / "sample.py"))
FLEET: Triage = SAMPLE["triage"]()

ELEMENTS = set(
    "html head meta title style body a header div h1 h2 h3 h4 button dl dt dd p code time main section ol ul li span "
    "svg line rect text details summary table thead tbody tr th td form label input select option output kbd article "
    "pre i b br small script".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class href type id hidden datetime aria-labelledby data-for height role "
    "aria-label x y x1 x2 y1 y2 width text-anchor aria-hidden tabindex scope aria-level autocomplete spellcheck "
    "placeholder value aria-live data-class data-severity open title".split()
)
VOID = {"meta", "input", "br"}


class Reader(HTMLParser):
    """Reads a page as a browser does: elements, attributes, and the text outside style and script."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.open: list[str] = []
        self.other: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def every_text(value: Any, change: Callable[[str], str]) -> Any:
    """The same record with each free text in it changed; what is one of a few fixed words stays."""
    if isinstance(value, msgspec.Struct):
        fixed = ("class_", "severity", "clock")
        return msgspec.structs.replace(
            value,
            **{
                name: every_text(getattr(value, name), change)
                for name in value.__struct_fields__
                if name not in fixed
            },
        )
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple | list):
        return type(value)(every_text(each, change) for each in value)
    if isinstance(value, dict):
        return {change(name): every_text(each, change) for name, each in value.items()}
    return value


def sound(page: str) -> Reader:
    """Read the page and check what must hold whatever the logs said."""
    read = Reader(page)
    assert read.open == []
    assert read.other == []
    assert set(read.tags) <= ELEMENTS
    assert {name for _, name, _ in read.attributes} <= ATTRIBUTES
    assert all(value.startswith("#") for _, name, value in read.attributes if name == "href")
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", each) for each in ids)
    assert len(ids) == len(set(ids))
    assert read.raw["style"] == [(TEMPLATES / "triage.css").read_text()]
    assert read.raw["script"] == [(TEMPLATES / "triage.js").read_text()]
    assert escape(page.replace("\n", "")) == page.replace("\n", ""), "a control character got through"
    page.encode()
    return read


# What an attacker would write, and anything else.
HOSTILE = (
    *(
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "</pre></title></style><b>",
        "<!--",
        "-->",
    ),
    *(
        '" onmouseover=alert(1) x="',
        "' autofocus onfocus='x",
        "&lt;b&gt;&#60;",
        "javascript:alert(1)",
        "]]>",
        "<?x",
    ),
    *(
        "\x1b[2J\x1b]0;title\x07",
        "\u202egpj.exe",
        "\x00\x08\x7f\x9b",
        "\ud800\udcff",
        "\u2028\ufeff\U000e0041",
        "{{ 7*7 }}",
    ),
    *("../../etc/passwd", "a\rb\nc\td", "`code` `", "# %s %d {0} {x}", "", " "),
)
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("\n".join),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_text_of_a_log_becomes_markup_or_a_control_character(data: st.DataObject) -> None:
    pool = data.draw(st.lists(texts, min_size=1, max_size=7))
    count = iter(range(1 << 30))
    result = every_text(FLEET, lambda _: pool[next(count) % len(pool)])
    sound(render(result))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_is_shown_as_text_everywhere(hostile: str) -> None:
    read = sound(render(every_text(FLEET, lambda text: f"{text}{hostile}|")))
    shown = escape(hostile)
    for name in ("class", "id", "href"):
        assert all(shown not in value for _, each, value in read.attributes if each == name) or len(shown) < 2
    assert f"{FLEET.problems[0].title}{shown}|" in "".join(read.text)


def test_a_terminal_escape_in_a_process_name_is_shown_by_its_number() -> None:
    page = render(FLEET)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J\\u202egpj.exe" in page


def test_nothing_is_loaded_from_anywhere() -> None:
    page = render(FLEET)
    read = sound(page)
    assert "src" not in {name for _, name, _ in read.attributes}
    assert "url(" not in "".join(read.raw["style"])
    assert "@import" not in "".join(read.raw["style"])
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|import|eval|innerHTML|WebSocket)\b", "".join(read.raw["script"])
    )
    assert "//" not in re.sub(r"^\s*//.*$", "", "".join(read.raw["script"]), flags=re.M)


def test_the_policy_allows_the_inline_style_and_script_and_nothing_else() -> None:
    read = Reader(render(FLEET))
    policy = next(
        value
        for tag, name, value in read.attributes
        if tag == "meta" and name == "content" and "src" in value
    )

    def hashed(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src {hashed(read.raw['style'][0])}",
        f"script-src {hashed(read.raw['script'][0])}",
        "base-uri 'none'",
        "form-action 'none'",
    ]


# -- what is on the page -------------------------------------------------------------------------


def nothing(**more: Any) -> Triage:
    """A triage that read a healthy log."""
    totals = Totals(1, 0, 4096, 0, 0, 1, 1, {}, None, None, 0.01)
    given: dict[str, Any] = {
        "problems": (),
        "states": (),
        "totals": totals,
        "unreadable": (),
        "unseen": (),
        "catalogue": "0",
        "generated_at_utc": datetime(2026, 1, 2, tzinfo=UTC),
    }
    return Triage(**{**given, **more})


def test_a_triage_without_problems_says_so() -> None:
    read = sound(render(nothing()))
    assert "No problem was found in what was read." in "".join(read.text)
    assert "form" not in read.tags


def test_a_triage_without_problems_points_at_what_could_not_be_seen() -> None:
    text = "".join(sound(render(nothing(unreadable=("a.gz: the gzip stream ends early",)))).text)
    assert "No problem was found in what was read; what could not be seen is listed below." in text
    assert "a.gz: the gzip stream ends early" in text


def test_every_problem_has_its_title_its_counts_and_its_report() -> None:
    text = "".join(sound(render(FLEET)).text)
    for problem in FLEET.problems:
        assert problem.title in text
        assert f"{problem.count:,}" in text
        assert escape(problem.example.text.split("\n")[0]) in text


def test_causes_and_consequences_are_links_with_their_reasons() -> None:
    page = render(FLEET)
    hung, io = FLEET.problems[2], FLEET.problems[3]
    target = anchors_of([io])[0]
    assert re.search(rf'<a href="#{target}">4\. {re.escape(io.title)}</a>', page)
    assert hung.causes[0].reason in page
    assert f'id="{target}"' in page


def test_a_link_to_a_problem_that_is_not_in_the_file_is_text() -> None:
    lonely = msgspec.structs.replace(FLEET.problems[0], causes=(Link("elsewhere", "a cause", "a reason", 1),))
    page = render(nothing(problems=(lonely,)))
    assert "a cause" in page
    assert "a cause</a>" not in page


def test_an_anchor_depends_on_the_signature_only() -> None:
    again = msgspec.structs.replace(FLEET.problems[3], rank=1, title="another title")
    assert anchors_of([again]) == anchors_of([FLEET.problems[3]])


def without_times(problem: Problem) -> Problem:
    return msgspec.structs.replace(
        problem,
        first_seen=None,
        last_seen=None,
        first_monotonic_s=None,
        last_monotonic_s=None,
        rate_per_hour=None,
        timeline=None,
        sightings=(),
        example=msgspec.structs.replace(problem.example, time=None, monotonic_s=None, host=None, boot=None),
    )


def test_a_triage_without_times_has_no_timeline_and_says_that_times_are_not_told() -> None:
    problems = tuple(without_times(problem) for problem in FLEET.problems)
    read = sound(render(nothing(problems=problems)))
    assert "svg" not in read.tags
    assert "time not told" in "".join(read.text)


def test_without_dates_the_timeline_is_over_seconds_since_boot_and_says_so() -> None:
    bins = (TimeBin(None, 12.0, 3), TimeBin(None, 950.0, 1))
    timed = msgspec.structs.replace(
        without_times(FLEET.problems[0]),
        timeline=Timeline("monotonic", 10, bins, 2),
        first_monotonic_s=12.25,
        last_monotonic_s=955.5,
    )
    text = "".join(sound(render(nothing(problems=(timed,)))).text)
    assert "Events over seconds since boot" in text
    assert "These logs do not tell the date" in text
    assert "2 events without a time on this clock are not drawn." in text
    assert "955.500 s" in text


def test_both_clocks_have_their_own_timeline() -> None:
    timed = msgspec.structs.replace(
        FLEET.problems[1],
        timeline=Timeline("monotonic", 10, (TimeBin(None, 5.0, 1),), 0),
        signature="another",
    )
    text = "".join(sound(render(nothing(problems=(FLEET.problems[0], timed)))).text)
    assert "Events over time, UTC" in text
    assert "Events over seconds since boot" in text


@pytest.mark.parametrize("span_s", [1, 59, 600, 7200, 86_400, 86_400 * 40, 86_400 * 365 * 30])
def test_an_axis_has_a_few_labels_that_lie_on_it(span_s: int) -> None:
    axis = timeline.axis_of("utc", 1_763_000_000, 1_763_000_000 + span_s)
    assert len(axis.ticks) <= 7
    assert all(0 <= tick.at <= 100 for tick in axis.ticks)
    assert len({tick.label for tick in axis.ticks}) == len(axis.ticks)


# -- the deciding lines of a report --------------------------------------------------------------


def marks(event: Event) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in marked(event, None):
        found.setdefault(line.mark, []).append(line.text.strip())
    return found


def test_headline_pointer_responsible_and_skipped_frames_are_marked() -> None:
    found = marks(FLEET.problems[0].example)
    assert found["headline"] == ["BUG: kernel NULL pointer dereference, address: 0000000000000018"]
    assert found["pointer"] == ["RIP: 0010:sbitmap_queue_clear+0x1c/0x60"]
    assert found["guilty"] == ["nvme_timeout+0x1d1/0x480 [nvme]"]
    assert found["skipped"] == [
        "__blk_mq_free_request+0x5d/0xe0",
        "nvme_complete_batch_req+0x44/0xb0 [nvme_core]",
    ]


def test_a_skipped_frame_says_why_in_view_and_as_a_title() -> None:
    page = render(FLEET)
    assert 'title="skipped: generic block layer"' in page
    assert "<i>skipped: generic block layer</i>" in page


def test_the_responsible_frame_is_the_sure_one_of_two() -> None:
    event = SAMPLE["event"](
        "k", "t", "BUG: x\n ? f.isra.0+0x1/0x2\n f.isra.0+0x3/0x4\n f+0x5/0x6", function="f"
    )
    assert marks(event)["guilty"] == ["f.isra.0+0x3/0x4"]


def test_a_rule_before_the_report_is_not_its_headline() -> None:
    assert marks(FLEET.problems[8].example)["headline"] == [
        "NETDEV WATCHDOG: ens5 (ena): transmit queue 3 timed out 5404 ms"
    ]


def test_who_was_killed_is_marked_in_a_report_of_out_of_memory() -> None:
    found = marks(FLEET.problems[6].example)["detail"]
    assert marks(FLEET.problems[6].example)["headline"][0].startswith("python3 invoked oom-killer")
    assert found[0].startswith("oom-kill:constraint=CONSTRAINT_MEMCG")
    assert found[1].startswith("Memory cgroup out of memory: Killed process 20417")


def test_the_catalogue_finds_a_headline_at_the_end_of_a_report() -> None:
    event = FLEET.problems[6].example
    found = {line.mark: line.text for line in marked(event, index.kind(event.kind))}
    assert found["headline"].startswith("Memory cgroup out of memory: Killed process 20417")
    assert "The lines that decide, then the whole report:" in render(FLEET)


def test_what_decides_far_down_a_long_report_is_shown_before_it() -> None:
    lines = [Printed(str(n), "headline" if n == 90 else "skipped" if n == 3 else "") for n in range(100)]
    assert [line.text for line in deciding(lines)] == ["90"]
    assert deciding(lines[85:]) == []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("blocked_s", 120, ["120 s"]),
        ("anon_rss_kib", 517648, ["517,648 KiB (505.5 MiB)"]),
        ("free_pages", 1681, ["1,681 pages"]),
        ("size_bytes", 12, ["12 B"]),
        ("sector", 54525984, ["54525984"]),
        ("global_oom", True, ["yes"]),
        ("temperature_celsius", 98.5, ["98.5 °C"]),
        ("cpus", [1, 3], ["1", "3"]),
        ("counters", {"free_pages": 1681, "swap_kb": None}, ["free_pages 1,681 pages"]),
    ],
)
def test_a_field_is_shown_with_the_unit_in_its_name(name: str, value: Any, shown: list[str]) -> None:
    found, _ = facts(SAMPLE["event"]("k", "t", "x", fields={name: value}), None)
    assert found[0].values == shown


def test_a_list_of_records_is_a_table() -> None:
    tasks = [{"pid": 1, "name": "init"}, {"pid": 2, "rss_pages": 7}]
    found, _ = facts(SAMPLE["event"]("k", "t", "x", fields={"tasks": tasks}), None)
    assert found[0].heading == ["pid", "name", "rss_pages"]
    assert found[0].rows == [["1", "init", ""], ["2", "", "7"]]


def test_a_field_that_the_report_lacks_is_named_as_absent() -> None:
    found, absent = facts(SAMPLE["event"]("k", "t", "x", fields={"pid": None}), None)
    assert (found, absent) == ([], ["pid"])


# -- bounds --------------------------------------------------------------------------------------


def test_a_long_report_keeps_its_beginning_its_end_and_what_is_marked() -> None:
    lines = [Printed(str(n), "detail" if n == 500 else "") for n in range(1000)]
    shown = shorten(lines)
    texts = [line.text for line in shown if not line.left_out]
    assert len(texts) == report.LINES
    assert texts[:3] == ["0", "1", "2"]
    assert texts[-report.TAIL_LINES] == str(1000 - report.TAIL_LINES)
    assert "500" in texts
    assert sum(line.left_out for line in shown) == 800


def test_a_report_that_fits_is_shown_whole() -> None:
    lines = [Printed(str(n)) for n in range(report.LINES)]
    assert shorten(lines) == lines


def test_a_report_of_long_lines_is_bounded_by_characters() -> None:
    shown = shorten([Printed("x" * 10_000) for _ in range(150)])
    assert sum(bool(line.text) for line in shown) == report.REPORT_CHARS // CHARS


def test_a_trimmed_report_says_how_many_lines_are_missing() -> None:
    assert "92 lines of this report are left out here; all of it is in the source." in render(FLEET)


def test_the_size_is_bounded_whatever_was_found() -> None:
    huge = every_text(FLEET.problems[6], lambda text: text + "<\x00" * 20_000)
    bins = tuple(
        TimeBin(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n), None, 10**9) for n in range(128)
    )
    huge = msgspec.structs.replace(
        huge,
        hosts=("h" * 5000,) * 5000,
        sources=("s" * 5000,) * 5000,
        kernels={f"{n}" * 300: n for n in range(2000)},
        alt_titles=("a" * 5000,) * 500,
        next_steps=("n" * 5000,) * 500,
        causes=(Link("x", "t" * 5000, "r" * 5000, 1),) * 500,
        timeline=Timeline("utc", 3600, bins, 0),
        example=msgspec.structs.replace(
            huge.example,
            text=("<" * 3000 + "\n") * 500,
            fields={f"f{n}": [{"a": "v" * 5000}] * 500 for n in range(500)},
        ),
    )
    many = tuple(msgspec.structs.replace(huge, rank=n, signature=f"{n}") for n in range(1, 4))
    assert len(render(nothing(problems=many))) < 3 * 12_000_000
    page = render(
        nothing(
            problems=tuple(
                msgspec.structs.replace(FLEET.problems[0], rank=n, signature=f"{n}") for n in range(1, 2001)
            )
        )
    )
    assert page.count("<article") == DETAILED
    assert "1,000 more problems are left out of this file" in page
    assert len(page) < 8_000_000
    sound(page)
