"""Chooses a camera's main and sub stream, and says how they should be encoded. Pure.

    choice = choose_streams(facts, address)
    choice.main.url, choice.sub.url, choice.advice

In: what the camera offers. Out: two streams with their reason, and advice.
Never: sets anything: the technician agrees first, and set_gop is another step.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from appliance.wording.sentence import say
from sensors.camera.discovery.facts import CameraFacts, Encoder, Profile
from sensors.camera.discovery.stream_address import place_stream

WANTED_PX = 416  # the side of the default model's input: less makes people too small for it
ENOUGH_PX = 960  # the longer side above which a sub stream costs more than it tells
KEY_FRAME_S = 2.0  # wanted; the unit warns above 2.5 s
LONGEST_KEY_FRAME_S = 2.5
USUAL_RATE = 25.0
CODECS = ("h264", "h265", "hevc")
HIGHEST_RATE = 15.0  # frames a second above which a main stream only costs network and disk


@dataclass(frozen=True, slots=True)
class Chosen:
    """One stream of the camera."""

    profile: Profile
    url: str = field(repr=False)

    @property
    def encoder(self) -> Encoder:
        assert self.profile.encoder is not None
        return self.profile.encoder

    @property
    def pixels(self) -> int:
        return (self.encoder.width_px or 0) * (self.encoder.height_px or 0)

    @property
    def longer_px(self) -> int:
        return max(self.encoder.width_px or 0, self.encoder.height_px or 0)

    @property
    def wanted_gop(self) -> int | None:
        """The pictures between key frames that should be set; None where all is well, or the
        camera lets it be set on its own page only.
        """
        encoder = self.encoder
        held_s = encoder.key_frame_s
        if held_s is None or held_s <= LONGEST_KEY_FRAME_S:
            return None
        wanted = round(KEY_FRAME_S * (encoder.frames_per_s or USUAL_RATE))
        low, high = encoder.gop_least or 1, encoder.gop_most or wanted
        return max(low, min(wanted, high))


@dataclass(frozen=True, slots=True)
class Choice:
    """`main`: None where the camera offers no stream that can be opened."""

    main: Chosen | None
    sub: Chosen | None
    advice: tuple[str, ...]


def choose_streams(facts: CameraFacts, address: IPv4Address) -> Choice:
    """The two streams, with what is to be said about them."""
    offered, remarks = list_streams(facts, address)
    if not offered:
        return Choice(None, None, (*remarks, NO_STREAM))
    main = max(offered, key=lambda one: (one.pixels, one.encoder.codec == "h264"))
    sub = choose_sub(main, offered)
    advice = [*remarks, *advise_sub(main, sub)]
    for one in (main, *((sub,) if sub else ())):
        advice += advise_encoder(one)
    return Choice(main, sub, tuple(dict.fromkeys(advice)))


NO_STREAM = say(
    "it offers no stream of H.264 or H.265: set one in the camera, or give its RTSP address"
)


def list_streams(facts: CameraFacts, address: IPv4Address) -> tuple[list[Chosen], list[str]]:
    """Those that can be opened; and why others cannot."""
    found: list[Chosen] = []
    remarks: list[str] = []
    for one in facts.profiles:
        if one.encoder is None or one.encoder.codec not in CODECS:
            continue
        placed = place_stream(one.stream, address)
        remarks += placed.remarks
        if placed.url:
            found.append(Chosen(one, placed.url))
    return found, list(dict.fromkeys(remarks))


def choose_sub(main: Chosen, offered: Iterable[Chosen]) -> Chosen | None:
    """The smallest that is large enough for the model, of the main stream's shape where one is."""
    smaller = [one for one in offered if one.url != main.url and 0 < one.pixels < main.pixels]
    fitting = [one for one in smaller if WANTED_PX <= one.longer_px <= ENOUGH_PX] or [
        one for one in smaller if one.longer_px >= WANTED_PX
    ]
    alike = [one for one in fitting or smaller if has_shape_of(one, main)] or fitting or smaller
    if fitting:
        return min(alike, key=lambda one: one.pixels)
    return max(alike, key=lambda one: one.pixels, default=None)


def has_shape_of(one: Chosen, main: Chosen) -> bool:
    """Whether both show the same, as far as their shapes tell."""
    ratios = [(each.encoder.width_px or 1) / (each.encoder.height_px or 1) for each in (one, main)]
    return abs(ratios[0] / ratios[1] - 1) < 0.05


def advise_sub(main: Chosen, sub: Chosen | None) -> Iterator[str]:
    """What is said of the small stream, or of its absence."""
    if sub is None:
        yield say(
            "it offers one stream only: motion is then detected in the large one, which costs "
            "more; switch a sub stream on in the camera if it has one"
        )
        return
    if sub.longer_px and sub.longer_px < WANTED_PX:
        yield say(
            "its sub stream is {width} pixels wide: detection wants {wanted} or more; set a "
            "larger one in the camera",
            width=sub.encoder.width_px,
            wanted=WANTED_PX,
        )
    if not has_shape_of(sub, main):
        yield say(
            "its two streams have different shapes ({main} and {sub}): masks and zones then fit "
            "only if the camera squeezes the picture; set both to the same shape",
            main=show_size(main.encoder),
            sub=show_size(sub.encoder),
        )


def show_size(encoder: Encoder) -> str:
    return f"{encoder.width_px or '?'}x{encoder.height_px or '?'}"


def advise_encoder(one: Chosen) -> Iterator[str]:
    """What should be set otherwise, and why."""
    held_s = one.encoder.key_frame_s
    if held_s is None and one.encoder.codec == "h264":
        yield say(
            "the stream {name} does not say how far its key frames are apart: set one every "
            "{wanted:.0f} s in the camera",
            name=one.profile.name,
            wanted=KEY_FRAME_S,
        )
    elif held_s is None:
        yield say(
            "the stream {name} is H.265: how far its key frames are apart is set on the camera's "
            "own page; set one every {wanted:.0f} s",
            name=one.profile.name,
            wanted=KEY_FRAME_S,
        )
    elif held_s > LONGEST_KEY_FRAME_S:
        yield say(
            "the stream {name} has a key frame every {held:.1f} s: one every {wanted:.0f} s is "
            "wanted, since a picture can only be had by decoding all since the last key frame, "
            "and a wake waits for the next one",
            name=one.profile.name,
            held=held_s,
            wanted=KEY_FRAME_S,
        )
