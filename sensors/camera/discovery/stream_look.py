"""Looks at a stream for some seconds: one picture of it, and what it really sends.

    look = look_at(parse_address(url), ("viewer", "1234"), watch_s=6.0)
    look.jpeg, look.stream, look.key_frame_s

Reads: the camera. Writes: nothing.
Never: takes what a camera says of its encoder for what it does: the distance of key frames is
measured; and never runs in a process that does something else (libav reads what the camera sends).
"""

import threading
import time
from dataclasses import replace
from functools import partial

from appliance.errors import CameraError
from appliance.media.frames import JPEG
from appliance.sections.cameras import CameraSettings, Polygon
from appliance.wording.sentence import say
from sensors.camera.discovery.facts import Look
from sensors.camera.pictures.encoding import encode
from sensors.camera.pictures.privacy_mask import PrivacyMask
from sensors.camera.sources.address import Address
from sensors.camera.sources.decoder import decode, new_decoder
from sensors.camera.sources.live import LiveStream
from sensors.camera.sources.opening import find_stream_target
from sensors.camera.sources.source import EncodedPacket

CHECK_S = 0.1
FIRST_KEY_S = 15.0  # for the connection and the first key frame


class KeyFrames:
    """The first key frame that came, and the time from one to the next by the stream's own stamps.

    libav gives the first packet of a stream without a stamp: the first distance is then known to
    some frames only, and the next one is waited for as long as there is time.
    """

    def __init__(self) -> None:
        self.first: EncodedPacket | None = None
        self.distance_s: float | None = None
        self.is_exact = False
        self._last_key_s: float | None = None
        self._since_s: float | None = None
        self._changed = threading.Event()

    def take(self, packet: EncodedPacket) -> None:
        """Called in the reader's thread."""
        if self.first is None and not packet.is_key:
            return
        shown_s = find_stamp_s(packet)
        if self._since_s is None:
            self._since_s = shown_s
        if packet.is_key:
            self._take_key(packet, shown_s)
            self._changed.set()

    def _take_key(self, packet: EncodedPacket, shown_s: float | None) -> None:
        if self.first is None:
            self.first = packet
        elif shown_s is not None and self._last_key_s is not None:
            self.distance_s, self.is_exact = shown_s - self._last_key_s, True
        elif shown_s is not None and self._since_s is not None:
            self.distance_s = shown_s - self._since_s
        self._last_key_s = shown_s

    def wait(self, wait_s: float) -> None:
        """Until something changed, or so long."""
        self._changed.wait(wait_s)
        self._changed.clear()


def find_stamp_s(packet: EncodedPacket) -> float | None:
    """When it is shown, by the stream."""
    stamp, tick = packet.av_packet.pts, packet.av_packet.time_base
    return float(stamp * tick) if stamp is not None and tick else None


def look_at(
    address: Address,
    login: tuple[str, str],
    watch_s: float,
    *,
    allow_local: bool = False,
    masks: tuple[Polygon, ...] = (),
) -> Look:
    """One picture and the distance of key frames; raises `CameraError`. `masks` are blackened."""
    if login[0]:
        address = replace(address, user=login[0], password=login[1])
    find_target = partial(find_stream_target, address, CameraSettings(allow_local=allow_local))
    found = KeyFrames()
    live = LiveStream(address.shown, find_target, found.take)
    try:
        watch(live, found, watch_s)
    finally:
        live.close()
    if found.first is None:
        raise CameraError(
            say(
                "{shown} sends no key frame within {wait:.0f} s: set one every 2 s in the camera",
                shown=address.shown,
                wait=FIRST_KEY_S,
            )
        )
    return make_look(found.first, live.stream or "", found.distance_s, masks)


def watch(live: LiveStream, found: KeyFrames, watch_s: float) -> None:
    """Wait for the first key frame, then for others; raises `CameraError`."""
    until_s = time.monotonic() + FIRST_KEY_S
    is_first = True
    while not found.is_exact and time.monotonic() < until_s:
        live.advance(time.monotonic())
        found.wait(CHECK_S)
        if is_first and found.first is not None:
            is_first, until_s = False, time.monotonic() + watch_s


def make_look(
    packet: EncodedPacket, stream: str, key_frame_s: float | None, masks: tuple[Polygon, ...]
) -> Look:
    """The picture in a key frame."""
    decoder = new_decoder(packet.codec)
    frames = [*decode(decoder, packet.av_packet), *decode(decoder, None)]
    if not frames:
        raise CameraError(say("its key frame cannot be decoded: set the camera to H.264"))
    mask = PrivacyMask(masks) if masks else None
    picture = bytes(encode(frames[0], JPEG, mask))
    return Look(picture, frames[0].width, frames[0].height, stream, key_frame_s)
