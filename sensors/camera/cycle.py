"""The camera service's cycle: mode from budget and holds, source, hints, rows.

Reads: the fresh `EnergyBudget`, hints, holds. Writes: `CameraState`, `CameraChange`, `CameraMotion`
and `CameraCoverage` rows.
Never: spends anything without a budget, and never ends because a source is bad.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from appliance.errors import CameraError, StoreError, StreamError
from appliance.model import EnergyBudget, Stamp
from appliance.model_cameras import CameraChange, CameraHint, CameraMode, CameraMotion, CameraState
from appliance.process.memory import give_back
from appliance.process.service import Service
from appliance.sections.cameras import CameraSettings
from appliance.status.camera_holds import format_hold
from appliance.store.camera_holds import HoldReader
from appliance.wording.sentence import join_sentences, say
from sensors.camera.coverage import CoverageLog, judge_watching
from sensors.camera.feed import Feed
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.mode import ModeChoice, apply_holds, choose_mode, compute_decoding_share
from sensors.camera.streams.health import StreamReport
from sensors.camera.tamper_checks.faults import DayCheck, TamperError

RECORD_EVERY_S = 60.0
CYCLE_EVERY_S = 1.0  # picture seconds: what came in one second of a video file is demuxed at once
# While all is well in LISTEN, where nothing depends on it: each wake-up costs. A hung camera is
# noticed some seconds later then.
LISTEN_EVERY_S = 5.0
# A motion that lasts is told in parts: of unit seconds, and of picture seconds at least.
PART_S, SHORTEST_PART_S = 600.0, 10.0
LISTENING_MODES = (CameraMode.LISTEN, CameraMode.PROBE)


class CameraCycle:
    """One camera's cycle. `cpu_s` returns the processor time that this process has used so far."""

    def __init__(
        self,
        service: Service,
        settings: CameraSettings,
        feed: Feed,
        cpu_s: Callable[[], float] = time.process_time,
    ) -> None:
        self._service = service
        self._settings = settings
        self._feed = feed
        self._cpu_s = cpu_s
        self._cpu_before_s = cpu_s()
        self.every_s = CYCLE_EVERY_S  # until the next cycle
        self._recorded: CameraState | None = None
        self._changed: CameraChange | None = None
        self._holds = HoldReader(service.store)
        self._held = ""
        self._coverage = CoverageLog(service.instance)
        self._day = DayCheck(service)
        self._news: tuple[object, ...] = ()  # what was recorded of the stream

    def cycle(self) -> str:
        """Follow the budget; returns what the camera does and why."""
        self._take_hint()
        choice = self._choose_mode()
        reason, is_dead = self._follow(choice)
        trouble = self._check_view(choice.mode)
        report = self._check_stream()
        self._record_change(choice, reason)
        self._record_motion(choice.mode, choice.reason)
        self._record_state(choice.mode, reason, report)
        blind = str(trouble) if trouble else ""
        self._record_coverage(choice, blind or reason, is_dead=is_dead, is_blind=bool(blind))
        return say("{reason}; {blind}", reason=reason, blind=blind) if blind else reason

    def _follow(self, choice: ModeChoice) -> tuple[str, bool]:
        """Why the camera does what it does, with what fails in it; and whether nothing comes."""
        self.every_s = self._choose_every_s(choice.mode)
        try:
            self._feed.follow(choice)
        except CameraError as error:
            self._service.report_fault(error)
            self.every_s = CYCLE_EVERY_S
            return str(error), True
        faults = self._feed.list_faults()
        for fault in faults:
            self._service.report_fault(fault)
        return join_sentences("; ", [choice.reason, *map(str, faults)]), False

    def finish(self) -> None:
        """Store what is not yet stored of the time until now."""
        if rows := self._coverage.end(self._service.clock.stamp()):
            self._service.store.add(*rows)

    def _check_stream(self) -> StreamReport:
        """Report a stream of which pictures are missed."""
        report = self._feed.report
        if report.faults:
            self._service.report_fault(StreamError(join_sentences("; ", report.faults)))
        return report

    def _check_view(self, mode: CameraMode) -> TamperError | None:
        """Report a view that shows nothing, or something else."""
        tamper = self._feed.tamper
        if tamper is None:
            return None
        try:
            self._day.update(tamper)
        except StoreError as error:
            self._service.report_fault(error)
        if tamper.trouble is None or mode is CameraMode.OFF:
            return None
        since = self._make_stamp(tamper.trouble.since_s).utc
        found = TamperError(tamper.trouble, since, self._service)
        self._service.report_fault(found)
        return found

    def _choose_mode(self) -> ModeChoice:
        """By the budget, and by what people ordered."""
        trusted, followed = self._feed.motion.packets_trusted, self._feed.is_followed
        budget, settings = self._read_budget(), self._service.settings
        choice = choose_mode(budget, packets_trusted=trusted, followed=followed)
        share = compute_decoding_share(
            budget, core_w=settings.computer.core_w, cameras=len(settings.camera)
        )
        choice = replace(choice, decoding_share=share)
        holds = self._holds.find_known(self._service.instance)
        zone = settings.site.timezone
        return apply_holds(choice, {kind: format_hold(one, zone) for kind, one in holds.items()})

    def _choose_every_s(self, mode: CameraMode) -> float:
        """Seldom in LISTEN; not where alarms are waited for, or a fast demonstration's rows age."""
        is_usual = not self._settings.onvif and self._service.settings.clock.speed == 1
        return LISTEN_EVERY_S if is_usual and mode is CameraMode.LISTEN else CYCLE_EVERY_S

    def _read_budget(self) -> EnergyBudget | None:
        """The fresh budget; a database that cannot be read is no budget."""
        try:
            return self._service.store.latest(EnergyBudget)
        except StoreError as error:
            self._service.report_fault(error)
            return None

    def _take_hint(self) -> None:
        """Pass on a fresh alarm of the camera itself, if it has alarms."""
        if not self._settings.onvif:
            return
        try:
            camera = self._service.instance
            hint = self._service.store.latest(CameraHint, camera=camera)
        except StoreError as error:
            self._service.report_fault(error)
            return
        if hint and hint.active:
            self._feed.take_hint(hint.source)

    # --- rows ----------------------------------------------------------------------------------

    def _record_change(self, choice: ModeChoice, reason: str) -> None:
        """A row and a line for each change of mode, and where a hold begins or ends; the next state
        is stored with it.
        """
        mode, held = choice.mode, choice.reason if choice.held else ""
        if self._changed and self._changed.mode is mode and held == self._held:
            return
        self._held, self._news = held, ()
        if mode is CameraMode.LISTEN:
            give_back()  # what was decoded until now leaves holes
        self._service.log.info(reason, mode=mode.value)
        stamp = self._service.clock.stamp()
        self._changed = CameraChange(stamp, self._service.instance, mode, reason)
        self._service.store.add(self._changed)

    def _record_coverage(
        self, choice: ModeChoice, reason: str, *, is_dead: bool, is_blind: bool
    ) -> None:
        """A row of the time before, at each change and each quarter of an hour."""
        watching = judge_watching(
            choice.mode,
            held=choice.held,
            is_dead=is_dead,
            is_blind=is_blind,
            is_asked=self._feed.is_asked,
        )
        if rows := self._coverage.note(watching, reason, self._service.clock.stamp()):
            self._service.store.add(*rows)

    def _record_motion(self, mode: CameraMode, reason: str) -> None:
        """A row for each motion segment that ended, and for each part of one that goes on."""
        longest_s = max(SHORTEST_PART_S, PART_S / self._service.settings.clock.speed)
        rows = [
            self._make_motion(segment, looked, mode, reason)
            for segment, looked in self._feed.take_ended_segments(longest_s)
        ]
        if rows:
            self._service.store.add(*rows)

    def _make_motion(
        self, segment: MotionSegment, looked: bool, mode: CameraMode, reason: str
    ) -> CameraMotion:
        began, ended = self._make_stamp(segment.began_s), self._make_stamp(segment.last_s)
        return CameraMotion(
            began,
            self._service.instance,
            ended=ended.utc,
            woken_by=segment.woken_by,
            score=segment.score,
            looked=looked,
            reason="analysed" if looked else explain_not_analysed(mode, reason),
        )

    def _make_stamp(self, media_s: float) -> Stamp:
        """The stamp of a moment of picture time."""
        now = self._service.clock.stamp()
        ago_s = (self._service.clock.media_s() - media_s) * self._service.settings.clock.speed
        return Stamp(now.utc - timedelta(seconds=ago_s), now.boot_id, now.uptime_s - ago_s)

    def _record_state(self, mode: CameraMode, reason: str, report: StreamReport) -> None:
        """A row once a minute, and at each change: of the mode, of what comes, of advice."""
        stamp, last = self._service.clock.stamp(), self._recorded
        news = mode, name_stream(self._feed.stream), name_advice(report.advice)
        if last and self._news == news:
            due_s = last.stamp.uptime_s + RECORD_EVERY_S - CYCLE_EVERY_S
            if stamp.uptime_s < due_s:
                return
        self._news = news
        self._recorded = self._make_state(stamp, mode, reason, report)
        self._service.store.add(self._recorded)

    def _make_state(
        self, stamp: Stamp, mode: CameraMode, reason: str, report: StreamReport
    ) -> CameraState:
        duration_s = stamp.uptime_s - self._recorded.stamp.uptime_s if self._recorded else None
        cpu_s = self._cpu_s() - self._cpu_before_s
        self._cpu_before_s += cpu_s
        return CameraState(
            stamp=stamp,
            camera=self._service.instance,
            mode=mode,
            power_w=self._estimate_power_w(mode, cpu_s, duration_s),
            frames_served=self._feed.frames_served,
            frames_skipped=self._feed.frames_skipped,
            reason=reason,
            duration_s=duration_s,
            cpu_s=cpu_s,
            frames_decoded=self._feed.frames_decoded,
            gates=self._feed.gates,
            stream=self._feed.stream,
            lag_s=report.lag_s,
            key_frame_s=report.key_frame_s,
            frames_corrupt=report.corrupt,
            decode_errors=report.errors,
            advice=join_sentences("; ", report.advice),
        )

    def _estimate_power_w(self, mode: CameraMode, cpu_s: float, duration_s: float | None) -> float:
        """The camera's own power and its process' share of the computer's, by its processor time.

        A demonstration's seconds are fast and its processor's are not: the share is of real time.
        """
        device_w = estimate_device_power_w(mode, self._settings)
        if mode is CameraMode.OFF or not duration_s:
            return device_w
        share = min(1.0, cpu_s * self._service.settings.clock.speed / duration_s)
        return device_w + share * self._service.settings.computer.core_w


def name_stream(stream: str | None) -> tuple[str, bool] | None:
    """What a stream is, without its figures, which change all the time."""
    return None if stream is None else (stream.partition(",")[0], "," in stream)


def name_advice(advice: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences without their figures."""
    return tuple(re.sub(r"\d+", "", text) for text in advice)


def explain_not_analysed(mode: CameraMode, reason: str) -> str:
    """Why nobody analysed pictures of a motion segment."""
    return (
        say("not analysed: {reason}", reason=reason)
        if mode in LISTENING_MODES
        else say("not analysed: inference did not ask for its pictures")
    )


def estimate_device_power_w(mode: CameraMode, settings: CameraSettings) -> float:
    """The power of the camera itself in `mode`, by its settings."""
    if mode is CameraMode.OFF:
        return 0.0
    return settings.listen_power_w if mode in LISTENING_MODES else settings.watch_power_w
