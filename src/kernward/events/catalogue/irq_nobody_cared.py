"""An interrupt line kept firing though no driver found anything to do, so the kernel switched it off."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_HANDLER = re.compile(r"\[<[0-9a-fx]+>\] ([\w.]+)")


def read(reading: Reading) -> None:
    """The handlers stand after their heading, one a line."""
    texts = [line.text.lstrip() for line in reading.lines]
    start = texts.index("handlers:") if "handlers:" in texts else len(texts)
    names = [match[1] for text in texts[start + 1 :] if (match := _HANDLER.match(text))]
    if names:
        reading.fields["handlers"] = ", ".join(dict.fromkeys(names))
    reading.fields["disabled"] = any(text.startswith("Disabling IRQ #") for text in texts)


KIND = Kind(
    id="irq-nobody-cared",
    title="irq nobody cared",
    class_="hardware",
    severity="error",
    subsystem="irq",
    patterns=(
        Pattern(
            literal=": nobody cared (try booting with the ",
            regex=r'irq (?P<irq>\d+): nobody cared \(try booting with the "irqpoll" option\)',
        ),
        # The handler gave back something that is not an answer.
        Pattern(
            literal=": bogus return value ",
            regex=r"irq event (?P<irq>\d+): bogus return value (?P<return_value>[0-9a-f]+)",
        ),
    ),
    fields=(
        Field("irq", "int", "number of the interrupt"),
        Field("return_value", "hex", "what the handler returned instead of IRQ_NONE or IRQ_HANDLED"),
        Field("handlers", "str", "the handlers that share the line"),
        Field("disabled", "bool", "the kernel switched the line off"),
    ),
    continues=(
        r"CPU: \d+ ",
        r"Hardware name: ",
        r"Call Trace:",
        r"</?(?:TASK|IRQ|NMI)>",
        r"(?:\[<[0-9a-f]+>\] )?(?:\? )?[\w.]{1,120}\+0x[0-9a-f]+/0x",
        r"R[A-Z0-9]{2}: ",
        r"handlers:$",
        r"\[<[0-9a-fx]+>\] [\w.]+",
        r"Disabling IRQ #",
    ),
    reach=70,
    read=read,
    printed_by=("kernel/irq/spurious.c:__report_bad_irq",),
    meaning=(
        "Of the last 100,000 interrupts on this line 99,900 were claimed by nobody. A device that no driver "
        "serves holds it, a driver was unloaded or suspended with its device still active, or the line is "
        "routed wrongly. The kernel disables the line: every device that shares it, whose handlers are "
        "listed, is now without interrupts and slow or dead."
    ),
    next_steps=(
        (
            "See who shares the line: the handlers listed, /proc/interrupts (the line with this number), "
            '`lspci -v | grep "IRQ N"`.'
        ),
        (
            "Find what changed: a module unloaded, a device in passthrough, a suspend; check for a newer "
            "firmware of the board."
        ),
        (
            "Use MSI where the driver can, so that the line is not shared; `irqpoll` keeps the machine "
            "usable meanwhile."
        ),
    ),
    confused_with=("nmi-unknown: an NMI nobody claimed",),
    example="""\
[ 8120.333001] irq 16: nobody cared (try booting with the "irqpoll" option)
[ 8120.333010] CPU: 2 PID: 0 Comm: swapper/2 Not tainted 6.1.0-13-amd64 #1  Debian 6.1.55-1
[ 8120.333014] Hardware name: ASUS System Product Name/PRIME Z390-A, BIOS 1502 02/21/2020
[ 8120.333016] Call Trace:
[ 8120.333018]  <IRQ>
[ 8120.333020]  dump_stack_lvl+0x44/0x5c
[ 8120.333028]  __report_bad_irq+0x35/0xa7
[ 8120.333033]  note_interrupt.cold+0xb/0x61
[ 8120.333037]  handle_irq_event+0x6f/0x80
[ 8120.333042]  handle_fasteoi_irq+0x78/0x1c0
[ 8120.333047]  __common_interrupt+0x45/0x110
[ 8120.333052]  </IRQ>
[ 8120.333090] handlers:
[ 8120.333094] [<00000000a1f3b2c4>] i801_isr [i2c_i801]
[ 8120.333101] [<0000000047f1d6e0>] usb_hcd_irq
[ 8120.333105] Disabling IRQ #16""",
    near_miss="[ 8120.333001] irq 16: Affinity broken due to vector space exhaustion.",
)
