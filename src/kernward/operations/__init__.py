"""operations/: one function for each thing a user can do; the only place that joins rooms to the store.

May import every room below cli and console. Nothing here prints: an operation takes plain values and
returns records, so that the command line, the console and a test use the same ones.
"""
