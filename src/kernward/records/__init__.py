"""records/: frozen record types, units and errors; no I/O.

Every other room speaks in these types, and they are the JSON of every command. A field's name
carries its unit, absent is `None`. This room imports nothing of kernward.
"""
