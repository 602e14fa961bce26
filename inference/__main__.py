"""The inference service: `python -m inference --settings FILE`.

Reads and writes: nothing itself; wires the parts together.
Never: decides anything.
"""

from appliance.frames import FrameClient, FrameServer
from appliance.service import Loop, Service, main
from inference.cameras import WatchedCamera
from inference.detector import NanoDet
from inference.heads import PERSON
from inference.model_store import ModelStore
from inference.snapshots import SnapshotShelf
from inference.track import FAINTEST
from inference.view import View
from inference.watch import CYCLE_S, Watch


def assemble(service: Service) -> Loop:
    """The service's parts; raises `ModelError` or `ListenError` before anything is loaded."""
    settings = service.settings
    own = settings.inference
    # People are always looked for: their heads are blurred in every event's picture.
    labels = tuple(dict.fromkeys((*own.labels, PERSON)))
    store = ModelStore(settings)
    detector = NanoDet(store.find(store.active()).path, own.threads, min(FAINTEST, own.threshold), labels)
    cameras = [
        WatchedCamera(name, FrameClient(settings.camera_socket(name)), own)
        for name in settings.camera
    ]
    shelf = SnapshotShelf(
        settings.snapshots_dir, own.snapshots_keep_days, own.snapshots_keep_mb, service.clock
    )
    view = View(own.blur_heads, own.threshold)
    watch = Watch(service, detector, cameras, shelf, view)
    server = FrameServer(settings.view_socket, view.answer)

    def finish() -> None:
        server.close()
        watch.finish()

    return Loop(watch.cycle, CYCLE_S, media=True, finish=finish)


if __name__ == "__main__":
    main("inference", assemble)
