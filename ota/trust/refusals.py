"""What is wrong with metadata: python-tuf's errors as one reason code and one sentence.

Reads and writes: nothing; pure.
Never: lets an error of python-tuf out, or tells apart by the words of its text.
"""

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.serialization import DeserializationError

from appliance.wording.sentence import say
from ota.errors import LinkError, TrustError, UpdateError
from ota.trust.ratchet import LONGEST_ROLE, MOST_VERSION

TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
NOT_USED = say("nothing of it is used")
# error -> start of the reason code, what is said of the file, what to do
WORDS: dict[type[RepositoryError], tuple[str, str, str]] = {
    UnsignedMetadataError: (
        "unsigned",
        say("has too few valid signatures"),
        say("check who can write to that mirror, and whether a key was changed without a new root"),
    ),
    ExpiredMetadataError: (
        "expired",
        say("has expired"),
        say("run `fleet renew` where releases are signed, or check the unit's clock"),
    ),
    LengthOrHashMismatchError: (
        "mixed",
        say("is not the file that the others name"),
        say("copy the tree to that mirror again, timestamp.json last"),
    ),
    BadVersionNumberError: (
        "rollback",
        say("is older than what this unit has seen"),
        say("copy the newest tree to that mirror"),
    ),
    DeserializationError: (
        "unreadable",
        say("is no TUF metadata"),
        say("check what that mirror serves under this name"),
    ),
}


def name_role(role: str) -> str:
    """The role in a reason code: delegated ones have names without end."""
    return role if role in TOP_LEVEL else "delegated"


def make_refusal(code: str, role: str, *, what: str, advice: str, place: str) -> TrustError:
    return TrustError(
        say(
            "{role}.json of {place} {what}; {not_used}: {advice}",
            role=role,
            place=place,
            what=what,
            not_used=NOT_USED,
            advice=advice,
        ),
        f"{code}-{name_role(role)}",
    )


def make_rollback(role: str, *, seen: int, floor: int, place: str) -> TrustError:
    what = say("has version {seen}, this unit has seen {floor}", seen=seen, floor=floor)
    advice = say("copy the newest tree to that mirror")
    return make_refusal("rollback", role, what=what, advice=advice, place=place)


def refuse_boundless(role: str, version: int, place: str) -> None:
    """A thief's key may sign any number and name: the floors that hold them could not be read back.
    Raises `TrustError`.
    """
    if version > MOST_VERSION or len(role) > LONGEST_ROLE:
        what, advice = (
            say("has a version or a name beyond measure"),
            say("look who has the key that signs it"),
        )
        raise make_refusal("boundless", role, what=what, advice=advice, place=place)


def explain_repository(error: RepositoryError, role: str, place: str) -> TrustError:
    """What is wrong with the file of `role` from `place` (repository and mirror, in words)."""
    for kind, (code, what, advice) in WORDS.items():
        if isinstance(error, kind):
            return make_refusal(code, role, what=what, advice=advice, place=place)
    what, advice = (
        say("does not fit the others ({error})", error=error),
        say("copy the tree to that mirror again"),
    )
    return make_refusal("refused", role, what=what, advice=advice, place=place)


def explain_download(error: DownloadError, role: str, place: str) -> UpdateError:
    if isinstance(error, DownloadLengthMismatchError):
        what, advice = say("does not end where it must"), say("check what that mirror serves")
        return make_refusal("endless", role, what=what, advice=advice, place=place)
    if isinstance(error, DownloadHTTPError):
        return LinkError(
            say(
                "{role}.json of {place} is not there: copy the whole tree to that mirror",
                role=role,
                place=place,
            ),
            f"missing-{name_role(role)}",
        )
    return LinkError(
        say(
            "{role}.json of {place} comes too slowly: it is tried again later",
            role=role,
            place=place,
        ),
        f"slow-{name_role(role)}",
    )


def explain(error: RepositoryError | DownloadError, role: str, place: str) -> UpdateError:
    if isinstance(error, RepositoryError):
        return explain_repository(error, role, place)
    return explain_download(error, role, place)
