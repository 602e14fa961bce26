"""A release goes to a group in waves: what is signed of it, who is in a wave, when it goes on.

Reads: both repositories, what units have reported. Writes: the director's entries.
Never: asks a unit or a database; keeps any state but what is signed.
"""
