"""Looks at the modem and gives it orders in a thread of its own: neither bus nor network may keep
the readings of the computer waiting.

    worker = LinkWorker(link_tools)
    worker.begin(LinkTask(servers=(("fleet.example.org", 443),), orders=(reconnect,)))
    look = worker.take()                # None while it works

Reads and writes: both daemons, the unit's servers.
Never: runs two tasks at once, or ends with an error: what failed is in the `LinkLook`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from appliance.clock import boottime_s
from appliance.model_updates import LinkAct, LinkPhase
from appliance.wording.sentence import say
from sensors.link import modem_manager, network_manager
from sensors.link.bus import AbsentError, Bus, open_bus
from sensors.link.errors import LinkError
from sensors.link.modem_manager import ModemFacts
from sensors.link.network_manager import NetworkFacts
from sensors.link.pin import PinTrial
from sensors.link.probe import Server, find_answering


@dataclass(frozen=True, slots=True)
class LinkTask:
    """`radio_on`: what the radio is to be; None: as it is. `act`: of the watchdog, by the bus.
    `servers`: which of them are asked; none: nobody is.
    """

    radio_on: bool | None = None
    act: LinkAct | None = None
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkLook:
    """`modem`, `network`: None where they are not known or not there. `trouble`: what is wrong, in
    words. `asked`, `answered`: whether servers were asked, and one answered. `at_s`: boottime.
    """

    modem: ModemFacts | None = None
    network: NetworkFacts | None = None
    phase: LinkPhase = LinkPhase.UNKNOWN
    trouble: str = ""
    asked: bool = False
    answered: bool = False
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LinkTools:
    """The outer world. `bus`: "SYSTEM", or an address."""

    trial: PinTrial
    bus: str = "SYSTEM"
    ask: Callable[[tuple[Server, ...]], Server | None] = find_answering

    def look(self, task: LinkTask) -> LinkLook:
        """Give the orders, look, and ask the servers."""
        try:
            with open_bus(self.bus) as bus:
                look = self._look_at(bus, task)
        except LinkError as error:
            look = LinkLook(trouble=str(error))
        if task.servers:
            look = replace(look, asked=True, answered=self.ask(task.servers) is not None)
        return replace(look, at_s=boottime_s())

    def _look_at(self, bus: Bus, task: LinkTask) -> LinkLook:
        try:
            modem = modem_manager.read_modem(bus)
        except AbsentError:
            text = say("there is no ModemManager: install the package modemmanager")
            return LinkLook(phase=LinkPhase.NO_MODEM, trouble=text)
        network, trouble = self._read_network(bus)
        try:
            give_orders(bus, task, modem, network)
            if modem is not None and modem.phase is LinkPhase.LOCKED:
                trouble = self._unlock(bus, modem) or trouble
        except LinkError as error:
            trouble = say("an order to the modem was refused: {error}", error=str(error))
        return LinkLook(modem, network, modem.phase if modem else LinkPhase.NO_MODEM, trouble)

    def _read_network(self, bus: Bus) -> tuple[NetworkFacts | None, str]:
        try:
            return network_manager.read_network(bus), ""
        except AbsentError:
            return None, say("there is no NetworkManager: install the package network-manager")

    def _unlock(self, bus: Bus, modem: ModemFacts) -> str:
        """Give the PIN where it may be given; why not, else."""
        refusal = self.trial.find_refusal(modem)
        if not refusal:
            try:
                self.trial.give(bus, modem)
            except LinkError as error:
                return self.trial.find_refusal(modem) or str(error)
        return refusal


def give_orders(
    bus: Bus, task: LinkTask, modem: ModemFacts | None, network: NetworkFacts | None
) -> None:
    """By the bus; raises `LinkError`."""
    if network is not None and task.radio_on is not None and network.radio_on is not task.radio_on:
        network_manager.set_radio(bus, on=task.radio_on)
    if task.act is LinkAct.RECONNECT and network is not None:
        network_manager.reconnect(bus, network)
    if task.act is LinkAct.RESET and modem is not None:
        modem_manager.reset_modem(bus, modem.path)


@dataclass
class LinkWorker:
    """At most one task runs at a time."""

    tools: LinkTools
    _thread: threading.Thread | None = None
    _looks: list[LinkLook] = field(default_factory=list)

    def begin(self, task: LinkTask) -> bool:
        """Have it done; False where another one is not finished yet."""
        if self._thread is not None and self._thread.is_alive():
            return False
        work = lambda: self._looks.append(self.tools.look(task))  # noqa: E731
        self._thread = threading.Thread(target=work, name="link", daemon=True)
        self._thread.start()
        return True

    def take(self, wait_s: float = 0.0) -> LinkLook | None:
        """What the last finished task saw, once; None where none has finished since."""
        if self._thread is not None:
            self._thread.join(wait_s)
        return self._looks.pop() if self._looks else None
