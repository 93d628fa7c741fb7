"""What modules say of themselves."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import elf, modinfo, modules
from kernward.kernels.kernel import Kernel
from kernward.kernels.modinfo import Parameter
from tests.kernels import making


def test_all_entries_are_read() -> None:
    info = modinfo.module_info(
        making.module(
            "snd_x",
            "softdep=pre: crc32c snd-seq post: after",
            "alias=pci:v1d2",
            "alias=x",
            "firmware=x.bin",
            "parm=index:Which card",
            "parmtype=index:array of int",
            "parmtype=quiet:bool",
            depends="snd,snd-pcm",
        )
    )
    assert info.name == "snd_x"
    assert info.license == "GPL"
    assert info.in_tree
    assert info.depends == ("snd", "snd_pcm")
    assert info.soft_before == ("crc32c", "snd_seq")
    assert info.soft_after == ("after",)
    assert info.aliases == ("pci:v1d2", "x")
    assert info.firmware == ("x.bin",)
    assert info.parameters == (
        Parameter("index", "array of int", "Which card"),
        Parameter("quiet", "bool", None),
    )


def test_a_real_module_says_what_modinfo_shows(kernel: Kernel) -> None:
    info = modules.info(kernel, "netconsole")
    assert info.license == "GPL"
    assert info.vermagic is not None
    assert info.vermagic.startswith(f"{kernel.release} SMP preempt mod_unload modversions")
    assert (
        Parameter(
            "netconsole", "string", " netconsole=[src-port]@[src-ip]/[dev],[tgt-port]@<tgt-ip>/[tgt-macaddr]"
        )
        in info.parameters
    )


def test_what_is_no_module_is_an_error() -> None:
    with pytest.raises(ValueError, match="not an ELF file"):
        modinfo.module_info(b"#!/bin/sh")
    with pytest.raises(ValueError, match=r"no \.modinfo"):
        modinfo.module_info(making.elf({".text": (1, b"x")}))


@given(
    damage=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=30), end=st.integers(0, 700)
)
def test_a_damaged_module_is_read_or_refused(damage: list[tuple[int, int]], end: int) -> None:
    data = bytearray(making.module("x", "softdep=pre: y", depends="a,b"))
    for at, value in damage:
        if at < len(data):
            data[at] = value
    with contextlib.suppress(ValueError):
        modinfo.module_info(bytes(data[:end]))


def test_a_table_of_more_sections_than_the_file_can_hold_is_refused() -> None:
    data = bytearray(making.elf({".text": (1, b"x")}))
    data[0x3C:0x3E] = b"\xff\xff"
    with pytest.raises(ValueError, match="outside"):
        list(elf.sections(bytes(data)))
