"""What is wrong with a live stream, in sentences: why it failed, and what its clock is like. Pure.

In: an error of libav, the speed of a clock. Out: sentences that say what to do.
Never: repeats libav's text: it holds the address with the password.
"""

import errno

import av

from appliance.wording.sentence import say


def describe_clock(speed: float) -> str:
    """What is wrong with a camera's clock that runs at `speed`; "" where that is 1."""
    if speed > 1:
        return say(
            "the camera's clock runs {speed:.1f} times as fast as this computer's: the unit "
            "corrects it; look for newer firmware of the camera, or set its frame rate anew",
            speed=speed,
        )
    if speed < 1:
        return say(
            "the camera sends {speed:.0%} of its pictures in time: its clock is slow, which "
            "the unit corrects, or the network is; set a lower bit rate and see if this ends",
            speed=speed,
        )
    return ""


REASONS: tuple[tuple[type[Exception], str], ...] = (
    (
        av.error.HTTPUnauthorizedError,
        say(
            "does not accept user and password: set `user` and `password_file` to those of the "
            "camera"
        ),
    ),
    (
        av.error.HTTPForbiddenError,
        say("refuses this user: give the user the right to see live pictures"),
    ),
    (av.error.HTTPNotFoundError, say("has no stream of this name: check the path in `source`")),
    (av.error.HTTPError, say("answers with an error: check the path in `source`")),
    (
        ConnectionRefusedError,
        say("refuses the connection: check the port, and that it is switched on"),
    ),
    (TimeoutError, say("does not answer: check its power, its cable and the address")),
    (av.error.ExitError, say("does not say what it sends: it hangs, or is not a camera")),
    (av.error.InvalidDataError, say("does not answer with a video stream: check the address")),
    (FileNotFoundError, say("does not exist: check the cable and the name")),
    (PermissionError, say("may not be opened: the service needs the group that owns it (video)")),
)


def explain_failure(shown: str, error: Exception, was_good: bool) -> str:
    """What happened, in one sentence without libav's text: that holds the password."""
    if was_good:
        return say(
            "{shown} broke off ({reason}): the unit goes on connecting",
            shown=shown,
            reason=format_reason(error),
        )
    if getattr(error, "errno", None) == errno.EIO:
        return say(
            "{shown} redirects or closes the connection: set `source` to the final address",
            shown=shown,
        )
    for kind, text in REASONS:
        if isinstance(error, kind):
            return say("{shown} {text}", shown=shown, text=text)
    return say(
        "{shown} cannot be opened ({reason}): check `source` and the camera",
        shown=shown,
        reason=format_reason(error),
    )


def format_reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)
