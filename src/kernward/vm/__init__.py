"""vm/: the test bed. QEMU machines, their snapshots, and the faults that are injected into them.

May import kernels, events, logs and records.
"""
