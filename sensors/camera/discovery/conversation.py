"""One conversation with one camera over ONVIF, by zeep with the files of onvif-zeep-async.

    camera = Conversation(service, ("viewer", "1234"), deadline_s)
    camera.describe(); camera.set_gop("encoder-1", 50); camera.fetch_snapshot(address)

Reads: the camera. Writes: to it only in `set_gop`.
Never: runs in a process that does something else: zeep takes 70 MB, and what a camera sends is read
by libraries in C (`process.py` is that process). Never tries a second password.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from onvif.client import UsernameDigestTokenDtDiff
from zeep import Client, Settings
from zeep.exceptions import Fault, TransportError

from sensors.camera.discovery.answers import Service, parse_service
from sensors.camera.discovery.bounded import BoundedTransport, Reply
from sensors.camera.discovery.facts import MOST_PROFILES, CameraFacts, Encoder, Profile
from sensors.camera.discovery.matches import clean

DEVICE, MEDIA = "http://www.onvif.org/ver10/device/wsdl", "http://www.onvif.org/ver10/media/wsdl"
FILES = {DEVICE: ("devicemgmt.wsdl", "DeviceBinding"), MEDIA: ("media.wsdl", "MediaBinding")}
RTSP_OVER_TCP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
# Not strict: cameras leave out what must be there. No type definitions, no entities, no files.
READING = Settings(strict=False, forbid_dtd=True, forbid_external=True)
LONGEST_TEXT, LONGEST_ADDRESS = 80, 500  # characters
LEAST_SKEW_S = 5.0
MOST_SERVICES = 64


class RefusedError(Exception):
    """The camera wants another login; `offset_s`: how far its clock is ahead."""

    def __init__(self, offset_s: float | None) -> None:
        super().__init__()
        self.offset_s = offset_s


LEFT_OUT = (Fault, TransportError, AttributeError, TypeError)  # what a camera has not
NOT_TOLD = (*LEFT_OUT, RefusedError)  # or tells administrators only


class Conversation:
    """Questions to one camera. `login`: user and password, ("", "") for none."""

    def __init__(
        self,
        service: Service,
        login: tuple[str, str],
        deadline_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service, self._login = service, login
        self._transport = BoundedTransport(str(service.address), login, deadline_s, now_s)
        self._offset_s: float | None = None
        self._clients: dict[str, Client] = {}
        self._places = {DEVICE: service.url}

    def describe(self) -> CameraFacts:
        """What it is and which streams it offers; raises `RefusedError` and what zeep raises."""
        self._read_clock()
        is_open = self._is_open()
        if not self._login[0] and not is_open:
            raise RefusedError(self._offset_s)
        device = self._ask(DEVICE, "GetDeviceInformation")
        self._find_services()
        return CameraFacts(
            manufacturer=read(device, "Manufacturer"),
            model=read(device, "Model"),
            firmware=read(device, "FirmwareVersion"),
            serial=read(device, "SerialNumber"),
            mac=self._find_mac(),
            clock_offset_s=self._offset_s,
            is_open=is_open,
            profiles=tuple(self._list_profiles()),
        )

    def set_gop(self, token: str, frames: int) -> Encoder:
        """Set how many pictures there are from key frame to key frame; what is so afterwards."""
        self._read_clock()
        self._find_services()
        held = self._ask(MEDIA, "GetVideoEncoderConfiguration", ConfigurationToken=token)
        held.H264.GovLength = frames
        self._ask(MEDIA, "SetVideoEncoderConfiguration", Configuration=held, ForcePersistence=True)
        found = self._ask(MEDIA, "GetVideoEncoderConfiguration", ConfigurationToken=token)
        return self._read_encoder(found)

    def fetch_snapshot(self, address: str) -> Reply:
        """The picture at an address of the camera."""
        return self._transport.get_picture(address)

    # --- its parts ------------------------------------------------------------------------------

    def _read_clock(self) -> None:
        """Without a login, as ONVIF wants it; where it is refused, by the reply's `Date`."""
        with suppress(*NOT_TOLD, ValueError):
            said = self._ask(DEVICE, "GetSystemDateAndTime", open_door=True).UTCDateTime
            date, clock = said.Date, said.Time
            shown = datetime(
                date.Year, date.Month, date.Day, clock.Hour, clock.Minute, clock.Second, tzinfo=UTC
            )
            self._offset_s = (shown - datetime.now(UTC)).total_seconds()
            return
        self._offset_s = self._transport.date_offset_s

    def _is_open(self) -> bool:
        """Whether it tells what it is to anybody."""
        try:
            self._ask(DEVICE, "GetDeviceInformation", open_door=True)
        except RefusedError:
            return False
        return True

    def _find_services(self) -> None:
        """Where its media service is; only port and path of what it says are believed."""
        with suppress(*LEFT_OUT):
            for one in self._ask(DEVICE, "GetServices", IncludeCapability=False)[:MOST_SERVICES]:
                self._note_place(str(one.Namespace), str(one.XAddr))
        if MEDIA not in self._places:
            found = self._ask(DEVICE, "GetCapabilities", Category="Media")
            self._note_place(MEDIA, read(getattr(found, "Media", None), "XAddr"))

    def _note_place(self, namespace: str, address: str) -> None:
        found = parse_service(address)
        if namespace == MEDIA and found:
            own = found[0] == str(self._service.address)
            port = found[1] if own else self._service.port
            self._places[MEDIA] = Service(self._service.address, port, found[2]).url

    def _find_mac(self) -> str:
        """The hardware address of its first card; "" where only administrators are told."""
        with suppress(*NOT_TOLD):
            for card in self._ask(DEVICE, "GetNetworkInterfaces")[:MOST_PROFILES]:
                if found := read(card.Info, "HwAddress"):
                    return found.lower().replace("-", ":")
        return ""

    def _list_profiles(self) -> Iterator[Profile]:
        for one in self._ask(MEDIA, "GetProfiles")[:MOST_PROFILES]:
            token = str(one.token)
            encoder = one.VideoEncoderConfiguration
            if encoder is None:
                continue
            setup = {"StreamSetup": RTSP_OVER_TCP, "ProfileToken": token}
            yield Profile(
                token,
                read(one, "Name"),
                self._read_encoder(encoder),
                self._ask_address("GetStreamUri", **setup),
                self._ask_address("GetSnapshotUri", ProfileToken=token),
            )

    def _ask_address(self, action: str, **values: Any) -> str:
        """An address; "" where the camera has none."""
        with suppress(*NOT_TOLD if action == "GetSnapshotUri" else LEFT_OUT):
            found = str(self._ask(MEDIA, action, **values).Uri).strip()
            return found if len(found) <= LONGEST_ADDRESS else ""
        return ""

    def _read_encoder(self, found: Any) -> Encoder:
        token, rate = str(found.token), getattr(found, "RateControl", None)
        size, coder = getattr(found, "Resolution", None), getattr(found, "H264", None)
        low, high = self._ask_gop_range(token) if coder is not None else (None, None)
        return Encoder(
            token,
            read(found, "Encoding").lower(),
            width_px=getattr(size, "Width", None),
            height_px=getattr(size, "Height", None),
            frames_per_s=getattr(rate, "FrameRateLimit", None),
            gop_frames=getattr(coder, "GovLength", None),
            gop_least=low,
            gop_most=high,
            bitrate_kbps=getattr(rate, "BitrateLimit", None),
        )

    def _ask_gop_range(self, token: str) -> tuple[int | None, int | None]:
        with suppress(*NOT_TOLD):
            found = self._ask(
                MEDIA, "GetVideoEncoderConfigurationOptions", ConfigurationToken=token
            ).H264.GovLengthRange
            return found.Min, found.Max
        return None, None

    def _ask(self, namespace: str, action: str, *, open_door: bool = False, **values: Any) -> Any:
        """One request; `open_door`: without the login. Raises `RefusedError`."""
        client = self._find_client(namespace)
        self._transport.may_log_in = may_log_in = bool(self._login[0]) and not open_door
        client.wsse = self._make_token() if may_log_in else None
        binding = f"{{{namespace}}}{FILES[namespace][1]}"
        service = client.create_service(binding, self._places[namespace])
        try:
            return getattr(service, action)(**values)
        except (Fault, TransportError) as error:
            if is_refusal(error):
                raise RefusedError(self._offset_s) from None
            raise

    def _make_token(self) -> UsernameDigestTokenDtDiff:
        """The digest holds the time: that of the camera's clock, where it is known."""
        ahead = self._offset_s or 0.0
        skew = timedelta(seconds=ahead) if abs(ahead) > LEAST_SKEW_S else None
        return UsernameDigestTokenDtDiff(*self._login, dt_diff=skew, use_digest=True)

    def _find_client(self, namespace: str) -> Client:
        if namespace not in self._clients:
            path = find_files() / FILES[namespace][0]
            self._clients[namespace] = Client(
                str(path), transport=self._transport, settings=READING
            )
        return self._clients[namespace]


def find_files() -> Path:
    """ONVIF's WSDL files, as the library brings them."""
    spec = find_spec("onvif")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "wsdl"


def is_refusal(error: Fault | TransportError) -> bool:
    """Whether it is about the login; cameras have many words for it."""
    if isinstance(error, TransportError):
        return error.status_code in (401, 403)
    words = " ".join([str(error.message), str(error.code), *map(str, find_subcodes(error))])
    plain = words.lower().replace(" ", "")
    return any(one in plain for one in ("notauthor", "unauthor", "failedauth", "accessdenied"))


def find_subcodes(error: Fault) -> Iterable[object]:
    return error.subcodes or ()


def read(found: Any, name: str) -> str:
    """A text of a reply, short and printable; "" where there is none."""
    value = getattr(found, name, None)
    return "" if value is None else clean(str(value), LONGEST_TEXT)
