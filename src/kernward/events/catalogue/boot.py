"""The banner: the first line every kernel prints, with its release, its builder and its build."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_DATE = re.compile(
    r"\((\d{4}-\d\d-\d\d)\)$|([A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d [\w+-]{1,6} \d{4})$"
)


def read(reading: Reading) -> None:
    """The date stands at the end of the build: as a date (Debian) or as `date` prints it."""
    if match := _DATE.search(reading.fields.get("build") or ""):
        reading.fields["build_date_text"] = match[1] or match[2]


KIND = Kind(
    id="boot",
    title="Kernel boot",
    class_="state",
    severity="info",
    subsystem="init",
    patterns=(
        Pattern(
            literal="Linux version ",
            regex=(
                r"Linux version (?P<release>\d[^ ]{0,80}) \((?P<builder>[^()@ ]{1,80}@[^() ]{1,80})\)(?:"
                r" \((?P<compiler>.{1,250}?)\) (?P<build>#\d{1,9}(?: .{0,200})?$))?"
            ),
        ),
    ),
    fields=(
        Field("release", "str", "kernel release, as `uname -r` says it"),
        Field("builder", "str", "user and host that built it"),
        Field("compiler", "str", "compiler and linker"),
        Field("build", "str", "build number and options, as `uname -v` says it"),
        Field("build_date_text", "str", "build date as the banner words it"),
    ),
    read=read,
    printed_by=(
        "init/main.c:start_kernel",
        "init/version-timestamp.c:linux_banner",
    ),
    meaning=(
        "A kernel started here. Every line after it belongs to a new boot, with a new clock, new taint and "
        "a new set of addresses. In the middle of a log that shows no shutdown before it, the banner is "
        "itself a finding: the machine went down without a word, by a reset, a power loss, a watchdog, or a "
        "crash whose report never reached this log. The second boot of a pair may be the kdump kernel, "
        "which its command line tells."
    ),
    next_steps=(
        (
            "Look at the lines before the banner: `reboot: Restarting system` is an orderly restart, "
            "silence is not."
        ),
        (
            "Compare release and build with what the host should run: `uname -rv`, the package version, the "
            "boot loader's entry."
        ),
        (
            "After an unexplained restart read /sys/fs/pstore, the BMC's event log (`ipmitool sel list`) "
            "and /var/crash."
        ),
    ),
    confused_with=(
        (
            "kernel-command-line: printed a little later in the same boot; it says with which options, not "
            "which kernel"
        ),
        "reboot: the orderly end of the boot before",
    ),
    example="""\
[    0.000000] Linux version 6.1.0-13-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)""",
    near_miss="[    4.120941] usb 1-1: Manufacturer: Linux version 5.10.0 dwc2_hsotg",
)
