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

from ota.errors import LinkError, TrustError, UpdateError
from ota.trust.ratchet import LONGEST_ROLE, MOST_VERSION

TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
NOT_USED = "nothing of it is used"
# error -> start of the reason code, what is said of the file, what to do
WORDS: dict[type[RepositoryError], tuple[str, str, str]] = {
    UnsignedMetadataError: (
        "unsigned",
        "has too few valid signatures",
        "check who can write to that mirror, and whether a key was changed without a new root",
    ),
    ExpiredMetadataError: (
        "expired",
        "has expired",
        "run `fleet renew` where releases are signed, or check the unit's clock",
    ),
    LengthOrHashMismatchError: (
        "mixed",
        "is not the file that the others name",
        "copy the tree to that mirror again, timestamp.json last",
    ),
    BadVersionNumberError: (
        "rollback",
        "is older than what this unit has seen",
        "copy the newest tree to that mirror",
    ),
    DeserializationError: (
        "unreadable",
        "is no TUF metadata",
        "check what that mirror serves under this name",
    ),
}


def name_role(role: str) -> str:
    """The role in a reason code: delegated ones have names without end."""
    return role if role in TOP_LEVEL else "delegated"


def make_refusal(code: str, role: str, *, what: str, advice: str, place: str) -> TrustError:
    return TrustError(
        f"{role}.json of {place} {what}; {NOT_USED}: {advice}", f"{code}-{name_role(role)}"
    )


def make_rollback(role: str, *, seen: int, floor: int, place: str) -> TrustError:
    what = f"has version {seen}, this unit has seen {floor}"
    advice = "copy the newest tree to that mirror"
    return make_refusal("rollback", role, what=what, advice=advice, place=place)


def refuse_boundless(role: str, version: int, place: str) -> None:
    """A thief's key may sign any number and name: the floors that hold them could not be read back.
    Raises `TrustError`.
    """
    if version > MOST_VERSION or len(role) > LONGEST_ROLE:
        what, advice = (
            "has a version or a name beyond measure",
            "look who has the key that signs it",
        )
        raise make_refusal("boundless", role, what=what, advice=advice, place=place)


def explain_repository(error: RepositoryError, role: str, place: str) -> TrustError:
    """What is wrong with the file of `role` from `place` (repository and mirror, in words)."""
    for kind, (code, what, advice) in WORDS.items():
        if isinstance(error, kind):
            return make_refusal(code, role, what=what, advice=advice, place=place)
    what, advice = f"does not fit the others ({error})", "copy the tree to that mirror again"
    return make_refusal("refused", role, what=what, advice=advice, place=place)


def explain_download(error: DownloadError, role: str, place: str) -> UpdateError:
    if isinstance(error, DownloadLengthMismatchError):
        what, advice = "does not end where it must", "check what that mirror serves"
        return make_refusal("endless", role, what=what, advice=advice, place=place)
    if isinstance(error, DownloadHTTPError):
        return LinkError(
            f"{role}.json of {place} is not there: copy the whole tree to that mirror",
            f"missing-{name_role(role)}",
        )
    return LinkError(
        f"{role}.json of {place} comes too slowly: it is tried again later",
        f"slow-{name_role(role)}",
    )


def explain(error: RepositoryError | DownloadError, role: str, place: str) -> UpdateError:
    if isinstance(error, RepositoryError):
        return explain_repository(error, role, place)
    return explain_download(error, role, place)
