"""Orders that came over MQTT, carried out one after the other in a thread of their own: the
connection to the broker waits for no database.

    orders.submit("PREFIX/ID/camera/gate/detect/set", lambda: holds.take(...))   # in paho's thread
    orders.follow()                                                              # once a cycle

Reads: a clock. Writes: what it is given to do, and its answer through `publish`.
Never: loses an order because another program holds the database for a while, or fills the journal
with refusals.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from threading import Thread

from appliance.errors import StoreError
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Messages
from appliance.process.service import Service

MOST_WAITING = 60
KEPT_S = 120.0  # real seconds for which an order is tried again
AGAIN_S = 2.0
Act = Callable[[], Messages]


class OrderQueue:
    """Of one unit. `publish` takes the states that hold after an order."""

    def __init__(
        self, service: Service, refusals: Refusals, publish: Callable[[Messages], object]
    ) -> None:
        self._service, self._refusals, self._publish = service, refusals, publish
        self._waiting: Queue[tuple[str, Act, float] | None] = Queue(MOST_WAITING)
        self._thread: Thread | None = None

    def submit(self, topic: str, act: Act) -> None:
        """Have it done; `act` may raise `StoreError`, and is then called again."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="orders", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((topic, act, time.monotonic()))
        except Full:
            self._refusals.tell(topic, f"{MOST_WAITING} others wait already")

    def close(self) -> None:
        """Do what waits already, if that takes no longer than a moment."""
        if self._thread is not None:
            with suppress(Full):
                self._waiting.put_nowait(None)
                self._thread.join(AGAIN_S)

    def _work(self) -> None:
        while (order := self._waiting.get()) is not None:
            self._carry_out(*order)

    def _carry_out(self, topic: str, act: Act, since_s: float) -> None:
        while True:
            try:
                states = act()
            except StoreError as error:
                is_last = self._service.stop.wait(AGAIN_S)
                if is_last or time.monotonic() - since_s > KEPT_S:
                    self._refusals.tell(topic, str(error))
                    return
            else:
                self._publish(states)
                return
