"""Changes the model between two frames: the old one works on while a thread loads the new one.

Reads: a model, in a thread of its own. Writes: nothing.
Never: gives up a model that works for one that does not, or puts one that is no longer wanted into
its place.

The thread holds no lock while it loads, so no frame waits for it. `take_current` is called by the
thread that analyses frames and makes the change there, so the old model is idle when it is freed.
"""

from collections.abc import Callable
from threading import Thread

from appliance.errors import ModelError
from inference.detection.detector import FrameDetector

RETRY_AFTER_S = 60.0
MakeDetector = Callable[[], FrameDetector]


class LoadingThread(Thread):
    """Loads one model. `ready` or `trouble` is set when the thread has ended."""

    def __init__(self, name: str, make: MakeDetector) -> None:
        # No daemon: the runtime aborts a process that ends while it loads.
        super().__init__(name=f"load {name}", daemon=False)
        self.model = name
        self.ready: FrameDetector | None = None
        self.trouble: ModelError | None = None
        self._make = make

    def run(self) -> None:
        try:
            made = self._make()
            made.load()
        except ModelError as error:
            self.trouble = error
        else:
            self.ready = made


class ModelSwap:
    """The model at work, and perhaps one that is to replace it.

    `name` is that of the model at work. `trouble` is why the wanted one could not replace it, None
    where nothing is wrong.
    """

    def __init__(self, name: str, detector: FrameDetector) -> None:
        self.name = name
        self.trouble: ModelError | None = None
        self._current = detector
        self._wanted = name
        self._loading: LoadingThread | None = None
        self._failed_s = 0.0

    def want(self, name: str, make: MakeDetector, now_s: float) -> None:
        """Set the wanted model, as often as you like; `make` builds it, in another thread.

        After a failure it is tried again a minute later, while it is still wanted.
        """
        if name != self._wanted:
            self._wanted, self.trouble = name, None
        if name == self.name or self._loading:
            return
        if self.trouble and now_s - self._failed_s < RETRY_AFTER_S:
            return
        self._failed_s = now_s
        loading = LoadingThread(name, make)
        loading.start()
        self._loading = loading  # only now: before its start a thread counts as ended

    def take_current(self) -> FrameDetector:
        """The model for the next frame; changes over if the wanted one is ready."""
        if self._loading and not self._loading.is_alive():
            self._finish_loading(self._loading)
        return self._current

    def free(self) -> None:
        """Free the memory: of the model at work now, of one being loaded when it is ready."""
        self._wanted, self.trouble = self.name, None
        self._current.free()

    def _finish_loading(self, loading: LoadingThread) -> None:
        self._loading = None
        if loading.ready is None:
            if loading.trouble is None:  # not one of the troubles that a unit goes on with
                raise RuntimeError(f"the thread that loaded {loading.model} ended without a result")
            if loading.model == self._wanted:
                self.trouble = loading.trouble
        elif loading.model == self._wanted:
            old, self._current = self._current, loading.ready
            self.name, self.trouble = loading.model, None
            old.free()
        else:
            loading.ready.free()
