"""What worked before an update must work after it: one file for each thing.

Reads: rows of the database, PID 1. Writes: nothing.
Never: blames a release for what was broken before.
"""
