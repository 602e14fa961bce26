"""A thread for each channel that has something to send: a server that hangs holds up no other.

    workers = Workers(open_sender, bell.ring)
    workers.give(request)                     # one at a time for a channel: while not is_busy(name)
    answers = workers.take_answers()
    workers.close()

Reads and writes: through the senders, one for each channel, each with a process of its own.
Never: touches the database: that is for the service's own thread.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Protocol

from appliance.alarms.channels.requests import SendAnswer, SendRequest

IDLE_S = 5.0  # for the next message; then the sending process ends
END_S = 10.0  # for the message in hand


class Sending(Protocol):
    """What is asked of appliance/alarms/channels/sender.py."""

    def send(self, request: SendRequest, /) -> SendAnswer:
        """What became of one message."""

    def cancel(self) -> None:
        """End it now, from another thread."""


OpenSender = Callable[[str], AbstractContextManager[Sending]]


class Worker:
    """One channel's thread; it ends when nothing comes for some seconds, or a message failed."""

    def __init__(
        self, name: str, open_sender: OpenSender, answered: Callable[[str, SendAnswer], None]
    ) -> None:
        self._name, self._open_sender, self._answered = name, open_sender, answered
        self._requests: SimpleQueue[SendRequest | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._sender: Sending | None = None
        self._lock = Lock()

    def give(self, request: SendRequest) -> None:
        with self._lock:
            self._requests.put(request)
            if self._thread is None:
                self._thread = Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def cancel(self) -> None:
        """Have the thread and its process end."""
        self._requests.put(None)
        sender = self._sender
        if sender is not None:
            sender.cancel()

    def wait(self, seconds: float) -> None:
        """Until the thread has ended, or the time is over."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        with self._open_sender(self._name) as sender:
            self._sender = sender
            while (request := self._take()) is not None:
                answer = sender.send(request)
                is_over = not answer.sent and self._stop()
                self._answered(self._name, answer)
                if is_over:
                    return

    def _take(self) -> SendRequest | None:
        """The next one; None: this thread is to end."""
        try:
            return self._requests.get(timeout=IDLE_S)
        except Empty:
            return None if self._stop() else self._requests.get()

    def _stop(self) -> bool:
        """Whether nothing is waiting: then the next message begins a new thread."""
        with self._lock:
            if not self._requests.empty():
                return False
            self._thread = self._sender = None
            return True


class Workers:
    """All channels."""

    def __init__(self, open_sender: OpenSender, ring: Callable[[], None]) -> None:
        self._open_sender, self._ring = open_sender, ring
        self._workers: dict[str, Worker] = {}
        self._busy: dict[str, str] = {}
        self._answers: SimpleQueue[SendAnswer] = SimpleQueue()

    def is_busy(self, channel: str) -> bool:
        """Whether it has a message in hand."""
        return channel in self._busy

    @property
    def under_way(self) -> frozenset[str]:
        """The messages in hand."""
        return frozenset(self._busy.values())

    def give(self, request: SendRequest) -> None:
        """One message to its channel."""
        name = request.channel
        self._busy[name] = request.delivery_id
        if name not in self._workers:
            self._workers[name] = Worker(name, self._open_sender, self._note)
        self._workers[name].give(request)

    def take_answers(self) -> list[SendAnswer]:
        """Those that came since."""
        found: list[SendAnswer] = []
        while not self._answers.empty():
            found.append(self._answers.get())
        return found

    def release(self, delivery_id: str) -> None:
        """Its answer is stored: the channel may have the next one."""
        self._busy = {name: one for name, one in self._busy.items() if one != delivery_id}

    def close(self) -> None:
        """End all of them, side by side."""
        for worker in self._workers.values():
            worker.cancel()
        ends_s = time.monotonic() + END_S
        for worker in self._workers.values():
            worker.wait(max(0.0, ends_s - time.monotonic()))

    def _note(self, _name: str, answer: SendAnswer) -> None:
        self._answers.put(answer)
        self._ring()
