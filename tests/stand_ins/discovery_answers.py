"""Cameras that answer a WS-Discovery probe on loopback, each as it is told to.

The answers have the form of the example in ONVIF's Core Specification, 7.3.2.2 (Probe and
ProbeMatch); `answering` gives each datagram that comes to what `make` returns for it.
"""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ANSWER = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<SOAP-ENV:Header><wsa:MessageID>uuid:84ede3de-7dec-11d0-c360-F01234567890</wsa:MessageID>
<wsa:RelatesTo>{relates_to}</wsa:RelatesTo>
<wsa:To SOAP-ENV:mustUnderstand="true">
http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>
<wsa:Action SOAP-ENV:mustUnderstand="true">
http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></SOAP-ENV:Header>
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
<wsa:EndpointReference><wsa:Address>{endpoint}</wsa:Address></wsa:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/{hardware}
 onvif://www.onvif.org/name/{name} onvif://www.onvif.org/location/ANY</d:Scopes>
<d:XAddrs>{services}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>
</d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"""
ENDPOINT = "urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119"
Answer = Callable[[str], list[bytes]]


def make_answer(
    relates_to: str,
    services: str = "http://127.0.0.1:8080/onvif/device_service",
    endpoint: str = ENDPOINT,
    name: str = "Gate%20camera",
    **more: str,
) -> bytes:
    """One answer; `more`: hardware, doctype."""
    words = {"hardware": "M3025", "doctype": "", **more}
    return ANSWER.format(
        relates_to=relates_to, services=services, endpoint=endpoint, name=name, **words
    ).encode()


def find_number(question: str) -> str:
    """The MessageID of a probe."""
    found = re.search(r"MessageID>([^<]+)<", question)
    assert found
    return found[1]


@contextmanager
def answering(make: Answer) -> Iterator[tuple[str, int]]:
    """Something that answers each probe with what `make` gives for it; where it is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(0.05)
        over = threading.Event()
        thread = threading.Thread(target=answer_all, args=(ear, make, over))
        thread.start()
        try:
            yield ear.getsockname()
        finally:
            over.set()
            thread.join()


def answer_all(ear: socket.socket, make: Answer, over: threading.Event) -> None:
    while not over.is_set():
        try:
            data, sender = ear.recvfrom(65_535)
        except TimeoutError:
            continue
        for one in make(data.decode()):
            ear.sendto(one, sender)
