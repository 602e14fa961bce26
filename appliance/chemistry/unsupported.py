"""Chemistries that people ask for and that are refused, each with its reason.

Reads and writes: nothing.
Never: lets one of them be entered as another: its voltages would be misread.
"""

from appliance.wording.sentence import say

NO_SOURCES = say(
    "its cut-offs, rested curve and limits in the cold differ from maker to maker, and no "
    "source for each of them is known to the unit"
)
UNSUPPORTED = {
    "nmc": NO_SOURCES,
    "lto": NO_SOURCES,
    "sodium-ion": NO_SOURCES,
}
SEVERAL = say(
    "it names several chemistries; where the label says LiFePO4 it is 'lfp', and of all others "
)
# What else they are called: by it without spaces and signs.
ALSO = {
    **dict.fromkeys(("lithium", "liion", "lithiumion", "lipo", "lithiumpolymer"), SEVERAL),
    **dict.fromkeys(("nca", "lco", "lmo", "linmc", "limno", "licoo2", "ncm"), ""),
    **dict.fromkeys(("naion", "sodium", "sib"), ""),
    **dict.fromkeys(("lithiumtitanate", "titanate", "nicd", "nimh", "nife", "nickeliron"), ""),
}


def find_refusal(name: str) -> str:
    """Why a battery of that name is not supported; "" where it is none of those known."""
    plain = "".join(letter for letter in name.casefold() if letter.isalnum())
    known = {word.replace("-", ""): reason for word, reason in UNSUPPORTED.items()}
    if plain in ALSO:
        return ALSO[plain] + NO_SOURCES
    return known.get(plain, "")


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
