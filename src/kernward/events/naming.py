"""The name of an event: title, responsible function and why, source file, subsystem, signatures."""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import msgspec

from kernward.events import blame
from kernward.events import index as catalogue
from kernward.events.corruption import mixed
from kernward.events.kind import Blame, Extent
from kernward.events.reading import Reading
from kernward.events.subsystem import of_file, of_function
from kernward.records.events import Frame, Signature, SkippedFrame

MOST_ALTERNATIVES = 4
# Frames that make the exact signature.
_EXACT_DEPTH = 8


class Named(msgspec.Struct, frozen=True):
    """What `name` found; see the fields of the same names in records.events.Event."""

    title: str
    alt_titles: tuple[str, ...]
    function: str | None
    function_reason: str | None
    skipped: tuple[SkippedFrame, ...]
    file: str | None
    line: int | None
    subsystem: str | None
    signature: Signature


def name(reading: Reading) -> Named:
    """Name what was read. Titles are the kernel community's; see the kinds."""
    kind = reading.kind
    header = (
        reading.fields.pop("function", None)
        if "function" not in _declared(kind.id)
        else reading.fields.get("function")
    )
    if header is None and _is_plain(kind.id) and _is_untouched(reading):
        return _plain_name(kind.id)
    blamed = _blamed(reading, header)
    function = blame.plain(reading.function) if reading.function else blamed.function
    frame = blamed.frame
    others = blamed.others if reading.function is None else ()
    template = reading.title
    if function is not None and reading.function is None and reading.corrupted_reason is None:
        reading.corrupted_reason = mixed(reading)
        if reading.corrupted_reason is not None and not reading.header_names:
            # The function may be the other report's: it is kept, but the title does not vouch for it.
            frame = header = None
    values = {key: "" if value is None else value for key, value in reading.fields.items()}
    alternatives: list[str] = []
    if "{function}" in template or "{function}" in "".join(reading.alt_titles):
        if function is not None and (frame is not None or reading.function or header or reading.header_names):
            for each in (function, *others):
                for alternative in (template, *reading.alt_titles):
                    alternatives.append(_render(alternative, values, each))
            title = _render(template, values, function)
        else:
            title = _render(
                reading.title_without_function or template.replace("{function}", "corrupted"),
                values,
                "corrupted",
            )
            alternatives = [_render(each, values, "corrupted") for each in reading.alt_titles]
            if function is not None:
                alternatives.append(_render(template, values, function))
    else:
        title = _render(template, values, function or "")
        alternatives = [_render(each, values, function or "") for each in reading.alt_titles]
    unique = tuple(dict.fromkeys(each for each in alternatives if each != title))[:MOST_ALTERNATIVES]
    file, line = reading.file, reading.line
    if file is None and reading.details:
        file, line = _file(reading, frame)
    subsystem = reading.subsystem or kind.subsystem
    if subsystem is None:
        subsystem = of_file(file) if file else None
        if subsystem is None and function is not None:
            subsystem = of_function(function, frame.module if frame else None)
    return Named(
        title,
        unique,
        function,
        reading.function_reason or blamed.reason,
        blamed.skipped,
        file,
        line,
        subsystem,
        _signature(reading, function, subsystem, title),
    )


@lru_cache(maxsize=1024)
def _is_plain(id: str) -> bool:
    """Are all events of the kind named alike, whatever their fields say?"""
    kind = catalogue.kind(id)
    words = "".join((kind.title, *kind.alt_titles))
    return kind.extent is Extent.LINE and kind.blame is Blame.NONE and not kind.key and "{" not in words


def _is_untouched(reading: Reading) -> bool:
    """Did the kind's `read` leave the name alone?"""
    kind = reading.kind
    return (
        reading.title is kind.title
        and reading.alt_titles is kind.alt_titles
        and reading.function is None
        and reading.file is None
        and reading.subsystem is None
    )


@lru_cache(maxsize=1024)
def _plain_name(id: str) -> Named:
    # Boots and shutdowns are most of what a healthy log holds: they are named once.
    kind = catalogue.kind(id)
    reading = Reading(kind, [], {}, kind.title, kind.alt_titles, kind.title_without_function)
    signature = _signature(reading, None, kind.subsystem, kind.title)
    return Named(
        kind.title, kind.alt_titles[:MOST_ALTERNATIVES], None, None, (), None, None, kind.subsystem, signature
    )


@lru_cache(maxsize=1024)
def _declared(id: str) -> frozenset[str]:
    return frozenset(each.name for each in catalogue.kind(id).fields)


def _render(template: str, values: dict[str, object], function: str) -> str:
    if "{" not in template:
        return template
    text = template.replace("{function}", function)
    for key, value in values.items():
        if "{" not in text:
            break
        text = text.replace("{" + key + "}", str(value))
    return " ".join(text.split())


def _blamed(reading: Reading, header: str | None) -> blame.Blamed:
    """The responsible function by the kind's way of blaming."""
    how = reading.kind.blame
    extra = [(re.compile(rf"(?:{pattern})$"), reason) for pattern, reason in reading.machinery]
    if how is Blame.NONE:
        if header:
            function, others = blame.named(blame.plain(header))
            return blame.Blamed(function, "named in the message itself", others=others)
        return blame.Blamed()
    parts = reading.parts
    if how is Blame.STACK:
        stack = blame.crash_frames(parts)
        if header:
            plain = blame.plain(header)
            why = blame.machinery(plain) or next(
                (reason for pattern, reason in extra if pattern.match(plain)), None
            )
            if why is None:
                function, others = blame.named(plain)
                frame = next(
                    (each for each in stack if blame.plain(each.function) == plain and not each.inline),
                    None,
                )
                return blame.Blamed(function, "named in the report's first line", frame, others=others)
        found = blame.first_responsible(stack, extra)
        at = reading.fields.get("at_function")
        if not at or blame.machinery(blame.plain(at)) is not None:
            return found
        if any(pattern.match(blame.plain(at)) for pattern, _ in extra):
            return found
        function, others = blame.named(blame.plain(at))
        if found.function is None:
            return blame.Blamed(
                function, "named in the report's first line; there is no stack", None, found.skipped, others
            )
        frame = next((each for each in stack if blame.plain(each.function) == blame.plain(at)), found.frame)
        return blame.Blamed(function, "named in the report's first line", frame, found.skipped, others)
    if how is Blame.HANG:
        trace = next((each for each in blame.traces(parts)), None)
        return blame.first_responsible(trace.frames if trace else (), extra, waiting=True)
    best = blame.Blamed()
    stuck = f"cpu {reading.fields.get('cpu')}"
    # The CPU that the first line names comes first: the others only show what they were doing.
    for each in sorted(blame.traces(parts), key=lambda trace: trace.role != stuck):
        frames: Sequence[Frame] = each.frames
        if parts.ip is not None and not any(frame.reliable for frame in frames):
            frames = [parts.ip, *frames]
        found = blame.stalled(frames, extra)
        if found.function is not None:
            return found
        best = found
    return best


# Files that only serve others: the blame goes to whoever called into them.
_SERVING_FILES = re.compile(
    r"(?:\./)?(?:include/|arch/[^/]+/include/|arch/[^/]+/(?:mm|lib|entry)/|arch/[^/]+/kernel/(?!kprobes|ftrace|dumpstack|unwind)|"
    r"lib/|mm/(?:kasan|kmsan|kfence|kmemleak|slab|slub|util|vmalloc|page_alloc|percpu|mempool|debug|usercopy|maccess|failslab|memory\.c|oom_kill|page_poison|page_table_check|filemap|folio)|"
    r"kernel/(?:locking/|rcu/|sched/|time/|irq/|printk/|panic|softirq|kcov|kthread|workqueue|hung_task|watchdog|stacktrace|entry/|smp|fork|exit|task_work|kcsan/|dma/)|"
    r"fs/(?:open|read_write|ioctl|namei|file_table|super|inode|namespace|fs-writeback|proc/generic|sysfs/|kernfs/|debugfs/|libfs|buffer|iomap/|notify/)|"
    r"net/(?:socket|core/(?:dev|sock|skbuff|datagram|stream|filter|neighbour|dst|lock_debug))\.c|net/netlink/(?:af_netlink|genetlink)|"
    r"drivers/base/|block/(?:blk-|bio|elevator|genhd)|security/security\.c|tools/)"
)
# Distributions compile out of tree: the path begins with the folder they build in.
_BUILD_FOLDER = re.compile(
    r"^(?:/|\.\./)(?:.*?/)??(?=(?:arch|block|certs|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|"
    r"rust|samples|security|sound|tools|virt)/)"
)
# A subsystem's own wrapper of a lock is as little to blame as the lock.
_LOCKS = re.compile(r"\w+_(?:un)?lock(?:_irq\w*|_bh)?$").match
# A header's inline functions run for whoever includes it.
_HEADERS = re.compile(r".*\.h$")
_SOURCE_LINE = re.compile(r"\.[chS]:(?P<line>\d{1,6})")
_PATH_BEFORE = re.compile(r"(?:\.?/)?[\w-]+(?:/[\w.-]+)+$")


def _file(reading: Reading, frame: Frame | None) -> tuple[str | None, int | None]:
    """The source file to blame, where the log is symbolised, and the line in it."""
    parts = reading.parts
    traces = blame.traces(parts)
    trace = next((each for each in traces if any(found is frame for found in each.frames)), None)
    trace = trace or parts.trace("crash") or (traces[0] if traces else None)
    frames: list[Frame] = list(trace.frames) if trace else []
    if parts.ip is not None and parts.ip.file is not None and reading.kind.blame is Blame.STACK:
        frames.insert(0, parts.ip)
    if reading.kind.blame is Blame.STALL:
        frames = frames[blame.interrupted(frames) :]
    fallback: tuple[str, int | None] | None = None
    best: tuple[str, int | None] | None = None
    at = _in_tree(reading.fields.get("at_file") or "")
    if "/" in at and not _SERVING_FILES.match(at) and not _HEADERS.match(at):
        best = at, reading.fields.get("at_line")
    for each in frames:
        if each.file is None or not each.reliable:
            continue
        path = _in_tree(each.file)
        if (
            blame.machinery(blame.plain(each.function)) is not None
            or _HEADERS.match(path)
            or _LOCKS(each.function)
        ):
            continue
        if fallback is None:
            fallback = (path, each.line)
        if not _SERVING_FILES.match(path) and (best is None or _below(path, best[0])):
            best = (path, each.line)
    if best is not None:
        return best
    # Places that the report names outside its stack: of a lock, an allocation, an assertion.
    text = reading.text[:4096]
    for match in _SOURCE_LINE.finditer(text):
        before = _PATH_BEFORE.search(text[max(0, match.start() - 96) : match.start()])
        if before is None:
            continue
        path = _in_tree(before[0]) + text[match.start() : match.start() + 2]
        if not _SERVING_FILES.match(path) and not _HEADERS.match(path):
            return path, int(match["line"])
        fallback = fallback or (path, int(match["line"]))
    if frame is not None and frame.file is not None:
        return frame.file, frame.line
    if (
        frame is not None
        and fallback is not None
        and not _HEADERS.match(fallback[0])
        and blame.plain(frame.function) != blame.plain(reading.fields.get("at_function") or "")
        and (parts.ip is None or blame.plain(frame.function) != blame.plain(parts.ip.function))
        and not any(each.file for each in frames)
    ):
        # The only file is that of the check that complained, and the check is not to blame.
        return None, None
    return fallback or (None, None)


def _in_tree(path: str) -> str:
    """The path as the kernel's tree has it."""
    return _BUILD_FOLDER.sub("", path).removeprefix("./") if path[:1] in (".", "/") else path


def _below(path: str, other: str) -> bool:
    """Does the file lie in a subfolder of the other's folder? Then the other one is its shared layer.

    sound/core serves sound/core/oss, fs serves fs/ext4, net/ipv4 serves net/ipv4/netfilter.
    """
    return path.rpartition("/")[0].startswith(other.rpartition("/")[0] + "/")


def _signature(reading: Reading, function: str | None, subsystem: str | None, title: str) -> Signature:
    """Three layers. The key fields and the function make the middle one; the stack refines it."""
    kind = reading.kind
    keys = [str(value) for key in kind.key if (value := reading.fields.get(key)) is not None]
    middle = ":".join([kind.id, *keys, function or "-"]) if (function or keys) else kind.id
    chain: list[str] = []
    if reading.details:
        trace = reading.parts.trace("crash", "task", "cpu")
        if trace is not None:
            for frame in trace.frames:
                if frame.reliable and not frame.inline:
                    plain = blame.plain(frame.function)
                    if blame.machinery(plain) is None:
                        chain.append(plain)
                        if len(chain) == _EXACT_DEPTH:
                            break
    exact = blake2b("\n".join([middle, title, *chain]).encode(), digest_size=8).hexdigest()
    return Signature(f"{kind.id}:{exact}", middle, f"{kind.id}:{subsystem or '-'}")
