"""The process of one camera: `python -m sensors.camera NAME --settings FILE`.

Reads and writes: nothing itself; wires the parts together and hands pictures out on a socket.
Never: decides anything.
"""

from functools import partial

from appliance.errors import SettingsError
from appliance.frames import FrameServer
from appliance.service import Loop, Service, main
from appliance.settings import CameraSettings, Settings
from sensors.camera.duty import CYCLE_EVERY_S, CameraDuty
from sensors.camera.feed import Feed, Parts
from sensors.camera.motion import Motion
from sensors.camera.opening import open_camera


def settings_of(name: str, settings: Settings) -> CameraSettings:
    """The section of camera `name`; raises `SettingsError` that names the known ones."""
    if name not in settings.camera:
        known = ", ".join(settings.camera) or "none"
        raise SettingsError(
            f"{settings.path}: there is no camera {name!r} (known: {known}); "
            f"add a section [camera.{name}]"
        )
    return settings.camera[name]


def assemble(service: Service) -> Loop:
    """Wire one camera."""
    own = settings_of(service.instance, service.settings)
    directory = service.settings.path.parent
    parts = Parts(Motion())
    feed = Feed(service.instance, partial(open_camera, own, directory), service.clock, parts)
    FrameServer(service.settings.camera_socket(service.instance), feed.answer)
    return Loop(CameraDuty(service, own, feed).cycle, CYCLE_EVERY_S, media=True)


if __name__ == "__main__":
    main("camera", assemble, takes_instance=True)
