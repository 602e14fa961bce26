"""The inference service: `python -m inference --settings FILE`.

Reads and writes: nothing itself; wires the parts together.
Never: decides anything.
"""

from appliance.media.frames import FrameClient, FrameServer
from appliance.process.service import Loop, Service, main
from inference.cameras.waiting import SocketWaiter
from inference.cameras.watched import WatchedCamera
from inference.cycle import CYCLE_S, Watch, WatchParts
from inference.detection.detector import Looker, NanoDet
from inference.detection.labels import looked_for
from inference.energy.cost import Prices
from inference.events.snapshots import SnapshotShelf
from inference.model_pool import Eyes
from inference.model_store import ModelStore
from inference.publish import Telling
from inference.tracking.track import FAINTEST
from inference.view import View


def assemble(service: Service) -> Loop:
    """The service's parts; raises `ModelError` or `ListenError` before anything is loaded."""
    settings, own = service.settings, service.settings.inference
    view = View(own.blur_heads, own.threshold)
    watch = Watch(
        service,
        WatchParts(
            [
                WatchedCamera(name, FrameClient(settings.camera_socket(name)), own, camera)
                for name, camera in settings.camera.items()
            ],
            eyes_of(service),
            SocketWaiter(service.clock),
            telling_of(service),
            view,
        ),
    )
    server = FrameServer(settings.view_socket, view.answer)

    def finish() -> None:
        server.close()
        watch.finish()

    return Loop(watch.cycle, CYCLE_S, media=True, finish=finish)


def eyes_of(service: Service) -> Eyes:
    """The models; raises `ModelError` where the unit's cannot be used."""
    settings, own = service.settings, service.settings.inference
    store = ModelStore(settings)
    prices = Prices(store.price, settings.computer.core_w)

    def make(name: str) -> Looker:
        model = store.find(name)
        labels = looked_for(settings, name, model.card)
        return NanoDet(model.path, own.threads, min(FAINTEST, own.threshold), labels)

    return Eyes(store, make, prices, own)


def telling_of(service: Service) -> Telling:
    """The shelf and who puts onto it."""
    own = service.settings.inference
    shelf = SnapshotShelf(
        service.settings.snapshots_dir,
        own.snapshots_keep_days,
        own.snapshots_keep_mb,
        service.clock,
    )
    return Telling(shelf, own.blur_heads, service.report_fault)


if __name__ == "__main__":
    main("inference", assemble)
