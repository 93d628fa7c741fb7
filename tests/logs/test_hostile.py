"""Lines made to be slow: reading takes time in proportion to the bytes, whatever they are."""

import time

import pytest

from tests.logs.reading import read_bytes

HEADS = [
    "",
    "[",
    "[    1.000000] ",
    "<6>",
    "<6>[",
    "kern  :info  : ",
    "[Fri Jan  2 03:04:05 2026] ",
    "Jan  2 03:04:05 ",
    "Jan  2 03:04:05 web1 kernel: ",
    "2026-01-02T03:04:05Z ",
    "web1: ",
    "2026-01-02T03:04:05+00:00 web1 kernel: [",
    "<6>1 2026-01-02T03:04:05Z web1 kernel - - ",
    "<6>1 2026-01-02T03:04:05Z web1 kernel - - [a ",
    "6,1,1,-",
    "6,1,1,-;",
    "web1 login: ",
    "[  ",
    '{"MESSAGE":"',
    '{"MESSAGE":[',
    "__CURSOR=",
    "\x1b[",
    "\x1b]",
    "root@",
    "** ",
    "[-- ",
    "Panic#1 Part",
    '{ "dmesg": [ {',
    "1767323045.000000 ",
    "Fri 2026-01-02 03:04:05 UTC ",
    "10.0.0.5:66 6.8.0,6,1,1,-",
]
FILL = [
    " ",
    "a",
    "1",
    "[",
    "]",
    "<",
    ">",
    ":",
    "-",
    ",",
    ";",
    '"',
    "\\",
    "{",
    "}",
    "=",
    "*",
    "/",
    "@",
    ".",
    "\r",
    "\x1b",
    "\x1b[",
    "\0",
    "\xe4",
    "[ ",
    "] ",
    ": ",
    "a ",
    "a: ",
    "a.",
    " -- ",
    "#012",
    "\\x",
    "[1.",
    "<1>",
    "[T1]",
    ",a=b",
    "[    1.000000] ",
    "[ ]",
    "a@",
    '\\"',
    '{"',
]
TAILS = ["\n", "]\n", "[    1.000000] x\n"]


@pytest.mark.parametrize("head", HEADS)
def test_a_long_line_takes_no_longer_than_its_length(head: str) -> None:
    # 64 KB take about a millisecond; anything that squares with the length takes minutes.
    for fill in FILL:
        for tail in TAILS:
            data = (head + fill * (65536 // len(fill)) + tail).encode("latin-1")
            started = time.perf_counter()
            read_bytes(data)
            assert time.perf_counter() - started < 2, (head, fill, tail)


def test_a_hole_of_nuls_hides_nothing_behind_it() -> None:
    lines, _, _ = read_bytes(b"\0" * 200_000 + b"\n[   12.000000] EXT4-fs (sda1): error\n")
    assert [line.text for line in lines if line.text.startswith("EXT4")] == ["EXT4-fs (sda1): error"]
