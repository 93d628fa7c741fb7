"""A source: one log, whose format is found out and which is then handed out as chunks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo

from kernward.logs.buffer import Buffer, buffer_chunks
from kernward.logs.choosing import SAMPLE_BYTES, choose, is_document
from kernward.logs.chunk import Chunk
from kernward.logs.compression import unread_compression
from kernward.logs.decoding import decoded_chunks
from kernward.logs.format import Context, Format
from kernward.logs.streams import Damage, Hashed, Peeked, Stream
from kernward.records.errors import InputError, KernwardError

_JOURNAL = b"LPKSHHRH"


class Settings:
    """What is the same for all sources that are opened together."""

    def __init__(self, problems: list[KernwardError], zone: tzinfo, reference: datetime | None) -> None:
        self.problems = problems
        self.zone = zone
        self.reference = reference

    def report(self, name: str, sentence: str) -> None:
        self.problems.append(InputError(f"{name}: {sentence}"))


class Source:
    """One log: a file, an archive's member, a crash dump of several files, or standard input.

    `format` is known once the first chunk was handed out. `host_hint` is the host's name where the
    folder's layout tells it. Set `hashing` before reading to have a digest. A source is read before
    `open_sources` is asked for the next one, and once.
    """

    def __init__(
        self,
        name: str,
        open_stream: Callable[[], Stream],
        settings: Settings,
        *,
        mtime: datetime | None = None,
        host_hint: str | None = None,
        named: bool = False,
    ) -> None:
        self.name = name
        self.mtime = mtime
        self.host_hint = host_hint
        self.hashing = False
        self.format: str | None = None
        self._open = open_stream
        self._settings = settings
        self._named = named
        self._hashed: Hashed | None = None

    def chunks(self, buffer: Buffer | None = None) -> Iterator[Chunk]:
        """The source's chunks. A buffer may be reused for one source after the other."""
        try:
            stream = self._open()
        except Damage as damage:
            self._report(str(damage))
            return
        if self.hashing:
            stream = self._hashed = Hashed(stream)
        peeked = Peeked(stream, SAMPLE_BYTES)
        reader = _Reader(peeked, self._report)
        form = choose(peeked.head)
        if form is None or (not self._named and is_document(peeked.head, form)):
            self._not_text(peeked.head)
            if self.hashing:
                reader.drain()
            return
        self.format = form.name
        yield from self._read(form, peeked.head, reader, buffer)

    def digest(self) -> str:
        """SHA-256 of the decompressed bytes, as hex digits; `hashing` must have been set."""
        if self._hashed is None:
            raise ValueError("set Source.hashing before reading the source's chunks")
        return self._hashed.sha256.hexdigest()

    def _read(self, form: Format, sample: bytes, reader: "_Reader", buffer: Buffer | None) -> Iterator[Chunk]:
        context = Context(
            zone=self._settings.zone,
            reference=self._settings.reference or self.mtime or datetime.now(UTC),
            report=self._report,
        )
        if form.parse is not None:
            parse = form.parse(sample, context)
            yield from buffer_chunks(buffer or Buffer(), reader.readinto, parse, form.continued)
        elif form.decode is not None:
            yield from decoded_chunks(form.decode(reader, context), buffer or Buffer())

    def _report(self, sentence: str) -> None:
        self._settings.problems.append(InputError(f"{self.name}: {sentence}"))

    def _not_text(self, head: bytes) -> None:
        other = unread_compression(head)
        if head.startswith(_JOURNAL):
            self._report(
                "it is a systemd journal file, which is not read directly; "
                "the output of `journalctl --file … -o export` was expected"
            )
        elif other and self._named:
            self._report(f"it is {other} data; text, or text in gzip, xz, zstd or bzip2 was expected")
        elif head and self._named:
            self._report("it holds no text; a log was expected")


class _Reader:
    # The stream as formats read it: damage is reported, once, and is then the end.
    def __init__(self, stream: Stream, report: Callable[[str], None]) -> None:
        self._stream = stream
        self._report = report
        self._ended = False

    def readinto(self, view: memoryview) -> int:
        if self._ended:
            return 0
        try:
            count = self._stream.readinto(view)
        except Damage as damage:
            self._report(str(damage))
            count = 0
        self._ended = not count
        return count

    def read(self, size: int) -> bytes:
        block = bytearray(size)
        view = memoryview(block)
        filled = 0
        while filled < size:
            count = self.readinto(view[filled:])
            if not count:
                break
            filled += count
        return bytes(view[:filled])

    def drain(self) -> None:
        scrap = memoryview(bytearray(SAMPLE_BYTES))
        while self.readinto(scrap):
            pass
