"""One measurement a file: its record, what is read of the kernel, and how, in a value MEASUREMENT."""
