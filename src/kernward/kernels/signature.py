"""The signature appended to a module (include/linux/module_signature.h, scripts/sign-file.c).

What is read is whether there is one and whose it says it is. Whether it is good, only the kernel that
has the keys can say.
"""

import struct

import msgspec

_MAGIC = b"~Module signature appended~\n"
_PKCS7 = 2
# struct module_signature: algo, hash, id_type, signer_len, key_id_len, three bytes of padding, sig_len.
_TRAILER = struct.Struct(">BBBBB3xI")
_SIGNATURE_BYTES = 1 << 20

_SEQUENCE = 0x30
_SET = 0x31
_INTEGER = 0x02
_OID = 0x06
_TEXTS = (0x0C, 0x13, 0x14, 0x16)
_COMMON_NAME = bytes.fromhex("550403")
_DIGESTS = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040204"): "sha224",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
    bytes.fromhex("608648016503040208"): "sha3-256",
    bytes.fromhex("608648016503040209"): "sha3-384",
    bytes.fromhex("60864801650304020a"): "sha3-512",
}


class ModuleSignature(msgspec.Struct, frozen=True, kw_only=True):
    """Who a module's signature says it is by: `modinfo` shows the same."""

    # The common name of the certificate's issuer, and its serial number in hexadecimal; None where
    # the signature names its key in another way.
    signer: str | None
    key_serial: str | None
    # "sha256"; None for one that is not known here.
    digest: str | None
    # Of the module without its signature.
    module_bytes: int


def signature(module: bytes) -> ModuleSignature | None:
    """The signature of a module's decompressed file; None where it has none.

    Raises ValueError where something that begins as a signature is not whole.
    """
    if not module.endswith(_MAGIC):
        return None
    end = len(module) - len(_MAGIC) - _TRAILER.size
    if end < 0:
        raise ValueError("its signature has no header")
    _, _, kind, _, _, length = _TRAILER.unpack_from(module, end)
    if kind != _PKCS7:
        raise ValueError(f"its signature is of kind {kind}, and kernels since 4.3 know PKCS#7 (2) only")
    if length > min(end, _SIGNATURE_BYTES):
        raise ValueError(f"its signature says that it has {length} bytes")
    signer, serial, digest = _signer(module[end - length : end])
    return ModuleSignature(signer=signer, key_serial=serial, digest=digest, module_bytes=end - length)


def _signer(message: bytes) -> tuple[str | None, str | None, str | None]:
    """Issuer, serial number and digest of the first signer in a PKCS#7 message (RFC 2315, 9.1 and 9.2)."""
    content_info = _items(_expect(_items(message), 0, _SEQUENCE))
    signed_data = _items(_expect(_items(_expect(content_info, 1, 0xA0)), 0, _SEQUENCE))
    infos = next((content for tag, content in reversed(signed_data) if tag == _SET), b"")
    info = _items(_expect(_items(infos), 0, _SEQUENCE))
    digest = _DIGESTS.get(_expect(_items(_expect(info, 2, _SEQUENCE)), 0, _OID))
    if info[1][0] != _SEQUENCE:
        return None, None, digest
    issuer, serial = _expect(_items(info[1][1]), 0, _SEQUENCE), _expect(_items(info[1][1]), 1, _INTEGER)
    return _common_name(issuer), serial.hex(), digest


def _common_name(name: bytes) -> str | None:
    for _, part in _items(name):
        for _, pair in _items(part):
            items = _items(pair)
            if len(items) == 2 and items[0] == (_OID, _COMMON_NAME) and items[1][0] in _TEXTS:
                return items[1][1].decode("utf-8", "replace")
    return None


def _expect(items: list[tuple[int, bytes]], number: int, tag: int) -> bytes:
    if number >= len(items) or items[number][0] != tag:
        raise ValueError("its signature is no PKCS#7 message")
    return items[number][1]


def _items(data: bytes) -> list[tuple[int, bytes]]:
    """The values that follow each other in DER (X.690), as tag and content."""
    found = []
    at = 0
    while at + 2 <= len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("its signature is no PKCS#7 message")
            length = int.from_bytes(data[at : at + size])
            at += size
        if at + length > len(data):
            raise ValueError("its signature ends early")
        found.append((tag, data[at : at + length]))
        at += length
    return found
