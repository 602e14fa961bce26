"""Why a camera could not be asked, each in a sentence with what to do. Pure.

In: the kind, with its figures. Out: the sentence.
Never: repeats a password, or takes a wrong clock for a wrong password.
"""

from enum import StrEnum

from appliance.errors import CameraError
from appliance.wording.sentence import join_sentences, say, say_count

SKEWED_S = 60.0  # cameras refuse a login whose time is further off than one to five minutes


class Trouble(StrEnum):
    """What went wrong."""

    NEEDS_LOGIN = "needs_login"
    WRONG_LOGIN = "wrong_login"
    CLOSED = "closed"
    SILENT = "silent"
    NOT_ONVIF = "not_onvif"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    HOSTILE = "hostile"
    REFUSED = "refused"
    DIED = "died"
    NO_LIBRARY = "no_library"
    NO_PICTURE = "no_picture"


SENTENCES = {
    Trouble.NEEDS_LOGIN: say("wants a user and a password: give those of the camera"),
    Trouble.CLOSED: say(
        "refuses the connection: check the port, and that ONVIF is on in the camera (many have it "
        "off when new)"
    ),
    Trouble.SILENT: say("does not answer: check its cable, its power and its address"),
    Trouble.NOT_ONVIF: say(
        "answers, but not as an ONVIF camera does: switch ONVIF on in the camera, or give its "
        "RTSP address"
    ),
    Trouble.TOO_LARGE: say(
        "sends an answer that is larger than any that is meant: it is not read; restart the "
        "camera, and see that it is one"
    ),
    Trouble.TOO_LONG: say(
        "does not come to an end with its answers: restart the camera, then try again"
    ),
    Trouble.HOSTILE: say(
        "sends what no camera has to send (a type definition, or an address of another host): it "
        "is not read; see that it is a camera, and whose"
    ),
    Trouble.DIED: say(
        "sends what cannot be read within the memory for it: restart the camera, then try again"
    ),
    Trouble.NO_LIBRARY: say(
        "cannot be asked: the unit's software lacks its extra `onvif`; install it again"
    ),
    Trouble.NO_PICTURE: say(
        "gives no picture at the address that it names for one: a picture of its stream is taken"
    ),
}


class AskingError(CameraError):
    """A camera could not be asked; `trouble` says why."""

    def __init__(self, text: str, trouble: Trouble) -> None:
        super().__init__(text)
        self.trouble = trouble


def make_error(
    shown: str, trouble: Trouble, *, what: str = "", offset_s: float | None = None
) -> AskingError:
    """The error about the camera at `shown`; `what`: its own words, `offset_s`: of its clock."""
    if trouble is Trouble.WRONG_LOGIN:
        reason = explain_wrong_login(offset_s)
    elif trouble is Trouble.REFUSED:
        reason = say("refuses what it was asked ({what}): update its firmware", what=what or "?")
    else:
        reason = SENTENCES[trouble]
    return AskingError(say("{shown} {reason}", shown=shown, reason=reason), trouble)


def explain_wrong_login(offset_s: float | None) -> str:
    """A login is refused for a wrong password, or for the time in it."""
    refused = say(
        "refuses this user and password: check both; many cameras have users of their own for "
        "ONVIF, and lock out for some minutes who tries often"
    )
    if offset_s is None:
        clock = say(
            "its clock could not be read: where it is more than a minute wrong, that looks the same"
        )
    elif abs(offset_s) > SKEWED_S:
        clock = say(
            "its clock is {offset}, which looks the same: set the clock in the camera first",
            offset=describe_offset(offset_s),
        )
    else:
        return refused
    return join_sentences("; ", [refused, clock])


def describe_offset(offset_s: float) -> str:
    """How far a clock is off, in a unit that can be compared with a watch."""
    figure_min, figure_h, figure_d = (abs(offset_s) / one for one in (60, 3600, 86_400))
    if offset_s > 0:
        if figure_min < 120:
            return say("{figure:.0f} min ahead", figure=figure_min)
        if figure_h < 48:
            return say("{figure:.0f} h ahead", figure=figure_h)
        return say_count("{count:.0f} day ahead", "{count:.0f} days ahead", figure_d)
    if figure_min < 120:
        return say("{figure:.0f} min behind", figure=figure_min)
    if figure_h < 48:
        return say("{figure:.0f} h behind", figure=figure_h)
    return say_count("{count:.0f} day behind", "{count:.0f} days behind", figure_d)
