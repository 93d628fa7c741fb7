"""A crash capture holds all that the kernel said, its memory, and a manifest that says so."""

import json
from pathlib import Path

import pytest

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError, UsageError
from kernward.vm.bed import Bed
from kernward.vm.crash import capture, vmcoreinfo_release
from kernward.vm.inject import find_fault
from kernward.vm.qemu_dump import PIECE, SIGNATURE, best_form, reassemble


def test_a_panic_is_kept_whole(bed: Bed, each_kernel: Kernel, tmp_path: Path) -> None:
    manifest = capture(bed, each_kernel, find_fault("null-pointer-in-interrupt"), tmp_path)
    kept = {file.name for file in manifest.files}
    assert {"console.log", "console.raw", "netconsole.log", "vmcore"} <= kept
    assert [name for name in kept if name.startswith("pstore/")]
    assert manifest.missing == ()
    assert manifest.panic == "Fatal exception in interrupt"
    assert manifest.pvpanic
    for name in ("console.raw", "netconsole.log"):
        assert b"kf_null_read" in (tmp_path / name).read_bytes()
    assert any(b"kf_null_read" in path.read_bytes() for path in (tmp_path / "pstore").iterdir())
    assert vmcoreinfo_release(tmp_path / "vmcore") == each_kernel.release
    written = json.loads((tmp_path / "manifest.json").read_bytes())
    assert written["kinds"] == list(manifest.kinds)
    with pytest.raises(UsageError, match="holds a capture already"):
        capture(bed, each_kernel, find_fault("null-pointer-in-interrupt"), tmp_path)


def test_drgn_opens_the_dump_and_reads_the_kernels_name(
    bed: Bed, each_kernel: Kernel, tmp_path: Path
) -> None:
    drgn = pytest.importorskip("drgn", reason="drgn is not installed (pip: kernward[cores])")
    manifest = capture(bed, each_kernel, find_fault("kernel-warning"), tmp_path)
    assert manifest.panic is None
    program = drgn.Program()
    program.set_core_dump(tmp_path / "vmcore")
    assert program.flags & drgn.ProgramFlags.IS_LINUX_KERNEL
    note = dict(
        line.split("=", 1) for line in program["VMCOREINFO"].string_().decode().splitlines() if "=" in line
    )
    assert note["OSRELEASE"] == each_kernel.release
    # utsname begins with a field of 65 bytes; its third is the release.
    address = int(note["SYMBOL(init_uts_ns)"], 16) + int(note["OFFSET(uts_namespace.name)"])
    assert program.read(address + 2 * 65, 65).split(b"\0")[0].decode() == each_kernel.release


def flattened(pieces: list[tuple[int, bytes]], end: bool = True) -> bytes:
    body = b"".join(PIECE.pack(offset, len(data)) + data for offset, data in pieces)
    return SIGNATURE.ljust(4096, b"\0") + body + (PIECE.pack(-1, -1) if end else b"")


def test_a_flattened_dump_is_put_in_order(tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.write_bytes(flattened([(8, b"later"), (0, b"KDUMP   ")]))
    reassemble(dump)
    assert dump.read_bytes() == b"KDUMP   later"
    reassemble(dump)
    assert dump.read_bytes() == b"KDUMP   later"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (flattened([(0, b"x")], end=False), "ends in the middle"),
        (flattened([(0, b"x")])[:-20], "ends in the middle"),
        (SIGNATURE.ljust(4096, b"\0") + PIECE.pack(0, 1 << 60), "no sensible place"),
        (SIGNATURE.ljust(4096, b"\0") + PIECE.pack(-5, 1), "no sensible place"),
    ],
)
def test_a_damaged_flattened_dump_is_refused_in_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    dump = tmp_path / "dump"
    dump.write_bytes(data)
    with pytest.raises(InputError, match=said):
        reassemble(dump)


def test_the_fastest_form_that_is_offered_is_taken() -> None:
    assert best_form({"formats": ["elf", "kdump-zlib", "kdump-lzo"]}) == "kdump-lzo"
    assert best_form({"formats": ["elf", "kdump-zlib", "kdump-raw-zlib"]}) == "kdump-raw-zlib"
    assert best_form({"formats": ["elf"]}) == "elf"
