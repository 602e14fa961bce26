"""The cycle of the inference service: budget -> plan -> looks -> follow -> store.

Reads: the newest `EnergyBudget`; pictures, through its cameras. Writes: `InferencePlan`,
`InferenceRun`, `CameraLooks` and `Event` rows, all of one cycle in one transaction; what its parts
write.
Never: looks without a fresh budget, or at what its purse cannot pay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.errors import ModelError
from appliance.model import EnergyBudget, EnergyLevel, InferencePlan
from appliance.process.service import Leave, Service
from inference.cameras.waiting import Pulled, Pulling, Waiter
from inference.cameras.watched import WatchedCamera
from inference.detection.frame_result import Look
from inference.energy import schedule
from inference.energy.allowance import Purses
from inference.energy.schedule import Means, Plan
from inference.energy.usage import Tally
from inference.events.lifecycle import Circumstances, Story
from inference.model_pool import Eyes
from inference.publish import Telling
from inference.view import View

CYCLE_S = 1.0
BUDGET_MAX_AGE_S = 180.0
ROW_EVERY_S = 60.0
FAULT_AFTER_S = 10.0
LEAVE_AFTER_S = 60.0
RETRY_MODEL_AFTER_S = 60.0
LEAST_WAIT_S = 0.005  # for a purse: sums of fractions are not exact


@dataclass(frozen=True, slots=True)
class WatchParts:
    """What a watch works with."""

    cameras: Sequence[WatchedCamera]
    eyes: Eyes
    waiter: Waiter
    telling: Telling
    view: View


class Watch:
    """All that the service knows between two cycles. Times are picture time."""

    def __init__(self, service: Service, parts: WatchParts) -> None:
        self._service = service
        self._settings = service.settings.inference
        self._cameras = parts.cameras
        self._eyes = parts.eyes
        self._telling = parts.telling
        self._view = parts.view
        self._pulling = Pulling(parts.cameras, service.clock, parts.waiter, service.stop)
        self._tally = Tally(service.clock)
        self._rows: list[Any] = []
        self._noted: InferencePlan | None = None
        self._wanted_s = service.clock.media_s()
        self._purses = Purses(tuple(one.name for one in parts.cameras), self._wanted_s)
        self._prices_j: dict[str, float] = {}
        self._model_error: ModelError | None = None
        self._model_retry_s = 0.0

    # --- the cycle -----------------------------------------------------------------------------

    def cycle(self) -> str:
        """One picture second; returns what is being done and why. Leaves when there is no work."""
        budget = self._service.store.latest(EnergyBudget, BUDGET_MAX_AGE_S)
        plan = schedule.plan(budget, self._settings, self._means(budget))
        self._note(plan)
        if budget is not None and plan.frames_per_s > 0:
            self._watch(plan, budget.level)
        else:
            self._rest(plan)
        self._telling.tidy()
        self._store()
        self._leave_without_work(plan)
        return self._sentence(plan)

    def finish(self) -> None:
        """Store what is still running; nothing that was found is lost by a stop."""
        self._view.hide("the inference service has stopped")
        self._end_all()
        if self._tally.due(CYCLE_S):
            self._rows += self._tally.rows(self._eyes.unit.digest)
        self._eyes.free()
        self._store()

    # --- looking -------------------------------------------------------------------------------

    def _watch(self, plan: Plan, level: EnergyLevel) -> None:
        """Look at what comes until the second is over."""
        clock, stop = self._service.clock, self._service.stop
        now_s = self._wanted_s = clock.media_s()
        end_s, interval_s = now_s + CYCLE_S, 1 / plan.frames_per_s
        self._eyes.choose(plan.model, now_s)
        self._eyes.prices.refresh()
        while now_s < end_s and not stop.is_set():
            self._fill_purses(plan, now_s)
            pulled = self._pulling.next(end_s, interval_s, self._may_look_from)
            if pulled:
                self._look_at(pulled, plan, level)
            now_s = clock.media_s()
        self._end_what_went_quiet(interval_s)
        self._report_troubles()
        self._eyes.tidy(now_s)

    def _fill_purses(self, plan: Plan, now_s: float) -> None:
        self._prices_j = {
            camera.name: self._eyes.price_j(camera, len(self._sharers(camera)), now_s)
            for camera in self._cameras
        }
        self._purses.fill(plan.looking_w, plan.frames_per_s, self._prices_j, now_s)

    def _may_look_from(self, camera: WatchedCamera, now_s: float) -> float:
        """From when on a camera may be looked at: as soon as its purse pays, and a model works."""
        if self._model_error and now_s < self._model_retry_s:
            return self._model_retry_s
        short = self._purses.shortage(camera.name, self._prices_j[camera.name])
        camera.hold_back(short, now_s)
        return now_s + max(LEAST_WAIT_S, short.wait_s) if short else now_s

    def _look_at(self, pulled: Sequence[Pulled], plan: Plan, level: EnergyLevel) -> None:
        try:
            looked = self._eyes.look(pulled, self._service.clock.media_s())
        except ModelError as error:
            self._model_error = error
            self._model_retry_s = self._service.clock.media_s() + RETRY_MODEL_AFTER_S
            return
        self._model_error = None
        for camera, look in looked:
            self._take(camera, look, plan, level)

    def _take(self, camera: WatchedCamera, look: Look, plan: Plan, level: EnergyLevel) -> None:
        """Pay for one look, follow what it shows, show it."""
        now_s = self._service.clock.media_s()
        self._purses.spend(camera.name, look.energy_j - look.load_j)
        sharers = self._sharers(camera)
        for sharer in sharers:
            self._purses.spend(sharer.name, look.load_j / len(sharers))
        self._tally.count(look)
        why = self._circumstances(look, plan, level)
        self._over(camera, camera.follow(look, why, 1 / plan.frames_per_s, now_s))
        self._view.show(look, camera.tracks)

    def _sharers(self, camera: WatchedCamera) -> list[WatchedCamera]:
        """The cameras that share a model, and so what loading it costs."""
        return [one for one in self._cameras if one.own.model == camera.own.model]

    def _circumstances(self, look: Look, plan: Plan, level: EnergyLevel) -> Circumstances:
        return Circumstances(
            plan.reason,
            level,
            look.tier,
            look.provider,
            look.digest,
            self._settings.threshold,
            look.energy_j,
        )

    def _end_what_went_quiet(self, interval_s: float) -> None:
        """A camera that gives no more pictures ends its events; one in trouble is not shown."""
        now_s = self._service.clock.media_s()
        for camera in self._cameras:
            self._over(camera, camera.end_if_quiet(now_s, interval_s))
            if camera.looked_s is None and camera.complaint:
                self._view.drop(camera.name, camera.complaint)

    def _report_troubles(self) -> None:
        """Faults of this cycle: a lasting trouble with a camera, with a model, with the GPU."""
        now_s = self._service.clock.media_s()
        for camera in self._cameras:
            if camera.line.trouble and camera.line.trouble_s(now_s) > FAULT_AFTER_S:
                self._service.report_fault(camera.line.trouble)
        for trouble in self._eyes.troubles():
            self._service.report_fault(trouble)
        if self._model_error:
            self._service.report_fault(self._model_error)

    # --- resting -------------------------------------------------------------------------------

    def _rest(self, plan: Plan) -> None:
        now_s = self._service.clock.media_s()
        self._view.hide(plan.reason)
        self._end_all()
        self._purses.empty(now_s)
        self._eyes.free_unused(now_s)

    def _end_all(self) -> None:
        for camera in self._cameras:
            self._over(camera, camera.rest())

    def _leave_without_work(self, plan: Plan) -> None:
        """End the process: its memory is part of the energy budget too. PID 1 starts it again."""
        if self._service.clock.media_s() - self._wanted_s > LEAVE_AFTER_S:
            raise Leave(plan.reason)

    # --- planning and storing ------------------------------------------------------------------

    def _means(self, budget: EnergyBudget | None) -> Means:
        """What there is to look with now."""
        looker, prices = self._eyes.unit, self._eyes.prices
        level = budget.level if budget else EnergyLevel.OFF
        return Means(
            len(self._cameras),
            prices.should_j(looker),
            prices.expected_j(looker),
            looker.degraded.partition(":")[0],
            looker.tier,
            self._service.settings.base_w(level),
        )

    def _note(self, plan: Plan) -> None:
        """A row for the plan when it changes, and once a minute."""
        row, before = plan.row(self._service.clock.stamp()), self._noted
        changed = before is None or before.reason != row.reason
        if changed:
            self._service.log.info("plan changed", reason=f'"{row.reason}"')
        if before is None or changed or since_s(row, before) >= ROW_EVERY_S:
            self._rows.append(row)
            self._noted = row

    def _over(self, camera: WatchedCamera, stories: Sequence[Story]) -> None:
        if stories:
            self._telling.over(camera, stories, self._service.clock.media_s())

    def _store(self) -> None:
        """Write all rows of this cycle at once; what cannot be written is kept for the next."""
        self._rows += self._telling.events(self._service.clock.media_s())
        if self._tally.due(ROW_EVERY_S):
            self._rows += self._tally.rows(self._eyes.unit.digest)
        if self._rows:
            self._service.store.add(*self._rows)
            self._rows.clear()

    # --- saying --------------------------------------------------------------------------------

    def _sentence(self, plan: Plan) -> str:
        troubles = [one.complaint for one in self._cameras if one.complaint]
        return "; ".join([plan.reason, *(troubles if plan.frames_per_s > 0 else [])])


def since_s(plan: InferencePlan, before: InferencePlan) -> float:
    """Unit seconds between two plans of one process."""
    return plan.stamp.uptime_s - before.stamp.uptime_s
