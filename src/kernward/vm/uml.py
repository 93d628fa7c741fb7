"""User-mode Linux: a kernel that runs as a program of this machine, the cheapest place for unit tests.

It needs no QEMU and no rights: a kernel of `build(…, architecture="um", fragments=("kunit",))` runs its
KUnit suites in about a second and ends. It ends with the process that called `run`, and leaves no file.
"""

import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError
from kernward.vm.spawning import Warden
from kernward.vm.verdict import CommandTimedOut, ConsoleFlooded

# A suite prints a few kilobytes; beyond this the kernel prints without end.
_CONSOLE_BYTES = 64 << 20
_LOOK_S = 0.05

# What printk puts before a line: "[    0.060000] ", "[    0.060000][    T1] ".
_STAMP = re.compile(rb"^(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?")
# KTAP since 5.18; TAP before (Documentation/dev-tools/ktap.rst).
_HEADER = re.compile(rb"(?:K?TAP) version \d+")
_RESULT = re.compile(rb"(?:not )?ok \d+|# Totals:|1\.\.\d+")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a user-mode kernel from its start to its end."""

    # The program's exit status; negative for a signal.
    status: int
    console: bytes
    elapsed_s: float


def run(kernel: Kernel, arguments: Sequence[str] = (), *, timeout_s: float = 60, memory_mb: int = 256) -> Run:
    """Run a user-mode kernel with these arguments (its command line) until it ends.

    Raises CommandTimedOut or ConsoleFlooded, each with the console's end, for a kernel that does not;
    InputError for one that cannot be started.
    """
    begun = time.monotonic()
    warden = Warden()
    folder = Path(tempfile.mkdtemp(prefix="kernward-uml-"))
    try:
        warden.folder(folder)
        log = folder / "console"
        process = warden.start(
            [
                str(kernel.image),
                f"mem={memory_mb}M",
                f"uml_dir={folder}/",
                "umid=guest",
                *arguments,
            ],
            log=log,
            # Its memory is a file that it removes as it opens it.
            environment={"TMPDIR": str(folder)},
        )
        while (status := process.wait(_LOOK_S)) is None:
            if process.ended.is_set():
                raise InputError(f"{kernel.image}: the user-mode kernel was lost: its warden has gone")
            if time.monotonic() - begun > timeout_s:
                process.kill()
                process.wait()
                raise CommandTimedOut(
                    f"the user-mode kernel {kernel.release} was not done after {timeout_s:g} s", _tail(log)
                )
            if log.stat().st_size > _CONSOLE_BYTES:
                process.kill()
                process.wait()
                raise ConsoleFlooded(
                    f"the user-mode kernel {kernel.release} printed more than {_CONSOLE_BYTES >> 20} MB",
                    _tail(log),
                )
        console = log.read_bytes()[:_CONSOLE_BYTES].replace(b"\r\n", b"\n")
        return Run(status=status, console=console, elapsed_s=time.monotonic() - begun)
    finally:
        warden.close()
        shutil.rmtree(folder, ignore_errors=True)


def kunit(
    kernel: Kernel, arguments: Sequence[str] = (), *, timeout_s: float = 300, memory_mb: int = 256
) -> str:
    """What the KUnit suites that are built into a user-mode kernel say: KTAP, without printk's times.

    `arguments` may choose among them ("kunit.filter_glob=list*"). A kernel that crashed in a suite has
    no line for that suite's end: what was printed until then is in the text. Raises InputError where
    no suite ran.
    """
    ended = run(
        kernel,
        ["kunit.enable=1", "kunit_shutdown=halt", *arguments],
        timeout_s=timeout_s,
        memory_mb=memory_mb,
    )
    text = ktap(ended.console)
    if text is None:
        last = _last_line(ended.console)
        raise InputError(
            f"kernel {kernel.release} ran no KUnit suite: it has none built in, or ended before ({last})"
        )
    return text


def ktap(console: bytes) -> str | None:
    """The KTAP in a console, from its header to its last result; None where there is none."""
    lines = [_STAMP.sub(b"", line.rstrip(b"\r")) for line in console.split(b"\n")]
    first = next((at for at, line in enumerate(lines) if _HEADER.fullmatch(line)), None)
    if first is None:
        return None
    last = max(at for at, line in enumerate(lines) if at == first or _RESULT.match(line.strip()))
    text = b"\n".join(lines[first : last + 1]).decode("utf-8", "replace")
    if not _whole(text):
        text = b"\n".join(lines[first:]).decode("utf-8", "replace")
    return text.rstrip("\n") + "\n"


def passed(text: str) -> bool:
    """Whether every suite of a KTAP text, as `kunit` returns it, ran to its end and passed."""
    return _whole(text) and not any(line.startswith("not ok ") for line in text.splitlines())


def _whole(text: str) -> bool:
    """Whether there are as many results of suites as were announced."""
    plan = re.search(r"^1\.\.(\d+)$", text, re.MULTILINE)
    results = sum(line.startswith(("ok ", "not ok ")) for line in text.splitlines())
    return plan is not None and results >= int(plan[1])


def _tail(log: Path) -> bytes:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        return file.read(4096)


def _last_line(console: bytes) -> str:
    lines = [line.strip() for line in console.split(b"\n") if line.strip()]
    return lines[-1][:200].decode("utf-8", "backslashreplace") if lines else "it printed nothing"
