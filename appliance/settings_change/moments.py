"""Times in the files of changes: UTC, as rows have them.

Reads and writes: nothing; pure.
Never: takes a time without its offset.
"""

from datetime import UTC, datetime

from appliance.wording.sentence import say


def parse_time(text: str) -> datetime:
    """The time; raises `ValueError`."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(say("a time without its offset"))
    return found.astimezone(UTC)
