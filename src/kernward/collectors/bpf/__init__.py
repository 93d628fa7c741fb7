"""Programs of the kernel's BPF machine, and the system's libbpf that loads them.

`programs/` holds their sources, which are GPL-2.0-only, as the kernel demands of programs that use its
helpers; `build` compiles them when the package is built, `libbpf` is the binding, `attached` a program at
work. May import the root and the errors, nothing else of the collectors.
"""
