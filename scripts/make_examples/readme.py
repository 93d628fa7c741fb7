"""examples/README.md, written from truth.json so that the two cannot disagree."""

from typing import Any

OPENING = """\
# Logs of real kernels, broken on purpose

Each folder is one host: a Debian kernel that booted under QEMU (without hardware virtualisation) to a
busybox initramfs, in which something was then made to go wrong. Nothing in these files was written or
edited by hand; they are what came out of the serial port or the logging daemon. The clocks were set so
that the hosts share one night, 2026-11-18.

    kernward triage examples/

| file | what it is |
|---|---|
| `console.log` | the serial console: printk with time stamps, CR LF line ends, a login prompt in between, and on some hosts what SeaBIOS prints before |
| `dmesg.json` | `dmesg --json` of util-linux 2.38 (Debian 12), run in the guest after the fault |
| `kern.log` | rsyslogd 8.2302 (Debian 12) with imklog, in its traditional form or with ISO time stamps |
| `messages` | the file of busybox's syslogd, fed by its klogd |
| `netconsole.log` | what a UDP receiver wrote down of netconsole, plain or extended |
| `pstore/dmesg-ramoops-1` | what ramoops kept of a panic over the restart |
| `*.zst` | the same, compressed where it is bigger than 60 KB |

`truth.json` says for each file what was done to the host and which kinds of event a log of it must
hold; `tests/examples/` checks that they are found. More may be found, and rightly: one fault has
consequences.

## Made by

    python -m scripts.make_examples [HOST …]

in a checkout, on Debian with qemu-system-x86, busybox-static's package source, e2fsprogs, gcc-12, make,
zstd and apt-get; no privileges are needed, and nothing is installed. The script downloads the kernels
and the programs from Debian's archive, compiles `guest/misbehave.c` (a program that does one thing
wrong, under the name of the service it stands for) and, for faults inside the kernel, builds
`guest/faultlab.c` (a module that does one thing wrong) against the kernel's own headers. What happens in
a guest is in `scripts/make_examples/faults/*.sh`, one file a fault; which host gets which is in
`scripts/make_examples/hosts.py`. The archive drops old kernels: where one is gone, name a newer there.

Host names, pod names, and the addresses of the SYN flood (198.51.100.0/24) are invented. The kernels are
not patched; the console carries no caller tags because Debian builds without CONFIG_PRINTK_CALLER.

## What was done to whom

| host | kernel | files | injected |
|---|---|---|---|
"""


def readme(truth: dict[str, Any]) -> str:
    hosts: dict[str, list[str]] = {}
    for name in sorted(truth):
        hosts.setdefault(truth[name]["host"], []).append(name)
    rows = []
    for host, names in sorted(hosts.items()):
        about = truth[names[0]]
        files = ", ".join(f"`{name.partition('/')[2]}`" for name in names)
        injected = "<br>".join(fault["what"] for fault in about["faults"])
        rows.append(f"| {host} | {about['kernel']} | {files} | {injected} |\n")
    return OPENING + "".join(rows)
