"""cli/: one file a command: arguments in, one operation called, result printed.

A module that holds a click command named `command` is a command of that name. May import every room
below; what is slow to import is imported when the command runs.
"""
