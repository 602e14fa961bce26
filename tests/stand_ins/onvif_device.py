"""An ONVIF camera with its device and media service: SOAP over HTTP on loopback, JPEG beside it.

The replies are those of the WSDL files of ONVIF (test_asking.py reads each with a strict reader).
It can have a wrong clock, other addresses, an open door, keep settings or only say so, and send
things that no camera should.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

from tests.stand_ins.onvif_camera import ENVELOPE, FAULT, OnvifCamera

MEDIA = "http://www.onvif.org/ver10/media/wsdl"
NAMES = 'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:s='


@dataclass(frozen=True)
class Stream:
    """One profile with its encoder."""

    token: str
    size: tuple[int, int]
    rate: int = 25
    gop: int = 100
    codec: str = "H264"
    uri: str = "rtsp://127.0.0.1:554/{token}"

    def show(self) -> str:
        """Its VideoEncoderConfiguration, without the element around it."""
        coder = (
            f"<tt:H264><tt:GovLength>{self.gop}</tt:GovLength>"
            "<tt:H264Profile>Main</tt:H264Profile></tt:H264>"
        )
        return (
            f"<tt:Name>{self.token}</tt:Name><tt:UseCount>1</tt:UseCount>"
            f"<tt:Encoding>{self.codec}</tt:Encoding><tt:Resolution><tt:Width>{self.size[0]}"
            f"</tt:Width><tt:Height>{self.size[1]}</tt:Height></tt:Resolution>"
            f"<tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>{self.rate}"
            "</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
            "<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl>"
            f"{coder if self.codec == 'H264' else ''}<tt:Multicast><tt:Address>"
            "<tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
            "<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart>"
            "</tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
        )


@dataclass
class Manners:
    """How the camera behaves."""

    streams: tuple[Stream, ...] = (Stream("main", (1920, 1080)), Stream("sub", (640, 360)))
    clock_ahead: timedelta = timedelta()
    hides_clock: bool = False  # tells only who has logged in
    shows_date: bool = True  # as HTTP has it, by its own clock
    is_open: bool = False
    heeds: bool = True  # what is set is so afterwards
    gop_range: tuple[int, int] = (1, 250)
    snapshot: bytes = b""
    snapshot_uri: str = "http://127.0.0.1:{port}/snapshot.jpg"
    raw: dict[str, bytes] = field(default_factory=dict)  # whole replies, by action


class OnvifDevice(OnvifCamera):
    """The same camera as for alarms, with what it is and shows."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners = manners or Manners()
        self.refuses_time_off_s = 300.0
        super().__init__()

    def _answer(self, request: str) -> tuple[int, str]:
        found = re.search(r"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", request)
        name = found[1] if found else "?"
        if name == "GetSystemDateAndTime" and self.manners.hides_clock:
            self.requests.append(name)
            return 400, FAULT.format(text="Sender not Authorized")
        if self.manners.is_open and name.startswith("Get") and name != "GetSystemDateAndTime":
            self.requests.append(name)
            return self._do(name, request)
        known = ("GetServices", "GetSystemDateAndTime", "?")
        if name in known:
            return super()._answer(request)
        self.requests.append(name)
        if self.deaf or not self._is_authorised(request):
            self.refused += 1
            return 400, FAULT.format(text="Sender not Authorized")
        return self._do(name, request)

    def _is_authorised(self, request: str) -> bool:
        """The digest, and its time by this camera's clock."""
        found = re.search(r"Created[^>]*>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", request)
        if found is None:
            return False
        shown = datetime.fromisoformat(f"{found[1]}+00:00")
        off_s = abs((shown - self._now()).total_seconds())
        return off_s <= self.refuses_time_off_s and super()._is_authorised(request)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.manners.clock_ahead

    def _time(self) -> str:
        wrong = self._now()
        text = super()._time()
        for name in ("Hour", "Minute", "Second", "Year", "Month", "Day"):
            value = getattr(wrong, name.lower())
            text = re.sub(rf"<tt:{name}>\d+<", f"<tt:{name}>{value}<", text)
        return text

    def _do(self, name: str, request: str) -> tuple[int, str]:
        answers: dict[str, Callable[[str], str]] = {
            "GetServices": lambda _: self._GetServices()[1],
            "GetDeviceInformation": self._say_what_it_is,
            "GetNetworkInterfaces": self._say_cards,
            "GetProfiles": self._say_profiles,
            "GetStreamUri": self._say_stream,
            "GetSnapshotUri": self._say_snapshot,
            "GetVideoEncoderConfiguration": self._say_encoder,
            "GetVideoEncoderConfigurationOptions": self._say_options,
            "SetVideoEncoderConfiguration": self._set_encoder,
        }
        if name not in answers:
            return 500, FAULT.format(text=f"Action {name} not implemented")
        return 200, answers[name](request)

    def _GetServices(self) -> tuple[int, str]:  # noqa: N802
        status, text = super()._GetServices()
        end = "</tds:GetServicesResponse>"
        media = (
            f"<tds:Service><tds:Namespace>{MEDIA}</tds:Namespace>"
            f"<tds:XAddr>{self._url('media_service')}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
        )
        return status, text.replace(end, media + end)

    def _say_what_it_is(self, _: str) -> str:
        return (
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>ACME</tds:Manufacturer>"
            "<tds:Model>Dome 3</tds:Model><tds:FirmwareVersion>1.2</tds:FirmwareVersion>"
            "<tds:SerialNumber>A1B2C3</tds:SerialNumber><tds:HardwareId>7</tds:HardwareId>"
            "</tds:GetDeviceInformationResponse>"
        )

    def _say_cards(self, _: str) -> str:
        return (
            '<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces token="eth0">'
            "<tt:Enabled>true</tt:Enabled><tt:Info><tt:Name>eth0</tt:Name>"
            "<tt:HwAddress>02-00-5E-10-00-07</tt:HwAddress><tt:MTU>1500</tt:MTU></tt:Info>"
            "</tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
        )

    def _say_profiles(self, _: str) -> str:
        profiles = "".join(
            f'<trt:Profiles token="{one.token}" fixed="true"><tt:Name>{one.token}</tt:Name>'
            f'<tt:VideoEncoderConfiguration token="enc-{one.token}">{one.show()}'
            "</tt:VideoEncoderConfiguration></trt:Profiles>"
            for one in self.manners.streams
        )
        return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"

    def _say_stream(self, request: str) -> str:
        token = find_token(request, "ProfileToken")
        one = next(one for one in self.manners.streams if one.token == token)
        uri = one.uri.format(token=token)
        return f"<trt:GetStreamUriResponse>{show_uri(uri)}</trt:GetStreamUriResponse>"

    def _say_snapshot(self, _: str) -> str:
        uri = self.manners.snapshot_uri.format(port=self.port)
        return f"<trt:GetSnapshotUriResponse>{show_uri(uri)}</trt:GetSnapshotUriResponse>"

    def _say_encoder(self, request: str) -> str:
        one = self._find(find_token(request, "ConfigurationToken"))
        return (
            "<trt:GetVideoEncoderConfigurationResponse>"
            f'<trt:Configuration token="enc-{one.token}">{one.show()}</trt:Configuration>'
            "</trt:GetVideoEncoderConfigurationResponse>"
        )

    def _say_options(self, _: str) -> str:
        low, high = self.manners.gop_range
        pair = "<tt:{0}><tt:Min>{1}</tt:Min><tt:Max>{2}</tt:Max></tt:{0}>"
        return (
            "<trt:GetVideoEncoderConfigurationOptionsResponse><trt:Options>"
            f"{pair.format('QualityRange', 1, 6)}<tt:H264><tt:ResolutionsAvailable><tt:Width>1920"
            "</tt:Width><tt:Height>1080</tt:Height></tt:ResolutionsAvailable>"
            f"{pair.format('GovLengthRange', low, high)}{pair.format('FrameRateRange', 1, 30)}"
            f"{pair.format('EncodingIntervalRange', 1, 1)}"
            "<tt:H264ProfilesSupported>Main</tt:H264ProfilesSupported></tt:H264></trt:Options>"
            "</trt:GetVideoEncoderConfigurationOptionsResponse>"
        )

    def _set_encoder(self, request: str) -> str:
        token = re.search(r'Configuration [^>]*token="enc-([\w-]+)"', request)
        gop = re.search(r"GovLength[^>]*>(\d+)<", request)
        assert token
        assert gop
        if self.manners.heeds:
            self.manners.streams = tuple(
                replace(one, gop=int(gop[1])) if one.token == token[1] else one
                for one in self.manners.streams
            )
        return "<trt:SetVideoEncoderConfigurationResponse/>"

    def _find(self, token: str) -> Stream:
        return next(one for one in self.manners.streams if f"enc-{one.token}" == token)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                found = re.search(r"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", request)
                raw = camera.manners.raw.get(found[1] if found else "?")
                if raw is not None:
                    self._send(200, raw, "application/soap+xml")
                    return
                status, body = camera._answer(request)
                envelope = ENVELOPE.replace("xmlns:s=", NAMES, 1)
                self._send(status, envelope.format(body=body).encode(), "application/soap+xml")

            def do_GET(self) -> None:
                found = camera.manners.snapshot
                self._send(200 if found else 404, found, "image/jpeg")

            def _send(self, status: int, data: bytes, kind: str) -> None:
                with suppress(ConnectionError):
                    self.send_response_only(status)
                    if camera.manners.shows_date:
                        self.send_header("Date", format_datetime(camera._now(), usegmt=True))
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


def show_uri(uri: str) -> str:
    """A `MediaUri`."""
    return (
        f"<trt:MediaUri><tt:Uri>{uri}</tt:Uri><tt:InvalidAfterConnect>false"
        "</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
        "<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri>"
    )


def find_token(request: str, name: str) -> str:
    found = re.search(rf"{name}[^>]*>([^<]*)<", request)
    assert found
    return found[1]
