"""The owner's half of the warden: processes that are started through it and end with their owner."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue

from kernward.records.errors import InputError

WARDEN = Path(__file__).with_name("warden.py")


class Process:
    """A process that the warden started."""

    def __init__(self, warden: "Warden", pid: int, fds: list[int]) -> None:
        self.pid = pid
        # The numbers that the descriptors it was given have in it.
        self.fds = fds
        self.status: int | None = None
        self.ended = threading.Event()
        self._warden = warden

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        if not self.ended.is_set():
            self._warden.tell({"kill": self.pid})

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit status, negative for a signal; None when it still runs after `timeout_s`."""
        self.ended.wait(timeout_s)
        return self.status


class Warden:
    """The connection to one warden process; thread-safe."""

    def __init__(self) -> None:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # -I -S: nothing of the environment or of site-packages; it needs neither.
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", WARDEN, str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket = mine
        self._sending, self._starting = threading.Lock(), threading.Lock()
        self._started: SimpleQueue[dict[str, object]] = SimpleQueue()
        self._known = threading.Lock()
        self._running: dict[int, Process] = {}
        self._early: dict[int, int] = {}
        threading.Thread(target=self._listen, name="warden", daemon=True).start()

    def start(
        self,
        arguments: Sequence[str],
        *,
        fds: Sequence[int] = (),
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program; `%fd0%` in an argument becomes the number of the first of `fds` in it."""
        request = {"run": list(arguments), "log": str(log), "environment": dict(environment or {})}
        with self._starting:
            self.tell(request, fds)
            answer = self._started.get()
        pid, numbers = answer.get("pid"), answer.get("fds")
        if not isinstance(pid, int):
            raise InputError(str(answer.get("error", "the warden has gone")))
        with self._known:
            process = Process(self, pid, numbers if isinstance(numbers, list) else [])
            if pid in self._early:
                process.status = self._early.pop(pid)
                process.ended.set()
            else:
                self._running[pid] = process
        return process

    def tell(self, request: Mapping[str, object], fds: Sequence[int] = ()) -> None:
        """Send one request; nothing happens when the warden has gone."""
        with self._sending:
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], list(fds))
            except OSError:
                if "run" in request:
                    self._started.put({})

    def folder(self, path: Path) -> None:
        """Have a folder removed when this process is gone."""
        self.tell({"folder": str(path)})

    def folder_done(self, path: Path) -> None:
        """The folder has been removed, or shall stay."""
        self.tell({"done": str(path)})

    def close(self) -> None:
        """End the warden with all that it started."""
        with self._sending:
            self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                data = self._socket.recv(1 << 17)
            except OSError:
                data = b""
            if not data:
                break
            message = json.loads(data)
            if "exited" in message:
                with self._known:
                    process = self._running.pop(message["exited"], None)
                    if process is None:
                        self._early[message["exited"]] = message["status"]
                    else:
                        process.status = message["status"]
                        process.ended.set()
            else:
                self._started.put(message)
        self._started.put({})
        with self._known:
            for process in self._running.values():
                process.ended.set()
