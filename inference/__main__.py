"""The inference service: `python -m inference --settings FILE`.

Reads and writes: nothing itself; wires the parts together.
Never: decides anything.
"""

from appliance.media.frames import FrameClient, FrameServer
from appliance.process.service import Loop, Service, main
from inference.cameras.camera import InferenceCamera
from inference.cameras.waiting import SocketWaiter
from inference.cycle import CYCLE_S, CycleParts, InferenceCycle
from inference.detection.detector import FrameDetector, NanoDet
from inference.detection.labels import list_wanted_labels
from inference.energy.cost import CostModel
from inference.events.snapshots import EventFiles
from inference.model_pool import ModelPool
from inference.model_store import ModelStore
from inference.publish import EventPublisher
from inference.tracking.track import FAINTEST
from inference.view import View


def assemble(service: Service) -> Loop:
    """The service's parts; raises `ModelError` or `ListenError` before anything is loaded."""
    settings, own = service.settings, service.settings.inference
    view = View(own.blur_heads, own.threshold)
    watch = InferenceCycle(
        service,
        CycleParts(
            [
                InferenceCamera(name, FrameClient(settings.camera_socket(name)), own, camera)
                for name, camera in settings.camera.items()
            ],
            make_models(service),
            SocketWaiter(service.clock),
            make_publisher(service),
            view,
        ),
    )
    server = FrameServer(settings.view_socket, view.answer)

    def finish() -> None:
        server.close()
        watch.finish()

    return Loop(watch.run, CYCLE_S, media=True, finish=finish)


def make_models(service: Service) -> ModelPool:
    """The models; raises `ModelError` where the unit's cannot be used."""
    settings, own = service.settings, service.settings.inference
    store = ModelStore(settings)
    prices = CostModel(store.find_cost, settings.computer.core_w)

    def make(name: str) -> FrameDetector:
        model = store.find(name)
        labels = list_wanted_labels(settings, name, model.card)
        return NanoDet(model.path, own.threads, min(FAINTEST, own.threshold), labels)

    return ModelPool(store, make, prices, own)


def make_publisher(service: Service) -> EventPublisher:
    """The shelf and who puts onto it."""
    own = service.settings.inference
    shelf = EventFiles(
        service.settings.snapshots_dir,
        own.snapshots_keep_days,
        own.snapshots_keep_mb,
        service.clock,
    )
    return EventPublisher(shelf, own.blur_heads, service.report_fault)


if __name__ == "__main__":
    main("inference", assemble)
