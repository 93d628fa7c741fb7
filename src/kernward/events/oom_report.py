"""An out-of-memory report: who asked, what memory looked like, every task, and who was killed.

The report is the longest the kernel prints and the only one that is a table. Its columns differ
between releases, so the task table is read by the names in its heading. What is kept is bounded: at
most TASKS tasks, those with most resident memory, whatever the size of the log.
"""

import re
from typing import Any

from kernward.events.cgroup_path import owner
from kernward.events.index import kind
from kernward.events.kind import Field
from kernward.events.reading import Reading

TASKS = 200

# How many lines a report may have after its opening line. A host with more tasks than this loses the
# rest of the table, and its victim line then stands as an event of its own.
REACH = 40_000
# How far after the summary or the victim's line the rest of a report is looked for whose head is lost.
TAIL_REACH = 4

# A process name may hold anything but a newline, even `) total-vm:`, so what follows it is anchored.
# The user stands after the sizes since 5.4; vendors' older kernels have it before or after the name.
_VICTIM = re.compile(
    r"(?:[\w ()]{0,60}: )?Killed process (?P<pid>\d+)(?:, UID (?P<uid_before>\d+),)? "
    r"\((?P<comm>.{0,64})\)(?:, UID (?P<uid_after>\d+))?,? "
    r"total-vm:(?P<total_vm>\d+)kB, anon-rss:(?P<anon>\d+)kB, file-rss:(?P<file>\d+)kB"
    r"(?:, shmem-rss:(?P<shmem>\d+)kB)?(?:, UID:(?P<uid>\d+))?(?: pgtables:(?P<pgtables>\d+)kB)?"
    r"(?: oom_score_adj:(?P<adj>-?\d+))?"
)
_EXITING = re.compile(r"Memory cgroup out of memory: OOM victim (\d+) \((.{0,64})\) is already exiting")
_INVOKED = re.compile(
    r"(?P<comm>.{0,64}) invoked oom-killer: gfp_mask=(?P<mask>0x[0-9a-f]+)(?:\((?P<flags>[^)]{0,300})\))?,"
    r"(?: nodemask=[^ ]+,)? +order=(?P<order>-?\d+), oom_score_adj=(?P<adj>-?\d+)"
)
_CONTEXT = re.compile(r"oom-kill:constraint=(\w{1,40}),nodemask=([^ ]{1,4096})$")
_MEMS = re.compile(r"([\d,-]*)(,global_oom)?(?:,oom_memcg=(.*))?$")
_NAMED = re.compile(r"(.{0,64}),pid=(\d+),uid=(\d+)$")
# Before 5.0 a cgroup's report said whose limit it was in words.
_TASK_IN = re.compile(
    r"Task in (?P<task_memcg>.{0,4096}?) killed as a result of limit of (?P<oom_memcg>.{0,4096})$"
)
_STATS_FOR = re.compile(r"Memory cgroup stats for (?P<path>.{1,4096}?):(?P<rest>.*)$")
_STAT = re.compile(r"([a-z][\w()]{1,40}) (\d+)$")
_OLD_STAT = re.compile(r"([a-z][\w()]{1,40}):(\d+)KB")
_USAGE = re.compile(
    r"(?P<what>memory|swap|memory\+swap|kmem): usage (?P<usage>\d+)kB, "
    r"limit (?P<limit>\d+)kB, failcnt (?P<fail>\d+)"
)
_HEADING = re.compile(r"\[ *pid *\] +uid +tgid total_vm +rss ")
_TASK = re.compile(r"\[ *(\d+)\] +(\d+) +(\d+) +(\d+) +(\d+) +(.{5,160})$")
_COUNTER = re.compile(r"([a-z][\w()]{1,40}):(\d+)(?= |$)")
_MEM_INFO = re.compile(r" {0,40}(?:[a-z_]+:\d+ ?){1,6}$")
_PAGES = re.compile(
    r"(\d+) pages (RAM|reserved|hwpoisoned|cma reserved|HighMem/MovableOnly|in swap cache)$"
    r"|(\d+) total pagecache pages$"
)
_SWAP = re.compile(r"(Free|Total) swap *= *(\d+)kB$")
_LAYOUTS = {
    7: ("pgtables_bytes", "swapents", "oom_score_adj"),
    8: ("nr_ptes", "nr_pmds", "swapents", "oom_score_adj"),
    10: ("rss_anon", "rss_file", "rss_shmem", "pgtables_bytes", "swapents", "oom_score_adj"),
}
_USAGE_NAMES = {"memory": "memory", "swap": "swap", "memory+swap": "memory_swap", "kmem": "kmem"}
_PAGES_NAMES = {
    "RAM": "total_ram_pages",
    "reserved": "reserved_pages",
    "hwpoisoned": "hwpoisoned_pages",
    "cma reserved": "cma_reserved_pages",
    "HighMem/MovableOnly": "highmem_pages",
    "in swap cache": "swap_cache_pages",
}

# The lines of Mem-Info, which allocation failures print as well.
MEM_INFO_LINES = (
    r"Mem-Info:$",
    r" {0,40}(?:[a-z_]+:\d+ ?){1,6}$",
    r"Node \d+ ",
    r"lowmem_reserve\[\]:",
    r"\d+ (?:total pagecache pages|pages )",
    r"Swap cache stats: ",
    r"(?:Free|Total) swap *= ",
    r"(?:Unreclaimable slab info:|Name +Used +Total|[\w:.-]{1,60} +\d+KB +\d+KB)",
    r"Memory allocations:$",
    r" *[\d.]+[KMG]?i?B +\d+ \S+ func:",
)
# A stack as dump_stack prints it: who, hardware, frames, registers of the interrupted user code.
STACK_LINES = (
    r"CPU: \d+ (?:UID: \d+ )?PID: \d+ ",
    r"Hardware name: ",
    r"(?:Workqueue|Tainted|Call trace|Call Trace): ?",
    r"Call Trace:",
    r" *</?(?:TASK|IRQ|NMI|SOFTIRQ|EOE)>",
    r" *(?:\[<[0-9a-f]{8,16}>\] )?(?:\? )?[\w.]{1,120}\+0x[0-9a-f]+/0x[0-9a-f]+",
    r"(?:RIP|RSP|RAX|RDX|RBP|R10|R13|CS|DR[03]|FS|CR2|ORIG_RAX|Code|PKRU): ?",
)
CONTINUES = (
    r"(?:[\w ()]{0,60}: )?Killed process \d+",
    r"oom-kill:constraint=",
    r"Tasks state \(memory values in pages\):",
    r"\[ *pid *\] +uid +tgid ",
    r"\[ *\d+\] +\d+ +\d+ +\d+ +\d+ ",
    r"Task in .{0,4096} killed as a result of limit of ",
    r"Memory cgroup stats for ",
    r"(?:memory|swap|memory\+swap|kmem): usage \d+kB, ",
    r"[a-z][a-z0-9_()]{1,40} \d+$",
    r"(?:Memory cgroup out of memory|Out of memory[\w ()]{0,40}): Kill process \d+ ",
    r"Out of memory and no killable processes",
    r"Tasks in .{0,4096} are going to be killed due to memory\.oom\.group set",
    r"oom_reaper: reaped process ",
    r"COMPACTION is disabled",
    r".{0,64} cpuset=.{0,4096} mems_allowed=[\d,-]*$",
    # Also the next report's first line: `read` cuts there.
    r".{0,64} invoked oom-killer: ",
    *MEM_INFO_LINES,
    *STACK_LINES,
)

# What follows the victim's line, in a log that lost the rest.
TAIL = (
    r"Killed process \d+",
    r"Tasks in .{0,4096} are going to be killed due to memory\.oom\.group set",
    r"oom_reaper: reaped process ",
)
# The lines after the summary.
SUMMARY_TAIL = (r"(?:Memory cgroup out of memory|Out of memory[\w ()]{0,40}): Killed process \d+", *TAIL)
_TAIL_MATCH = tuple(re.compile(each).match for each in SUMMARY_TAIL)

FIELDS = (
    Field("pid", "int", "the killed process"),
    Field("comm", "str", "name of the killed process"),
    Field("uid", "int", "user that the killed process ran as"),
    Field("total_vm_kb", "int", "address space of the killed process"),
    Field("anon_rss_kb", "int", "its resident anonymous memory"),
    Field("file_rss_kb", "int", "its resident file pages"),
    Field("shmem_rss_kb", "int", "its resident shared memory"),
    Field("pgtables_kb", "int", "memory its page tables took"),
    Field("oom_score_adj", "int", "its oom_score_adj, -1000 to 1000"),
    Field("killed_count", "int", "processes the report says were killed"),
    Field("oom_group", "bool", "the whole cgroup was killed because its memory.oom.group is set"),
    Field("invoker_comm", "str", "process whose allocation could not be met; not the culprit as such"),
    Field("invoker_oom_score_adj", "int", "oom_score_adj of that process"),
    Field("gfp_mask", "hex", "allocation flags as a number"),
    Field("gfp_flags", "str", "allocation flags by name"),
    Field("order", "int", "two to this power contiguous pages were asked for; -1 by sysrq"),
    Field(
        "constraint", "str", "CONSTRAINT_NONE, CONSTRAINT_MEMCG, CONSTRAINT_CPUSET, CONSTRAINT_MEMORY_POLICY"
    ),
    Field("nodemask", "str", "NUMA nodes the allocation was confined to"),
    Field("cpuset", "str", "cpuset of the allocating process"),
    Field("mems_allowed", "str", "NUMA nodes of that cpuset"),
    Field("global_oom", "bool", "the whole machine was out of memory, not one cgroup"),
    Field("oom_memcg", "str", "cgroup whose limit was hit"),
    Field("task_memcg", "str", "cgroup of the killed process"),
    Field("container_id", "str", "container of the killed process"),
    Field("container_runtime", "str", "container engine, where its cgroup path tells it"),
    Field("pod_uid", "str", "Kubernetes pod of the killed process"),
    Field("systemd_unit", "str", "systemd unit of the killed process"),
    Field("memory_usage_kb", "int", "memory charged to the cgroup"),
    Field("memory_limit_kb", "int", "the cgroup's memory limit"),
    Field("memory_failcnt", "int", "how often the memory limit was hit"),
    Field("swap_usage_kb", "int", "swap charged to the cgroup"),
    Field("swap_limit_kb", "int", "the cgroup's swap limit"),
    Field("swap_failcnt", "int", "how often the swap limit was hit"),
    Field("memory_swap_usage_kb", "int", "memory and swap charged to the cgroup (cgroup v1)"),
    Field("memory_swap_limit_kb", "int", "limit of memory and swap together (cgroup v1)"),
    Field("memory_swap_failcnt", "int", "how often that limit was hit"),
    Field("kmem_usage_kb", "int", "kernel memory charged to the cgroup (cgroup v1)"),
    Field("kmem_limit_kb", "int", "the cgroup's kernel memory limit (cgroup v1)"),
    Field("kmem_failcnt", "int", "how often that limit was hit"),
    Field("memcg_stats", "map", "the cgroup's memory.stat; bytes, since 5.x, before that kB"),
    Field("mem_info", "map", "the machine's page counters (`active_anon_pages`, `free_pages`, …)"),
    Field("total_ram_pages", "int", "pages of RAM"),
    Field("reserved_pages", "int", "pages the kernel keeps from its allocator"),
    Field("hwpoisoned_pages", "int", "pages taken out of use after memory errors"),
    Field("cma_reserved_pages", "int", "pages of the contiguous memory areas"),
    Field("highmem_pages", "int", "pages of highmem or movable-only zones"),
    Field("swap_cache_pages", "int", "pages in the swap cache"),
    Field("pagecache_pages", "int", "pages of the page cache"),
    Field("swap_free_kb", "int", "free swap"),
    Field("swap_total_kb", "int", "all swap; 0: none configured"),
    Field("task_count", "int", "tasks that the table lists"),
    Field(
        "tasks", "list", f"the {TASKS} tasks with most resident memory, sizes in pages, page tables in bytes"
    ),
)


def mem_info(texts: list[str]) -> dict[str, Any]:
    """The fields that a Mem-Info block gives; nothing where there is none.

    Counters are pages. The first block wins: a second one within the same report is a replay.
    """
    fields: dict[str, Any] = {}
    counters: dict[str, int] = {}
    for text in texts:
        if _MEM_INFO.match(text):
            for name, value in _COUNTER.findall(text):
                counters.setdefault(f"{name}_pages", int(value))
        elif match := _PAGES.match(text):
            if match[3]:
                fields.setdefault("pagecache_pages", int(match[3]))
            else:
                fields.setdefault(_PAGES_NAMES[match[2]], int(match[1]))
        elif match := _SWAP.match(text):
            fields.setdefault(f"swap_{match[1].lower()}_kb", int(match[2]))
    if counters:
        fields["mem_info"] = counters
    return fields


def _task(match: re.Match[str], columns: tuple[str, ...] | None) -> dict[str, Any] | None:
    rest = match[6]
    if columns is None:
        # The heading was lost: count the numbers before the name.
        numbers = re.match(r"(?: *-?\d+ +)+", rest)
        count = len(numbers[0].split()) if numbers else 0
        columns = _LAYOUTS.get(4 + count) or _LAYOUTS[7]
    words = rest.split(None, len(columns))
    if len(words) < len(columns) or not all(word.lstrip("-").isdigit() for word in words[: len(columns)]):
        return None
    more = dict(zip(columns, map(int, words), strict=False))
    task: dict[str, Any] = {
        "pid": int(match[1]),
        "name": words[len(columns)] if len(words) > len(columns) else "",
        "uid": int(match[2]),
        "tgid": int(match[3]),
        "total_vm_pages": int(match[4]),
        "rss_pages": int(match[5]),
    }
    for name, value in more.items():
        if name.startswith("rss_"):
            task[f"{name}_pages"] = value
        else:
            task[name] = value
    return task


def tasks(texts: list[str]) -> tuple[list[dict[str, Any]], int]:
    """The tasks of the table, most resident memory first, at most TASKS; and how many it lists."""
    columns: tuple[str, ...] | None = None
    found: list[dict[str, Any]] = []
    count = 0
    for text in texts:
        if _HEADING.match(text):
            columns = tuple(text.split("rss ", 1)[1].split()[:-1])
        elif match := _TASK.match(text):
            task = _task(match, columns)
            if task is None:
                continue
            count += 1
            found.append(task)
            if len(found) >= 2 * TASKS:
                found.sort(key=lambda task: -task["rss_pages"])
                del found[TASKS:]
    found.sort(key=lambda task: (-task["rss_pages"], task["pid"]))
    return found[:TASKS], count


def _cgroup(texts: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    stats: dict[str, int] = {}
    in_stats = False
    for text in texts:
        if match := _USAGE.match(text):
            name = _USAGE_NAMES[match["what"]]
            fields.setdefault(f"{name}_usage_kb", int(match["usage"]))
            fields.setdefault(f"{name}_limit_kb", int(match["limit"]))
            fields.setdefault(f"{name}_failcnt", int(match["fail"]))
        elif match := _STATS_FOR.match(text):
            # Until 4.x one line for each cgroup of the hierarchy: the first is the one at its limit.
            in_stats = not stats
            fields.setdefault("oom_memcg", match["path"])
            if in_stats:
                stats.update((name, int(value)) for name, value in _OLD_STAT.findall(match["rest"]))
        elif in_stats and (match := _STAT.match(text)):
            if len(stats) < 200:
                stats.setdefault(match[1], int(match[2]))
        else:
            in_stats = False
    if stats:
        fields["memcg_stats"] = stats
    return fields


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _summary(text: str) -> dict[str, Any]:
    """The fields of the line `oom-kill:constraint=…`.

    The cpuset's name and the cgroup paths may hold commas and equals signs, so the line is cut at
    the keys that are known to come next, from both ends.
    """
    head, _, rest = text.partition(",cpuset=")
    context = _CONTEXT.match(head)
    if context is None:
        return {}
    cpuset, _, rest = rest.partition(",mems_allowed=")
    middle, _, last = rest.rpartition(",task=")
    found: dict[str, Any] = {"constraint": context[1], "nodemask": context[2], "cpuset": cpuset or None}
    middle, _, task_memcg = middle.partition(",task_memcg=")
    found["task_memcg"] = task_memcg or None
    if match := _MEMS.match(middle):
        found["mems_allowed"] = match[1] or None
        found["global_oom"] = match[2] is not None
        found["oom_memcg"] = match[3]
    if match := _NAMED.match(last):
        found.update(comm=match[1], pid=int(match[2]), uid=int(match[3]))
    return found


def fields(texts: list[str]) -> dict[str, Any]:
    """Everything that the lines of one report tell, by the names of FIELDS; what they do not is absent."""
    found: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    killed = 0
    for text in texts:
        if "total-vm:" in text and (match := _VICTIM.match(text)):
            killed += 1
            if killed > 1:
                continue
            found["pid"] = int(match["pid"])
            found["comm"] = match["comm"]
            found["uid"] = _number(match["uid"] or match["uid_after"] or match["uid_before"])
            found["total_vm_kb"] = int(match["total_vm"])
            found["anon_rss_kb"] = int(match["anon"])
            found["file_rss_kb"] = int(match["file"])
            found["shmem_rss_kb"] = _number(match["shmem"])
            found["pgtables_kb"] = _number(match["pgtables"])
            found["oom_score_adj"] = _number(match["adj"])
        elif match := _EXITING.match(text):
            found.setdefault("pid", int(match[1]))
            found.setdefault("comm", match[2])
        elif " invoked oom-killer: " in text and (match := _INVOKED.match(text)):
            found["invoker_comm"] = match["comm"]
            found["invoker_oom_score_adj"] = int(match["adj"])
            found["gfp_mask"] = int(match["mask"], 16)
            found["gfp_flags"] = match["flags"]
            found["order"] = int(match["order"])
        elif text.startswith("oom-kill:constraint="):
            summary = _summary(text)
        elif match := _TASK_IN.match(text):
            summary = {"task_memcg": match["task_memcg"], "oom_memcg": match["oom_memcg"]}
        elif text.endswith(" are going to be killed due to memory.oom.group set"):
            found["oom_group"] = True
    if killed:
        found["killed_count"] = killed
    for part in (summary, _cgroup(texts), mem_info(texts)):
        for name, value in part.items():
            if found.get(name) is None:
                found[name] = value
    found.update(owner(found.get("task_memcg") or found.get("oom_memcg")))
    listed, count = tasks(texts)
    if count:
        found["tasks"] = listed
        found["task_count"] = count
    return {name: value for name, value in found.items() if value is not None}


def _outcome(texts: list[str], found: dict[str, Any]) -> str:
    """The kind that the report is of, as far as its lines tell."""
    if any(text.startswith("Out of memory and no killable processes") for text in texts):
        return "oom-no-killable"
    constraint = found.get("constraint")
    if constraint in ("CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY"):
        return "oom-kill-nodes"
    if (
        constraint == "CONSTRAINT_MEMCG"
        or "memory_usage_kb" in found
        or any(text.startswith("Memory cgroup out of memory") for text in texts)
    ):
        return "oom-kill-cgroup"
    return "oom-kill-global" if "pid" in found else "oom-invoked"


def _end(texts: list[str]) -> int:
    """How many of the lines are of this report: it ends with its kill, or where the next one begins.

    The kill is one line, or with memory.oom.group several, and what the reaper says may follow.
    """
    killed = False
    for at, text in enumerate(texts[1:], 1):
        if " invoked oom-killer: " in text:
            return at
        tail = any(each(text) for each in _TAIL_MATCH)
        if killed and not tail:
            return at
        killed = killed or (tail and _VICTIM.match(text) is not None)
    return len(texts)


def read(reading: Reading) -> None:
    """Fill in the fields and settle which kind the report is, since all begin with the same line."""
    # The lines of Mem-Info and the stack are indented by nothing, a blank or a console's column.
    texts = [line.text.lstrip() for line in reading.lines]
    end = _end(texts)
    reading.lines, texts = reading.lines[:end], texts[:end]
    found = fields(texts)
    reading.fields.update(found)
    outcome = _outcome(texts, found)
    if outcome != reading.kind.id:
        reading.kind = kind(outcome)
        reading.title = reading.kind.title
        reading.alt_titles = reading.kind.alt_titles
