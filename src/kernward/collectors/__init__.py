"""collectors/: what a machine says about itself in procfs, sysfs, cgroups and eBPF; files in, records out.

Each file of `sources/` reads one source and says, for each of its fields, what it is, in which unit, and
which kernel function prints it. A `Sample` is all sources read at one moment, a `Window` several samples
of one machine with the differences between them. The root folder and the clock are parameters, so that a
copied tree, a sosreport and this machine are read by the same code. May import events, logs and records.

What is read was written by somebody else: a process's name, a cgroup's path, a copied tree. Each reader
has a bound that does not depend on what the input claims. What is absent or unreadable is None or
missing, with the reason kept beside it, never 0.
"""
