r"""Texts from outside (a program's output, a device's name) at a length that a line can have.

    shorten("refused: " + "x" * 5000, 300)    # refused: [5000 more characters]
    make_printable("\x1b[2J")                 # the escape written out: it moves no cursor

Reads and writes: nothing; pure.
Never: leaves half a word: half an address could show half a password.
"""

from appliance.wording.sentence import Sentence


def shorten(text: str, most: int) -> str:
    """`text`, or its first whole words within `most` characters and how much is left out."""
    if len(text) <= most:
        return text
    head = text[:most]
    if not text[most].isspace():
        words = head.rsplit(maxsplit=1)
        head = words[0] if len(words) == 2 or head[-1:].isspace() else ""
    head = head.rstrip()
    mark = f"[{len(text) - len(head)} more characters]"
    return f"{head} {mark}" if head else mark


def make_printable(text: str) -> str:
    """`text` in one line; what would move a terminal's cursor or turn its text, as escapes. A
    sentence stays one.
    """
    if text.isprintable():
        return text
    found = escape_all(text)
    if not isinstance(text, Sentence):
        return found
    values = {
        name: make_printable(one) if isinstance(one, str) else one
        for name, one in text.values.items()
    }
    whole = Sentence(text.template, values, text.many)
    return whole if whole == found else found


def escape_all(text: str) -> str:
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
