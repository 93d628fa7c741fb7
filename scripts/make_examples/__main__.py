"""Make the logs under examples/: boot Debian's kernels in QEMU, break them, keep what they print.

Run as `python -m scripts.make_examples` in the repository; needs qemu-system-x86, busybox-static,
e2fsprogs, gcc, util-linux and apt-get, and no privileges. Every host of hosts.py is one boot of
some 10 to 60 seconds. What was injected where is written to examples/truth.json.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from . import disks, faults, machine, packages
from .hosts import HOSTS, Host
from .initramfs import Archive, add_modules

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXAMPLES = ROOT / "examples"

# Programs taken from packages: the package of each, and what else must be unpacked to run it.
PROGRAMS = {
    "rsyslogd": ("rsyslog", "usr/sbin/rsyslogd", ("libestr0", "libfastjson4", "liblognorm5")),
    "nft": (
        "nftables",
        "usr/sbin/nft",
        ("libnftables1", "libnftnl11", "libmnl0", "libxtables12", "libjansson4"),
    ),
    "dmsetup": ("dmsetup", "sbin/dmsetup", ("libdevmapper1.02.1",)),
    "dmesg": ("util-linux", "bin/dmesg", ()),
}
SUFFIX = {
    "console": "console.log",
    "dmesg": "dmesg.json",
    "busybox": "messages",
    "rsyslog": "kern.log",
    "rsyslog-iso": "kern.log",
}
RSYSLOG = """module(load="imklog")
$ActionFileDefaultTemplate RSYSLOG_{template}
kern.* /var/log/kern.log
"""


def add_program(archive: Archive, name: str, cache: Path) -> None:
    """A real program of Debian with the libraries it needs."""
    package, path, others = PROGRAMS[name]
    folders = [packages.unpack(each, cache) for each in (package, *others)]
    archive.program("/usr/sbin/" + name if name != "dmesg" else "/usr/bin/dmesg", folders[0] / path, folders)
    if name == "rsyslogd":
        for plugin in ("lmnet", "imklog"):
            file = folders[0] / f"usr/lib/x86_64-linux-gnu/rsyslog/{plugin}.so"
            archive.file(f"/usr/lib/x86_64-linux-gnu/rsyslog/{plugin}.so", file.read_bytes(), 0o755)


def build(host: Host, kernel: packages.Kernel, chosen: list[faults.Fault], cache: Path) -> bytes:
    """The initramfs of a host."""
    archive = Archive()
    archive.device("/dev/console", 5, 1)
    archive.device("/dev/null", 1, 3)
    archive.file("/init", (HERE / "guest/init").read_bytes(), 0o755)
    archive.file(
        "/bin/busybox", (packages.unpack("busybox-static", cache) / "bin/busybox").read_bytes(), 0o755
    )
    archive.file("/usr/bin/misbehave", compiled(cache).read_bytes(), 0o755)
    archive.file("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    archive.file("/etc/issue", b"Debian GNU/Linux 12 \\n \\l\n\n")
    wanted = ["virtio_pci", "virtio_blk", *(each for fault in chosen for each in fault.modules)]
    order = add_modules(archive, kernel, wanted)
    for fault in chosen:
        archive.file(f"/faults/{fault.name}", fault.script)
        for module, parameters in fault.options.items():
            archive.file(f"/modules/{module}.options", parameters.encode())
    programs = {each for fault in chosen for each in fault.programs}
    if "dmesg" in host.captures:
        programs.add("dmesg")
    syslog = next((each for each in host.captures if "syslog" in each or each == "busybox"), "")
    if syslog.startswith("rsyslog"):
        programs.add("rsyslogd")
        template = "FileFormat" if syslog == "rsyslog-iso" else "TraditionalFileFormat"
        archive.file("/etc/rsyslog.conf", RSYSLOG.format(template=template).encode())
    for name in sorted(programs):
        add_program(archive, name, cache)
    settings = {
        "HOST": host.name,
        "MODULES": " ".join(order),
        "FAULTS": " ".join(fault.name for fault in chosen),
        "SYSLOG": syslog,
        "PAUSE": "2",
    }
    archive.file("/host.sh", "".join(f"{name}='{value}'\n" for name, value in settings.items()).encode())
    return archive.finished()


def compiled(cache: Path) -> Path:
    """The program that misbehaves, linked statically."""
    source, built = HERE / "guest/misbehave.c", cache / "misbehave"
    if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-static", "-O1", "-s", "-o", built, source], check=True)
    return built


def capture(host: Host, cache: Path, work: Path) -> dict[str, bytes]:
    """Boot a host and return the files it gives, by their suffix."""
    chosen = [faults.read(name) for name in host.faults]
    kernel = packages.Kernel(host.kernel, cache)
    image = work / "initramfs"
    needs_initramfs = all(fault.initramfs for fault in chosen)
    image.write_bytes(build(host, kernel, chosen, cache) if needs_initramfs else b"")
    output = disks.blank(work / "output", disks.OUTPUT_MB)
    attached = [output]
    attached += [disks.make(fault.disk, work / fault.name, work) for fault in chosen if fault.disk][:1]
    append = " ".join(
        ("console=ttyS0,115200 panic=1", host.append, *(fault.append for fault in chosen))
    ).strip()
    console = work / "console"
    ended = machine.run(
        machine.Boot(
            kernel.image, image, append, console, host.clock, attached, host.memory_mb, host.bios_on_serial
        )
    )
    if not ended:
        print(f"{host.name}: did not end in time; its console is kept all the same", file=sys.stderr)
    found: dict[str, bytes] = {}
    said = inside(output, "faults.txt")
    if said:  # What the scripts themselves said: of use only to whoever writes one.
        (cache / f"{host.name}.faults").write_bytes(said)
    (cache / f"{host.name}.console").write_bytes(console.read_bytes())
    for form in host.captures:
        if form == "console":
            found[SUFFIX[form]] = console.read_bytes()
        else:
            name = {"dmesg": "dmesg.json", "busybox": "messages"}.get(form, "kern.log")
            data = inside(output, name)
            if data is None:
                raise SystemExit(
                    f"{host.name}: the guest handed no {name} out; see {cache / host.name}.console"
                )
            found[SUFFIX[form]] = data
    return found


def inside(output: Path, name: str) -> bytes | None:
    """A file of the tarball that the guest wrote over its first disk; None when it is not there."""
    try:
        with tarfile.open(output, "r:") as archive:
            member = archive.extractfile(f"./{name}")
            return member.read() if member else None
    except (tarfile.TarError, KeyError):
        return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="make_examples", description=__doc__.split("\n\n")[0])
    parser.add_argument("host", nargs="*", help="only these hosts (default: all)")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / ".cache/examples", help="where packages are kept"
    )
    parser.add_argument("--out", type=Path, default=EXAMPLES)
    arguments = parser.parse_args()
    cache = arguments.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    truth_file = arguments.out / "truth.json"
    truth = json.loads(truth_file.read_text()) if truth_file.exists() else {}
    for host in HOSTS:
        if arguments.host and host.name not in arguments.host:
            continue
        with tempfile.TemporaryDirectory(dir=cache) as work:
            try:
                found = capture(host, cache, Path(work))
            except packages.Unavailable as problem:
                print(f"{host.name}: {problem}", file=sys.stderr)
                return 2
        for suffix, data in found.items():
            name = f"{host.name}.{suffix}"
            (arguments.out / name).write_bytes(data)
            truth[name] = {
                "host": host.name,
                "kernel": host.kernel,
                "faults": [
                    {"fault": fault.name, "what": fault.what, "kinds": fault.kinds}
                    for fault in map(faults.read, host.faults)
                ],
            }
            print(f"{name}: {len(data):,} bytes")
    truth_file.write_text(json.dumps(dict(sorted(truth.items())), indent=2) + "\n")
    return 0


sys.exit(main())
