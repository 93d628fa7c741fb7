"""The form of /proc/net/stat/*: names in the first line, then hexadecimal numbers in one line a CPU.

A gauge stands in every line and is the same in each; counters are each CPU's own and are added.
"""

from collections.abc import Mapping

from kernward.collectors.root import Root, Unavailable


def table(root: Root, path: str, names: Mapping[str, str], same: frozenset[str]) -> dict[str, int]:
    """Values by field; `names` says the field of each column, `same` which columns are gauges.

    Raises Unavailable when there is no such file, or no line of values in it.
    """
    lines = root.read(path).decode("ascii", "replace").splitlines()
    columns = lines[0].split() if lines else []
    found: dict[str, int] = {}
    for line in lines[1:]:
        words = line.split()
        if len(words) != len(columns):
            continue
        for name, word in zip(columns, words, strict=True):
            field = names.get(name)
            if field is None:
                continue
            try:
                value = int(word, 16)
            except ValueError:
                continue
            found[field] = value if name in same else found.get(field, 0) + value
    if not found:
        raise Unavailable(path, "it holds no line of names and none of hexadecimal numbers")
    return found
