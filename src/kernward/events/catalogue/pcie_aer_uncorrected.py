"""A PCIe device reported an error that was not corrected."""

import re
from typing import Any

from kernward.events.index import kind
from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_STATUS = re.compile(r"device \[([0-9a-f]{4}):([0-9a-f]{4})\] error status/mask=([0-9a-f]{8})/([0-9a-f]{8})")
_BIT = re.compile(r"\[ ?\d+\] +(?P<name>[\w ]{1,40}?) *(?P<first>\(First\))?$")
_LAYER = re.compile(r"aer_layer=([\w ]{1,40}), aer_agent=([\w ]{1,40})")
# The next report's first line.
_NEXT = ("PCIe Bus Error: severity=", "aer_status: 0x")


def read(reading: Reading) -> None:
    """The register's bits follow, a line each, until another report begins; others may mix in."""
    found: dict[str, Any] = {}
    names: list[str] = []
    firmware_says_uncorrected = False
    mine = f" {reading.fields['device']}: "
    lines = reading.lines[:1]
    for line in reading.lines[1:]:
        if any(each in line.text for each in _NEXT):
            break
        _, ours, text = line.text.partition(mine)
        if not ours:
            continue
        lines.append(line)
        text = text.removeprefix("AER: ").strip()
        if match := _STATUS.match(text):
            found["vendor_id"], found["device_id"], found["status"], found["mask"] = (
                int(part, 16) for part in match.groups()
            )
        elif match := _BIT.match(text):
            if match["name"] not in names:
                names.append(match["name"])
            if match["first"]:
                found["first_error"] = match["name"]
        elif match := _LAYER.match(text):
            found["layer"], found["agent"] = match.groups()
        elif text.startswith("TLP Header: "):
            found["tlp_header"] = text.removeprefix("TLP Header: ")
        elif text.startswith("aer_uncor_severity: "):
            firmware_says_uncorrected = True
    if names:
        found["errors"] = ", ".join(names)
    reading.lines = lines
    reading.fields.update(found)
    if "aer_status: 0x" in reading.lines[0].text and not firmware_says_uncorrected:
        reading.kind = kind("pcie-aer-corrected")
        reading.title = reading.kind.title


KIND = Kind(
    id="pcie-aer-uncorrected",
    title="PCIe uncorrected error: {layer}",
    class_="hardware",
    severity="error",
    subsystem="PCI/AER",
    patterns=(
        # Up to 4.x the requester's id stood before the agent; later releases say Correctable and
        # Uncorrectable.
        Pattern(
            literal="PCIe Bus Error: severity=",
            regex=(
                r"(?P<driver>[\w.:-]{1,40}) (?P<device>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]):"
                r" (?:AER: )?PCIe Bus Error: severity=(?P<severity>Uncorrect(?:ed|able) \("
                r"(?:Non-)?Fatal\)), type=(?P<layer>[\w ]{1,40}), (?:id=(?P<requester>[0-9a-f]{4}))?\("
                r"(?P<agent>[\w ]{1,40})\)"
            ),
            printed=("PCIe Bus Error: severity=%s, type=%s, (%s)",),
        ),
        # Where firmware reads the registers first. Such a record is of a corrected error when no severity
        # register follows.
        Pattern(
            literal=": aer_status: 0x",
            regex=(
                r"(?P<driver>[\w.:-]{1,40}) (?P<device>(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]):"
                r" (?:AER: )?aer_status: 0x(?P<status>[0-9a-f]{8}), aer_mask: 0x(?P<mask>[0-9a-f]{8})"
            ),
            printed=("aer_status: 0x%08x, aer_mask: 0x%08x",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the reporting device"),
        Field("device", "str", "PCI address of the device that reports it"),
        Field("severity", "str", "as the kernel words it"),
        Field("layer", "str", "Physical Layer, Data Link Layer, Transaction Layer, or Inaccessible"),
        Field(
            "agent",
            "str",
            ("which side of the transaction it was: Receiver, Requester, Completer, Transmitter"),
        ),
        Field("requester", "hex", "requester id, of old releases"),
        Field("vendor_id", "hex", "PCI vendor"),
        Field("device_id", "hex", "PCI device"),
        Field("status", "hex", "error status register"),
        Field("mask", "hex", "errors that are masked"),
        Field("errors", "str", "the error bits that are set, by name"),
        Field("first_error", "str", "the one that came first, where the device tells"),
        Field("tlp_header", "str", "header of the packet at fault"),
    ),
    key=(
        "layer",
        "errors",
    ),
    continues=(
        (
            r"[\w.:-]{1,40} (?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]: (?:AER: )? *(?:device \[|\["
            r" ?\d+\] +|TLP Header: |Error of this Agent|aer_layer=|aer_uncor_severity: |PCIe Bus Error:"
            r" |aer_status: )"
        ),
    ),
    reach=40,
    read=read,
    printed_by=(
        "drivers/pci/pcie/aer.c:aer_print_error",
        "drivers/pci/pcie/aer.c:pci_print_aer",
    ),
    meaning=(
        "A transaction failed: a request timed out, was malformed, unsupported or poisoned, or the link "
        "itself failed. Non-fatal errors leave the link usable and the driver is asked to recover; after a "
        "fatal one the link is reset and all below it with it. `Inaccessible` means that the device does "
        "not answer any more. Hanging devices, a card losing power and drivers that touch a sleeping device "
        "are the common causes; a completion timeout often ends in a machine check."
    ),
    next_steps=(
        (
            "See what followed: `device recovery successful` or `failed`, the driver's reset, I/O errors of "
            "the device."
        ),
        (
            "Look at the link and the device: `lspci -vvs DEVICE`, its temperature, its firmware's log "
            "(`nvme smart-log`, `ethtool -i`)."
        ),
        (
            "Unsupported Request or Completion Timeout right after a driver or firmware update: suspect "
            "that update."
        ),
        "Counters: /sys/bus/pci/devices/DEVICE/aer_dev_fatal and aer_dev_nonfatal.",
    ),
    confused_with=(
        "pcie-aer-corrected: the link repaired it",
        "pcie-dpc: the port above cut the device off",
    ),
    example="""\
[22031.500201] pcieport 0000:3a:00.0: AER: Uncorrected (Non-Fatal) error message received from 0000:3b:00.0
[22031.500217] mlx5_core 0000:3b:00.0: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, (Requester ID)
[22031.500221] mlx5_core 0000:3b:00.0:   device [15b3:1017] error status/mask=00004000/00100000
[22031.500225] mlx5_core 0000:3b:00.0:    [14] CmpltTO                (First)""",
    near_miss="[22031.900201] pcieport 0000:3a:00.0: AER: device recovery successful",
)
