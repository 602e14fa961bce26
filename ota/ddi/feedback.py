"""What a DDI server is told of an action: one state with its reason.

    Feedback("rejected", "energy", "the update waits: 31 % charge, needs 40 %")
    format_feedback("17", feedback, now)         # the JSON of a POST

`rejected` means to a server: not at this point in time; the action stays open (hawkBit: a warning
in its history). `closed` ends it, with `success` or `failure`.

Reads and writes: nothing; pure.
Never: says `success` by itself: whoever makes one must have seen the commit.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.wording.shorten import shorten

CLOSED, PROCEEDING, REJECTED = "closed", "proceeding", "rejected"
DOWNLOAD, DOWNLOADED = "download", "downloaded"
SUCCESS, FAILURE, NONE = "success", "failure", "none"
LONGEST_DETAIL = 500  # characters; hawkBit stores 512


@dataclass(frozen=True, slots=True)
class Feedback:
    """`kind`: a reason code, or what the unit waits for: the same is not told twice in a row."""

    execution: str
    kind: str
    text: str
    finished: str = NONE

    @property
    def is_final(self) -> bool:
        return self.execution == CLOSED


def succeed(text: str) -> Feedback:
    """Only after COMMIT."""
    return Feedback(CLOSED, "committed", text, SUCCESS)


def fail(code: str, text: str) -> Feedback:
    return Feedback(CLOSED, code, text, FAILURE)


def reject(kind: str, text: str) -> Feedback:
    return Feedback(REJECTED, kind, text)


def format_feedback(action: str, feedback: Feedback, now: datetime) -> bytes:
    """For deploymentBase and cancelAction."""
    status = {
        "execution": feedback.execution,
        "result": {"finished": feedback.finished},
        "details": list_details(feedback),
    }
    return encode({"id": action, "time": f"{now:%Y%m%dT%H%M%S}", "status": status})


def format_confirmation(feedback: Feedback) -> bytes:
    """The answer where the server first asks for a yes: anything but `proceeding` is a no."""
    answer = "confirmed" if feedback.execution == PROCEEDING else "denied"
    return encode({"confirmation": answer, "details": list_details(feedback)})


def list_details(feedback: Feedback) -> list[str]:
    return [shorten(feedback.text, LONGEST_DETAIL), f"reason code: {feedback.kind}"]


def encode(tree: dict[str, Any]) -> bytes:
    return json.dumps(tree).encode()
