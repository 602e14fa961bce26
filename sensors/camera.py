"""The process of one camera: `python -m sensors.camera NAME --settings FILE`.

Reads: the fresh `EnergyBudget`, the camera's source. Writes: `CameraState` rows; hands pictures out
on the camera's socket.
Never: spends anything without a budget, and never ends because a source is bad.
"""

from appliance.errors import CameraError, SettingsError, StoreError
from appliance.frames import FrameServer
from appliance.model import CameraMode, CameraState, EnergyBudget
from appliance.service import Loop, Service, main
from appliance.settings import CameraSettings, Settings
from sensors.camera_mode import choose_mode
from sensors.feed import Feed
from sensors.opening import open_camera

BUDGET_MAX_AGE_S = 180.0
RECORD_EVERY_S = 60.0
CYCLE_EVERY_S = 1.0  # picture seconds: what came in one second is demuxed in one go


class CameraDuty:
    """What the process does each cycle: mode from the budget, source, row."""

    def __init__(self, service: Service, settings: CameraSettings, feed: Feed) -> None:
        self._service = service
        self._settings = settings
        self._feed = feed
        self._recorded: CameraState | None = None

    def cycle(self) -> str:
        """Follow the budget; returns what the camera does and why."""
        choice = choose_mode(self._budget())
        reason = choice.reason
        try:
            self._feed.follow(choice)
        except CameraError as error:
            self._service.fault(error)
            reason = str(error)
        self._record(self._state(choice.mode, reason))
        return reason

    def _budget(self) -> EnergyBudget | None:
        """The fresh budget; a database that cannot be read is no budget."""
        try:
            return self._service.store.latest(EnergyBudget, BUDGET_MAX_AGE_S)
        except StoreError as error:
            self._service.fault(error)
            return None

    def _state(self, mode: CameraMode, reason: str) -> CameraState:
        return CameraState(
            stamp=self._service.clock.stamp(),
            camera=self._service.instance,
            mode=mode,
            power_w=power_w(mode, self._settings),
            frames_served=self._feed.frames_served,
            frames_skipped=self._feed.frames_skipped,
            reason=reason,
        )

    def _record(self, state: CameraState) -> None:
        last = self._recorded
        if last and last.mode is state.mode:
            due_s = last.stamp.uptime_s + RECORD_EVERY_S - CYCLE_EVERY_S
            if state.stamp.uptime_s < due_s:
                return
        if last is None or last.mode is not state.mode:
            self._service.log.info(state.reason, mode=state.mode.value)
        self._service.store.add(state)
        self._recorded = state


def power_w(mode: CameraMode, settings: CameraSettings) -> float:
    """What the camera itself draws in `mode`, by its settings."""
    return {
        CameraMode.OFF: 0.0,
        CameraMode.LISTEN: settings.listen_power_w,
        CameraMode.WATCH: settings.watch_power_w,
    }[mode]


def settings_of(name: str, settings: Settings) -> CameraSettings:
    """The section of camera `name`; raises `SettingsError` that names the known ones."""
    if name not in settings.camera:
        known = ", ".join(settings.camera) or "none"
        raise SettingsError(
            f"{settings.path}: there is no camera {name!r} (known: {known}); "
            f"add a section [camera.{name}]"
        )
    return settings.camera[name]


def assemble(service: Service) -> Loop:
    """Wire one camera."""
    own = settings_of(service.instance, service.settings)
    directory = service.settings.path.parent
    feed = Feed(service.instance, lambda: open_camera(own.source, directory), service.clock)
    FrameServer(service.settings.camera_socket(service.instance), feed.answer)
    return Loop(CameraDuty(service, own, feed).cycle, CYCLE_EVERY_S, media=True)


if __name__ == "__main__":
    main("camera", assemble, takes_instance=True)
