"""Chemistries that people ask for and that are refused, each with its reason.

Reads and writes: nothing.
Never: lets one of them be entered as another: its voltages would be misread.
"""

NO_SOURCES = (
    "its cut-offs, rested curve and limits in the cold differ from maker to maker, and no source "
    "for each of them is known to the unit"
)
UNSUPPORTED = {
    "nmc": NO_SOURCES,
    "lto": NO_SOURCES,
    "sodium-ion": NO_SOURCES,
}

# What else the supported ones are called on labels and in manuals.
OTHER_NAMES = {
    "lifepo4": "lfp",
    "life": "lfp",
    "lithium iron phosphate": "lfp",
    "lithium-iron-phosphate": "lfp",
    "opzs": "flooded",
    "wet": "flooded",
    "opzv": "gel",
    "sla": "lead-acid",
    "vrla": "lead-acid",
    "pb": "lead-acid",
}
