"""The cycle of the inference service: budget -> plan -> inference -> tracks -> events -> store.

Reads: the newest `EnergyBudget`; pictures, through its cameras. Writes: `InferencePlan`,
`InferenceRun`, `CameraUsage` and `Event` rows, all of one cycle in one transaction; what its parts
write.
Never: analyses a frame without a fresh budget, or one that its camera's energy allowance does not
cover.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from appliance.errors import ModelError, StoreError
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_cameras import InferencePlan
from appliance.process.service import Leave, Service
from appliance.status import model_files
from appliance.wording.sentence import join_sentences, say
from inference.cameras.camera import InferenceCamera
from inference.cameras.waiting import PicturePoller, PulledPicture, Waiter
from inference.detection.frame_result import FrameResult
from inference.detection.labels import list_label_thresholds
from inference.energy import schedule
from inference.energy.allowance import Allowances
from inference.energy.pace import Pace
from inference.energy.schedule import AnalysisPlan, Resources
from inference.energy.usage import Usage
from inference.events.lifecycle import Circumstances, EventDraft
from inference.events.timelapse import Timelapse
from inference.model_pool import ModelPool
from inference.publish import EventPublisher
from inference.view import View

CYCLE_S = 1.0
ROW_EVERY_S = 60.0
FAULT_AFTER_S = 10.0
LEAVE_AFTER_S = 60.0
RETRY_MODEL_AFTER_S = 60.0
LEAST_WAIT_S = 0.005  # for an allowance: sums of fractions are not exact


@dataclass(frozen=True, slots=True)
class CycleParts:
    """What the cycle works with."""

    cameras: Sequence[InferenceCamera]
    models: ModelPool
    waiter: Waiter
    publisher: EventPublisher
    view: View
    timelapse: Timelapse | None = None


class InferenceCycle:
    """The state of the service between two cycles, and one cycle. Times are picture time."""

    def __init__(self, service: Service, parts: CycleParts) -> None:
        self._service = service
        self._settings = service.settings.inference
        self._label_thresholds = list_label_thresholds(self._settings)
        self._cameras = parts.cameras
        self._models = parts.models
        self._publisher = parts.publisher
        self._view = parts.view
        self._timelapse = parts.timelapse
        self._poller = PicturePoller(parts.cameras, service.clock, parts.waiter, service.stop)
        self._usage = Usage(service.clock)
        self._pace = Pace(self._settings.event_after_frames)
        self._rows: list[Any] = []
        self._last_plan_row: InferencePlan | None = None
        self._worked_s = service.clock.media_s()
        self._allowances = Allowances(tuple(one.name for one in parts.cameras), self._worked_s)
        self._costs_j: dict[str, float] = {}
        self._model_error: ModelError | None = None
        self._model_retry_s = 0.0

    # --- the cycle -----------------------------------------------------------------------------

    def run(self) -> str:
        """One picture second; returns what is being done and why. Leaves when there is no work."""
        budget = self._service.store.latest(EnergyBudget)
        plan = schedule.make_plan(budget, self._settings, self._measure_resources(budget))
        self._note_plan(plan)
        if budget is not None and plan.frames_per_s > 0:
            self._want_stills(budget)
            self._analyse_until_end(plan, budget.level)
        else:
            self._pause(plan)
        self._tidy()
        self._store()
        self._leave_without_work(plan)
        return self._format_status(plan)

    def _tidy(self) -> None:
        self._publisher.tidy()
        try:
            if self._timelapse:
                self._timelapse.tidy()
        except StoreError as error:
            self._service.report_fault(error)

    def finish(self) -> None:
        """Store what is still running: nothing that was found is lost by a stop."""
        self._view.hide(say("the inference service has stopped"))
        self._end_all()
        if self._usage.is_due(CYCLE_S):
            self._rows += self._usage.take_rows(self._models.unit_detector.digest)
        self._models.free()
        self._store()

    # --- analysing -----------------------------------------------------------------------------

    def _analyse_until_end(self, plan: AnalysisPlan, level: EnergyLevel) -> None:
        """Analyse the frames that come until the second is over."""
        clock, stop = self._service.clock, self._service.stop
        now_s = self._worked_s = clock.media_s()
        end_s, interval_s = now_s + CYCLE_S, 1 / plan.frames_per_s
        self._models.choose(plan.model, now_s)
        self._models.costs.refresh()
        while now_s < end_s and not stop.is_set():
            self._fill_allowances(plan, now_s)
            pictures = self._poller.wait_for_pictures(end_s, interval_s, self._find_start_s)
            if pictures:
                self._analyse(pictures, plan, level)
            now_s = clock.media_s()
        self._end_quiet_cameras(interval_s)
        self._report_troubles()
        self._models.unload_idle(now_s)

    def _want_stills(self, budget: EnergyBudget) -> None:
        """Which cameras are to give a picture for a time-lapse, moving or not."""
        for camera in self._cameras:
            wanted = self._timelapse is not None and self._timelapse.is_due(camera.name, budget)
            camera.wants_still = wanted

    def _keep_still(self, camera: InferenceCamera, result: FrameResult) -> None:
        try:
            if camera.wants_still and self._timelapse:
                camera.wants_still = not self._timelapse.take(camera.name, result)
        except StoreError as error:
            camera.wants_still = False
            self._service.report_fault(error)

    def _fill_allowances(self, plan: AnalysisPlan, now_s: float) -> None:
        self._costs_j = {
            camera.name: self._models.estimate_j(camera, len(self._list_sharers(camera)), now_s)
            for camera in self._cameras
        }
        self._allowances.fill(
            inference_w=plan.inference_w,
            frames_per_s=plan.frames_per_s,
            costs_j=self._costs_j,
            now_s=now_s,
        )

    def _find_start_s(self, camera: InferenceCamera, now_s: float) -> float:
        """When a camera's frame may be analysed: its allowance covers it, and a model works."""
        if self._model_error and now_s < self._model_retry_s:
            return self._model_retry_s
        shortage = self._allowances.find_shortage(camera.name, self._costs_j[camera.name])
        camera.set_shortage(shortage, now_s)
        return now_s + max(LEAST_WAIT_S, shortage.wait_s) if shortage else now_s

    def _analyse(
        self, pictures: Sequence[PulledPicture], plan: AnalysisPlan, level: EnergyLevel
    ) -> None:
        began_s = self._service.clock.media_s()
        try:
            frames = self._models.analyse(pictures, began_s)
        except ModelError as error:
            self._model_error = error
            self._model_retry_s = self._service.clock.media_s() + RETRY_MODEL_AFTER_S
            return
        self._model_error = None
        self._pace.add(self._service.clock.media_s() - began_s)
        for camera, result in frames:
            self._handle_result(camera, self._look_again(camera, result), plan, level)

    def _look_again(self, camera: InferenceCamera, result: FrameResult) -> FrameResult:
        """The result, with that of a second look where one is worth it and paid for."""
        if not self._settings.second_look:
            return result
        reason = camera.second_look.find_reason(result, camera.tracks)
        if not reason:
            return result
        both_j = result.energy_j - result.load_j + self._costs_j[camera.name]
        if self._allowances.find_shortage(camera.name, both_j):
            return replace(
                result,
                reason=say(
                    "{reason}; no energy is left for {look}",
                    reason=result.reason,
                    look=reason,
                ),
            )
        return self._models.look_again(camera, result, reason)

    def _handle_result(
        self, camera: InferenceCamera, result: FrameResult, plan: AnalysisPlan, level: EnergyLevel
    ) -> None:
        """Charge the energy of one frame, update tracks and drafts, show it."""
        now_s = self._service.clock.media_s()
        self._spend_energy(camera, result)
        self._usage.add(result)
        over = camera.follow(
            result,
            self._make_circumstances(result, plan, level),
            interval_s=1 / plan.frames_per_s,
            now_s=now_s,
        )
        self._rows += camera.begun.take_rows(self._service.clock.stamp())
        self._publish(camera, over)
        self._keep_still(camera, result)
        self._view.show(result, camera.tracks)

    def _spend_energy(self, camera: InferenceCamera, result: FrameResult) -> None:
        """Take a frame's energy off the allowances; loading is shared by those with that model."""
        self._allowances.spend(camera.name, result.energy_j - result.load_j)
        sharers = self._list_sharers(camera)
        for sharer in sharers:
            self._allowances.spend(sharer.name, result.load_j / len(sharers))

    def _list_sharers(self, camera: InferenceCamera) -> list[InferenceCamera]:
        """The cameras that share a model, and so the cost of loading it."""
        return [one for one in self._cameras if one.own.model == camera.own.model]

    def _make_circumstances(
        self, result: FrameResult, plan: AnalysisPlan, level: EnergyLevel
    ) -> Circumstances:
        return Circumstances(
            reason=plan.reason,
            energy_level=level,
            tier=result.tier,
            provider=result.provider,
            model_digest=result.digest,
            threshold=self._settings.threshold,
            label_thresholds=self._label_thresholds,
            energy_per_frame_j=result.energy_j,
        )

    def _end_quiet_cameras(self, interval_s: float) -> None:
        """A camera that gives no more pictures ends its events; one in trouble is not shown."""
        now_s = self._service.clock.media_s()
        for camera in self._cameras:
            self._publish(camera, camera.end_if_quiet(now_s, interval_s))
            if camera.analysed_s is None and camera.complaint:
                self._view.hide_camera(camera.name, camera.complaint)

    def _report_troubles(self) -> None:
        """Faults of this cycle: a lasting trouble with a camera, with a model, with the GPU."""
        now_s = self._service.clock.media_s()
        for connection in (camera.connection for camera in self._cameras):
            if connection.trouble and connection.trouble_s(now_s) > FAULT_AFTER_S:
                self._service.report_fault(connection.trouble)
        for trouble in self._models.list_troubles():
            self._service.report_fault(trouble)
        if self._model_error:
            self._service.report_fault(self._model_error)
        if slow := self._pace.find_fault():
            self._service.report_fault(slow)
        if damage := model_files.find_damage(self._service.settings):
            self._service.report_fault(damage)

    # --- resting -------------------------------------------------------------------------------

    def _pause(self, plan: AnalysisPlan) -> None:
        now_s = self._service.clock.media_s()
        self._view.hide(plan.reason)
        self._end_all()
        self._allowances.discard_unused(now_s)
        self._models.unload_unused(now_s)

    def _end_all(self) -> None:
        for camera in self._cameras:
            self._publish(camera, camera.pause())

    def _leave_without_work(self, plan: AnalysisPlan) -> None:
        """End the process: its memory is part of the energy budget too. PID 1 starts it again."""
        if self._service.clock.media_s() - self._worked_s > LEAVE_AFTER_S:
            raise Leave(plan.reason)

    # --- planning and storing ------------------------------------------------------------------

    def _measure_resources(self, budget: EnergyBudget | None) -> Resources:
        """What inference has to work with now."""
        detector, costs = self._models.unit_detector, self._models.costs
        level = budget.level if budget else EnergyLevel.OFF
        return Resources(
            cameras=len(self._cameras),
            nominal_j=costs.estimate_nominal_j(detector),
            cost_j=costs.estimate_run_j(detector),
            degraded=detector.degraded.partition(":")[0],
            tier=detector.tier,
            base_w=self._service.settings.compute_base_w(level),
        )

    def _note_plan(self, plan: AnalysisPlan) -> None:
        """A row for the plan when it changes, and once a minute."""
        row, before = plan.make_row(self._service.clock.stamp()), self._last_plan_row
        changed = before is None or before.reason != row.reason
        if changed:
            self._service.log.info("plan changed", reason=f'"{row.reason}"')
        if before is None or changed or seconds_between(row, before) >= ROW_EVERY_S:
            self._rows.append(row)
            self._last_plan_row = row

    def _publish(self, camera: InferenceCamera, drafts: Sequence[EventDraft]) -> None:
        if drafts:
            self._publisher.add(camera, drafts, self._service.clock.media_s())

    def _store(self) -> None:
        """Write all rows of this cycle at once; what cannot be written is kept for the next."""
        self._rows += self._publisher.take_events(self._service.clock.media_s())
        for camera, cost in self._publisher.take_costs():
            self._allowances.spend(camera, cost.energy_j)
            self._usage.add_cost(camera, cost)
        if self._usage.is_due(ROW_EVERY_S):
            self._rows += self._usage.take_rows(self._models.unit_detector.digest)
        if self._rows:
            self._service.store.add(*self._rows)
            self._rows.clear()

    # --- status --------------------------------------------------------------------------------

    def _format_status(self, plan: AnalysisPlan) -> str:
        troubles = [one.complaint for one in self._cameras if one.complaint]
        return join_sentences("; ", [plan.reason, *(troubles if plan.frames_per_s > 0 else [])])


def seconds_between(plan: InferencePlan, before: InferencePlan) -> float:
    """Unit seconds between two plans of one process."""
    return plan.stamp.uptime_s - before.stamp.uptime_s
