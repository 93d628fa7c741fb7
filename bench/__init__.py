"""bench/: what is worth a number. Each module measures one claim and prints a table.

A benchmark runs the installed command as a whole process and its peer in the same run, in turn, so
that both meet the same machine. Nothing here is asserted: the figures are read by people.
"""
