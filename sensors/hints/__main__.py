"""The hints service: `python -m sensors.hints --settings FILE`.

Reads: the cameras' alarms, through the alarm receiver. Writes: `CameraHint` rows.
Never: runs where no camera has `onvif` in its section.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from appliance.errors import CameraError
from appliance.process.service import Leave, Loop, Service, main
from appliance.wording.sentence import join_sentences, say
from sensors.errors import HintError

if TYPE_CHECKING:
    from sensors.hints.alarm_receiver import AlarmReceiver

CYCLE_EVERY_S = 0.5  # picture seconds; half of it is added to an alarm's delay on average


class HintsCycle:
    """The hints service's cycle: stores what the receiver got."""

    def __init__(
        self, service: Service, receiver: "AlarmReceiver", troubles: Sequence[str] = ()
    ) -> None:
        """`troubles`: why some cameras cannot be listened to as they are set up."""
        self._service = service
        self._receiver = receiver
        self._troubles = tuple(troubles)

    def cycle(self) -> str:
        """Store the new hints; returns which cameras' alarms are received."""
        rows = self._receiver.take_hints()
        if rows:
            self._service.store.add(*rows)
        listeners = self._receiver.listeners
        faults = [*self._troubles, *(one.fault for one in listeners if one.fault)]
        if faults:
            self._service.report_fault(HintError(join_sentences("; ", faults)))
        good = [one.camera for one in listeners if not one.trouble]
        new = [
            say("{camera}: {trouble}", camera=one.camera, trouble=one.trouble)
            for one in listeners
            if one.trouble != one.fault
        ]
        cameras = ", ".join(good) or say("no camera")
        sentence = say("receives the alarms of {cameras}", cameras=cameras)
        return join_sentences("; ", [sentence, *new, *faults])


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
    receiver = AlarmReceiver(services, service.clock)
    receiver.start()
    cycle = HintsCycle(service, receiver, troubles).cycle
    return Loop(cycle, CYCLE_EVERY_S, media=True, finish=receiver.close)


def leave() -> str:
    raise Leave(
        say("no camera has an ONVIF address in its section: there are no alarms to receive")
    )


if __name__ == "__main__":
    main("hints", assemble)
