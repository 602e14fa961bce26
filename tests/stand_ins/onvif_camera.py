"""A camera's ONVIF event service, as small as a real one that works: SOAP over HTTP on loopback.

It checks the digest of the password, keeps one pull point, holds a pull until something happens,
and can be told to move, to be deaf (refuse), to forget its subscriptions, or to lie about where its
services are.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

USER, PASSWORD = "viewer", "s3cret-onvif"
ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"
 xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsa="http://www.w3.org/2005/08/addressing"
 xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tns1="http://www.onvif.org/ver10/topics">
<s:Body>{body}</s:Body></s:Envelope>"""
FAULT = """<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason>
<s:Text xml:lang="en">{text}</s:Text></s:Reason></s:Fault>"""
SERVICES = {
    "http://www.onvif.org/ver10/device/wsdl": "device_service",
    "http://www.onvif.org/ver10/events/wsdl": "event_service",
}
MESSAGE = """<wsnt:NotificationMessage>
<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">{topic}</wsnt:Topic>
<wsnt:Message><tt:Message UtcTime="2026-04-15T10:00:00Z" PropertyOperation="Changed">
<tt:Source><tt:SimpleItem Name="Source" Value="1"/></tt:Source>
<tt:Data><tt:SimpleItem Name="{item}" Value="{value}"/></tt:Data>
</tt:Message></wsnt:Message></wsnt:NotificationMessage>"""


class OnvifCamera:
    """The camera's state; `port` is where it answers."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0: any that is free."""
        self.requests: list[str] = []
        self.refused = 0
        self.deaf = False
        self.subscriptions = 0
        self.claimed_host = ""  # where it says that its services are; "": where they are
        self._waiting: list[str] = []
        self._changed = Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def notify(self, topic: str, item: str, value: str) -> None:
        """Something to notify of."""
        with self._changed:
            self._waiting.append(MESSAGE.format(topic=topic, item=item, value=value))
            self._changed.notify_all()

    def set_motion(self, active: bool) -> None:
        self.notify("tns1:VideoSource/MotionAlarm", "State", str(active).lower())

    def forget(self) -> None:
        """As after a restart: the next pull is refused."""
        with self._changed:
            self.subscriptions = 0
            self._changed.notify_all()

    @contextmanager
    def serving(self) -> Iterator["OnvifCamera"]:
        thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self.forget()

    # --- SOAP ----------------------------------------------------------------------------------

    def _answer(self, request: str) -> tuple[int, str]:
        action = re.search(r"<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)", request)
        name = action[1] if action else "?"
        self.requests.append(name)
        if name == "GetSystemDateAndTime":
            return 200, self._time()
        if self.deaf or not self._is_authorised(request):
            self.refused += 1
            return 400, FAULT.format(text="Sender not Authorized")
        answer = getattr(self, f"_{name}", None)
        return answer() if answer else (500, FAULT.format(text=f"Action {name} not implemented"))

    def _is_authorised(self, request: str) -> bool:
        """Whether the digest is that of the password (WS-Security UsernameToken 1.0)."""
        parts = {
            key: found[1]
            for key in ("Username", "Password", "Nonce", "Created")
            if (found := re.search(rf"<(?:[\w-]+:)?{key}(?:\s[^>]*)?>([^<]*)<", request))
        }
        if len(parts) < 4 or parts["Username"] != USER:
            return False
        seed = base64.b64decode(parts["Nonce"]) + (parts["Created"] + PASSWORD).encode()
        digest = base64.b64encode(hashlib.sha1(seed).digest()).decode()
        return digest == parts["Password"] and PASSWORD not in request

    def _time(self) -> str:
        now = datetime.now(UTC)
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
            "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
            f"<tt:UTCDateTime><tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}"
            f"</tt:Minute><tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}"
            f"</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _url(self, service: str) -> str:
        return f"http://{self.claimed_host or f'127.0.0.1:{self.port}'}/onvif/{service}"

    def _GetServices(self) -> tuple[int, str]:  # noqa: N802  (ONVIF's word)
        found = "".join(
            f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace>"
            f"<tds:XAddr>{self._url(service)}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for namespace, service in SERVICES.items()
        )
        return 200, f"<tds:GetServicesResponse>{found}</tds:GetServicesResponse>"

    def _CreatePullPointSubscription(self) -> tuple[int, str]:  # noqa: N802
        self.subscriptions += 1
        return 200, (
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa:Address>{self._url('pull')}</wsa:Address></tev:SubscriptionReference>"
            f"{self._times()}</tev:CreatePullPointSubscriptionResponse>"
        )

    def _times(self, prefix: str = "wsnt") -> str:
        now = datetime.now(UTC).replace(microsecond=0)
        ends = now + timedelta(minutes=10)
        return (
            f"<{prefix}:CurrentTime>{now:%Y-%m-%dT%H:%M:%SZ}</{prefix}:CurrentTime>"
            f"<{prefix}:TerminationTime>{ends:%Y-%m-%dT%H:%M:%SZ}</{prefix}:TerminationTime>"
        )

    def _SetSynchronizationPoint(self) -> tuple[int, str]:  # noqa: N802
        return 200, "<tev:SetSynchronizationPointResponse/>"

    def _Unsubscribe(self) -> tuple[int, str]:  # noqa: N802
        self.forget()
        return 200, "<wsnt:UnsubscribeResponse/>"

    def _Renew(self) -> tuple[int, str]:  # noqa: N802
        return 200, f"<wsnt:RenewResponse>{self._times()}</wsnt:RenewResponse>"

    def _PullMessages(self) -> tuple[int, str]:  # noqa: N802
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self.subscriptions, timeout=20)
            messages, self._waiting = "".join(self._waiting), []
            if not self.subscriptions:
                return 400, FAULT.format(text="no such subscription")
        times = self._times("tev")
        return 200, f"<tev:PullMessagesResponse>{times}{messages}</tev:PullMessagesResponse>"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                status, body = camera._answer(self.rfile.read(length).decode())
                data = ENVELOPE.format(body=body).encode()
                with suppress(ConnectionError):  # who asked may be gone after a long pull
                    self.send_response(status)
                    self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
