"""Where one boot ends and the next begins, in the logs in which that is easily missed."""

from pathlib import Path

import pytest

from tests.events import cases

BANNER = (
    "Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld "
    "(GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
)
TRAP = "traps: imgproxy[91] general protection fault ip:4016f1 sp:7ffd6 error:0 in imgproxy[401000+a4000]"


def boots_of(text: str, folder: Path) -> int:
    (folder / "log").write_text(text)
    return len({event.boot for event in cases.events_of(folder / "log")})


@pytest.mark.parametrize(
    ("line", "boots"),
    [("printk: bootconsole [earlyser0] disabled", 1), ("printk: console [netcon0] enabled", 2)],
    ids=["a-console-that-takes-over-repeats-the-banner", "netconsole-does-not"],
)
def test_a_second_banner_soon_after_the_first(line: str, boots: int, tmp_path: Path) -> None:
    first = f"[    0.000000] {BANNER}\n[    6.100000] {TRAP}\n[    6.700000] {line}\n"
    assert boots_of(first + f"[    0.000000] {BANNER}\n[    7.100000] {TRAP}\n", tmp_path) == boots


def test_another_boot_id_is_another_boot_whatever_stands_before_it(tmp_path: Path) -> None:
    def entry(boot: str, stamp_us: int, text: str) -> str:
        return (
            f'{{"_TRANSPORT":"kernel","_BOOT_ID":"{boot * 32}","_SOURCE_MONOTONIC_TIMESTAMP":"{stamp_us}",'
            f'"_HOSTNAME":"web-1","PRIORITY":"4","MESSAGE":"{text}"}}\n'
        )

    boot = [(0, BANNER), (6_100_000, TRAP), (6_700_000, "printk: bootconsole [earlyser0] disabled")]
    text = "".join(entry(name, stamp_us, line) for name in "ab" for stamp_us, line in boot)
    assert boots_of(text, tmp_path) == 2
