"""logs/: one log format a file; bytes in, lines out.

A source is opened (folders walked, archives and compression undone), its format is chosen by
looking at the content, and it is handed out as chunks: stretches of bytes that the pattern scan
runs over in place, with a way to get the `Line`s of any part. May import records only.
"""
