"""What a camera says of itself over ONVIF, as it passes from the process that asked. Pure.

In: the JSON of that process. Out: dataclasses; `to_json` the other way.
Never: holds a password, and a value that is missing or strange is None or "", never a guess.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_PX, MOST_RATE, MOST_GOP, MOST_KBPS = 20_000, 240.0, 10_000, 1_000_000
MOST_PROFILES = 16


@dataclass(frozen=True, slots=True)
class Encoder:
    """How a stream is encoded. `gop_frames`: pictures from one key frame to the next, with the
    least and most that the camera takes.
    """

    token: str
    codec: str
    width_px: int | None = None
    height_px: int | None = None
    frames_per_s: float | None = None
    gop_frames: int | None = None
    gop_least: int | None = None
    gop_most: int | None = None
    bitrate_kbps: int | None = None

    @property
    def key_frame_s(self) -> float | None:
        """Seconds from one key frame to the next, as it is set."""
        if not self.gop_frames or not self.frames_per_s:
            return None
        return self.gop_frames / self.frames_per_s


@dataclass(frozen=True, slots=True)
class Profile:
    """One stream that a camera offers; the addresses as it gave them."""

    token: str
    name: str
    encoder: Encoder | None
    stream: str = field(default="", repr=False)
    snapshot: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What a stream really sent. `key_frame_s`: None where one key frame only came meanwhile."""

    jpeg: bytes = field(repr=False)
    width_px: int
    height_px: int
    stream: str
    key_frame_s: float | None


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """The camera. `clock_offset_s`: how far its clock is ahead. `is_open`: it told all that
    without a login.
    """

    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    mac: str = ""
    clock_offset_s: float | None = None
    is_open: bool = False
    profiles: tuple[Profile, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_facts(tree: Mapping[str, Any]) -> CameraFacts:
    """The facts in a document of the asking process."""
    texts = {
        key: read_text(tree.get(key))
        for key in ("manufacturer", "model", "firmware", "serial", "mac")
    }
    profiles = tree.get("profiles")
    return CameraFacts(
        **texts,
        clock_offset_s=read_number(tree.get("clock_offset_s"), -1e10, 1e10),
        is_open=tree.get("is_open") is True,
        profiles=tuple(
            read_profile(one)
            for one in (profiles if isinstance(profiles, list) else [])[:MOST_PROFILES]
            if isinstance(one, Mapping)
        ),
    )


def read_profile(tree: Mapping[str, Any]) -> Profile:
    encoder = tree.get("encoder")
    return Profile(
        read_text(tree.get("token")),
        read_text(tree.get("name")),
        read_encoder(encoder) if isinstance(encoder, Mapping) else None,
        read_text(tree.get("stream")),
        read_text(tree.get("snapshot")),
    )


def read_encoder(tree: Mapping[str, Any]) -> Encoder:
    """An encoder with each number within what a camera can have."""
    return Encoder(
        read_text(tree.get("token")),
        read_text(tree.get("codec")).lower(),
        width_px=read_count(tree.get("width_px"), MOST_PX),
        height_px=read_count(tree.get("height_px"), MOST_PX),
        frames_per_s=read_number(tree.get("frames_per_s"), 0.01, MOST_RATE),
        gop_frames=read_count(tree.get("gop_frames"), MOST_GOP),
        gop_least=read_count(tree.get("gop_least"), MOST_GOP),
        gop_most=read_count(tree.get("gop_most"), MOST_GOP),
        bitrate_kbps=read_count(tree.get("bitrate_kbps"), MOST_KBPS),
    )


def read_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def read_number(value: Any, low: float, high: float) -> float | None:
    """A number within its limits, else None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and low <= value <= high else None


def read_count(value: Any, most: int) -> int | None:
    """A whole number from 1 on, else None."""
    number = read_number(value, 1, most)
    return int(number) if number is not None else None
