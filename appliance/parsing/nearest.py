"""The nearest known word to a wrong one, or none: a far one would mislead.

    advise("stauts", ("status", "events"))    # did you mean 'status'?
    advise("xyz", ("status", "events"))       # known: status, events

Reads and writes: nothing; pure.
Never: proposes a word that shares hardly a letter with what was typed.
"""

from collections.abc import Iterable

from appliance.wording.sentence import say

LONGEST = 60  # characters; a longer word is no slip of the fingers
SHORTEST_BEGINNING = 3


def advise(word: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """The words `did you mean ...?`, or `otherwise` (default: the words that are known)."""
    words = list(known)
    near = find_nearest(word, words)
    if near is not None:
        return say("did you mean {near}?", near=repr(near))
    return (
        say("known: {words}", words=", ".join(words) or say("none"))
        if otherwise is None
        else otherwise
    )


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word with the fewest slips (a letter missing, too many, wrong, or two swapped), at
    most one in three letters; else the only one that begins or ends so; else None.
    """
    words = list(known)
    if not word or len(word) > LONGEST:
        return None
    typed = word.casefold()
    near = min(words, key=lambda one: count_slips(typed, one.casefold()), default=None)
    if near is not None and count_slips(typed, near.casefold()) <= count_allowed(typed, near):
        return near
    return find_part(typed, words)


def count_allowed(typed: str, known: str) -> int:
    """One slip in a word of four letters or less, then one in three letters."""
    return max(1, min(len(typed), len(known)) // 3) if min(len(typed), len(known)) > 1 else 0


def find_part(typed: str, words: list[str]) -> str | None:
    """The only word that begins or ends with what was typed."""
    if len(typed) < SHORTEST_BEGINNING:
        return None
    found = [one for one in words if one.casefold().startswith(typed)]
    found = found or [one for one in words if one.casefold().endswith(typed)]
    return found[0] if len(found) == 1 else None


def count_slips(one: str, other: str) -> int:
    """The least number of letters to insert, delete, change or swap (Damerau and Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, against in enumerate(other, start=1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
