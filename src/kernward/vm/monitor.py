"""QMP, QEMU's monitor protocol, for callers that are not asynchronous.

The protocol is qemu.qmp's; all its clients of this process live on one event loop in one thread.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from qemu.qmp import ConnectError, ExecInterruptedError, ExecuteError, QMPClient, StateError

from kernward.records.errors import InputError, UsageError

T = TypeVar("T")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="monitor", daemon=True).start()
    return loop


def _on_loop(work: Coroutine[Any, Any, T]) -> Future[T]:
    return asyncio.run_coroutine_threadsafe(work, _loop())


class Monitor:
    """One machine's monitor. It connects in the background; the first command waits for that."""

    def __init__(self, connection: socket.socket, name: str, *, on_reset: Callable[[], object]) -> None:
        """`on_reset` is called on the event loop's thread a moment after each reset of the guest."""
        self._on_reset = on_reset
        self._connection = connection
        self._client: QMPClient | None = None
        self._name = name
        self._events: list[dict[str, Any]] = []
        self._listening: asyncio.Task[None] | None = None
        self._connecting = _on_loop(self._connect())

    async def _connect(self) -> None:
        self._client = client = QMPClient(self._name)
        client.logger.disabled = True
        await client.connect(self._connection)
        self._listening = asyncio.create_task(self._listen(client))

    async def _listen(self, client: QMPClient) -> None:
        with client.listener() as events:
            async for event in events:
                self._events.append(dict(event))
                if event.get("event") == "RESET":
                    # What the guest had written is with its reader by then; firmware takes longer to be through.
                    asyncio.get_running_loop().call_later(0.1, self._on_reset)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name so far, as QEMU's QAPI describes them."""
        return [event for event in list(self._events) if event.get("event") == name]

    def execute(self, command: str, timeout_s: float = 30.0, **given: Any) -> Any:
        """Run a command and return what it returns. Underscores in names stand for dashes."""
        words = {name.replace("_", "-"): value for name, value in given.items()}
        try:
            self._connecting.result(timeout_s)
            assert self._client is not None
            return _on_loop(self._client.execute(command, words or None)).result(timeout_s)
        except ExecuteError as error:
            raise UsageError(f"QEMU refused {command}: {error}") from error
        except (ConnectError, ExecInterruptedError, StateError, OSError, EOFError) as error:
            raise InputError(f"QEMU's monitor is gone: {error}") from error
        except TimeoutError as error:
            raise InputError(f"QEMU did not answer {command} within {timeout_s:g} s") from error

    def human(self, line: str, timeout_s: float = 30.0) -> str:
        """Run a command of the human monitor, for what QMP lacks."""
        said = self.execute("human-monitor-command", timeout_s, command_line=line)
        return str(said)

    def close(self) -> None:
        """Give the connection up."""

        async def disconnect() -> None:
            if self._listening is not None:
                self._listening.cancel()
            if self._client is not None:
                with contextlib.suppress(EOFError, OSError, StateError):  # QEMU went first
                    await self._client.disconnect()
            self._connection.close()

        with contextlib.suppress(ConnectError, TimeoutError, OSError, EOFError):
            self._connecting.result(2)
        _on_loop(disconnect()).result(5)
