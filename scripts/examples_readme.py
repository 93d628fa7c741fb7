"""Write examples/README.md from examples/truth.json, so that the two cannot disagree.

Run as `python -m scripts.examples_readme` after `kernward vm fleet` has made the examples.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from kernward.records.fleet import FleetFault, FleetHost, FleetTruth

EXAMPLES = Path(__file__).parent.parent / "examples"
OPENING = """\
# Logs of real kernels, broken on purpose

Each folder is one host: a Debian kernel that booted under QEMU to a busybox initramfs, in which something was
then made to go wrong. Nothing in these files was written or edited by hand; they are what came out of the serial
port, what a logging daemon wrote, or what it sent to the collector of the hosts' network. The clocks were set so
that the hosts share one night, 2026-11-18.

    kernward triage examples/

| file | what it is |
|---|---|
| `console.log` | the serial console: printk with time stamps, CR LF line ends, a login prompt in between, and on some hosts what SeaBIOS prints before; on others as a console server keeps it, with a time and the host's name before each line |
| `dmesg.json` | `dmesg --json` of util-linux 2.38 (Debian 12), run in the guest after the fault |
| `kern.log` | what rsyslogd 8.2302 (Debian 12) sent to the collector, with traditional or ISO times; from one host what busybox's syslogd sent |
| `syslog.log` | what rsyslogd sent in the form of RFC 5424 |
| `journal.json` | what a journal that is forwarded sends: the fields of `journalctl -o json` |
| `messages` | the file of busybox's syslogd, fed by its klogd |
| `netconsole.log` | what the collector got of netconsole, plain or extended |
| `pstore/dmesg-ramoops-N` | what ramoops kept of a panic over the restart |
| `*.zst` | the same, compressed where it is bigger than 60 KB |

[plan.toml](plan.toml) says what was to be done, `truth.json` what was: for each fault the moment at which it was
injected, the parameters, what showed it, the kernel's functions behind it, and what a diagnosis should name; for
each log the kinds of event that it must hold. `tests/examples/` checks that they are found. More may be found, and
rightly: one fault has consequences.

## Made by

    make examples

which is `kernward vm fleet examples/plan.toml --out examples` and this page's generator. It needs
qemu-system-x86, gcc, make and apt-get, and no privileges (`kernward vm doctor` tells what is missing). The kernels,
their headers and the programs come from Debian's archive. `kernward explain FAULT` tells how each fault is made.
The archive drops old kernels: where one is gone, name a newer one in the plan. `EXAMPLES_ARGS='--host web-1'` makes
one host again.

Host names, pod names, and the addresses of the SYN floods (198.51.100.0/24) are invented. The kernels are not
patched; the console carries no caller tags because Debian builds without CONFIG_PRINTK_CALLER.

## What was done to whom

| host | kernel | files | injected |
|---|---|---|---|
"""


def rows(truth: FleetTruth) -> Iterator[str]:
    """A line of the table for each host."""
    for host in sorted(truth.hosts, key=lambda host: (host.name.rpartition("-")[0], host.name)):
        files = ", ".join(f"`{log.path.partition('/')[2]}`" for log in host.logs)
        injected = "<br>".join(filter(None, (*map(told, host.faults), partner(host, truth)))) or "nothing"
        yield f"| {host.name} | {host.kernel} | {files} | {injected} |\n"


def told(fault: FleetFault) -> str:
    """A fault in a few words."""
    by = f", by {', '.join(fault.peers)}" if fault.peers else ""
    return f"`{fault.fault}`: {fault.title}{by}"


def partner(host: FleetHost, truth: FleetTruth) -> str:
    """What a host that is another's peer was there for."""
    of = [other.name for other in truth.hosts for fault in other.faults if host.name in fault.peers]
    return f"takes part in what befalls {', '.join(of)}" if of else ""


def main() -> int:
    truth = msgspec.json.decode((EXAMPLES / "truth.json").read_bytes(), type=FleetTruth)
    (EXAMPLES / "README.md").write_text(OPENING + "".join(rows(truth)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
