"""Subscribes to one camera's ONVIF events by pull point, until it is cancelled.

Reads: the camera's event service over HTTP (WS-Security digest), through onvif-zeep-async. Writes:
nothing; each change is given to `on_change`.
Never: lets one camera's trouble touch another's, asks faster than every ten seconds a camera that
fails, or follows an address that the camera gives to another host.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from onvif import ONVIFCamera
from onvif.exceptions import ONVIFError

from appliance.log import redact
from appliance.wording.sentence import say
from sensors.hints.alarms import decode_motion

KEEP = timedelta(minutes=10)  # a subscription that nobody renews ends after this
PULL_FOR = timedelta(seconds=30)
MOST_MESSAGES = 100
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 300.0
NOT_YET = say("not connected yet")


@dataclass(frozen=True, slots=True)
class EventService:
    """Where a camera's ONVIF service is; `find_ip` looks its host up, or raises `CameraError`."""

    camera: str
    find_ip: Callable[[], str]
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)


OnChange = Callable[[str, bool], None]


class Listener:
    """One camera's alarms. `trouble` is why none can be received now, "" where all is well."""

    def __init__(self, service: EventService, on_change: OnChange) -> None:
        self.camera = service.camera
        self.trouble: str = NOT_YET
        self.active = False
        self._service = service
        self._on_change = on_change

    @property
    def fault(self) -> str:
        """The trouble that a try has met; at the start there was none yet."""
        return "" if self.trouble == NOT_YET else self.trouble

    async def run(self, pause_s: float = FIRST_PAUSE_S) -> None:
        """Subscribe, listen, and begin anew after each trouble; until cancelled."""
        longest_s = LONGEST_PAUSE_S * pause_s / FIRST_PAUSE_S
        wait_s = pause_s
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  (libraries read what a camera sends)
                wait_s = min(2 * wait_s, longest_s) if self.trouble else pause_s
                self.trouble = self._explain(error)
                self._set_active(active=False)
            await asyncio.sleep(wait_s)

    async def _listen(self) -> None:
        device = ONVIFCamera(
            await asyncio.to_thread(self._service.find_ip),
            self._service.port,
            self._service.user or None,
            self._service.password or None,
            adjust_time=True,  # the digest holds the time, and cameras' clocks are wrong
            no_cache=True,  # of a home directory, which no service has
            nat_override=True,  # the camera's own address may lie behind a NAT, or be wrong
        )
        lost = asyncio.Event()
        try:
            await device.update_xaddrs()
            manager = await device.create_pullpoint_manager(KEEP, lost.set)
            try:
                await manager.set_synchronization_point()
                self.trouble = ""
                await self._pull(manager.get_service(), lost)
            finally:
                await manager.shutdown()
        finally:
            await device.close()

    async def _pull(self, pullpoint: Any, lost: asyncio.Event) -> None:
        ask = {"Timeout": PULL_FOR, "MessageLimit": MOST_MESSAGES}
        while not lost.is_set():
            answer = await pullpoint.PullMessages(ask)
            for message in answer.NotificationMessage or ():
                self._handle(message)
        raise ONVIFError(say("the subscription was lost"))

    def _handle(self, message: Any) -> None:
        topic = message.Topic._value_1  # noqa: SLF001  (zeep's name)
        motion = decode_motion(topic, dict(read_items(message)))
        if motion is not None:
            self._set_active(active=motion)

    def _set_active(self, active: bool) -> None:
        if active or self.active:
            self.active = active
            self._on_change(self.camera, active)

    def _explain(self, error: Exception) -> str:
        what = redact(str(error).strip().splitlines()[0] if str(error).strip() else repr(error))
        return say(
            "the alarms of the camera {camera} are not received ({what}): check `onvif`, "
            "`user` and `password_file` in its section, and that ONVIF is on in the camera",
            camera=self.camera,
            what=what[:200],
        )


def read_items(message: Any) -> Iterable[tuple[str, str]]:
    """Name and value of each item of a notification's data; none where it has another shape."""
    element = message.Message._value_1  # noqa: SLF001  (zeep's name for an element of any kind)
    data = getattr(element, "Data", None)
    for item in getattr(data, "SimpleItem", None) or ():
        yield str(item.Name), str(item.Value)
