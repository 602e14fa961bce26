"""A try to log in, from the first check to the session.

    session_id = log_in(file, name="anna", password="correct horse battery", origin=..., source=...)
    session_id = log_in_by_pin(file, "481516")
    session_id = log_in_by_code(file, "k7tm4xqd2p", origin=..., source=...)    # a new unit

Reads and writes: access.db.
Never: says whether there is such an account, or takes another time where there is none; lets wrong
tries from the network keep anybody from the touchscreen.
"""

import math
from collections.abc import Mapping

from appliance.access import waits
from appliance.access.accounts import SETUP, find_password, find_pin, fold
from appliance.access.attempts import NETWORK_KEY, PIN_KEY, begin_try, end_try
from appliance.access.database import AccessFile
from appliance.access.passwords import MOST_PASSWORD, digest, matches
from appliance.access.roles import Origin
from appliance.access.sessions import begin_session
from appliance.access.setup_code import clean_code
from appliance.access.waits import Limit
from appliance.errors import ApplianceError
from appliance.wording.sentence import Sentence, say, say_count

WRONG = say("This name and password do not belong together.")
WRONG_PIN = say("This is not the PIN.")
WRONG_CODE = say("This is not the set-up code.")
NO_CODE = say(
    "This unit takes no set-up code: it is set up, or none was made. Log in with an account; on a "
    "new unit root makes a code with `sudo unitctl access code`."
)
NO_PIN = say("No PIN is set on this unit: set one with `sudo unitctl access pin set`.")


class RefusedError(ApplianceError):
    """A try that failed; the text is for whoever tried. `wait_s`: none is taken for so long."""

    code = "login"

    def __init__(self, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.wait_s = wait_s


def log_in(file: AccessFile, *, name: str, password: str, origin: Origin, source: str) -> str:
    """The id of the new session. Raises `RefusedError`, `AccessError`."""
    limits = choose_limits(name, origin, source)
    require_turn(file, limits)
    if not matches(find_password(file, name), password):
        raise RefusedError(WRONG)
    end_try(file, limits)
    return begin_session(file, name, origin)


def log_in_by_pin(file: AccessFile, pin: str) -> str:
    """The id of the new session at the touchscreen. Raises `RefusedError`, `AccessError`."""
    stored = find_pin(file)
    if stored is None:
        raise RefusedError(NO_PIN)
    limits = {PIN_KEY: waits.PIN}
    require_turn(file, limits)
    if not matches(stored, pin):
        raise RefusedError(WRONG_PIN)
    end_try(file, limits)
    return begin_session(file, None, Origin.TOUCHSCREEN)


def log_in_by_code(file: AccessFile, code: str, *, origin: Origin, source: str) -> str:
    """The id of the new session of who sets the unit up. Raises `RefusedError`, `AccessError`."""
    stored = find_password(file, SETUP)
    if not stored:
        raise RefusedError(NO_CODE)
    limits = choose_limits(SETUP, origin, source)
    require_turn(file, limits)
    if not matches(stored, clean_code(code)):
        raise RefusedError(WRONG_CODE)
    end_try(file, [key for key in limits if key != NETWORK_KEY])
    return begin_session(file, SETUP, origin)


def choose_limits(name: str, origin: Origin, source: str) -> Mapping[str, Limit]:
    """What a wrong try counts against. At the touchscreen it is the account as used there: what the
    network does to it does not matter.
    """
    folded = fold(name)
    key = folded if len(folded) <= MOST_PASSWORD else digest(folded)
    if origin is Origin.TOUCHSCREEN:
        return {"source touchscreen": waits.SOURCE, f"touchscreen {key}": waits.ACCOUNT}
    return {
        f"source {source}": waits.SOURCE,
        f"account {key}": waits.ACCOUNT,
        NETWORK_KEY: waits.NETWORK,
    }


def require_turn(file: AccessFile, limits: Mapping[str, Limit]) -> None:
    """Count the try; raises `RefusedError` where none is taken yet."""
    wait_s = begin_try(file, limits)
    if wait_s > 0:
        raise RefusedError(explain_wait(wait_s), wait_s)


def explain_wait(wait_s: float) -> Sentence:
    """How long no try is taken, and what to do."""
    return say(
        "There were too many wrong tries. The next one is taken in {wait}. Restarting the unit "
        "does not shorten this. Whoever has root on the unit ends it with `sudo unitctl access "
        "unlock`.",
        wait=format_wait(wait_s),
    )


def format_wait(wait_s: float) -> Sentence:
    """How long, in words."""
    if wait_s < 100:
        return say_count("{count} second", "{count} seconds", math.ceil(wait_s))
    return say_count("{count} minute", "{count} minutes", math.ceil(wait_s / 60))
