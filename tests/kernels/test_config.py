"""Reading a .config."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import config
from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError


def test_options_are_read_as_kconfig_writes_them() -> None:
    text = """
    # Automatically generated file; DO NOT EDIT.
    CONFIG_KASAN=y
    CONFIG_EXT4_FS=m
    # CONFIG_KCSAN is not set
    CONFIG_HZ=250
    CONFIG_LOCALVERSION=""
    CONFIG_CMDLINE="console=ttyS0 a=\\"b c\\" \\\\"
    CONFIG_OLD=n
    """
    lines = [line.strip() for line in text.split("\n")]
    assert config.parse(lines) == {
        "CONFIG_KASAN": "y",
        "CONFIG_EXT4_FS": "m",
        "CONFIG_HZ": "250",
        "CONFIG_LOCALVERSION": "",
        "CONFIG_CMDLINE": 'console=ttyS0 a="b c" \\',
    }


def test_the_last_line_of_an_option_wins() -> None:
    assert config.parse(["CONFIG_A=y", "CONFIG_B=y", "# CONFIG_A is not set", "CONFIG_B=m"]) == {
        "CONFIG_B": "m"
    }


def test_a_real_config_has_what_debian_says(kernel: Kernel) -> None:
    options = config.config_of(kernel)
    assert options["CONFIG_64BIT"] == "y"
    assert options["CONFIG_HZ"] == "250"
    assert "CONFIG_KASAN" not in options
    assert len(options) > 2000


def test_a_kernel_without_a_config_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="kernel 6.1 has no config"):
        config.config_of(Kernel(release="6.1", image=tmp_path / "bzImage", origin="image", version=None))


@given(
    st.dictionaries(
        st.from_regex(r"CONFIG_[A-Z0-9_]{1,9}", fullmatch=True), st.sampled_from(["y", "m", "3", "0x1f"])
    )
)
def test_what_is_written_is_read(options: dict[str, str]) -> None:
    assert config.parse(f"{name}={value}" for name, value in options.items()) == options


@given(st.lists(st.text(max_size=60)))
def test_noise_is_no_option(lines: list[str]) -> None:
    assert all(name.startswith("CONFIG_") for name in config.parse(lines))
