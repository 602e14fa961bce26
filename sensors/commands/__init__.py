"""Commands of `unitctl` that need cameras: plugged in by entry points (docs/decisions/0008).

Reads: what the command says. Writes: standard output, and where the command says so.
Never: imports what is heavy before it is used.
"""
