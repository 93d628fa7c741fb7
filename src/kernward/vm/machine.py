"""A machine that runs: commands, files, its console, its monitor, its memory.

Whatever goes wrong is a verdict (kernward.vm.verdict) within the time that the caller gave.
"""

import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernward.vm import channel as wire
from kernward.vm.channel import Channel, Completed, Job
from kernward.vm.console import Console, restamped
from kernward.vm.monitor import Monitor
from kernward.vm.spawning import Process
from kernward.vm.spec import Spec
from kernward.vm.verdict import (
    CommandTimedOut,
    ConsoleFlooded,
    GuestHung,
    GuestPanicked,
    MachineLost,
    NeverBooted,
    Verdict,
)

if TYPE_CHECKING:
    from kernward.vm.bed import Bed

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "TERM": "linux",
}
# How long an agent may take to say that it is there when a command is over its time.
PATIENCE_S = 5.0
# A panic goes on printing for a moment after its first line: what is in the console's pipe is waited for.
LAST_WORDS_S = 1.0
TAIL_BYTES = 2000
# What a command may write where its output is collected, and not taken as it comes.
OUTPUT_BYTES = 256 << 20
# What the agent says when it has no port to speak through.
NO_CHANNEL = re.compile(rb"kernward agent: no virtio-serial port")


class Machine:
    """A running guest. Made by a Bed; a context manager that ends it."""

    def __init__(
        self,
        *,
        spec: Spec,
        name: str,
        process: Process,
        channel: Channel,
        console: Console,
        monitor: Monitor,
        folder: Path,
        bed: "Bed",
        servers: Sequence[Process] = (),
    ) -> None:
        self.spec = spec
        self.name = name
        self.process = process
        self.channel = channel
        self.folder = folder
        # How long it took from starting QEMU until the first command could run.
        self.ready_s: float | None = None
        # The console of the boot that a restored machine comes from, with the times of that boot.
        self.boot_log = b""
        self._bed = bed
        self._servers = servers
        self._console = console
        self._monitor = monitor
        self._closed = threading.Lock()
        # Every command runs with these, as well as with what it is given.
        self.environment: dict[str, str] = dict(ENVIRONMENT)

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    # ---- commands ----

    def run(
        self,
        arguments: Sequence[str | bytes],
        *,
        stdin: bytes = b"",
        timeout_s: float = 60,
        environment: Mapping[str, str] | None = None,
        folder: str = "/",
        each: Callable[[int, bytes], object] | None = None,
    ) -> Completed:
        """Run a command to its end and return its exact status and bytes.

        `each` gets the pieces as they come (wire.OUT or wire.ERR) instead of their being collected.
        Raises a Verdict when there is no status to return.
        """
        job = self.start(arguments, environment=environment, folder=folder, each=each)
        return self.finish(job, timeout_s=timeout_s, stdin=stdin, what=_shown(arguments))

    def sh(
        self, script: str, *, timeout_s: float = 60, environment: Mapping[str, str] | None = None
    ) -> Completed:
        """Run a shell script."""
        return self.run(["sh", "-c", script], timeout_s=timeout_s, environment=environment)

    def start(
        self,
        arguments: Sequence[str | bytes],
        *,
        environment: Mapping[str, str] | None = None,
        folder: str = "/",
        terminal: tuple[int, int] | None = None,
        each: Callable[[int, bytes], object] | None = None,
    ) -> Job:
        """Start a command that goes on while others run. `terminal` gives it one: rows and columns."""
        return self.channel.start(
            arguments,
            environment={**self.environment, **(environment or {})},
            folder=folder,
            options=wire.TERMINAL if terminal else 0,
            shape=terminal or (24, 80),
            each=each,
        )

    def finish(
        self, job: Job, *, timeout_s: float, stdin: bytes | None = None, what: str = "the command"
    ) -> Completed:
        """Wait for a command that was started; `stdin`, when given, is all of its input."""
        if stdin is not None:
            if len(stdin) <= wire.WINDOW:
                job.write(stdin, end=True)
            else:
                threading.Thread(target=job.write, args=(stdin,), kwargs={"end": True}, daemon=True).start()
        deadline = time.monotonic() + timeout_s
        while not job.ended.wait(min(0.1, max(0.0, deadline - time.monotonic()))):
            self._check(what)
            if job.size_bytes > OUTPUT_BYTES:
                job.kill()
                raise self._verdict(
                    Verdict,
                    f"{what} wrote more than {OUTPUT_BYTES >> 20} MB and was killed; take it piece by piece",
                )
            if time.monotonic() >= deadline:
                self._out_of_time(job, what, timeout_s)
        done = job.wait(0)
        if done is None:  # the channel went away under it
            self._check(what)
            raise self._verdict(MachineLost, f"the machine was lost while {what} ran: {self._end()}")
        return done

    def put(self, path: str, data: bytes, mode: int = 0o644, timeout_s: float = 60) -> None:
        """Write a file, with the folders above it; it is there whole or not at all."""
        job = self.channel.start([path, f"{mode:o}"], environment={}, options=wire.PUT)
        self._file(job, f"writing {path}", timeout_s, data)

    def get(self, path: str, timeout_s: float = 60) -> bytes:
        """Read a file."""
        job = self.channel.start([path], environment={}, options=wire.GET)
        return self._file(job, f"reading {path}", timeout_s, b"")

    def _file(self, job: Job, what: str, timeout_s: float, data: bytes) -> bytes:
        done = self.finish(job, timeout_s=timeout_s, stdin=data, what=what)
        if done.status:
            raise Verdict(f"{what} in the guest failed: {done.stderr.decode(errors='replace')}")
        return done.stdout

    # ---- verdicts ----

    def _check(self, what: str) -> None:
        if self._console.panicked.is_set():
            raise self.panic(what)
        if self._console.flooded.is_set():
            raise self._verdict(
                ConsoleFlooded,
                f"while {what} ran, the guest printed more than {self._console.size_bytes >> 20} MB to its console",
            )
        if self.process.ended.is_set():
            raise self._verdict(MachineLost, f"the machine was lost while {what} ran: {self._end()}")

    def panic(self, what: str = "the machine") -> GuestPanicked:
        """The verdict on a guest whose kernel has panicked, once it has said all."""
        self._console.wait(re.compile(rb"---\[ end Kernel panic"), LAST_WORDS_S)
        verdict = self._verdict(
            GuestPanicked, f"the guest's kernel panicked while {what} ran: {self._console.panic}"
        )
        assert isinstance(verdict, GuestPanicked)
        verdict.reason = self._console.panic or ""
        return verdict

    def _out_of_time(self, job: Job, what: str, timeout_s: float) -> None:
        job.kill()
        if not self.channel.answers(PATIENCE_S):
            self._check(what)
            raise self._verdict(
                GuestHung,
                f"the guest hangs: {what} did not end within {timeout_s:g} s, and its agent does not answer",
            )
        verdict = self._verdict(CommandTimedOut, f"{what} did not end within {timeout_s:g} s and was killed")
        assert isinstance(verdict, CommandTimedOut)
        job.ended.wait(PATIENCE_S)
        verdict.stdout, verdict.stderr = job.stdout, job.stderr
        raise verdict

    def _verdict(self, kind: type[Verdict], sentence: str) -> Verdict:
        return kind(sentence, self._console.text()[-TAIL_BYTES:])

    def _end(self) -> str:
        status = self.process.wait(1)
        if status is None:
            return "its agent has gone"
        errors = self.errors()
        if status == 0:
            return "it switched itself off or rebooted"
        return f"QEMU ended with status {status}" + (f" ({errors})" if errors else "")

    def errors(self) -> str:
        """The last line that QEMU wrote to standard error, without its warnings."""
        try:
            lines = (self.folder / "qemu.log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        lines = [line for line in lines if line.strip() and "warning:" not in line]
        return lines[-1] if lines else ""

    # ---- the machine itself ----

    def wait_ready(self, timeout_s: float, started: float) -> None:
        """Wait until the agent answers; raises a verdict when it does not."""
        deadline = started + timeout_s
        while not self.channel.greeted.wait(min(0.1, max(0.0, deadline - time.monotonic()))):
            if self._console.panicked.is_set():
                raise self.panic("its boot")
            if self.process.ended.is_set():
                raise self._verdict(NeverBooted, f"the machine did not boot: {self._end()}")
            if self._console.flooded.is_set():
                self._check("its boot")
            if self._console.search(NO_CHANNEL):
                raise self._verdict(
                    NeverBooted,
                    f"kernel {self.spec.kernel.release} came up, but no virtio-serial port: it has neither virtio_pci "
                    "and virtio_console built in nor their modules with it",
                )
            if time.monotonic() >= deadline:
                said = self._console.text().rstrip().rpartition(b"\n")[2].decode(errors="replace").strip()
                raise self._verdict(
                    NeverBooted,
                    f"the machine did not boot within {timeout_s:g} s; "
                    + (f"the last line on its console: {said}" if said else "its console is empty"),
                )
        if self.channel.hello is None:
            raise self._verdict(NeverBooted, f"the machine did not boot: {self._end()}")
        self.ready_s = time.monotonic() - started

    def wake(self, delay_us: int, timeout_s: float = 10.0) -> None:
        """Give a restored guest fresh entropy, the host's time, and a delay, so that it is like no other."""
        if not self.channel.wake(time.time_ns(), delay_us, timeout_s):
            self._check("restoring it")
            raise self._verdict(GuestHung, f"the restored machine does not answer within {timeout_s:g} s")

    @property
    def release(self) -> str:
        """The kernel that the guest says it runs."""
        return self.channel.hello.release if self.channel.hello else ""

    def reboot(self, timeout_s: float = 120) -> None:
        """Restart the guest inside the same QEMU, as its reset button would, and wait for its agent."""
        self.channel.greeted.clear()
        self._console.forget_panic()
        self.qmp("set-action", reboot="reset")
        self.qmp("system_reset")
        self.qmp("cont")
        self.wait_ready(timeout_s, time.monotonic())

    def wait_agent(self, timeout_s: float = 120) -> None:
        """Wait for the agent of a guest that restarts of its own accord."""
        self.wait_ready(timeout_s, time.monotonic())

    def console(self) -> bytes:
        """What the guest has printed so far (at most the newest 4 MB), without the host's times."""
        return self._console.text()

    @property
    def console_log(self) -> Path:
        """The file of the whole console, with the host's times; removed with the machine."""
        return self.folder / "console.log"

    def whole_console(self) -> bytes:
        """The log from the first line of the boot on, which a restored machine has shared with others."""
        return restamped(self.boot_log, self.name.encode()) + self.console_log.read_bytes()

    def console_mark(self) -> int:
        """How much has been printed so far, for `wait_console` to look from."""
        return self._console.mark()

    def wait_console(
        self, pattern: str | re.Pattern[bytes], timeout_s: float, since: int = 0
    ) -> re.Match[bytes] | None:
        """The first match on the console since a mark; None when it does not come in time."""
        sought = re.compile(re.escape(pattern.encode())) if isinstance(pattern, str) else pattern
        return self._console.wait(sought, timeout_s, since)

    def restarted(self) -> None:
        """The guest has come back from a restart of its own: a panic before it is history."""
        self._console.forget_panic()

    @property
    def panicked(self) -> str | None:
        """What the kernel's panic said; None while it has not panicked."""
        return self._console.panic

    def qmp(self, command: str, timeout_s: float = 30.0, **given: Any) -> Any:
        """Run a command of QEMU's monitor protocol."""
        return self._monitor.execute(command, timeout_s, **given)

    def monitor(self, line: str) -> str:
        """Run a command of QEMU's human monitor."""
        return self._monitor.human(line)

    def events(self, name: str) -> list[dict[str, Any]]:
        """QEMU's events of this name so far."""
        return self._monitor.events(name)

    def dump(self, path: Path, timeout_s: float = 120) -> None:
        """Write the guest's memory as a compressed kdump file, which drgn, crash and makedumpfile read.

        The guest stands still meanwhile. Debug information is found by the note that the guest's
        kernel left for `-device vmcoreinfo`; without its qemu_fw_cfg module the note is missing.
        """
        from kernward.vm.qemu_dump import best_form, name_kernel, reassemble

        partial = path.with_name(path.name + ".partial")
        partial.unlink(missing_ok=True)
        form = best_form(self.qmp("query-dump-guest-memory-capability"))
        self.qmp("dump-guest-memory", timeout_s, paging=False, protocol=f"file:{partial}", format=form)
        reassemble(partial)
        name_kernel(partial, self.spec.kernel.release, self.spec.kernel.version or "")
        partial.chmod(0o600)
        partial.rename(path)

    def close(self) -> None:
        """End the machine at once and remove its files."""
        if not self._closed.acquire(blocking=False):
            return
        self.process.kill()
        for server in self._servers:
            server.kill()
        for process in (self.process, *self._servers):
            process.wait(10)
        self.channel.close()
        self._console.close()
        self._monitor.close()
        self._bed.forget(self)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._bed.warden.folder_done(self.folder)


def _shown(arguments: Sequence[str | bytes]) -> str:
    words = [word if isinstance(word, str) else word.decode(errors="replace") for word in arguments]
    text = " ".join(words)
    return f"`{text if len(text) <= 60 else text[:57] + '…'}`"
