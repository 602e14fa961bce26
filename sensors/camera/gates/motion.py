"""Motion detection for one camera: combines gate 0, gate 1 and hints from outside.

Reads and writes: nothing; packets' sizes and small grey pictures come in.
Never: decodes, waits, or takes a change of light for motion.

A motion segment begins when gate 0 (where it is trusted), gate 1 or a hint reports motion, and ends
when for `HOLD_S` none of them did. A segment that packets began is confirmed or ended by the first
analysed picture; each time that pictures deny what packets report, packets are ignored for longer,
and gate 0 learns.
"""

from math import inf
from typing import TYPE_CHECKING, Any

from appliance.model_cameras import Box
from appliance.sections.cameras import Polygon
from appliance.wording.sentence import join_sentences, say
from sensors.camera.gates.false_alarms import FalseAlarms
from sensors.camera.gates.light import Light, Whole
from sensors.camera.gates.packet_gate import PacketGate
from sensors.camera.gates.segments import CLOCK_JUMP_S, HOLD_S, MotionSegment, Segments
from sensors.camera.gates.self_test import SelfTest, SelfTestResult

if TYPE_CHECKING:
    from sensors.camera.gates.picture_gate import FrameDifference, PictureGate
    from sensors.camera.gates.rain import Rain

PACKETS, KEY_FRAMES = "packets", "key frames"
WHOLE_PICTURE = "changes of the whole picture"
PROBE_EVERY_S = 10.0  # where packets are trusted
BETWEEN_EVERY_S = 0.5  # between key frames that are far apart, where packets are not trusted
CONFIRM_EVERY_S = 1.0  # while something moves and nobody requests pictures
CHECK_EVERY_S = 0.2  # while something moves and somebody requests pictures
RAIN_CHECK_EVERY_S = 0.1  # ... in rain, where it takes three pictures
CLOSEST_PROBES_S = 0.35  # of a stream in which every frame is a key frame
PACKETS_HOLD_S = 1.0  # a report of packets and a picture count as simultaneous within this time
DENIED_S = 0.1  # packets that a picture denied are ignored for so long, doubled each time
LONGEST_DENIED_S = 2.0
FORGOTTEN_S = 5.0  # without a report of packets denials are forgotten
COUNTED_EVERY_S = 10.0  # false reports count once in this time
WRONG_AFTER_S = 1.0  # of pictures without motion: time for somebody to come into view
CONFIRMS = 0.5  # share of the threshold that is enough where something else reported already
SHOWN_S = 0.7  # a picture without motion does not count against those so much earlier
KEY_AND_NEXT_S = 0.45  # of a key frame: it and those next to it are decoded quickly
KEYS_APART_S = 2.0  # where key frames are further apart, others are analysed in between
ONSET_S = 1.5  # so much later packets may report what a picture showed first
ONLY_KEYS = 20  # key frames in a row: the stream has no other frames


class Motion:
    """The state of one camera's gates. All times are picture time.

    Parts under `motion_masks` and `privacy_masks` never count in pictures; packets cannot be
    masked, so motion there wakes until a picture denies it.
    """

    def __init__(
        self, motion_masks: tuple[Polygon, ...] = (), privacy_masks: tuple[Polygon, ...] = ()
    ) -> None:
        self.region: Box | None = None
        self._masks = (*motion_masks, *privacy_masks)
        self._segments = Segments()
        self._begin()

    def _begin(self) -> None:
        self._packets = PacketGate()
        self._test = SelfTest()
        self._light = Light()
        self._false_alarms = FalseAlarms()
        self._pictures: PictureGate | None = None
        self._rain: Rain | None = None
        self._moved_in: Box | None = None  # where the segment's last motion was
        self._shown_s = self._followed_s = -1e9
        self._now_s = self._key_s = -1e9
        self._analysed_s = self._analysed_before_s = self._probe_offered_s = -1e9
        self._confirmed_s = -1e9
        self._onset_s: float | None = None
        self._denied_s = self._denied_first_s = -1e9
        self._denials = 0
        self._counted_s = -1e9
        self._keys_in_a_row = 0

    # --- what others ask -----------------------------------------------------------------------

    @property
    def packets_trusted(self) -> bool:
        """Whether gate 0 alone is enough; not before its self-test."""
        return self._test.result is SelfTestResult.TRUSTED

    @property
    def gates(self) -> str:
        """What wakes this camera, in words."""
        result = self._test.result
        if result is SelfTestResult.TRUSTED:
            probes = self._now_s - self._probe_offered_s < 3 * PROBE_EVERY_S
            words = (
                say("packets; key frames every {probe_every_s:.0f} s", probe_every_s=PROBE_EVERY_S)
                if probes
                else say("packets")
            )
        elif result is SelfTestResult.REJECTED:
            words = say("key frames only: {why}", why=self._test.why)
        else:
            words = say("key frames: {why}", why=self._test.why)
        return join_sentences(
            "; ", filter(None, (words, self._light.words, self._false_alarms.words))
        )

    def find_segment(self, media_s: float) -> MotionSegment | None:
        """The segment that is going on, or None."""
        self._end_if_over(media_s)
        return self._segments.current

    def take_ended(self, longest_s: float = inf) -> list[MotionSegment]:
        """The segments that ended since the last call, and parts of one that lasts longer."""
        self._end_if_over(self._now_s)
        return self._segments.take_ended(longest_s)

    def may_look(self, media_s: float) -> bool:
        """Whether the newest picture may be decoded to see if it is worth a look.

        Where looks have found nothing again and again: rarely, and key frames alone, which are
        cheap to decode, unless they are far apart.
        """
        if self.find_segment(media_s) is None or not self._false_alarms.may_look(media_s):
            return False
        is_cheap = not KEY_AND_NEXT_S < media_s - self._key_s < KEYS_APART_S
        return is_cheap or not self._false_alarms.is_exhausted

    def shows_motion(self, media_s: float) -> bool:
        """Whether the pictures of this moment show motion: a segment outlasts it by `HOLD_S`."""
        return self.find_segment(media_s) is not None and media_s - self._shown_s <= SHOWN_S

    def wants_probe(self, media_s: float) -> bool:
        """Whether the key frame that just came should be analysed by gate 1."""
        self._probe_offered_s = media_s
        if self.wants_more(media_s):
            return True
        since_s = media_s - self._analysed_s
        if since_s < CLOSEST_PROBES_S:
            return since_s < 0
        if not self.packets_trusted or since_s >= PROBE_EVERY_S:
            return True
        return self._segments.current is not None and since_s >= CONFIRM_EVERY_S

    def wants_more(self, media_s: float) -> bool:
        """Whether the frame that just came, no key frame, should be analysed: it rains."""
        return self._rain is not None and self.rains and self._rain.wants_more(media_s)

    @property
    def rains(self) -> bool:
        """Whether small things move everywhere, so that it takes three pictures to see motion.

        Where packets are trusted they do not: packets would be of another size each time.
        """
        return self._rain is not None and self._rain.falls and not self.packets_trusted

    @property
    def check_every_s(self) -> float:
        """Seconds between pictures that tell whether it still moves."""
        return RAIN_CHECK_EVERY_S if self.rains else CHECK_EVERY_S

    def wants_picture_between(self, media_s: float) -> bool:
        """Whether gate 1 should have a picture that is no key frame, where these are far apart."""
        return not self.packets_trusted and media_s - self._analysed_s >= BETWEEN_EVERY_S

    # --- what comes in -------------------------------------------------------------------------

    def take_packet(self, media_s: float, size_bytes: int, is_key: bool) -> None:
        """Gate 0: one packet came."""
        if media_s < self._now_s - CLOCK_JUMP_S:
            self.reset()
        self._now_s = max(self._now_s, media_s)
        self._end_if_over(self._now_s)
        strength = self._packets.take_packet(media_s, size_bytes, is_key)
        if is_key:
            self._key_s = media_s
            self._test_packets()
        else:
            self._keys_in_a_row = 0
        if self._onset_s is not None and media_s - self._onset_s > ONSET_S:
            self._test.count(
                media_s, fired=self._packets.fired_s >= self._analysed_before_s - 1, seen=True
            )
            self._onset_s = None
        if strength >= 1 and self.packets_trusted and not self._is_denied(media_s):
            self._segments.extend(PACKETS, media_s, score=strength)

    def take_picture(self, grey: Any, media_s: float) -> None:
        """Gate 1: a picture of 160 x 120 (120 rows of 160 bytes), a key frame or any other."""
        if media_s == self._analysed_s:
            return
        self._end_if_over(media_s)
        pictures = self._pictures or self._load_picture_gate()
        before_s, self._analysed_s = self._analysed_s, media_s
        found = self._compare(pictures, grey, media_s)
        if found is not None:
            self._judge(pictures, found, media_s, before_s=before_s)

    def _compare(
        self, pictures: "PictureGate", grey: Any, media_s: float
    ) -> "FrameDifference | None":
        """How it differs from the background; None where rain has to be taken out first."""
        if self._rain is None or not self.rains:
            return pictures.compare(grey, media_s)
        median = self._rain.gather(grey, media_s)
        if median is None:
            return None
        return pictures.compare(median, media_s, single=self._rain.newest)

    def _judge(
        self, pictures: "PictureGate", found: "FrameDifference", media_s: float, *, before_s: float
    ) -> None:
        """Take what a picture shows for light, for motion, or for none."""
        self._light.note_contrast(media_s, found.contrast)
        whole = self._light.judge(
            media_s, changed_share=found.changed_share, likeness=found.likeness
        )
        if whole is Whole.LIGHT:
            self._relearn(pictures, found.changed_share)
        elif whole is Whole.MOTION:
            pictures.restart()
            self._wake(WHOLE_PICTURE, media_s, score=max(1.0, found.score))
        elif self._is_enough(found, media_s):
            self._confirm(media_s, before_s=before_s, score=found.score, region=found.region)
        else:
            self._deny(media_s)
        if whole is Whole.STEADY and not self._is_followed(media_s):
            self._note_usual(found, media_s)

    def _note_usual(self, found: "FrameDifference", media_s: float) -> None:
        """What moves while nothing is followed is usual."""
        self._false_alarms.note_score(media_s, found.score)
        if self._rain is not None and not self.packets_trusted:
            self._rain.note(found.restless)

    def take_hint(self, source: str, media_s: float) -> None:
        """Somebody outside, such as the camera's alarm, reports motion now."""
        self._wake(source, media_s, score=1.0)  # a PIR sees what a camera may not
        self._shown_s = media_s + HOLD_S - SHOWN_S

    def note_request(self, media_s: float, *, moved: bool) -> None:
        """Who analyses asks for the next picture: `moved` where it follows nothing."""
        self._false_alarms.note_result(found=not moved)
        if not moved:
            self._followed_s = media_s

    def note_look(self, media_s: float) -> None:
        """A picture is handed out because of motion. One soon after a key frame counts as that key
        frame: else looks come later after each of them, until they miss one.
        """
        is_near = 0 <= media_s - self._key_s <= KEY_AND_NEXT_S
        self._false_alarms.note_look(media_s, counts_as_s=self._key_s if is_near else media_s)

    def _is_followed(self, media_s: float) -> bool:
        """Whether something was followed a moment ago."""
        return media_s - self._followed_s <= HOLD_S

    def reset(self) -> None:
        """The source was opened anew: learn again."""
        self._segments.end()
        self.region = None
        self._begin()

    # --- segments ------------------------------------------------------------------------------

    def _end_if_over(self, media_s: float) -> None:
        self._segments.end_if_over(media_s)
        if self._segments.current is None:
            self.region = self._moved_in = None

    def _drop_segment(self) -> None:
        """There was no motion: the segment is discarded."""
        self._segments.drop()
        self.region = self._moved_in = None

    def _wake(self, source: str, media_s: float, *, score: float) -> None:
        """Motion that no picture has to confirm."""
        self._segments.extend(source, media_s, score=score)
        self._segments.is_confirmed = True
        self._shown_s = max(media_s, self._shown_s)

    # --- pictures ------------------------------------------------------------------------------

    def _load_picture_gate(self) -> "PictureGate":
        from sensors.camera.gates.picture_gate import PictureGate  # noqa: PLC0415  (numpy: 20 MB)
        from sensors.camera.gates.rain import Rain  # noqa: PLC0415

        self._rain = Rain()
        self._pictures = PictureGate(self._masks)
        return self._pictures

    def _confirm(
        self, media_s: float, *, before_s: float, score: float, region: Box | None
    ) -> None:
        """The picture shows motion."""
        if self._segments.current is None and self._onset_s is None:
            self._onset_s, self._analysed_before_s = media_s, before_s
        elif not self._segments.is_confirmed and self._packets_fired_at(media_s):
            self._test.count(media_s, fired=True, seen=True)
        self._confirmed_s = media_s
        self._denials = 0
        self._packets.note_result(seen=True)
        self._wake(KEY_FRAMES, media_s, score=score)
        self.region = self._moved_in = region

    def _deny(self, media_s: float) -> None:
        """The picture shows no motion: a segment that only packets reported is discarded."""
        self.region = None
        if not self._packets_fired_at(media_s) or media_s - self._confirmed_s < HOLD_S:
            return
        if media_s - self._denied_s > FORGOTTEN_S:
            self._denials, self._denied_first_s = 0, media_s
        self._denials += 1
        self._denied_s = media_s
        if media_s - self._denied_first_s >= WRONG_AFTER_S:
            self._packets.note_result(seen=False)
            if media_s - self._counted_s >= COUNTED_EVERY_S:
                self._counted_s = media_s
                self._test.count(media_s, fired=True, seen=False)
        if not self._segments.is_confirmed:
            self._drop_segment()

    def _relearn(self, pictures: "PictureGate", changed_share: float) -> None:
        """The light changed: both gates learn again, and nobody wakes for it."""
        self.region = None
        if changed_share > 0.5:
            pictures.restart()
            self._packets.restart()
        if not self._segments.is_confirmed:
            self._drop_segment()

    # --- packets -------------------------------------------------------------------------------

    def _is_enough(self, found: "FrameDifference", media_s: float) -> bool:
        """Whether a picture shows motion: less is enough where something reports it already."""
        enough = self._false_alarms.threshold
        if self._is_reported(media_s) or self._moves_on(found.region):
            enough *= CONFIRMS
        return found.score >= enough

    def _is_reported(self, media_s: float) -> bool:
        """Whether trusted packets, or somebody outside, report motion."""
        segment = self._segments.current
        if segment is not None and segment.woken_by not in (PACKETS, KEY_FRAMES):
            return True
        return self.packets_trusted and self._packets_fired_at(media_s)

    def _moves_on(self, region: Box | None) -> bool:
        """Whether motion is where it was last; rain and leaves are elsewhere each time."""
        before = self._moved_in
        if self._segments.current is None or before is None or region is None:
            return False
        beside = region.right < before.left or before.right < region.left
        return not (beside or region.bottom < before.top or before.bottom < region.top)

    def _packets_fired_at(self, media_s: float) -> bool:
        """Whether packets report motion at about this time."""
        return media_s - self._packets.fired_s <= PACKETS_HOLD_S

    def _is_denied(self, media_s: float) -> bool:
        """Whether pictures have just shown that packets are wrong, or that the light changed."""
        if media_s < self._light.settles_s:
            return True
        waits_s = min(LONGEST_DENIED_S, DENIED_S * 2**self._denials) if self._denials else 0.0
        return media_s - self._denied_s < waits_s

    def _test_packets(self) -> None:
        """At each key frame: the self-test by the sizes of the packets between key frames."""
        self._keys_in_a_row += 1
        packets = self._packets
        if self._keys_in_a_row >= ONLY_KEYS:
            self._test.note_only_key_frames()
        elif packets.is_learnt:
            share = packets.usual_bytes / max(1.0, packets.key_bytes)
            self._test.judge(
                detection_limit=packets.detection_limit,
                size_spread=packets.size_spread,
                share_of_key=share,
            )
