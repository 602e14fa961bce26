"""The cycle of the inference service: budget -> plan -> look -> follow -> store.

Reads: the newest `EnergyBudget`; pictures, through its cameras. Writes: `InferencePlan`,
`InferenceRun` and `Event` rows, all of one cycle in one transaction, and snapshots.
Never: looks without a fresh budget, and never keeps the model in memory that nobody needs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from appliance.errors import ModelError, StoreError
from appliance.model import EnergyBudget, EnergyLevel, InferencePlan
from appliance.service import Leave, Service
from inference import events, schedule
from inference.cameras import WatchedCamera
from inference.detector import CPU, Detector
from inference.events import Circumstances, Story
from inference.heads import jpeg
from inference.look import Look
from inference.snapshots import SnapshotShelf
from inference.tally import Tally
from inference.view import View

CYCLE_S = 1.0
BUDGET_MAX_AGE_S = 180.0
ROW_EVERY_S = 60.0
FAULT_AFTER_S = 10.0
FREE_AFTER_S = 30.0
LEAVE_AFTER_S = 60.0
RETRY_MODEL_AFTER_S = 60.0
PATIENCE_FRAMES = 2.5  # at a low rate, the next frame is not missing before it is due


class Watch:
    """All that the service knows between two cycles. Times are picture time."""

    def __init__(
        self,
        service: Service,
        detector: Detector,
        cameras: Sequence[WatchedCamera],
        shelf: SnapshotShelf,
        view: View,
    ) -> None:
        self._service = service
        self._settings = service.settings.inference
        self._detector = detector
        self._cameras = cameras
        self._shelf = shelf
        self._view = view
        self._tally = Tally(service.clock, self._settings.energy_per_frame_j, detector.digest)
        self._rows: list[Any] = []
        self._noted: InferencePlan | None = None
        self._next_look_s = self._wanted_s = self._looked_s = service.clock.media_s()
        self._model_error: ModelError | None = None
        self._model_retry_s = 0.0

    # --- the cycle -----------------------------------------------------------------------------

    def cycle(self) -> str:
        """One picture second; returns what is being done and why. Leaves when there is no work."""
        budget = self._service.store.latest(EnergyBudget, BUDGET_MAX_AGE_S)
        plan = schedule.plan(
            budget,
            self._settings,
            self._service.clock.stamp(),
            len(self._cameras),
            self._detector.tier,
        )
        self._note(plan)
        if budget is not None and plan.frames_per_s > 0:
            self._watch(plan, budget.level)
        else:
            self._rest(plan)
        self._tidy()
        self._store()
        self._leave_without_work(plan)
        return self._sentence(plan)

    def finish(self) -> None:
        """Store what is still running; nothing that was found is lost by a stop."""
        self._view.hide("the inference service has stopped")
        for camera in self._cameras:
            self._tell(camera.rest())
        if self._tally.due(CYCLE_S):
            self._rows.append(self._tally.row())
        self._detector.free()
        self._store()

    # --- looking -------------------------------------------------------------------------------

    def _watch(self, plan: InferencePlan, level: EnergyLevel) -> None:
        """Look at the planned rate until the second is over."""
        clock, stop = self._service.clock, self._service.stop
        now_s = self._wanted_s = clock.media_s()
        end_s = now_s + CYCLE_S
        interval_s = 1 / plan.frames_per_s
        self._next_look_s = min(self._next_look_s, now_s + interval_s)
        while self._next_look_s < end_s and not stop.is_set():
            if clock.wait_media(self._next_look_s - clock.media_s(), stop):
                break
            self._look_at_all(plan, level)
            # A look that took too long is not caught up with: the next one is a whole interval on.
            self._next_look_s = max(self._next_look_s + interval_s, clock.media_s())
        self._end_what_went_quiet(patience_s(plan, self._settings.event_ends_after_s))
        self._report_troubles()

    def _look_at_all(self, plan: InferencePlan, level: EnergyLevel) -> None:
        if self._model_error and self._service.clock.media_s() < self._model_retry_s:
            return
        try:
            for camera in self._cameras:
                self._look_at(camera, plan, level)
            self._model_error = None
        except ModelError as error:
            self._model_error = error
            self._model_retry_s = self._service.clock.media_s() + RETRY_MODEL_AFTER_S

    def _look_at(self, camera: WatchedCamera, plan: InferencePlan, level: EnergyLevel) -> None:
        pulled = camera.pull(self._service.clock.media_s())
        if pulled is None:
            return
        picture, skipped = pulled
        look = Look.of(picture, self._detector)
        self._looked_s = self._service.clock.media_s()
        self._tally.count(skipped, self._detector.provider)
        patience = patience_s(plan, self._settings.event_ends_after_s)
        self._tell(camera.follow(look, self._circumstances(plan, level), patience))
        self._view.show(look, camera.tracks)

    def _circumstances(self, plan: InferencePlan, level: EnergyLevel) -> Circumstances:
        return Circumstances(
            plan.reason,
            level,
            plan.tier,
            self._detector.provider,
            self._detector.digest,
            self._settings.threshold,
            self._settings.energy_per_frame_j,
        )

    def _end_what_went_quiet(self, patience: float) -> None:
        """A camera that gives no more pictures ends its events, and its last one is not shown."""
        now_s = self._service.clock.media_s()
        for camera in self._cameras:
            if camera.looked_s is not None and now_s - camera.looked_s > patience:
                self._tell(camera.end())
        if all(camera.looked_s is None for camera in self._cameras):
            self._view.hide("; ".join(self._troubles()) or "no picture has come yet")
            self._free_when_idle()

    def _report_troubles(self) -> None:
        """Faults of this cycle: a lasting trouble with a camera, with the model, with the GPU."""
        now_s = self._service.clock.media_s()
        for camera in self._cameras:
            if camera.trouble and camera.trouble_s(now_s) > FAULT_AFTER_S:
                self._service.fault(camera.trouble)
        if self._model_error:
            self._service.fault(self._model_error)
        elif self._detector.provider == CPU != self._detector.wanted:
            self._service.fault(
                ModelError(
                    f"the model runs on the CPU, although {self._detector.wanted} was to be used: "
                    "each frame costs more energy than planned; check the GPU's driver"
                )
            )

    # --- resting -------------------------------------------------------------------------------

    def _rest(self, plan: InferencePlan) -> None:
        self._view.hide(plan.reason)
        for camera in self._cameras:
            self._tell(camera.rest())
        self._free_when_idle()

    def _free_when_idle(self) -> None:
        if self._service.clock.media_s() - self._looked_s > FREE_AFTER_S:
            self._detector.free()

    def _leave_without_work(self, plan: InferencePlan) -> None:
        """End the process: its memory is part of the energy budget too. PID 1 starts it again."""
        if self._service.clock.media_s() - self._wanted_s > LEAVE_AFTER_S:
            raise Leave(plan.reason)

    # --- storing -------------------------------------------------------------------------------

    def _note(self, plan: InferencePlan) -> None:
        """A row for the plan when it changes, and once a minute."""
        before = self._noted
        changed = before is None or before.reason != plan.reason
        if changed:
            self._service.log.info("plan changed", reason=f'"{plan.reason}"')
        if before is None or changed or since_s(plan, before) >= ROW_EVERY_S:
            self._rows.append(plan)
            self._noted = plan

    def _tell(self, stories: Iterable[Story]) -> None:
        """Make events of stories that are over; each with its snapshot, if that can be stored."""
        for story in stories:
            self._rows.append(events.told(story, self._snapshot(story)))

    def _snapshot(self, story: Story) -> str | None:
        data = jpeg(story.best, self._settings.blur_heads)
        try:
            return self._shelf.put(story.event_id, story.first.utc, data)
        except StoreError as error:
            self._service.fault(error)
            return None

    def _tidy(self) -> None:
        try:
            self._shelf.tidy()
        except StoreError as error:
            self._service.fault(error)

    def _store(self) -> None:
        """Write all rows of this cycle at once; what cannot be written is kept for the next."""
        if self._tally.due(ROW_EVERY_S):
            self._rows.append(self._tally.row())
        if self._rows:
            self._service.store.add(*self._rows)
            self._rows.clear()

    # --- saying --------------------------------------------------------------------------------

    def _sentence(self, plan: InferencePlan) -> str:
        troubles = self._troubles() if plan.frames_per_s > 0 else []
        return "; ".join([plan.reason, *troubles])

    def _troubles(self) -> list[str]:
        return [camera.complaint for camera in self._cameras if camera.complaint]


def patience_s(plan: InferencePlan, ends_after_s: float) -> float:
    """How long a thing may be unseen at the planned rate before it counts as gone."""
    return max(ends_after_s, PATIENCE_FRAMES / plan.frames_per_s)


def since_s(plan: InferencePlan, before: InferencePlan) -> float:
    """Unit seconds between two plans of one process."""
    return plan.stamp.uptime_s - before.stamp.uptime_s
