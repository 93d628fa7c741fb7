"""Pages that are one file: templates, and what they may print.

What a page shows may come from an attacker, so nothing gets in by itself: each value that a template prints
has its control characters shown by number (`terminal.escape`), is cut to a bounded length and is then escaped
for HTML; a content security policy allows the inline style and script by their hashes and nothing else.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernward.cli.terminal import escape

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
# No value on a page is longer, unless the page says so.
CHARS = 1_000


def cut(text: str, limit: int = CHARS) -> str:
    """`text`, or its beginning and how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters)"


def environment(chars: int = CHARS, **filters: Callable[..., Any]) -> "Environment":
    """The templates, with these filters. Jinja escapes for HTML what `shown` lets through, everywhere."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=lambda value: shown(value, chars),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(filters)
    return made


def shown(value: Any, chars: int = CHARS) -> Any:
    """What a template may print of `value`: markup made by templates, else plain, bounded text."""
    if hasattr(value, "__html__"):
        return value
    return "" if value is None else cut(escape(str(value)), chars)


def inline(*names: str) -> Any:
    """These files, one behind the other: ours and static, the only text that is printed as it is."""
    from markupsafe import Markup

    return Markup("".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names))


def fingerprint(text: str) -> str:
    """What a content security policy names an inline style or script by."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
