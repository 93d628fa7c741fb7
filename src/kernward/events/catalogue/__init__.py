"""catalogue/: one module a kind of event, named after it, each with a value `KIND`.

Modules are found by looking into this folder; there is no list of them anywhere.
"""
