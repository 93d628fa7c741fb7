"""Small kernels for tests: images, modules, packages and an archive, laid out as the real ones are.

They hold what the readers read and nothing that would run. The archive is a real one, with a real
apt that knows of nothing else.
"""

import hashlib
import io
import lzma
import os
import struct
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path


def image(release: str = "6.1.0-9-cloud-amd64", version: str = "#1 SMP Debian 6.1.9-1 (2026-01-01)") -> bytes:
    """The setup part of a bzImage."""
    setup = bytearray(3 * 512)
    setup[0x1F1] = 2
    setup[0x202:0x206] = b"HdrS"
    text_at = 0x300
    setup[0x20E:0x210] = struct.pack("<H", text_at - 0x200)
    text = f"{release} (somebody@example.org) {version}".encode() + b"\0"
    setup[text_at : text_at + len(text)] = text
    return bytes(setup)


def image_with(kernel: bytes, **named: str) -> bytes:
    """A bzImage with a compressed kernel in it, and its size behind, as the build puts it."""
    setup = bytearray(image(**named))
    payload = kernel + b"\x10\0\0\0"
    setup[0x248:0x250] = struct.pack("<II", 0, len(payload))
    return bytes(setup) + payload


def elf(sections: Mapping[str, tuple[int, bytes]]) -> bytes:
    """A 64-bit little-endian ELF file with these sections: name to type and content."""
    names = bytearray(b"\0")
    body = bytearray()
    headers = [struct.pack("<IIQQQQIIQQ", *[0] * 10)]
    for name, (kind, content) in [*sections.items(), (".shstrtab", (3, b""))]:
        at = len(names)
        names += name.encode() + b"\0"
        if name == ".shstrtab":
            content = bytes(names)
        headers.append(struct.pack("<IIQQQQIIQQ", at, kind, 0, 0, 64 + len(body), len(content), 0, 0, 1, 0))
        body += content
    start = b"\x7fELF\x02\x01\x01" + bytes(9)
    start += struct.pack(
        "<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(headers), len(headers) - 1
    )
    return start + bytes(body) + b"".join(headers)


def note(build_id: str) -> bytes:
    content = bytes.fromhex(build_id)
    return struct.pack("<III", 4, len(content), 3) + b"GNU\0" + content


def module(name: str, *entries: str, depends: str = "", build_id: str = "aa" * 20) -> bytes:
    """A module that says this of itself."""
    said = [f"name={name}", f"depends={depends}", "license=GPL", "intree=Y", "vermagic=6.1.0 SMP", *entries]
    return elf(
        {
            ".note.gnu.build-id": (7, note(build_id)),
            ".modinfo": (1, b"".join(entry.encode() + b"\0" for entry in said)),
        }
    )


def tar(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for entry, data in entries:
            entry.size = len(data) if entry.isfile() else 0
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def file(name: str, mode: int = 0o644) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    return entry


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def deb(
    data_tar: bytes, control: str = "Package: p\nVersion: 1\nArchitecture: amd64\n", name: str = "data.tar"
) -> bytes:
    """A package file around a tar archive, compressed or not as its name says."""
    controls = lzma.compress(tar([(file("./control"), control.encode())]))
    out = bytearray(b"!<arch>\n")
    for member, content in (("debian-binary", b"2.0\n"), ("control.tar.xz", controls), (name, data_tar)):
        out += f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        out += b"\n" * (len(content) % 2)
    return bytes(out)


def kernel_files(release: str, version: str) -> dict[str, bytes]:
    """What a kernel package of Debian holds."""
    modules = f"lib/modules/{release}"
    return {
        f"boot/vmlinuz-{release}": image(release, version),
        f"boot/config-{release}": b"CONFIG_HZ=250\n",
        f"boot/System.map-{release}": b"ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
        f"{modules}/modules.builtin": b"kernel/fs/ext4/ext4.ko\n",
        f"{modules}/kernel/lib/libcrc32c.ko": module("libcrc32c"),
        f"{modules}/kernel/fs/xfs/xfs.ko": module("xfs", depends="libcrc32c"),
    }


class Archive:
    """A Debian archive in a folder, and a configuration with which apt knows this one only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pool = folder / "pool"
        self.pool.mkdir(parents=True)
        state = folder / "state"
        (state / "lists/partial").mkdir(parents=True)
        (state / "cache/archives/partial").mkdir(parents=True)
        (state / "status").touch()
        (state / "sources.list").write_text(f"deb [trusted=yes] file:{self.pool} ./\n")
        self.configuration = folder / "apt.conf"
        self.configuration.write_text(
            f'Dir::State::lists "{state}/lists";\nDir::State::status "{state}/status";\n'
            f'Dir::Cache "{state}/cache";\nDir::Etc "{state}";\nDir::Etc::sourceparts "-";\n'
            f'Dir::Etc::preferencesparts "-";\nAPT::Architecture "amd64";\n'
        )
        self.packages: list[str] = []

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, bytes],
        depends: str = "",
        links: Mapping[str, str] | None = None,
    ) -> Path:
        control = f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nDescription: made for a test\n"
        control += f"Depends: {depends}\n" if depends else ""
        entries = [
            (file(f"./{path}", 0o755 if path.endswith(".sh") else 0o644), data)
            for path, data in files.items()
        ]
        entries += [(link(f"./{path}", target), b"") for path, target in (links or {}).items()]
        data = deb(lzma.compress(tar(entries)), control, "data.tar.xz")
        path = self.pool / f"{name}_{version}_amd64.deb"
        path.write_bytes(data)
        self.packages.append(
            f"{control}Filename: ./{path.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n"
        )
        return path

    def add_kernel(self, release: str, version: str, suffix: str = "") -> Path:
        files = kernel_files(release, f"#1 SMP PREEMPT_DYNAMIC Debian {version} (2026-01-01)")
        return self.add(f"linux-image-{release}{suffix}", version, files)

    def update(self) -> None:
        """What `apt-get update` does."""
        (self.pool / "Packages").write_text("".join(self.packages))
        environment = os.environ | {"APT_CONFIG": str(self.configuration)}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=True, capture_output=True)

    def lose(self) -> None:
        """The network is gone; apt's lists are not."""
        for path in self.pool.glob("*.deb"):
            path.unlink()
