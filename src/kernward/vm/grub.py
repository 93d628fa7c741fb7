"""GRUB for BIOS on a disk image: boot sector, core image in the gap before the first partition, environment.

This is what grub-install does to a disk, done to bytes: no device, no mount and no root are needed. The
formats are GRUB's own: boot/i386/pc/boot.S and diskboot.S (block list), lib/envblk.h (environment).
"""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kernward.records.errors import InputError
from kernward.vm import programs

SECTOR = 512
# Where the first partition starts, as all partitioning tools have it: at 1 MB.
PARTITION_SECTOR = 2048
ENVIRONMENT_BYTES = 1024
_SIGNATURE = b"# GRUB Environment Block\n"
# Fields of boot.S: where the core image starts, and the check of the drive number by the BIOS.
_KERNEL_SECTOR, _DRIVE_CHECK = 0x5C, 0x66
_TABLE, _LINUX = 446, 0x83
# The block list of diskboot.S ends its sector and grows downwards: start, count, segment.
_BLOCK_LIST = struct.Struct("<QHH")
_SEGMENT = 0x820
_FOLDER = Path("/usr/lib/grub/i386-pc")
_MODULES = (
    "biosdisk", "part_msdos", "ext2", "normal", "linux", "loadenv", "test", "echo", "serial", "terminal",
    "regexp", "configfile", "sleep", "reboot", "halt",
)  # fmt: skip


def missing() -> tuple[tuple[str, str], ...]:
    """What this machine lacks to write a boot loader: (what, the package of Debian that has it).

    Where apt-get is there, these are fetched and unpacked without being installed.
    """
    lacks = []
    if shutil.which("grub-mkimage", path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
        lacks.append(("grub-mkimage", "grub-common"))
    if not (_FOLDER / "boot.img").exists():
        lacks.append((str(_FOLDER), "grub-pc-bin"))
    return tuple(lacks)


def disk_start(home: Path, size_mb: int) -> bytes:
    """The first megabyte of a disk with one partition of `size_mb` that GRUB boots from."""
    boot, core = _images(home)
    start = boot_sector(boot, size_mb * 2048) + core_image(core)
    if len(start) > PARTITION_SECTOR * SECTOR:
        raise InputError(f"GRUB's core image of {len(core)} bytes does not fit before the first partition")
    return start.ljust(PARTITION_SECTOR * SECTOR, b"\0")


def boot_sector(boot: bytes, sectors: int) -> bytes:
    """The master boot record: GRUB's boot.img, and a table of one active partition of that many sectors."""
    if len(boot) != SECTOR:
        raise InputError(f"GRUB's boot.img has {len(boot)} bytes, not {SECTOR}")
    record = bytearray(boot)
    struct.pack_into("<Q", record, _KERNEL_SECTOR, 1)
    # On a hard disk GRUB does not believe a BIOS that names a floppy (util/setup.c does the same).
    record[_DRIVE_CHECK : _DRIVE_CHECK + 2] = b"\x90\x90"
    # Cylinders, heads and sectors are past their end, as for every partition that is addressed by number.
    record[_TABLE : _TABLE + 64] = struct.pack(
        "<B3sB3sII48x", 0x80, b"\xfe\xff\xff", _LINUX, b"\xfe\xff\xff", PARTITION_SECTOR, sectors
    )
    record[-2:] = b"\x55\xaa"
    return bytes(record)


def core_image(core: bytes) -> bytes:
    """The core image as it stands behind the boot sector, with the list of the blocks that it loads."""
    sectors = -(-len(core) // SECTOR)
    whole = bytearray(core.ljust(sectors * SECTOR, b"\0"))
    place = SECTOR - _BLOCK_LIST.size
    if len(whole) < 2 * SECTOR or _BLOCK_LIST.unpack_from(whole, place)[2] != _SEGMENT:
        raise InputError(
            "GRUB's core image does not start with a block list: it is not one for a BIOS's disk"
        )
    # The first sector is loaded by the boot sector; it loads the rest, which starts at sector 2.
    _BLOCK_LIST.pack_into(whole, place, 2, sectors - 1, _SEGMENT)
    return bytes(whole)


def environment_block(values: Mapping[str, str]) -> bytes:
    """The file grubenv."""
    block = _SIGNATURE + b"".join(f"{name}={value}\n".encode() for name, value in values.items())
    if len(block) > ENVIRONMENT_BYTES:
        raise InputError(
            f"GRUB's environment holds {ENVIRONMENT_BYTES} bytes, and {len(block)} were to be written"
        )
    return block.ljust(ENVIRONMENT_BYTES, b"#")


def environment(block: bytes) -> dict[str, str]:
    """What a grubenv says."""
    if not block.startswith(_SIGNATURE):
        raise InputError("this is not an environment block of GRUB")
    lines = block.decode(errors="replace").split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _images(home: Path) -> tuple[bytes, bytes]:
    """boot.img, and a core image that finds its files in /boot/grub of the first partition."""
    program, variables = programs.on_host("grub-mkimage", home)
    folder = _FOLDER
    if not (folder / "boot.img").exists():
        folder = programs.unpacked("grub-pc-bin", home) / "usr/lib/grub/i386-pc"
    with tempfile.TemporaryDirectory() as work:
        core = Path(work, "core.img")
        result = subprocess.run(
            [program, "-O", "i386-pc", "-d", folder, "-p", "(hd0,msdos1)/boot/grub", "-o", core, *_MODULES],
            capture_output=True,
            text=True,
            check=False,
            env=variables,
        )
        if result.returncode:
            said = result.stderr.strip().splitlines() or ["no reason given"]
            raise InputError(f"grub-mkimage could not make a core image: {said[-1]}")
        return (folder / "boot.img").read_bytes(), core.read_bytes()
