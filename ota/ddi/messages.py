"""What a DDI server says: the answer to a poll, a deployment, an action to cancel.

    poll = read_poll(data)               # poll.sleep_s, poll.deployment: a `Link`
    deployment = read_deployment(data, "deployment")

Reads and writes: nothing; pure. An answer that means nothing is an `InputError`.
Never: hands on an address: of a link only the action's number counts, and the server's own mark of
its state.
"""

import re
from dataclasses import dataclass
from typing import Any

from appliance import strict_json
from appliance.strict_json import InputError
from appliance.wording.sentence import say

MOST_BYTES = 256 * 1024  # of an answer
MOST_CHUNKS = 64
MOST_ARTIFACTS = 256
LONGEST_NAME = 256
LONGEST_ADDRESS = 2000
LONGEST_SLEEP_S = 24 * 3600.0
MANIFEST = "manifest.json"
ACTION = re.compile(r"/(-?[0-9]{1,19})(\?[A-Za-z0-9_=&%.-]{1,200})?$")
SLEEP = re.compile(r"([0-9]{1,3}):([0-5][0-9]):([0-5][0-9])")
DIGEST = re.compile(r"[0-9a-fA-F]{64}")
HANDLINGS = ("skip", "attempt", "forced")


@dataclass(frozen=True, slots=True)
class Link:
    """An action by its number. `mark`: changes with the state of the action, "" where there is none
    (as hawkBit's `c`).
    """

    action: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """`sleep_s`: None where the server does not say it. `asks_attributes`: it wants to know what
    kind of unit this is.
    """

    sleep_s: float | None
    deployment: Link | None
    confirmation: Link | None
    cancel: Link | None
    asks_attributes: bool


@dataclass(frozen=True, slots=True)
class Deployment:
    """`releases`: the versions of its software modules, one of which names our release.

    `manifest_sha256`: of an artifact `manifest.json`, "" where there is none. `download`, `update`:
    "skip", "attempt" or "forced".
    """

    releases: tuple[str, ...]
    manifest_sha256: str
    download: str
    update: str


def read_poll(data: bytes) -> Poll:
    tree = read_tree(data)
    links = read_part(tree, "_links")
    return Poll(
        sleep_s=read_sleep(tree),
        deployment=read_link(links, "deploymentBase"),
        confirmation=read_link(links, "confirmationBase"),
        cancel=read_link(links, "cancelAction"),
        asks_attributes="configData" in links,
    )


def read_deployment(data: bytes, part: str) -> Deployment:
    """`part`: "deployment", or "confirmation" where the server first asks for a yes."""
    found = read_part(read_tree(data), part)
    chunks = strict_json.require_list(found.get("chunks", []), "chunks", MOST_CHUNKS)
    return Deployment(
        releases=tuple(dict.fromkeys(read_version(one) for one in chunks)),
        manifest_sha256=find_manifest(chunks),
        download=read_handling(found, "download"),
        update=read_handling(found, "update"),
    )


def read_stop(data: bytes) -> str:
    """The number of the action that is to be cancelled."""
    stop = read_part(read_tree(data), "cancelAction").get("stopId")
    text = strict_json.require_text(stop, "stopId", 20)
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        raise InputError(
            say("stopId is no number of an action: {value}", value=strict_json.show(text))
        )
    return text


def read_tree(data: bytes) -> dict[str, Any]:
    return strict_json.parse_object(data, most_bytes=MOST_BYTES, most_depth=12)


def read_part(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """An object in an object; an empty one where it is missing."""
    found = tree.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InputError(
            say("{name} is no object, but {value}", name=name, value=strict_json.show(found))
        )
    return found


def read_link(links: dict[str, Any], name: str) -> Link | None:
    if name not in links:
        return None
    href = read_part(links, name).get("href")
    address = strict_json.require_text(href, f"the link {name}", LONGEST_ADDRESS)
    found = ACTION.search(address)
    if not found:
        raise InputError(
            say(
                "the link {name} names no action: {value}",
                name=name,
                value=strict_json.show(address),
            )
        )
    return Link(found[1], found[2] or "")


def read_sleep(tree: dict[str, Any]) -> float | None:
    polling = read_part(read_part(tree, "config"), "polling")
    if "sleep" not in polling:
        return None
    found = SLEEP.fullmatch(strict_json.require_text(polling["sleep"], "sleep", 20))
    if not found:
        raise InputError(
            say("sleep is no time of the form 01:00:00: {polling}", polling=repr(polling["sleep"]))
        )
    return min(int(found[1]) * 3600.0 + int(found[2]) * 60 + int(found[3]), LONGEST_SLEEP_S)


def read_version(chunk: Any) -> str:
    return strict_json.require_text(require_object(chunk).get("version"), "version", LONGEST_NAME)


def require_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(
            say("a chunk or an artifact is no object, but {value}", value=strict_json.show(value))
        )
    return value


def find_manifest(chunks: list[Any]) -> str:
    for chunk in chunks:
        named = chunk.get("artifacts") or []
        for entry in strict_json.require_list(named, "artifacts", MOST_ARTIFACTS):
            artifact = require_object(entry)
            digest = read_part(artifact, "hashes").get("sha256")
            if artifact.get("filename") == MANIFEST and digest is not None:
                return require_digest(digest)
    return ""


def require_digest(value: Any) -> str:
    text = strict_json.require_text(value, "sha256", 64)
    if not DIGEST.fullmatch(text):
        raise InputError(say("sha256 is none: {value}", value=strict_json.show(text)))
    return text.lower()


def read_handling(part: dict[str, Any], name: str) -> str:
    """What is not known is "skip": nothing is done."""
    value = part.get(name, "forced")
    return value if value in HANDLINGS else "skip"
