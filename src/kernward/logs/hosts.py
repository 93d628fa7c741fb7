"""Which host a log is of, as far as the layout of its folder tells it beyond doubt.

Two layouts do. A folder for each host: two or more sibling folders hold a log at the same place
(`web1/console.log`, `web2/console.log`), and then all in such a folder is of its host. A file for each host: two or more files of one folder differ
only in a name that has a letter and a digit, as host names do (`console-web1.log`, `web2.log.gz`).
"""

import re
from collections import defaultdict
from collections.abc import Sequence

_HOST = re.compile(r"(?=[^.]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_FILE = re.compile(
    r"(?P<before>(?:(?:net)?console|serial|kern|dmesg|messages|syslog|ipmi|sol)[-_.])?"
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*?)"
    r"(?P<after>[-_.](?:console|dmesg|kern|serial))?"
    r"(?P<kind>\.(?:log|txt|out|console|dmesg|json|jsonl|export))"
    r"(?P<packed>\.(?:gz|xz|zst|bz2))?"
)
# Names with a number that count something other than hosts.
_COUNTED = re.compile(
    r"(?:boot|run|case|test|log|crash|dump|part|dmesg|console|serial|kern|report|sample|file|oops|"
    r"panic|day|week|tty\w*|com|old|attempt|job|build|out)s?[-_.]?\d+",
    re.IGNORECASE,
)
_FOLDERS_OF_ONE_HOST = {
    "var",
    "log",
    "logs",
    "old",
    "archive",
    "journal",
    "crash",
    "pstore",
    "systemd",
    "sys",
    "fs",
    "boot",
    "today",
    "yesterday",
    "tmp",
}


def hosts_of(paths: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Host names by path; paths are relative, as parts, and those that tell no host are left out."""
    places: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = defaultdict(set)
    files: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for path in paths:
        for depth in range(len(path) - 1):
            if _names_host(path[depth]) and path[depth].lower() not in _FOLDERS_OF_ONE_HOST:
                places[path[:depth], path[depth + 1 :]].add(path[depth])
        named = _file_host(path)
        if named:
            files[named[0]].add(named[1])
    folders = {
        (*before, name): name for (before, _), names in places.items() if len(names) > 1 for name in names
    }
    hosts: dict[tuple[str, ...], str] = {}
    for path in paths:
        for depth in range(len(path) - 1):
            if path[: depth + 1] in folders:
                hosts.setdefault(path, path[depth])
        named = _file_host(path)
        if named and len(files[named[0]]) > 1:
            hosts.setdefault(path, named[1])
    return hosts


def _names_host(name: str) -> bool:
    return _HOST.fullmatch(name) is not None and _COUNTED.fullmatch(name) is None


def _file_host(path: tuple[str, ...]) -> tuple[tuple[object, ...], str] | None:
    found = _FILE.fullmatch(path[-1])
    if not found:
        return None
    host = found["host"]
    if not _names_host(host) or not any(c.isdigit() for c in host):
        return None
    return (path[:-1], found["before"], found["after"], found["kind"]), host
