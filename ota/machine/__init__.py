"""The states of an update: one step after the other, each on the disk before its act.

Reads: the journal, the offer, rows of the energy. Writes: the journal.
Never: interrupts an installation for the energy gate, or tries a release that failed twice.
"""
