"""The words that `unitctl provision` takes beside the names of steps.

Reads and writes: nothing.
"""

NEXT, ALL, REPORT, REPLACED = "next", "all", "report", "replaced"
