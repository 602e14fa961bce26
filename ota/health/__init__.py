"""What worked before an update must work after it: the checks of a trial, one file for each thing.

Reads: rows of the database, the disk, the updater on trial. Writes: nothing.
Never: blames a release for what was broken before: that is told, and does not count.
"""
