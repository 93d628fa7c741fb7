"""The kernel stopped the machine."""

import re

from kernward.events.kind import Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

# Reasons that have kinds of their own.
_ELSEWHERE = "|".join(
    (
        "sysrq triggered crash",
        "Attempted to kill (?:init|the idle task)",
        "VFS: Unable to mount root fs",
        "stack-protector: ",
        "corrupted stack end detected",
        "(?:kernel: )?panic_on_warn set",
        "hung_task: ",
        "softlockup: ",
        "Hard LOCKUP",
        "RCU Stall",
        "Out of memory",
        "System is deadlocked on memory",
        "No working init found",
        "Requested init ",
        "Asynchronous SError",
        "[kK]ernel stack overflow",
        r"(?:[^:\n]{1,60}: )?Fatal exception",
        "Fatal (?:local )?[Mm]achine [Cc]heck",
        "Fatal hardware error",
        "Machine check from unknown source",
        "Timeout: Not all CPUs entered broadcast",
        "NMI",
    )
)
# What differs between two instances of one reason, most special first.
_INSTANCE = (
    (re.compile(r"\bfor [^ ]+ --- error -\d+\.?"), ""),
    (re.compile(r"0x[0-9a-f]+|\b(?=[0-9a-f]*\d)[0-9a-f]{8,16}\b"), "ADDR"),
    (re.compile(r"(?<![A-Za-z0-9])\d+(?![A-Za-z])|\d{5,}"), "NUM"),
)
_DEVICE = re.compile(r"\(device [^)\s]{1,64}\)")


def read(reading: Reading) -> None:
    """The reason without numbers, addresses and devices names the bug."""
    reason = reading.fields.get("reason")
    if not reason:
        reading.title = "kernel panic: unknown reason"
        return
    for pattern, instead in _INSTANCE:
        reason = pattern.sub(instead, reason)
    reason = reason.strip().rstrip(".").strip()
    reading.fields["reason"] = _DEVICE.sub("(device DEV)", reason)
    if reading.fields["reason"] != reason:
        # The community's name keeps the device.
        reading.alt_titles = ("kernel panic: " + reason.replace("{", "(").replace("}", ")"),)


KIND = Kind(
    id="kernel-panic",
    title="kernel panic: {reason}",
    title_without_function="kernel panic: unknown reason",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="Kernel panic - not syncing",
            regex=rf"Kernel panic - not syncing: (?!{_ELSEWHERE})(?P<reason>[^\n]{{1,200}})",
        ),
        Pattern(
            literal="Kernel panic - not syncing",
            regex=r"Kernel panic - not syncing:? ?$",
        ),
        Pattern(
            literal="Kernel panic: ",
            regex=r"Kernel panic: (?P<reason>[^\n]{1,200})",
            unprinted="kernels before 2.6.9",
        ),
    ),
    fields=(Field("reason", "str", "the reason in the kernel's words, without this instance's numbers"),),
    key=("reason",),
    extent=Extent.REPORT,
    read=read,
    printed_by=("kernel/panic.c:panic",),
    meaning=(
        "The kernel decided that going on would be worse than stopping. The text after `not "
        "syncing:` is the reason; `not syncing` means that file systems were not flushed. "
        "After it the machine waits, reboots (kernel.panic) or boots the crash kernel."
    ),
    next_steps=(
        ("Search the reason's text in the kernel source: the condition stands beside the panic() call."),
        (
            "Look at the events before it in the same boot: a panic is often the consequence of "
            "an oops, a hang or an error."
        ),
        (
            "Make the next one leave more: kdump (`kdump-config show`), pstore (`ls "
            "/sys/fs/pstore`), or a serial or net console."
        ),
    ),
    confused_with=(
        "panic-fatal-exception: the panic only ends an oops.",
        "panic-on-warn: the panic is a setting's doing.",
    ),
    example=(
        "[ 1534.540671] Kernel panic - not syncing: acme: controller 0x1f lost after 3 resets\n"
        "[ 1534.540679] CPU: 3 PID: 19190 Comm: modprobe Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 1534.540704] Call Trace:\n"
        "[ 1534.540717]  <TASK>\n"
        "[ 1534.540726]  dump_stack_lvl+0x207/0x3c0\n"
        "[ 1534.540740]  panic+0x3b6/0x7a0\n"
        "[ 1534.540744]  acme_fatal+0x977/0xa90 [acme]\n"
        "[ 1534.540749]  acme_probe+0x707/0x7f0 [acme]\n"
        "[ 1534.540762]  local_pci_probe+0x241/0x2f0\n"
        "[ 1534.540775]  do_syscall_64+0x4a9/0x4c0\n"
        "[ 1534.540837]  </TASK>\n"
        "[ 1534.540859] ---[ end Kernel panic - not syncing: acme: controller 0x1f lost after 3 "
        "resets ]---"
    ),
    near_miss="[    6.881027] app: Kernel panic - not syncing: seen on peer",
)
