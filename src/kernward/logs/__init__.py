"""logs/: one log format a file; bytes in, lines out.

A source is opened (folders walked, archives and compression undone), its format is chosen by
looking at the content, and it is handed out as chunks: stretches of bytes that the pattern scan
runs over in place, with a way to get the `Line`s of any part. May import records only.

`sources` is the door. Below it: `streams` and `tarball` give bytes, `choosing` finds the format,
`buffer` hands out what is scanned in place, `decoding` what has to be decoded first, and each file
of `formats` says how its lines are read. What is bounded, whatever the input says of itself: a line
(256 KB, longer ones are cut into pieces), a chunk and what is kept of it (1 MB and 512 KB), a JSON
or journal entry (4 MB), a pstore dump (16 MB), a decompression window (256 MB), nesting (six
archives or compressions), and growth (1000 to 1 beyond the first 64 MB).
"""
