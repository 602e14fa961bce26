"""What is wrong with a live stream, in sentences: why it failed, and what its clock is like. Pure.

In: an error of libav, the speed of a clock. Out: sentences that say what to do.
Never: repeats libav's text: it holds the address with the password.
"""

import errno

import av


def describe_clock(speed: float) -> str:
    """What is wrong with a camera's clock that runs at `speed`; "" where that is 1."""
    if speed > 1:
        return (
            f"the camera's clock runs {speed:.1f} times as fast as this computer's: the unit "
            "corrects it; look for newer firmware of the camera, or set its frame rate anew"
        )
    if speed < 1:
        return (
            f"the camera sends {speed:.0%} of its pictures in time: its clock is slow, which the "
            "unit corrects, or the network is; set a lower bit rate and see if this ends"
        )
    return ""


REASONS: tuple[tuple[type[Exception], str], ...] = (
    (
        av.error.HTTPUnauthorizedError,
        "does not accept user and password: set `user` and `password_file` to those of the camera",
    ),
    (
        av.error.HTTPForbiddenError,
        "refuses this user: give the user the right to see live pictures",
    ),
    (av.error.HTTPNotFoundError, "has no stream of this name: check the path in `source`"),
    (av.error.HTTPError, "answers with an error: check the path in `source`"),
    (ConnectionRefusedError, "refuses the connection: check the port, and that it is switched on"),
    (TimeoutError, "does not answer: check its power, its cable and the address"),
    (av.error.ExitError, "does not say what it sends: it hangs, or is not a camera"),
    (av.error.InvalidDataError, "does not answer with a video stream: check the address"),
    (FileNotFoundError, "does not exist: check the cable and the name"),
    (PermissionError, "may not be opened: the service needs the group that owns it (video)"),
)


def explain_failure(shown: str, error: Exception, was_good: bool) -> str:
    """What happened, in one sentence without libav's text: that holds the password."""
    if was_good:
        return f"{shown} broke off ({format_reason(error)}): the unit goes on connecting"
    if getattr(error, "errno", None) == errno.EIO:
        return f"{shown} redirects or closes the connection: set `source` to the final address"
    for kind, text in REASONS:
        if isinstance(error, kind):
            return f"{shown} {text}"
    return f"{shown} cannot be opened ({format_reason(error)}): check `source` and the camera"


def format_reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)
