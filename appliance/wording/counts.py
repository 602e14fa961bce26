"""Counts and shares as all sentences for people give them.

    format_count(1, "camera")           # 1 camera
    format_count(0.5, "frame", ".3g")   # 0.5 frames
    format_share(0.404)                 # 40 %

Reads and writes: nothing; pure.
Never: decides what a sentence says.
"""


def format_count(number: float, noun: str, form: str = "") -> str:
    """A number, written with `form`, and its noun: in the plural unless the text is 1."""
    figure = f"{number:{form}}"
    return f"{figure} {noun}{'' if figure == '1' else 's'}"


def format_share(share: float) -> str:
    """A share of one in whole percent, with a space: 0.404 is 40 %."""
    return f"{share * 100:.0f} %"
