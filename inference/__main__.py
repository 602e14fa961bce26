"""The inference service: `python -m inference --settings FILE`.

Reads and writes: nothing itself; wires the parts together.
Never: decides anything.
"""

from appliance.alarms.pictures import discard_of
from appliance.errors import ModelError, StoreError
from appliance.media.frame_socket import FrameClient, FrameServer
from appliance.media.ordered_erasing import finish_erasures
from appliance.process.service import Loop, Service, main
from appliance.sections.cameras import InferenceSettings
from appliance.store.event_ages import EventAges, read_event_ages
from appliance.store.unit_time import read_time
from appliance.wording.sentence import say
from inference.cameras.camera import InferenceCamera
from inference.cameras.waiting import SocketWaiter
from inference.cycle import CYCLE_S, CycleParts, InferenceCycle
from inference.detection.detector import FrameDetector, OnnxDetector
from inference.detection.labels import find_floor, list_label_thresholds, list_wanted_labels
from inference.energy.cost import CostModel
from inference.events.snapshots import EventFiles
from inference.events.sub_label import SubLabels
from inference.events.timelapse import Timelapse
from inference.model_pool import ModelPool
from inference.model_store import ModelStore
from inference.publish import EventPublisher
from inference.tracking.track import FAINTEST
from inference.view import View


def assemble(service: Service) -> Loop:
    """The service's parts; raises `ModelError` or `ListenError` before anything is loaded."""
    settings, own = service.settings, service.settings.inference
    finish_erasing(service)
    view = make_view(own)
    cameras = [
        InferenceCamera(name, FrameClient(settings.camera_socket(name)), own, camera)
        for name, camera in settings.camera.items()
    ]
    parts = CycleParts(
        cameras,
        make_models(service),
        SocketWaiter(service.clock),
        make_publisher(service),
        view,
        make_timelapse(service),
    )
    cycle = InferenceCycle(service, parts)
    server = FrameServer(settings.view_socket, view.answer)

    def finish() -> None:
        server.close()
        cycle.finish()

    return Loop(cycle.run, CYCLE_S, media=True, finish=finish)


def finish_erasing(service: Service) -> None:
    """Files of events that a person has erased, which a kill or a power cut has left."""
    settings = service.settings
    try:
        finish_erasures(service.store, settings, lambda alarm: discard_of(settings, alarm))
    except StoreError as error:
        service.report_fault(error)


def make_view(own: InferenceSettings) -> View:
    """The live view."""
    return View(
        blur_heads=own.blur_heads,
        threshold=own.threshold,
        label_thresholds=list_label_thresholds(own),
    )


def make_models(service: Service) -> ModelPool:
    """The models; raises `ModelError` where the unit's cannot be used."""
    settings, own = service.settings, service.settings.inference
    store = ModelStore(settings)
    costs = CostModel(store.find_cost, core_w=settings.computer.core_w)

    def make(name: str) -> FrameDetector:
        model = store.find(name)
        labels = list_wanted_labels(settings, name, model.card)
        return OnnxDetector(
            model.path, threads=own.threads, floor=find_floor(own, FAINTEST), labels=labels
        )

    return ModelPool(store, make, costs, own)


def make_publisher(service: Service) -> EventPublisher:
    """What turns drafts into events with files."""
    own = service.settings.inference
    files = EventFiles(
        service.settings.snapshots_dir,
        keep_days=own.snapshots_keep_days,
        keep_mb=own.snapshots_keep_mb,
        clock=service.clock,
        read_ages=lambda wanted: read_event_ages(service.store, wanted),
    )
    return EventPublisher(
        files,
        blur_heads=own.blur_heads,
        report_fault=service.report_fault,
        sub_labels=make_sub_labels(service),
    )


def make_sub_labels(service: Service) -> SubLabels:
    """The classification models that zones name."""
    settings = service.settings
    store = ModelStore(settings)
    costs = CostModel(store.find_cost, core_w=settings.computer.core_w)

    def make(name: str) -> OnnxDetector:
        model = store.find(name)
        if model.card.decoder != "classes":
            raise ModelError(
                say(
                    "the model {model} detects and does not classify: name a classification "
                    "model as `classify` of the zone",
                    model=model.name,
                )
            )
        return OnnxDetector(
            model.path, threads=settings.inference.threads, floor=0.0, labels=model.card.classes
        )

    return SubLabels(make, costs.record_run, service.report_fault)


def make_timelapse(service: Service) -> Timelapse:
    """The pictures that surplus pays for."""
    settings, own = service.settings, service.settings.inference
    files = EventFiles(
        settings.timelapse_dir,
        keep_days=own.timelapse_keep_days,
        keep_mb=own.timelapse_keep_mb,
        clock=service.clock,
        read_ages=lambda _: EventAges(read_time(service.store).trusted_utc),
    )
    every_min = {name: camera.timelapse_min for name, camera in settings.camera.items()}
    return Timelapse(files, every_min, service.clock, blur_heads=own.blur_heads)


if __name__ == "__main__":
    main("inference", assemble)
