"""Gate 1 of one camera: which of the pictures that come are decoded, small, and compared.

Reads: packets of the stream that is heard. Writes: nothing.
Never: decodes in a mode that does not pay for it: the feed calls it only in the others.
"""

from appliance.wording.sentence import say
from sensors.camera.between_key_frames import BetweenKeyFrames
from sensors.camera.gates.motion import Motion
from sensors.camera.pictures import encoding
from sensors.camera.pictures.gop import DecodedFrame
from sensors.camera.sources.source import EncodedPacket
from sensors.camera.streams.stream import Stream
from sensors.camera.tamper_checks.checks import Tamper


class PictureChecks:
    """The checks of one camera. `checked_s` is the picture time of the last picture compared."""

    def __init__(self, motion: Motion, tamper: Tamper | None, between: BetweenKeyFrames) -> None:
        self.checked_s = -1e9
        self._motion = motion
        self._tamper = tamper
        self._between = between

    def take_packet(self, stream: Stream, packet: EncodedPacket) -> None:
        """Analyse the frame that just came, if gate 1 wants it: a key frame, or one after it."""
        if not packet.is_key:
            if self._motion.wants_more(packet.media_s):
                self.check(stream.decode_next())
        elif self._motion.wants_probe(packet.media_s) and stream.decodes_alone:
            found = stream.decode_next() if self._motion.rains else stream.decode_key_frame()
            self.check(found, checks_view=True)
        self._check_between(stream, packet.media_s)

    def check(self, found: DecodedFrame | None, *, checks_view: bool = False) -> None:
        """Compare a small grey picture with the background. The view is checked on the stream that
        is heard alone: another one may show another part of it.
        """
        if found is not None:
            self.checked_s = found.media_s
            grey = encoding.to_grey(found.frame)
            self._motion.take_picture(grey, found.media_s)
            if checks_view and self._tamper:
                self._tamper.take(found.frame, grey, found.media_s)

    def learn_again(self) -> None:
        """What comes now belongs to another stream than what came before."""
        self._motion.reset()
        self._between.rest()
        if self._tamper:
            self._tamper.interrupt()

    def describe_gates(self, now_s: float) -> str:
        """What wakes the camera, in words."""
        is_running = self._between.is_running(now_s)
        return (
            say("{gates}; pictures between key frames too", gates=self._motion.gates)
            if is_running
            else self._motion.gates
        )

    def _check_between(self, stream: Stream, media_s: float) -> None:
        """Where key frames are far apart: pictures between them too, as far as energy covers it."""
        if self._motion.packets_trusted or not stream.keys_are_far:
            self._between.rest()
        elif self._motion.wants_picture_between(media_s) and self._between.may_run(
            media_s, behind_s=stream.undecoded_s
        ):
            self.check(self._between.run(media_s, stream.decode_newest))
