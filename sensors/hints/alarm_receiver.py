"""Receives the alarms of all cameras in one thread, and keeps them for the service's cycle.

Reads: the listeners' alarms. Writes: nothing; the cycle takes the rows and stores them.
Never: blocks the cycle.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread

from appliance.clock import Clock
from appliance.model_cameras import CameraHint
from sensors.hints.listener import FIRST_PAUSE_S, EventService, Listener

SOURCE = "onvif motion"
MOST_HINTS = 1000
REPEAT_AFTER_S = 20.0  # an alarm that goes on is repeated: rows grow old


class AlarmReceiver:
    """Receives alarms from `start` to `close`."""

    def __init__(
        self, services: Iterable[EventService], clock: Clock, pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self.listeners = [Listener(service, self._add_hint) for service in services]
        self._clock = clock
        self._pause_s = pause_s
        self._hints: deque[CameraHint] = deque(maxlen=MOST_HINTS)
        self._added_s: dict[str, float] = {}
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._run, name="hints", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Unsubscribe and end the thread."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(5)

    def take_hints(self) -> list[CameraHint]:
        """The hints since the last call; an alarm that goes on is repeated every 20 s."""
        now_s = self._clock.stamp().uptime_s
        for one in self.listeners:
            if one.active and now_s - self._added_s.get(one.camera, now_s) >= REPEAT_AFTER_S:
                self._add_hint(one.camera, active=True)
        rows = []
        with suppress(IndexError):
            while True:
                rows.append(self._hints.popleft())
        return rows

    def _add_hint(self, camera: str, active: bool) -> None:
        stamp = self._clock.stamp()
        self._added_s[camera] = stamp.uptime_s
        self._hints.append(CameraHint(stamp, camera, SOURCE, active))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._listen())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _listen(self) -> None:
        async with asyncio.TaskGroup() as group:
            for one in self.listeners:
                group.create_task(one.run(self._pause_s))

    def _cancel(self) -> None:
        """Once only: a second time would cut the listeners' unsubscribing short."""
        if self._task is not None:
            self._task.cancel()
