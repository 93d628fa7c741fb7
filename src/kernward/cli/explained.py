"""What `kernward explain` prints: a document, and lines for people, made only when they are asked for."""

from collections.abc import Callable, Iterable
from typing import Any


class Explained:
    """What an id stands for."""

    def __init__(self, document: Callable[[], Any], lines: Callable[[int], Iterable[str]]) -> None:
        self.document = document
        # The argument is the width.
        self.lines = lines
