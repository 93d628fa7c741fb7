"""As much of Ethernet, ARP, IPv4 and UDP as it takes to stand on a segment and be sent datagrams.

Everything that comes is written by a guest, which may be broken on purpose: what is cut, fragmented or
of another kind is None.
"""

import struct
from typing import NamedTuple

_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
ARP, IPV4, UDP = 0x0806, 0x0800, 17
REQUEST, REPLY = 1, 2


class Datagram(NamedTuple):
    """A UDP datagram: from whom, to which port, and what it says."""

    sender: str
    receiver: str
    port: int
    data: bytes


def address(text: str) -> bytes:
    """10.77.0.1 as its four bytes."""
    return bytes(map(int, text.split(".")))


def mac(text: str) -> bytes:
    """52:54:00:4d:00:01 as its six bytes."""
    return bytes.fromhex(text.replace(":", ""))


def arp_reply(frame: bytes, my_mac: bytes, my_address: bytes) -> bytes | None:
    """The answer to a question for my address; None when the frame is none."""
    if len(frame) < _ETHERNET.size + _ARP.size or frame[12:14] != ARP.to_bytes(2, "big"):
        return None
    hardware, protocol, _, _, operation, asker_mac, asker, _, wanted = _ARP.unpack_from(frame, _ETHERNET.size)
    if (hardware, protocol, operation, wanted) != (1, IPV4, REQUEST, my_address):
        return None
    answer = _ARP.pack(1, IPV4, 6, 4, REPLY, my_mac, my_address, asker_mac, asker)
    return (_ETHERNET.pack(asker_mac, my_mac, ARP) + answer).ljust(60, b"\0")


def datagram(frame: bytes) -> Datagram | None:
    """The whole UDP datagram in a frame; None when there is none."""
    at = _ETHERNET.size
    if len(frame) < at + 28 or frame[12:14] != IPV4.to_bytes(2, "big"):
        return None
    header = (frame[at] & 15) * 4
    total, _, fragment = struct.unpack_from("!HHH", frame, at + 2)
    # The lower bits are the fragment's offset, 0x2000 says that more fragments follow.
    if frame[at] >> 4 != 4 or header < 20 or fragment & 0x3FFF or frame[at + 9] != UDP:
        return None
    udp = at + header
    if len(frame) < at + total or total < header + 8:
        return None
    _, port, size = struct.unpack_from("!HHH", frame, udp)
    if size < 8 or header + size > total:
        return None
    sender, receiver = (".".join(map(str, frame[place : place + 4])) for place in (at + 12, at + 16))
    return Datagram(sender, receiver, port, frame[udp + 8 : udp + size])
