"""kernels/: one kernel build and its parts; files in, records out.

A kernel is found by what a person calls it (a series, a release, a package file, an image, a folder,
a build) in `find`; what it consists of is read from its own files: the image's header, the config,
System.map, modules and what they say of themselves. Packages come from Debian's archive through
apt, are checked against the archive's SHA-256 and unpacked under a cache, never installed. Packages
of the RPM kind are not read. May import records only.

The files are written by somebody else: each reader has a bound that does not depend on what the
file claims about itself, and no name that a file gives becomes a path before it was looked at. The
cache may be used by many processes at once: what is made is made under a lock, in a folder of its
own, and renamed when it is whole.
"""
