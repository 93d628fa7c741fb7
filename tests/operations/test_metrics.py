"""Metrics: what Prometheus' own parser takes, bounded in number, and served to this machine alone."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from kernward.cli.main import main
from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import AnySource, EntitySource, Source
from kernward.operations import exporting, metrics
from kernward.operations.exporting import Server, address, is_local
from kernward.operations.metrics import Exporter
from kernward.records.errors import UsageError

HOSTILE = 'a"b\\c\n\x1b[31m\u202e{}é\udcff'


class Values(msgspec.Struct, frozen=True):
    used_s: Annotated[float | None, counter("s", "time that was used")] = None
    wait_ms: Annotated[int | None, counter("ms", "time that was waited")] = None
    read_kib: Annotated[int | None, counter("KiB", "read")] = None
    size_bytes: Annotated[int | None, gauge("bytes", 'a size, "quoted" \\ and\nbroken')] = None
    pages_total: Annotated[int | None, gauge("", "all pages")] = None
    hits_total: Annotated[int | None, counter("", "hits")] = None
    limit_bytes_per_s: Annotated[int | None, gauge("bytes/s", "a limit")] = None
    odd: Annotated[float | None, gauge("", "no number")] = None
    by_device: Annotated[dict[str, int] | None, counter("bytes", "by device")] = None
    by_cpu: Annotated[tuple[int, ...] | None, counter("", "by CPU")] = None
    name: Annotated[str | None, fact("a name")] = None


def one(record: Values) -> dict[str, AnySource]:
    return {"machine": Source(name="machine", doc="", files=("/x",), record=Values, read=lambda root: record)}


def many(records: dict[str, Values], scope: Any = "cgroup") -> dict[str, AnySource]:
    def read(root: Root, some: Any) -> dict[str, Values]:
        return {name: each for name, each in records.items() if some is None or name in some}

    return {"group": EntitySource(name="group", doc="", files=("/x",), record=Values, read=read, scope=scope)}


def families(text: bytes) -> dict[str, Any]:
    return {each.name: each for each in text_string_to_metric_families(text.decode())}


def values(text: bytes, family: str) -> dict[tuple[str, ...], float]:
    return {tuple(each.labels.values()): each.value for each in families(text)[family].samples}


def test_everything_of_this_machine_is_what_the_official_parser_takes() -> None:
    exporter = Exporter(most_processes=5)
    exporter.text()
    text = exporter.text()
    found = families(text)
    assert text.endswith(b"# EOF\n")
    assert found["kernward_loadavg_load_1m"].type == "gauge"
    assert found["kernward_stat_user_seconds"].unit == "seconds"
    assert found["kernward_stat_user_seconds"].samples[0].name == "kernward_stat_user_seconds_total"
    assert sum(values(text, "kernward_processes_in_state").values()) > 5
    assert len(values(text, "kernward_processes_rss_bytes")) == 5


def test_what_a_kernel_counts_is_in_seconds_and_bytes() -> None:
    record = Values(
        used_s=1.5, wait_ms=250, read_kib=2, size_bytes=7, pages_total=9, hits_total=3, limit_bytes_per_s=8
    )
    text = Exporter(known=one(record)).text()
    assert values(text, "kernward_machine_used_seconds") == {(): 1.5}
    assert values(text, "kernward_machine_wait_seconds") == {(): 0.25}
    assert values(text, "kernward_machine_read_bytes") == {(): 2048}
    assert values(text, "kernward_machine_size_bytes") == {(): 7}
    assert values(text, "kernward_machine_pages_total") == {(): 9}
    assert values(text, "kernward_machine_hits") == {(): 3}
    assert values(text, "kernward_machine_limit_bytes_per_second") == {(): 8}


def test_what_is_absent_or_no_number_is_no_sample() -> None:
    found = families(Exporter(known=one(Values(odd=float("nan"), name="x"))).text())
    assert not [name for name in found if name.startswith("kernward_machine")]


def test_items_of_a_field_are_told_apart_by_a_label() -> None:
    text = Exporter(known=one(Values(by_device={"vda": 1, "vdb": 2}, by_cpu=(5, 6)))).text()
    assert values(text, "kernward_machine_by_device_bytes") == {("vda",): 1, ("vdb",): 2}
    assert values(text, "kernward_machine_by_cpu") == {("0",): 5, ("1",): 6}


def test_hostile_names_are_labels_and_nothing_else() -> None:
    text = Exporter(known=many({HOSTILE: Values(used_s=1.0)})).text()
    assert b"\x1b" not in text
    assert "\u202e" not in text.decode()
    ((label,),) = values(text, "kernward_group_used_seconds")
    assert label == 'a"b\\c\\x0a\\x1b[31m\\x202e{}é\\xdcff'


def test_of_many_cgroups_the_busiest_are_exported_and_the_others_counted() -> None:
    records = {f"/{number}": Values(used_s=float(number)) for number in range(50)}
    exporter = Exporter(known=many(records), most_cgroups=10)
    for _ in range(3):
        text = exporter.text()
        assert len(values(text, "kernward_group_used_seconds")) == 10
        assert ("/49",) in values(text, "kernward_group_used_seconds")
        assert values(text, "kernward_entities_left_out") == {("group",): 40}


def test_a_cgroup_that_becomes_busy_is_exported_soon() -> None:
    records = {f"/{number}": Values(used_s=1.0) for number in range(50)}
    exporter = Exporter(known=many(records), most_cgroups=10)
    exporter.text()
    records["/3"] = Values(used_s=1000.0)
    for _ in range(metrics.MOST_ITEMS):
        text = exporter.text()
    assert ("/3",) in values(text, "kernward_group_used_seconds")


def test_whatever_a_machine_has_the_number_of_series_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_SERIES", 100)
    monkeypatch.setattr(metrics, "MOST_ENTITIES", 20)
    records = {f"d{number}": Values(by_device=dict.fromkeys(map(str, range(200)), 1)) for number in range(50)}
    text = Exporter(known=many(records, "device")).text()
    assert len(values(text, "kernward_group_by_device_bytes")) == 100
    assert values(text, "kernward_series_left_out")[()] > 1000


def test_a_source_that_cannot_be_read_is_said() -> None:
    def fail(root: Root) -> Values:
        raise Unavailable("/x", "permission denied")

    known: dict[str, AnySource] = {
        "gone": Source(name="gone", doc="", files=("/x",), record=Values, read=fail)
    }
    assert values(Exporter(known=known).text(), "kernward_source_readable") == {("gone",): 0}


@pytest.fixture
def server() -> Iterator[Server]:
    asked: list[int] = []

    def text() -> bytes:
        asked.append(1)
        return b"# EOF\n"

    found = Server("127.0.0.1", 0, text)
    found.asked = asked  # type: ignore[attr-defined]
    thread = threading.Thread(target=found.serve_forever, args=(0.05,))
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def ask(server: Server, path: str, method: str = "GET") -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers["Content-Type"]
    finally:
        connection.close()


def test_metrics_are_served_and_nothing_else(server: Server) -> None:
    assert ask(server, "/metrics?x=1") == (200, b"# EOF\n", metrics.CONTENT_TYPE)
    assert ask(server, "/metrics", "HEAD")[:2] == (200, b"")
    assert ask(server, "/etc/passwd")[0] == 404
    assert ask(server, "/metrics", "POST")[0] == 501


def test_many_who_ask_cost_one_reading(server: Server) -> None:
    for _ in range(5):
        ask(server, "/metrics")
    assert len(server.asked) == 1  # type: ignore[attr-defined]


def test_clients_that_say_nothing_do_not_keep_others_out(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting._Request, "timeout", 0.3)
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(exporting.MOST_AT_ONCE)]
    assert silent[0].recv(1) == b""
    assert ask(server, "/metrics")[0] == 200
    for each in silent:
        each.close()


def test_addresses() -> None:
    assert address("127.0.0.1:9767") == ("127.0.0.1", 9767)
    assert address("[::1]:80") == ("::1", 80)
    assert is_local("127.0.0.2")
    assert is_local("::1")
    assert not is_local("0.0.0.0")
    for wrong in ("9767", "localhost:9767", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1"):
        with pytest.raises(UsageError, match="is no address"):
            address(wrong)


def test_the_command_prints_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exporter", "--once"]) == 0
    assert capsys.readouterr().out.endswith("# EOF\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_listens_on_loopback_and_stops_cleanly(number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kernward.cli.main", "exporter", "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    port = int(said.split(":")[3].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    assert families(connection.getresponse().read())
    connection.close()
    process.send_signal(number)
    _, rest = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")
