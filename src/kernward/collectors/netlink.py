"""What only netlink tells: interfaces, queueing disciplines, routes (rtnetlink) and sockets (sock_diag).

Only the running machine answers, and only about the network namespace that asks. The kernel's answers are
read with the same care as files: lengths are checked, and an answer is bounded in size and time.
"""

import os
import socket
import struct
from collections.abc import Iterator

from kernward.collectors.root import Root, Unavailable

ROUTE, SOCK_DIAG = 0, 4  # protocols of AF_NETLINK: include/uapi/linux/netlink.h
_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
# The sockets of a machine with a million connections have some 400 megabytes: more is not waited for.
LIMIT_BYTES = 64 << 20
_PIECE = 1 << 17
_WAIT_S = 2.0


def dump(root: Root, protocol: int, kind: int, request: bytes, what: str) -> Iterator[memoryview]:
    """The payload of each message of a dump; raises Unavailable. `what` says in messages what is asked.

    An answer that is longer than LIMIT_BYTES ends there.
    """
    yield from _asked(root, protocol, kind, _REQUEST | _DUMP, request, what)


def ask(root: Root, protocol: int, kind: int, request: bytes, what: str) -> memoryview | None:
    """The payload of the one message that answers; raises Unavailable."""
    return next(_asked(root, protocol, kind, _REQUEST, request, what), None)


def _asked(
    root: Root, protocol: int, kind: int, flags: int, request: bytes, what: str
) -> Iterator[memoryview]:
    if not root.live:
        raise Unavailable(what, "only the running kernel tells it (netlink)")
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol) as connection:
            connection.settimeout(_WAIT_S)
            connection.send(_HEADER.pack(_HEADER.size + len(request), kind, flags, 1, 0) + request)
            size = 0
            while size < LIMIT_BYTES:
                data = connection.recv(_PIECE)
                size += len(data)
                for answer, payload in _messages(data):
                    if answer == _DONE:
                        return
                    if answer == _ERROR:
                        raise _refused(what, payload)
                    yield payload
                if not flags & _DUMP:
                    return
    except TimeoutError:
        raise Unavailable(what, f"the kernel did not answer within {_WAIT_S:g} s (netlink)") from None
    except OSError as error:
        raise Unavailable(what, f"{(error.strerror or str(error)).lower()} (netlink)") from None


def _messages(data: bytes) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(data)
    place = 0
    while place + _HEADER.size <= len(view):
        length, kind, _, _, _ = _HEADER.unpack_from(view, place)
        if length < _HEADER.size or place + length > len(view):
            return
        yield kind, view[place + _HEADER.size : place + length]
        place += (length + 3) & ~3


def _refused(what: str, payload: memoryview) -> Unavailable:
    number = -struct.unpack_from("=i", payload)[0] if len(payload) >= 4 else 0
    return Unavailable(what, f"{os.strerror(number).lower()} (netlink)")


def attributes(data: memoryview) -> dict[int, memoryview]:
    """The attributes in a message or in a nested attribute, by their type."""
    found: dict[int, memoryview] = {}
    place = 0
    while place + 4 <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, place)
        if length < 4 or place + length > len(data):
            break
        found[kind & _TYPE_MASK] = data[place + 4 : place + length]
        place += (length + 3) & ~3
    return found


def interface_names(root: Root) -> dict[int, str]:
    """The names of this network namespace's interfaces by their numbers; none in a copied tree."""
    if not root.live:
        return {}
    return {number: printable(name) for number, name in socket.if_nameindex()}


def printable(name: str) -> str:
    """A name as the readers of procfs give it: what is no UTF-8 is \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def number(data: memoryview | None) -> int | None:
    """The unsigned number of 1, 2, 4 or 8 bytes in an attribute."""
    if data is None or len(data) not in (1, 2, 4, 8):
        return None
    return int.from_bytes(data, "little" if _LITTLE else "big")


def text(data: memoryview | None) -> str | None:
    """The string in an attribute."""
    return None if data is None else bytes(data).split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


_LITTLE = struct.pack("=H", 1) == b"\1\0"
