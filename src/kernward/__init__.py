"""kernward: the workbench of a team that owns Linux kernels on a fleet."""

__version__ = "0.1.0"
