"""The catalogue's texts are those that Debian's 6.1 and 6.12 kernels print, or it says why not.

Needs the archive once; what was taken from the packages is kept under .cache/kernels. Where the
packages cannot be had, these tests are skipped and say so.
"""

import sys

import pytest
from scripts import kernel_strings
from scripts.kernel_strings import Judgement, KernelStrings, Verdict

from kernward.events.kind import Pattern


@pytest.fixture(scope="session")
def kernels() -> list[KernelStrings]:
    try:
        return kernel_strings.kernels()
    except kernel_strings.Unavailable as problem:
        pytest.skip(f"The catalogue is not held against real kernels: {problem}")


@pytest.fixture(scope="session")
def judgements(kernels: list[KernelStrings]) -> list[Judgement]:
    return kernel_strings.judgements(kernels)


def test_each_text_is_in_the_kernels_it_is_said_to_be_in(judgements: list[Judgement]) -> None:
    missing = [str(each) for each in judgements if each.verdict is Verdict.MISSING]
    assert not missing, "\n".join(missing)


def test_no_text_is_in_a_kernel_that_is_said_not_to_print_it(judgements: list[Judgement]) -> None:
    present = [str(each) for each in judgements if each.verdict is Verdict.PRESENT]
    assert not present, "\n".join(present)


def test_kinds_that_these_kernels_cannot_print_say_why(judgements: list[Judgement]) -> None:
    reasons = kernel_strings.cannot_print(judgements)
    for kind, why in sorted(reasons.items()):
        sys.stdout.write(f"{kind}: {'; '.join(why)}\n")  # `pytest -rP` shows the list.
    assert all(why and "its text is missing" not in why for why in reasons.values())
    # Were most of the catalogue out of these kernels' reach, the other two tests would prove little.
    assert len(reasons) < len({each.kind for each in judgements}) / 2


def test_the_strings_of_a_kernel_are_all_there(kernels: list[KernelStrings]) -> None:
    for kernel in kernels:
        assert kernel.holds("Kernel panic - not syncing"), "from the image"
        assert kernel.holds("NETDEV WATCHDOG: "), "from the image"
        assert kernel.holds("XFS_WANT_CORRUPTED") or kernel.holds("Metadata corruption detected"), "a module"
        assert kernel.strings.count(b"\0") > 300_000


SOME = KernelStrings("6.12.117-1", (6, 12, 117), b"3disk %s failed at sector %llu\0other text of the kernel")


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        (Pattern("failed at sector ", ""), Verdict.PRINTS),
        (Pattern("failed at sector 12", "", printed=("failed at sector %llu",)), Verdict.PRINTS),
        (Pattern("broke at sector ", ""), Verdict.MISSING),
        (Pattern("broke at sector ", "", until="6.11"), Verdict.OUT_OF_RANGE),
        (Pattern("broke at sector ", "", since="6.13"), Verdict.OUT_OF_RANGE),
        (Pattern("failed at sector ", "", since="6.12", until="6.12"), Verdict.PRINTS),
        (Pattern("broke at sector ", "", unprinted="its driver is off"), Verdict.CANNOT),
        (Pattern("other text of the kernel", "", unprinted="its driver is off"), Verdict.PRESENT),
        (Pattern("other text", "", unprinted="its driver is off"), Verdict.UNDECIDED),
        (Pattern("failed at sector ", "", unprinted="off in Debian's 6.1 kernels"), Verdict.PRINTS),
    ],
)
def test_a_text_is_judged_by_release_and_reason(pattern: Pattern, verdict: Verdict) -> None:
    assert kernel_strings.judge(pattern, SOME)[0] is verdict
