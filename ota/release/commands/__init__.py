"""The commands of `fleet`, one file for each group: what they take, and what they print.

Reads: the command line. Writes: standard output.
Never: decides; the parts below do.
"""
