"""diagnosis/: hypotheses about why a machine is slow or sick, and the engine that tests them.

Each file of `hypotheses/` is one cause: what it claims, what would confirm or refute it, what tells it
from its rivals, the mechanism in the kernel, what to do. The engine reads the cheap signals first, asks for
measurements where they separate rivals, and says what was ruled out and what could not be seen. May import
collectors, events, logs, stats and records.
"""
