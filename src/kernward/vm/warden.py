"""The process that starts every QEMU of its owner and lets none of them outlive it.

It runs as a process of its own with nothing but the standard library, so that it starts in
milliseconds and forks cheaply. When its owner is gone, however it went, it kills what it started and
removes the folders it was told of; when it is killed itself, the kernel kills what it started
(PR_SET_PDEATHSIG). Each program has a process group of its own: the processes that it started itself, as a
user-mode kernel does, end with it. The owner's half is `kernward.vm.spawning`.

Messages are JSON over a SOCK_SEQPACKET pair. To the warden: {"run": [program, …], "fds": n, "log": path}
with n descriptors attached; "%fd0%" in an argument becomes the number of the first of them. {"kill": pid},
{"folder": path} (remove it at the end), {"done": path} (it is removed already). From it:
{"pid": n, "fds": [their numbers there, …]} or {"error": text} to each run, and {"exited": pid, "status": n}.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MESSAGE = 1 << 17


def serve(owner: socket.socket, owner_pid: int) -> None:
    """Serve until the owner is gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Orphans of what it started become its own children, so that it can wait for their end.
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def bind_to_warden() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    running: dict[int, subprocess.Popen[bytes]] = {}
    folders: dict[str, None] = {}
    wake_in, wake_out = os.pipe()
    os.set_blocking(wake_out, False)
    signal.set_wakeup_fd(wake_out)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        gone = os.pidfd_open(owner_pid)
    except OSError:
        gone = -1
    try:
        while True:
            waited_for = [owner.fileno(), wake_in] + ([gone] if gone >= 0 else [])
            ready = select.select(waited_for, [], [])[0]
            if wake_in in ready:
                os.read(wake_in, 4096)
                for pid, process in list(running.items()):
                    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                        status = end(process)
                        del running[pid]
                        owner.send(json.dumps({"exited": pid, "status": status}).encode())
            if gone in ready:
                return
            if owner.fileno() in ready:
                data, fds, _, _ = socket.recv_fds(owner, MESSAGE, 16)
                if not data:
                    return
                request = json.loads(data)
                if "run" in request:
                    arguments = request["run"]
                    for number, fd in enumerate(fds):
                        arguments = [each.replace(f"%fd{number}%", str(fd)) for each in arguments]
                    try:
                        with open(request["log"], "ab") as log:
                            process = subprocess.Popen(
                                arguments,
                                stdin=subprocess.DEVNULL,
                                stdout=log,
                                stderr=log,
                                pass_fds=fds,
                                preexec_fn=bind_to_warden,
                                process_group=0,
                                env={**os.environ, **request.get("environment", {})},
                            )
                        running[process.pid] = process
                        answer: dict[str, object] = {"pid": process.pid, "fds": list(fds)}
                    except OSError as error:
                        answer = {"error": f"{arguments[0]}: {error.strerror}"}
                    owner.send(json.dumps(answer).encode())
                elif "kill" in request:
                    if request["kill"] in running:
                        os.killpg(request["kill"], signal.SIGKILL)
                elif "folder" in request:
                    folders[request["folder"]] = None
                elif "done" in request:
                    folders.pop(request["done"], None)
                for fd in fds:
                    os.close(fd)
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        for process in running.values():
            os.killpg(process.pid, signal.SIGKILL)
        for process in running.values():
            end(process)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def end(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of the process's group, wait until all of it is gone, and return its status.

    Until the process is waited for, no other group can have its number.
    """
    os.killpg(process.pid, signal.SIGKILL)
    status = process.wait()
    while True:
        try:
            os.waitpid(-process.pid, 0)
        except ChildProcessError:
            return status


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
