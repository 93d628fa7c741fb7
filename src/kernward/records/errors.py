"""Errors that a user may see: one sentence that says what was read, where, and what was expected."""


class KernwardError(Exception):
    """Base of the errors that are shown as one sentence, without a traceback."""


class InputError(KernwardError):
    """Some input could not be read; the rest of the work goes on. Exit status 2."""


class UsageError(KernwardError):
    """The request itself makes no sense. Exit status 2."""


class StoreError(KernwardError):
    """The store under $KERNWARD_HOME could not be read or written."""


class CatalogueError(KernwardError):
    """A catalogue module is incomplete or contradicts itself; raised for developers, at build or test time."""
