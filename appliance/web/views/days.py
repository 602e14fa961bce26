"""A day as the views' addresses have it: 2026-04-15, of the site.

Reads and writes: nothing; pure.
Never: takes a day that no calendar has.
"""

from datetime import date

from werkzeug.exceptions import BadRequest

from appliance.parsing.times import FIRST_YEAR, LAST_YEAR
from appliance.strict_json import show
from appliance.wording.sentence import say

DAY_CHARS = len("2026-04-15")


def parse_day(text: str) -> date:
    """A day such as 2026-04-15; raises `BadRequest`."""
    try:
        day = date.fromisoformat(text)
        if len(text) != DAY_CHARS or not FIRST_YEAR < day.year < LAST_YEAR:
            raise ValueError
    except ValueError:
        raise BadRequest(
            say("day: {text} is no day, such as 2026-04-15", text=show(text))
        ) from None
    return day
