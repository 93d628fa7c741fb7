"""A security module refused an operation."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_PART = re.compile(r'\b(pid|comm|profile|name|scontext|tcontext|permissive)=(?:"([^"]{0,500})"|(\S{1,500}))')


def read(reading: Reading) -> None:
    """The record is a list of name=value, whose order differs."""
    parts: dict[str, str] = {}
    for name, quoted, bare in _PART.findall(reading.texts[0]):
        parts.setdefault(name, quoted or bare)
    fields = reading.fields
    fields["module"] = "SELinux" if "scontext" in parts else "AppArmor"
    fields["pid"] = int(parts["pid"]) if parts.get("pid", "").isdecimal() else None
    fields["comm"] = parts.get("comm")
    fields["profile"] = parts.get("profile") or parts.get("scontext")
    fields["target"] = parts.get("tcontext") or parts.get("name")
    if "permissive" in parts:
        fields["permissive"] = parts["permissive"] == "1"


KIND = Kind(
    id="lsm-denied",
    title="{module} denied: {operation}",
    class_="state",
    severity="info",
    subsystem="lsm",
    patterns=(
        Pattern(
            literal='apparmor="DENIED"',
            regex=(
                r'audit: type=1400 audit\([\d.:]{1,40}\): apparmor="DENIED" operation="'
                r'(?P<operation>[^"]{1,60})"'
            ),
            printed=("apparmor=",),
        ),
        Pattern(
            literal="avc:  denied ",
            regex=(
                r"audit: type=1400 audit\([\d.:]{1,40}\): avc:  denied  \{ (?P<operation>[\w ]{1,200}?) \}"
            ),
            printed=("avc:  %s ",),
        ),
    ),
    fields=(
        Field("module", "str", "AppArmor or SELinux"),
        Field("operation", "str", "what was refused"),
        Field("pid", "int", "the process"),
        Field("comm", "str", "its name"),
        Field("profile", "str", "AppArmor's profile, or SELinux's source context"),
        Field("target", "str", "what it was done to"),
        Field("permissive", "bool", "SELinux only logged it"),
    ),
    key=(
        "module",
        "operation",
        "profile",
    ),
    read=read,
    printed_by=(
        "security/apparmor/audit.c:aa_audit",
        "security/selinux/avc.c:avc_audit_pre_callback",
    ),
    meaning=(
        "A process did something that its AppArmor profile or SELinux domain does not allow and got EACCES "
        "(unless SELinux is permissive for it). After an update it usually means that policy and program no "
        "longer fit; otherwise it is what the policy is for."
    ),
    next_steps=(
        "AppArmor: `aa-logprof`, `aa-status`; SELinux: `ausearch -m avc -ts recent | audit2why`.",
        (
            "Did it begin with a kernel or package update? Kernels mediate new things (user namespaces, "
            "io_uring) under old policies."
        ),
    ),
    confused_with=("seccomp-kill: a system call, refused by the program's own filter",),
    example="""\
[ 3001.440001] audit: type=1400 audit(1700000301.440:913): apparmor="DENIED" operation="open" profile="/usr/sbin/cupsd" name="/etc/secret" pid=9120 comm="cupsd" requested_mask="r" denied_mask="r" fsuid=0 ouid=0""",
    near_miss=(
        '[    3.440001] audit: type=1400 audit(1700000003.440:2): apparmor="STATUS" operation="profile_load" profile="unconfined" name="lsb_release" pid=410 comm="apparmor_parser"'
    ),
)
