"""events/: from lines to named events.

catalogue/ holds one kind a file. All their literal texts are scanned for in one pass; the
neighbourhood of a hit is read, parsed and named. May import logs, stats and records.
"""
