"""The answers of [link]: whether a link is wanted, APN, PIN and budget, each judged.

Reads: answers. Writes: nothing.
Never: repeats a PIN in an error.
"""

from dataclasses import dataclass
from typing import Any

from appliance.settings_rules.link_rules import APN
from provisioning.commissioning.answers import Answers
from sensors.link.pin import PIN

WANTED_KEY, APN_KEY, PIN_KEY, BUDGET_KEY = "wanted", "apn", "pin", "budget_mb_per_month"
MOST_MB = 10_000_000


@dataclass(frozen=True, slots=True, repr=False)
class LinkWishes:
    """What is given; None: not."""

    is_wanted: bool
    apn: str | None
    pin: str | None
    budget_mb: float | None


def read_wishes(answers: Answers) -> LinkWishes:
    """Raises `AnswerError`."""
    wanted: Any = answers.find(WANTED_KEY)
    if wanted is not None and not isinstance(wanted, bool):
        advice = "write true or false, without quotes"
        raise answers.refuse(WANTED_KEY, what="is neither", advice=advice)
    apn = answers.find_text(APN_KEY, 100)
    if apn is not None and not (apn and APN.fullmatch(apn)):
        advice = "letters A to Z, digits, dots and - make one, such as internet"
        raise answers.refuse(APN_KEY, what="is no access point name", advice=advice)
    pin = answers.find_secret(PIN_KEY)
    if pin is not None and not PIN.fullmatch(pin):
        advice = "it has four to eight digits, in quotes"
        raise answers.refuse(PIN_KEY, what="is no PIN of a SIM", advice=advice)
    budget_mb = answers.find_number(BUDGET_KEY, 0, MOST_MB)
    return LinkWishes(wanted is not False, apn, pin, budget_mb)
