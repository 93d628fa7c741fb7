"""TCP's sockets: through sock_diag, which also tells round trips and drops, else from /proc/net/tcp and tcp6.

sock_diag is a module in many kernels (tcp_diag) that may be missing; procfs is always there, slower, and says
less. Both are of the network namespace that asks.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from zlib import crc32

import msgspec

from kernward.collectors import netlink
from kernward.collectors.root import Root, Unavailable

# include/net/tcp_states.h
ESTABLISHED, SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT = 1, 2, 3, 4, 5, 6
CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING, NEW_SYN_RECEIVED = 7, 8, 9, 10, 11, 12
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_INFO, _SOCKET_MEMORY = 2, 7  # INET_DIAG_INFO, INET_DIAG_SKMEMINFO
# struct inet_diag_req_v2: family, protocol, extensions, states, and a struct inet_diag_sockid of zeros
_REQUEST = struct.Struct("=BBBxI48x")
# struct inet_diag_msg up to the addresses, and behind them
_STATE = struct.Struct("!BBxxHH")
_REST = struct.Struct("=IQIIIII")
_MESSAGE_BYTES = 72
_MEMORY = struct.Struct("=IIIIIIIII")
_FILES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}
_MAPPED = b"\0" * 10 + b"\xff\xff"


class Socket(msgspec.Struct, frozen=True):
    """One socket. Addresses are packed; `info` is a struct tcp_info as long as the kernel's is.

    Of a listening socket `receive_queue` counts connections that wait to be accepted and `send_queue` those
    that may (None from procfs, which does not tell it); else they are bytes.
    """

    state: int
    local: bytes
    local_port: int
    remote: bytes
    remote_port: int
    inode: int
    receive_queue: int
    send_queue: int | None
    cookie: int | None = None
    info: bytes | None = None
    # Packets that the socket has dropped, and what its buffers hold.
    drops: int | None = None
    memory_bytes: int | None = None
    # Only from procfs: the time-out before it sends again, and how often it has in a row.
    timeout_s: float | None = None
    retries: int | None = None


def sockets(root: Root, states: tuple[int, ...], *, info: bool = False, one_in: int = 1) -> Iterator[Socket]:
    """The sockets in these states, with a struct tcp_info where `info` says so; raises Unavailable.

    `one_in` of 8 gives about an eighth of them, chosen by their addresses and ports, the same ones each time.
    """
    if root.live:
        try:
            yield from _asked(root, states, info, one_in)
            return
        except Unavailable as error:
            lacks = error.reason.startswith(os.strerror(errno.ENOENT).lower())
            root.missing["sock_diag"] = "the kernel has no module tcp_diag here" if lacks else error.reason
    yield from _listed(root, states, one_in)


def address(packed: bytes) -> str:
    """As people write it; an IPv4 address in IPv6 as IPv4."""
    if len(packed) == 16 and packed.startswith(_MAPPED):
        packed = packed[12:]
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def place(packed: bytes, port: int) -> str:
    """address:port, with IPv6 in brackets."""
    text = address(packed)
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def _asked(root: Root, states: tuple[int, ...], info: bool, one_in: int) -> Iterator[Socket]:
    mask = sum(1 << state for state in states)
    extensions = 1 << (_SOCKET_MEMORY - 1) | (1 << (_INFO - 1) if info else 0)
    for family in (socket.AF_INET, socket.AF_INET6):
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, extensions, mask)
        try:
            for message in netlink.dump(root, netlink.SOCK_DIAG, _BY_FAMILY, request, "sock_diag"):
                if len(message) >= _MESSAGE_BYTES and (one_in < 2 or not crc32(message[4:40]) % one_in):
                    yield _socket(message)
        except Unavailable:
            # A kernel without IPv6 has no such sockets.
            if family == socket.AF_INET:
                raise


def _socket(message: memoryview) -> Socket:
    family, state, local_port, remote_port = _STATE.unpack_from(message)
    length = 4 if family == socket.AF_INET else 16
    _, cookie, _, receive_queue, send_queue, _, inode = _REST.unpack_from(message, 40)
    told = netlink.attributes(message[_MESSAGE_BYTES:])
    drops = memory_bytes = None
    memory = told.get(_SOCKET_MEMORY)
    if memory is not None and len(memory) >= 36:
        received, _, sending, _, ahead, _, _, backlog, drops = _MEMORY.unpack_from(memory)
        memory_bytes = received + sending + ahead + backlog
    elif memory is not None and len(memory) >= 32:
        received, _, sending, _, ahead, _, _, backlog = struct.unpack_from("=IIIIIIII", memory)
        memory_bytes = received + sending + ahead + backlog
    return Socket(
        state=state,
        local=bytes(message[8 : 8 + length]),
        local_port=local_port,
        remote=bytes(message[24 : 24 + length]),
        remote_port=remote_port,
        inode=inode,
        receive_queue=receive_queue,
        send_queue=send_queue,
        cookie=cookie,
        info=bytes(told[_INFO]) if _INFO in told else None,
        drops=drops,
        memory_bytes=memory_bytes,
    )


def _listed(root: Root, states: tuple[int, ...], one_in: int) -> Iterator[Socket]:
    for file in _FILES.values():
        try:
            lines = root.read(file).split(b"\n")
        except Unavailable:
            if file == _FILES[socket.AF_INET]:
                raise
            continue
        for line in lines[1:]:
            found = parsed(line, states)
            if found is not None and (one_in < 2 or not crc32(b" ".join(line.split()[1:3])) % one_in):
                yield found


def parsed(line: bytes, states: tuple[int, ...]) -> Socket | None:
    """A line of /proc/net/tcp (get_tcp4_sock() in net/ipv4/tcp_ipv4.c), None if its state is another one.

    `0: 0100007F:1F90 00000000:0000 0A 00000000:00000009 00:00000000 00000000 0 0 12345 1 …`
    """
    words = line.split()
    try:
        state = int(words[3], 16)
        if state not in states:
            return None
        local, _, local_port = words[1].partition(b":")
        remote, _, remote_port = words[2].partition(b":")
        sending, _, receiving = words[4].partition(b":")
        return Socket(
            state=state,
            local=packed(local),
            local_port=int(local_port, 16),
            remote=packed(remote),
            remote_port=int(remote_port, 16),
            inode=int(words[9]),
            receive_queue=int(receiving, 16),
            send_queue=None if state == LISTEN else int(sending, 16),
            # In hundredths of a second (jiffies_to_clock_t).
            timeout_s=int(words[12]) / 100 if len(words) > 12 and state != LISTEN else None,
            retries=int(words[6], 16),
        )
    except (IndexError, ValueError):
        return None


def packed(text: bytes) -> bytes:
    """Words of 32 bits in the machine's order, printed as numbers; the machines are little-endian."""
    raw = bytes.fromhex(text.decode("ascii", "replace"))
    if len(raw) not in (4, 16):
        raise ValueError("neither an IPv4 nor an IPv6 address")
    return b"".join(raw[place : place + 4][::-1] for place in range(0, len(raw), 4))
