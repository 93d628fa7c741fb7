"""Make the logs under examples/: boot Debian's kernels in QEMU, break them, keep what they print.

Run as `python -m scripts.make_examples` in the repository; needs qemu-system-x86, busybox-static,
e2fsprogs, gcc, util-linux and apt-get, and no privileges. Every host of hosts.py is one boot of
some 10 to 60 seconds. What was injected where is written to examples/truth.json.
"""

import argparse
import json
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from . import disks, machine, packages
from .fault import Fault, read_fault
from .hosts import HEALTHY, HOSTS, Host
from .initramfs import Archive, add_modules
from .readme import readme

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# Logs of more bytes than this are kept compressed.
EXAMPLE_PLAIN, HEALTHY_PLAIN = 60_000, 24_000

# Programs taken from packages: the package of each, and what else must be unpacked to run it.
PROGRAMS = {
    "rsyslogd": ("rsyslog", "usr/sbin/rsyslogd", ("libestr0", "libfastjson4", "liblognorm5")),
    "nft": (
        "nftables",
        "usr/sbin/nft",
        ("libnftables1", "libnftnl11", "libmnl0", "libxtables12", "libjansson4"),
    ),
    "dmsetup": ("dmsetup", "sbin/dmsetup", ("libdevmapper1.02.1",)),
    "mdadm": ("mdadm", "sbin/mdadm", ("libudev1",)),
    "dmesg": ("util-linux", "bin/dmesg", ()),
}
# What udev would load on the machine that has hardware.
HARDWARE = (
    "ext4", "crc32c_generic", "ahci", "sd_mod", "sg", "nvme", "e1000e", "xhci_pci", "usb_storage", "uas",
    "usbhid", "hid_generic", "i2c_i801", "lpc_ich", "iTCO_wdt", "i6300esb", "bochs", "virtio_rng", "evdev",
    "psmouse", "pcspkr", "button", "serio_raw", "intel_agp", "joydev", "fuse", "loop", "dm_mod",
    "efi_pstore", "ip_tables",
)  # fmt: skip
SUFFIX = {
    "console": "console.log",
    "dmesg": "dmesg.json",
    "busybox": "messages",
    "rsyslog": "kern.log",
    "rsyslog-iso": "kern.log",
    "netconsole": "netconsole.log",
    "netconsole-extended": "netconsole.log",
    # The oops is record 0; the panic that follows it is record 1 and holds both.
    "pstore": "pstore/dmesg-ramoops-1",
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


def build(
    host: Host, kernel: packages.Kernel, chosen: list[Fault], options: dict[str, str], cache: Path
) -> bytes:
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
    wanted = [
        *(HARDWARE if host.hardware else ()),
        "virtio_pci",
        "virtio_blk",
        *(("virtio_net", "netconsole") if options else ()),
        *(each for fault in chosen for each in fault.modules),
    ]
    order = add_modules(archive, kernel, wanted)
    if any(fault.lab for fault in chosen):
        lab = packages.build_module(HERE / "guest/faultlab.c", kernel.release, cache)
        archive.file("/modules/faultlab.ko", lab.read_bytes())
        order.append("faultlab")
    for module, parameters in options.items():
        archive.file(f"/modules/{module}.options", parameters.encode())
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
    chosen = [read_fault(name) for name in host.faults]
    kernel = packages.Kernel(host.kernel, cache)
    image = work / "initramfs"
    needs_initramfs = all(fault.initramfs for fault in chosen)
    receiver = None
    options: dict[str, str] = {}
    extended = "netconsole-extended" in host.captures
    if extended or "netconsole" in host.captures:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        to = f"{receiver.getsockname()[1]}@10.0.2.2/52:55:0a:00:02:02"
        options["netconsole"] = f"netconsole={'+' if extended else ''}6665@10.0.2.15/eth0,{to}"
    image.write_bytes(build(host, kernel, chosen, options, cache) if needs_initramfs else b"")
    attached = [output := disks.blank(work / "output", disks.OUTPUT_MB)]
    attached += [disks.make(fault.disk, work / fault.name, work, cache) for fault in chosen if fault.disk][:1]
    append = ("console=ttyS0,115200 panic=1", host.append, *(fault.append for fault in chosen))
    console = work / "console"
    ended, received = machine.run(
        machine.Boot(
            image=kernel.image,
            initramfs=image,
            append=" ".join(filter(None, append)),
            console=console,
            clock=host.clock,
            disks=attached,
            memory_mb=host.memory_mb,
            bios_on_serial=host.bios_on_serial,
            hardware=host.hardware,
            restarts=any(fault.restarts for fault in chosen),
            bad_sector=any(fault.bad_sector for fault in chosen),
            netconsole=receiver,
            monitor=tuple(command for fault in chosen for command in fault.monitor),
        )
    )
    if not ended:
        print(f"{host.name}: did not end in time; its console is kept all the same", file=sys.stderr)
    found: dict[str, bytes] = {}
    said = inside(output, "faults.txt")
    (cache / f"{host.name}.faults").unlink(missing_ok=True)
    if said:  # What the scripts themselves said: of use only to whoever writes one.
        (cache / f"{host.name}.faults").write_bytes(said)
    (cache / f"{host.name}.console").write_bytes(console.read_bytes())
    for form in host.captures:
        if form == "console":
            found[SUFFIX[form]] = console.read_bytes()
        elif form.startswith("netconsole"):
            found[SUFFIX[form]] = received
        else:
            name = SUFFIX[form]
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


def write(path: Path, data: bytes, plain_below: int) -> None:
    """Write a log, compressed (and named so) when it is big."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".zst").unlink(missing_ok=True)
    if len(data) > plain_below:
        subprocess.run(["zstd", "-q", "-19", "-o", f"{path}.zst"], input=data, check=True)
    else:
        path.write_bytes(data)


def save_example(host: Host, found: dict[str, bytes], out: Path) -> None:
    """Write a host's logs."""
    folder = out / host.name
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in found.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write(folder / name, data, EXAMPLE_PLAIN)


def describe(out: Path) -> None:
    """Write truth.json and README.md for the logs that are there."""
    truth = {}
    for host in HOSTS:
        injected = [
            {"fault": fault.name, "what": fault.what, "kinds": fault.kinds}
            for fault in map(read_fault, host.faults)
        ]
        for form in host.captures:
            for name in (f"{host.name}/{SUFFIX[form]}", f"{host.name}/{SUFFIX[form]}.zst"):
                if (out / name).exists():
                    truth[name] = {"host": host.name, "kernel": host.kernel, "faults": injected}
    (out / "truth.json").write_text(json.dumps(dict(sorted(truth.items())), indent=2) + "\n")
    (out / "README.md").write_text(readme(truth))


def save_healthy(host: Host, found: dict[str, bytes], out: Path) -> None:
    """Write the logs of a boot without faults, compressed where they are big."""
    out.mkdir(parents=True, exist_ok=True)
    used = "used" if host.faults else "boot"
    for name, data in found.items():
        write(out / f"{host.kernel}-{used}-{name.partition('.')[0]}.log", data, HEALTHY_PLAIN)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make_examples", description=__doc__.split("\n\n")[0])
    parser.add_argument("host", nargs="*", help="only these hosts (default: all)")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / ".cache/examples", help="where packages are kept"
    )
    parser.add_argument("--out", type=Path, help="instead of examples/, or of tests/healthy/ with --healthy")
    parser.add_argument("--healthy", action="store_true", help="boot without faults, for tests/healthy/")
    parser.add_argument("--describe", action="store_true", help="only write truth.json and README.md again")
    arguments = parser.parse_args()
    if arguments.describe:
        describe(arguments.out or ROOT / "examples")
        return 0
    cache = arguments.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    hosts, save, usual = (
        (HEALTHY, save_healthy, ROOT / "tests/healthy")
        if arguments.healthy
        else (HOSTS, save_example, ROOT / "examples")
    )
    for host in hosts:
        if arguments.host and host.name not in arguments.host:
            continue
        with tempfile.TemporaryDirectory(dir=cache) as work:
            try:
                found = capture(host, cache, Path(work))
            except packages.Unavailable as problem:
                print(f"{host.name}: {problem}", file=sys.stderr)
                return 2
        save(host, found, arguments.out or usual)
        sizes = ", ".join(f"{name} {len(data):,} bytes" for name, data in found.items())
        print(f"{host.name} ({host.kernel}): {sizes}", flush=True)
    if not arguments.healthy:
        describe(arguments.out or usual)
    return 0


sys.exit(main())
