"""The checks of a trial: one file each, found by listing this folder.

Each has `look(sight) -> Items`: what it looks at, "" where it works, else what is wrong.
Never: lists what the energy level does not run now: no coverage is no failure.
"""
