"""The page of the faults: each with its parameters and its truth, and what triage finds of it on which kernel.

What was found is measured by tests/vm/test_fault_matrix.py, which keeps it in fault_matrix.json beside it.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kernward.operations.vm_faults import list_faults
from kernward.records.faults import FaultAbout
from kernward.vm.fault import GROUPS

MATRIX = Path(__file__).parent.parent / "tests/vm/fault_matrix.json"
SERIES = ("6.1", "6.12")
KERNELS = {
    "6.1": "",
    "6.12": "",
    "6.1-amd64": " ¹",
    "6.12-amd64": " ¹",
}
INTRODUCTION = """# The faults

`kernward vm faults` lists them, `kernward explain FAULT` prints what stands here about one. Each is injected into
a running kernel, and counts as injected only when its symptom was seen.

The table says what `kernward triage` finds in what the machine prints, on a kernel of each series. It is measured:
`make test-vm` does it again and compares.

"""
NOTES = """
¹ on Debian's kernel for any machine, since the one for clouds is built without what it needs.\\
² on a kernel of `kernward vm build`, since Debian's are built without what it needs.

"""


def faults_page(cell: Callable[[str], str], code: Callable[[str], str]) -> str:
    """The whole page."""
    return INTRODUCTION + table(cell) + NOTES + "\n".join(entries(cell, code))


def table(cell: Callable[[str], str]) -> str:
    found = json.loads(MATRIX.read_text()) if MATRIX.exists() else {}
    rows = ["| fault | " + " | ".join(SERIES) + " |", "|---|" + "---|" * len(SERIES)]
    for group in GROUPS:
        for fault in list_faults([group]):
            cells = (shown(found.get(fault.name, {}).get(series)) for series in SERIES)
            rows.append(
                f"| [{fault.name}](#{fault.name}) | " + " | ".join(cell(each) for each in cells) + " |"
            )
    return "\n".join(rows) + "\n"


def shown(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not measured"
    if "impossible" in found:
        return f"impossible: {found['impossible']}"
    links = ", ".join(f"[{kind}](kinds/{kind}.md)" for kind in found["kinds"])
    return (links or "nothing is printed") + KERNELS.get(found["kernel"], " ²")


def entries(cell: Callable[[str], str], code: Callable[[str], str]) -> Iterator[str]:
    for group in GROUPS:
        yield f"## {group}\n"
        for fault in list_faults([group]):
            yield entry(fault, cell, code)


def entry(fault: FaultAbout, cell: Callable[[str], str], code: Callable[[str], str]) -> str:
    parts = [
        f"### {fault.name}\n",
        f"{cell(fault.title)[0].upper()}{cell(fault.title)[1:]}. {cell(fault.doc)}\n",
    ]
    if fault.parameters:
        parts.append("| parameter | default | unit | values | what it is |\n|---|---|---|---|---|")
        parts += [
            f"| {code(each.name)} | {cell(str(each.default))} | {cell(each.unit)} | {cell(each.range)} "
            f"| {cell(each.doc)} |"
            for each in fault.parameters
        ]
        parts.append("")
    if fault.needs:
        parts.append(f"Needs {'; '.join(cell(each) for each in fault.needs)}.\n")
    ends = " The machine does not survive it." if fault.ends else ""
    parts.append(f"Seen by: {cell(fault.symptom)}{ends}\n")
    what = [f"[{kind}](kinds/{kind}.md)" for kind in fault.kinds]
    what += [f"cause {code(fault.cause)}"] if fault.cause else []
    parts.append(f"To be found: {', '.join(what)}. {cell(fault.mechanism)}\n")
    return "\n".join(parts)
