"""The same kernel messages give the same texts in whatever format they are written down."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.logs.sources import Buffer
from tests.logs.reading import read_bytes

# What a kernel prints, and some of what makes it hard to read: braces, quotes, stamps, UTF-8.
WORDS = st.sampled_from(
    [
        "usb",
        "1-1:",
        "new device",
        "[drm]",
        "[ 12.345678]",
        '"',
        "\\",
        "{",
        "}",
        "kernel:",
        "%",
        "ä",
        "…",
        "EXT4-fs (sda1):",
        "error -5",
        "CPU#0",
        "<IRQ>",
        " ? foo+0x1/0x2",
        "a,b;c",
        "login:",
        "=",
        "x=1",
        "---[ end trace ]---",
        "[<ffffffff81000000>]",
        "Modules linked in:",
        "# ",
        "ncfrag=0/1",
    ]
)
TEXTS = (
    st.lists(WORDS, min_size=1, max_size=5)
    .map(" ".join)
    .map(str.rstrip)
    .filter(
        # A line that begins with a caller or a level is, to a reader, one with a caller or a level.
        lambda text: text and not text.startswith(("[ 12", "<6>"))
    )
)
MESSAGES = st.lists(TEXTS, min_size=1, max_size=20)


def _stamp(number: int) -> str:
    return f"[{number + 1:5}.{number:06}]"


def _each(template: str) -> Callable[[list[str]], bytes]:
    def render(texts: list[str]) -> bytes:
        return "".join(
            template.format(text=text, stamp=_stamp(i), n=i, s=i + 1) + "\n" for i, text in enumerate(texts)
        ).encode()

    return render


def _kmsg(prefix: str = "") -> Callable[[list[str]], bytes]:
    def escaped(text: str) -> str:
        return "".join(
            chr(byte) if 32 <= byte < 127 and byte != 0x5C else f"\\x{byte:02x}" for byte in text.encode()
        )

    def render(texts: list[str]) -> bytes:
        return "".join(
            f"{prefix}6,{i},{(i + 1) * 1000000 + i},-;{escaped(text)}\n SUBSYSTEM=usb\n DEVICE=c189:1\n"
            for i, text in enumerate(texts)
        ).encode()

    return render


def _fragments(texts: list[str]) -> bytes:
    out = b""
    for line in _kmsg()(texts).split(b"\n SUBSYSTEM=usb\n DEVICE=c189:1\n")[:-1]:
        head, _, text = line.partition(b";")
        body = text + b"\n SUBSYSTEM=usb\n"
        step = max(1, len(body) // 3)
        for at in range(0, len(body), step):
            out += b"%b,ncfrag=%d/%d;%b\n" % (head, at, len(body), body[at : at + step])
    return out


def _dmesg_json(texts: list[str]) -> bytes:
    records = [{"pri": 6, "time": float(f"{i + 1}.{i:06}"), "msg": text} for i, text in enumerate(texts)]
    return json.dumps({"dmesg": records}, indent=3, ensure_ascii=False).encode()


def _entry(number: int, text: str) -> dict[str, str]:
    return {
        "__CURSOR": f"s=1;i={number}",
        "__REALTIME_TIMESTAMP": str(1767323045000000 + number),
        "_SOURCE_MONOTONIC_TIMESTAMP": str((number + 1) * 1000000 + number),
        "_TRANSPORT": "kernel",
        "_HOSTNAME": "web1",
        "_BOOT_ID": "0123456789abcdef0123456789abcdef",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "kernel",
        "MESSAGE": text,
    }


def _journal_json(texts: list[str]) -> bytes:
    return "".join(json.dumps(_entry(i, text)) + "\n" for i, text in enumerate(texts)).encode()


def _journal_bytes(texts: list[str]) -> bytes:
    entries = [_entry(i, text) | {"MESSAGE": list(text.encode())} for i, text in enumerate(texts)]
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def _journal_export(texts: list[str]) -> bytes:
    return "".join(
        "".join(f"{name}={value}\n" for name, value in _entry(i, text).items()) + "\n"
        for i, text in enumerate(texts)
    ).encode()


def _journal_export_binary(texts: list[str]) -> bytes:
    out = b""
    for i, text in enumerate(texts):
        for name, value in _entry(i, text).items():
            raw = value.encode()
            if name == "MESSAGE":
                out += name.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"
            else:
                out += name.encode() + b"=" + raw + b"\n"
        out += b"\n"
    return out


def _pstore(texts: list[str]) -> bytes:
    half = len(texts) // 2
    lines = _each("<6>{stamp} {text}")(texts).split(b"\n")[:-1]
    parts = [lines[half:], lines[:half]]
    return b"".join(
        b"Panic#1 Part%d\n" % number + b"".join(line + b"\n" for line in part)
        for number, part in enumerate(parts, 1)
    )


RENDERED: dict[str, tuple[str, Callable[[list[str]], bytes]]] = {
    "console": ("console", _each("{stamp} {text}")),
    "console, serial": ("console", _each("<6>{stamp}[    T1] {text}\r")),
    "console, coloured": ("console", _each("\x1b[32m{stamp} \x1b[0m\x1b[1m{text}\x1b[0m\r")),
    "console, collected": ("console-collected", _each("2026-01-02T03:04:05Z web1: {stamp} {text}")),
    "dmesg -x": ("dmesg", _each("kern  :info  : {stamp} {text}")),
    "dmesg -T": ("dmesg", _each("[Fri Jan  2 03:04:05 2026] {text}")),
    "dmesg -e": ("dmesg-reltime", _each("[  +0.{n:06}] {text}")),
    "dmesg -d": ("dmesg", _each("[{s:5}.{n:06} <    0.000012>] {text}")),
    "dmesg iso": ("dmesg", _each("2026-01-02T03:04:05,{n:06}+00:00 {text}")),
    "dmesg --json": ("dmesg-json", _dmesg_json),
    "syslog": ("syslog", _each("Jan  2 03:04:05 web1 kernel: {stamp} {text}")),
    "syslog with priority": ("syslog", _each("<6>Jan  2 03:04:05 web1 kernel: {stamp} {text}")),
    "syslog iso": ("syslog-iso", _each("2026-01-02T03:04:05.123456+00:00 web1 kernel: {stamp} {text}")),
    "syslog 5424": ("syslog-rfc5424", _each("<6>1 2026-01-02T03:04:05Z web1 kernel - - - {stamp} {text}")),
    "short-monotonic": ("journal-monotonic", _each("{stamp} web1 kernel: {text}")),
    "short-unix": ("journal-unix", _each("1767323045.{n:06} web1 kernel: {text}")),
    "short-full": ("journal-full", _each("Fri 2026-01-02 03:04:05 UTC web1 kernel: {text}")),
    "kmsg": ("kmsg", _kmsg()),
    "netconsole": ("netconsole", _kmsg("10.0.0.5: 6.8.0,")),
    "netconsole, fragments": ("netconsole", _fragments),
    "journal json": ("journal-json", _journal_json),
    "journal json, bytes": ("journal-json", _journal_bytes),
    "journal export": ("journal-export", _journal_export),
    "journal export, binary": ("journal-export", _journal_export_binary),
    "pstore": ("pstore", _pstore),
}
TIMELESS = {"dmesg -T", "dmesg -e", "dmesg iso", "short-unix", "short-full"}


@pytest.mark.parametrize("name", RENDERED)
@given(texts=MESSAGES)
def test_texts_are_the_messages(name: str, texts: list[str]) -> None:
    form, render = RENDERED[name]
    lines, problems, found = read_bytes(render(texts))
    assert problems == []
    assert found == form
    if form == "pstore":
        lines = lines[1:]
    assert [line.text for line in lines] == texts
    if name not in TIMELESS:
        assert [line.monotonic_s for line in lines] == [
            pytest.approx(i + 1 + i / 1e6) for i in range(len(texts))
        ]


@pytest.mark.parametrize("name", RENDERED)
@given(texts=MESSAGES, chunk=st.integers(1, 300))
def test_the_size_of_chunks_does_not_matter(name: str, texts: list[str], chunk: int) -> None:
    data = RENDERED[name][1](texts)
    small = read_bytes(data, Buffer(chunk=chunk, kept=chunk, longest=1 << 16))
    assert small == read_bytes(data)


@pytest.mark.parametrize("name", RENDERED)
@given(texts=MESSAGES)
def test_spans_hold_the_texts(name: str, texts: list[str]) -> None:
    data = RENDERED[name][1](texts)
    lines, _, _ = read_bytes(data)
    for line in lines:
        raw = data[line.start : line.end]
        if line.text.isascii() and not set(line.text) & set('"\\') and "ncfrag" not in raw.decode("latin-1"):
            shown = raw if name != "journal json, bytes" else line.text.encode()
            assert line.text.encode() in shown
