"""systemd-journald threw messages away because a service wrote too many."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="journal-suppressed",
    title="journal suppressed messages",
    class_="state",
    severity="info",
    patterns=(
        Pattern(
            literal=": Suppressed ",
            regex=(
                r"systemd-journald\[\d+\]: Suppressed (?P<suppressed>\d+) messages from "
                r"(?P<unit>[\w:.@\\+/-]{1,250})"
            ),
            unprinted="written by systemd-journald, not by the kernel",
        ),
        # The same where the log format has taken the program's name away.
        Pattern(
            literal="Suppressed ",
            regex=(
                r"Suppressed (?P<suppressed>\d+) messages from (?P<unit>[\w:.@\\+/-]{1,250}?\."
                r"(?:service|scope|slice|socket|mount|timer)|/[\w:.@\\+/-]{0,250})$"
            ),
            unprinted="written by systemd-journald, not by the kernel",
        ),
        # Journald itself found a gap in /dev/kmsg.
        Pattern(
            literal="Missed ",
            regex=r"(?:systemd-journald\[\d+\]: )?Missed (?P<suppressed>\d+) kernel messages",
            unprinted="written by systemd-journald, not by the kernel",
        ),
    ),
    fields=(
        Field("suppressed", "int", "messages that were thrown away"),
        Field("unit", "str", "unit that wrote them"),
    ),
    programs=("systemd-journald",),
    printed_by=(
        "systemd: src/journal/journald-rate-limit.c",
        "systemd: src/journal/journald-kmsg.c",
    ),
    meaning=(
        "The journal limits what one service may write in an interval, and threw the rest away; or it could "
        "not read the kernel's messages as fast as they came and says how many it missed. The log is "
        "incomplete in this stretch, for this unit or for the kernel."
    ),
    next_steps=(
        (
            "Raise or lift the limit for the unit: `LogRateLimitIntervalSec=`, `LogRateLimitBurst=`, or "
            "RateLimitBurst= in journald.conf."
        ),
        "For missed kernel messages compare with another sink of the same boot, such as the serial console.",
    ),
    confused_with=(
        "messages-dropped: the kernel's own buffer overflowed",
        "callbacks-suppressed: the kernel's own rate limit",
    ),
    example="[ 4410.009872] systemd-journald[312]: Suppressed 5120 messages from ingest.service",
    near_miss="[ 4410.009872] systemd-journald[312]: Received client request to flush runtime journal.",
)
