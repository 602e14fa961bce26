"""The hints service: `python -m sensors.hints --settings FILE`.

Reads: the cameras' alarms, through its ear. Writes: `CameraHint` rows.
Never: runs where no camera has `onvif` in its section.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from appliance.errors import CameraError
from appliance.process.service import Leave, Loop, Service, main
from sensors.errors import HintError

if TYPE_CHECKING:
    from sensors.hints.alarm_receiver import AlarmReceiver

CYCLE_EVERY_S = 0.5  # picture seconds: half of this is added to an alarm's delay


class HintsCycle:
    """Writes down what the ear heard."""

    def __init__(
        self, service: Service, receiver: "AlarmReceiver", troubles: Sequence[str] = ()
    ) -> None:
        """`troubles`: cameras that cannot be listened to as they are set up."""
        self._service = service
        self._receiver = receiver
        self._troubles = tuple(troubles)

    def cycle(self) -> str:
        """Store what was heard; returns whose alarms are listened to."""
        rows = self._receiver.take_hints()
        if rows:
            self._service.store.add(*rows)
        troubles = [
            *self._troubles,
            *(one.trouble for one in self._receiver.listeners if one.trouble),
        ]
        if troubles:
            self._service.report_fault(HintError("; ".join(troubles)))
        good = [one.camera for one in self._receiver.listeners if not one.trouble]
        told = f"hears the alarms of {', '.join(good) or 'no camera'}"
        return "; ".join([told, *troubles])


def assemble(service: Service) -> Loop:
    """Wire all cameras that have alarms; raises `HintError` where the library is missing."""
    cameras = {name: one for name, one in service.settings.camera.items() if one.onvif}
    if not cameras:
        return Loop(leave, CYCLE_EVERY_S, media=True)
    if find_spec("onvif") is None:
        raise HintError("the alarms of cameras need the extra `onvif`: pip install '.[onvif]'")
    from sensors.hints.addresses import find_event_service  # noqa: PLC0415  (an extra, and 40 MB)
    from sensors.hints.alarm_receiver import AlarmReceiver  # noqa: PLC0415

    services, troubles = [], []
    for name, camera in cameras.items():
        try:
            services.append(find_event_service(name, camera))
        except CameraError as error:
            troubles.append(str(error))
    ear = AlarmReceiver(services, service.clock)
    ear.start()
    cycle = HintsCycle(service, ear, troubles).cycle
    return Loop(cycle, CYCLE_EVERY_S, media=True, finish=ear.close)


def leave() -> str:
    raise Leave("no camera has an ONVIF address in its section: there is nothing to listen to")


if __name__ == "__main__":
    main("hints", assemble)
