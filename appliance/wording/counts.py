"""Counts and shares as all sentences for people give them.

    format_count(1, "camera")           # 1 camera
    format_count(0.5, "frame", ".3g")   # 0.5 frames
    format_share(0.404)                 # 40 %

Reads and writes: nothing; pure.
Never: decides what a sentence says.
"""

from appliance.wording.sentence import Sentence


def format_count(number: float, noun: str, form: str = "") -> Sentence:
    """A number, written with `form`, and its noun: in the plural unless the text is 1."""
    figure = Sentence(f"{{number:{form}}}", {"number": number})
    values = {"figure": figure, "count": 1 if figure == "1" else number}
    return Sentence(f"{{figure}} {noun}", values, f"{{figure}} {noun}s")


def format_share(share: float) -> str:
    """A share of one in whole percent, with a space: 0.404 is 40 %."""
    return f"{share * 100:.0f} %"
