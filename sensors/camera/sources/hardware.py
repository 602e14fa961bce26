"""Decoding in hardware, where the settings ask for it and it was verified; else in software.

    hardware = Hardware(HardwareDecoding.AUTO)
    decoder = hardware.make_decoder(codec)     # used like libav's own
    hardware.trouble                           # why it is not used, "" where it is

Reads: the devices that libav opens. Writes: nothing; packets come in, frames go out.
Never: trusts a name: libav is asked whether the decoder is one of hardware, and its first picture
is compared with that of the software decoder; never loses a picture with the hardware: the packets
since the last key frame are decoded again in software, and the work goes on there.

VAAPI, QSV, CUDA (NVDEC) and DRM are libav's `hwaccel`; V4L2 M2M are decoders of their own. Which of
them libav was built with differs: the wheels of PyAV have no VAAPI. None of them was tried on
hardware: docs/what-was-not-tested-on-hardware.md.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from av.codec.codec import UnknownCodecError
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.error import EOFError as DrainedError
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from appliance.errors import CameraError
from appliance.sections.cameras import HardwareDecoding
from appliance.wording.sentence import join_sentences, say
from sensors.camera.sources.decoder import new_decoder
from sensors.camera.sources.source import Codec, VideoDecoder

AUTO = (
    HardwareDecoding.V4L2M2M,
    HardwareDecoding.VAAPI,
    HardwareDecoding.QSV,
    HardwareDecoding.CUDA,
)
COMPARED = (160, 120)  # pixels
MOST_DIFFERENCE = 3.0  # grey levels, on average: decoders are exact, conversions of colours are not


class HardwareError(Exception):
    """A decoder in hardware cannot be used; the text says why."""


Open = Callable[[HardwareDecoding, Codec], VideoDecoder]


def open_hardware(kind: HardwareDecoding, codec: Codec) -> VideoDecoder:
    """A decoder of this kind that libav says is one; raises `HardwareError`."""
    try:
        decoder = create(kind, codec)
        decoder.extradata = codec.extradata or None
        decoder.thread_count = 1
        if kind is HardwareDecoding.V4L2M2M:
            decoder.open()
        elif not decoder.is_hwaccel:
            raise HardwareError(say("libav has none for {codec}", codec=codec.name))
    except UnknownCodecError:
        raise HardwareError(say("libav has none for {codec}", codec=codec.name)) from None
    except (FFmpegError, NotImplementedError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise HardwareError(say("it cannot be opened ({reason})", reason=reason)) from None
    return decoder


def create(kind: HardwareDecoding, codec: Codec) -> VideoCodecContext:
    if kind is HardwareDecoding.V4L2M2M:
        return VideoCodecContext.create(f"{codec.name}_v4l2m2m", "r")  # type: ignore[return-value]
    if kind.value not in hwdevices_available():
        raise HardwareError(say("this build of libav does not have it"))
    accelerator = HWAccel(kind.value, allow_software_fallback=False)
    return VideoCodecContext.create(codec.name, "r", accelerator)  # type: ignore[return-value]


class Hardware:
    """The decoders of one camera. `used` is the kind that has given a right picture, None before
    and after; `trouble` is why none is used.
    """

    def __init__(self, choice: HardwareDecoding, open_decoder: Open = open_hardware) -> None:
        self.used: HardwareDecoding | None = None
        self.trouble = ""
        self.choice = choice
        self._open = open_decoder
        self._failed: dict[tuple[HardwareDecoding, str], str] = {}

    def make_decoder(self, codec: Codec) -> VideoDecoder:
        """A decoder for one stream: in hardware, with software to fall back on, or in software."""
        for kind in self._list_kinds():
            if (kind, codec.name) in self._failed:
                continue
            try:
                return GuardedDecoder(self._open(kind, codec), codec, kind, self)
            except HardwareError as error:
                self.fail(kind, codec, str(error))
        return new_decoder(codec)

    def confirm(self, kind: HardwareDecoding) -> None:
        """Its first picture was right."""
        self.used, self.trouble = kind, ""

    def fail(self, kind: HardwareDecoding, codec: Codec, why: str) -> None:
        """It is not tried again for this codec, until the service starts anew."""
        self._failed[kind, codec.name] = why
        self.used = None
        reasons = [
            say("{kind}: {text}", kind=one.value, text=text)
            for (one, name), text in self._failed.items()
        ]
        self.trouble = say(
            "pictures are decoded in software; {reasons}", reasons=join_sentences("; ", reasons)
        )

    @property
    def words(self) -> str:
        """What decodes the pictures; "" where that is not known yet, or nothing was asked for."""
        return say("decoded by {used}", used=self.used.value) if self.used else self.trouble

    def make_fault(self, camera: str) -> CameraError | None:
        """That what the settings name does not work; `auto` asks for nothing."""
        if not self.trouble or self.choice is HardwareDecoding.AUTO:
            return None
        return CameraError(
            say(
                "the camera {camera} is to be decoded by {choice}, but {trouble}; check the device "
                'and its driver, or set `hardware_decoding` to "off"',
                camera=camera,
                choice=self.choice.value,
                trouble=self.trouble,
            )
        )

    def _list_kinds(self) -> Sequence[HardwareDecoding]:
        if self.choice is HardwareDecoding.OFF:
            return ()
        return AUTO if self.choice is HardwareDecoding.AUTO else (self.choice,)


class GuardedDecoder:
    """A decoder in hardware, verified by its first picture and replaced by software once it fails.

    Keeps the packets since the last key frame, as the group of pictures does.
    """

    def __init__(
        self, decoder: VideoDecoder, codec: Codec, kind: HardwareDecoding, hardware: Hardware
    ) -> None:
        self._decoder = decoder
        self._codec = codec
        self._kind = kind
        self._hardware = hardware
        self._is_verified = self._is_software = False
        self._packets: list[Any] = []  # since the last key frame
        self._given = 0  # pictures of them

    def decode(self, packet: Any) -> list[VideoFrame]:
        if self._is_software:
            return self._decoder.decode(packet)
        if packet is not None:
            self._keep(packet)
        try:
            frames = self._decoder.decode(packet)
        except DrainedError:
            raise
        except FFmpegError as error:
            return self._decide_on_error(error, packet)
        if (frames and not self._is_verified) or (packet is None and not self._given + len(frames)):
            return self._verify(frames, packet)
        self._given += len(frames)
        return frames

    def flush_buffers(self) -> None:
        self._decoder.flush_buffers()
        self._packets.clear()
        self._given = 0

    def _keep(self, packet: Any) -> None:
        if packet.is_keyframe:
            self._packets.clear()
            self._given = 0
        self._packets.append(packet)

    def _verify(self, frames: list[VideoFrame], packet: Any) -> list[VideoFrame]:
        """Compare the first picture, or none, with what the software decoder makes of the same."""
        software, expected = self._replay(drains=True)
        if not expected:  # the packets are damaged: nothing can be said of the hardware
            self._given += len(frames)
            return frames
        if why := find_difference(frames, expected):
            if packet is not None:
                software, expected = self._replay(drains=False)
            return self._fall_back(why, software, expected)
        self._is_verified = True
        self._hardware.confirm(self._kind)
        self._given += len(frames)
        return frames

    def _decide_on_error(self, error: FFmpegError, packet: Any) -> list[VideoFrame]:
        """The hardware failed, unless the software decoder fails at the same packets."""
        try:
            software, frames = self._replay(drains=packet is None)
        except FFmpegError:
            raise error from None
        reason = error.strerror or type(error).__name__
        return self._fall_back(say("it failed ({reason})", reason=reason), software, frames)

    def _replay(self, *, drains: bool) -> tuple[VideoDecoder, list[VideoFrame]]:
        """The packets since the last key frame in software; raises `FFmpegError`."""
        software = new_decoder(self._codec)
        frames = [frame for packet in self._packets for frame in software.decode(packet)]
        if drains:
            with suppress(DrainedError):
                frames += software.decode(None)
        return software, frames

    def _fall_back(
        self, why: str, software: VideoDecoder, frames: list[VideoFrame]
    ) -> list[VideoFrame]:
        """Go on in software; returns the pictures that have not been given yet."""
        self._hardware.fail(self._kind, self._codec, why)
        self._decoder, self._is_software = software, True
        self._packets.clear()
        return frames[self._given :]


def find_difference(frames: Sequence[VideoFrame], expected: Sequence[VideoFrame]) -> str:
    """In which way the first picture is wrong; "" where it is right."""
    if not frames:
        return say("it gives no picture")
    first = frames[0]
    other = next((one for one in expected if one.pts == first.pts), expected[0])
    if (first.width, first.height) != (other.width, other.height):
        size, right = (f"{one.width}x{one.height}" for one in (first, other))
        return say("its first picture is {size} instead of {right}", size=size, right=right)
    pairs = list(zip(read_grey(first), read_grey(other), strict=True))
    difference = sum(abs(one - two) for one, two in pairs) / len(pairs)
    if difference > MOST_DIFFERENCE:
        return say(
            "its first picture differs from the right one by {difference:.0f} grey levels",
            difference=difference,
        )
    return ""


def read_grey(frame: VideoFrame) -> bytes:
    """The picture small and grey, rows without padding."""
    width, height = COMPARED
    plane = frame.reformat(width, height, "gray", interpolation="AREA", threads=1).planes[0]
    data, step = bytes(plane), plane.line_size
    return b"".join(data[row * step : row * step + width] for row in range(height))
