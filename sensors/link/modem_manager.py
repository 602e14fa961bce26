"""ModemManager: how the modem and its SIM are; reset, and a PIN.

    modem = read_modem(bus)             # None: there is no modem
    modem.phase, modem.operator, modem.signal_pct
    reset_modem(bus, modem)

Source: the interfaces of ModemManager 1.20 to 1.24 (Modem, Modem.Modem3gpp, Sim, Bearer).
Reads and writes: the bus.
Never: gives a PIN twice; sensors/link/pin.py says when it may be given.
"""

from dataclasses import dataclass
from typing import Any

from appliance.model_updates import LinkPhase
from sensors.link.bus import Bus, Facts, Objects, Place, find_flag, find_number, find_text

NAME, ROOT = "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1"
MODEM, SIM, BEARER = f"{NAME}.Modem", f"{NAME}.Sim", f"{NAME}.Bearer"
THREE_GPP = f"{MODEM}.Modem3gpp"
# MMModemState
FAILED, LOCKED, REGISTERED, CONNECTED = -1, 2, 8, 11
SIM_MISSING = 2  # MMModemStateFailedReason
SIM_PIN, SIM_PUK = 2, 4  # MMModemLock
DENIED = 3  # MMModem3gppRegistrationState
NET_PORT = 2  # MMModemPortType
# MMModemAccessTechnology, the best first
TECHNOLOGIES = (
    (1 << 15, "5G"),
    (1 << 14, "LTE"),
    (1 << 16, "LTE-M"),
    (1 << 17, "NB-IoT"),
    ((1 << 9) | (1 << 8) | (1 << 7) | (1 << 6), "HSPA"),
    (1 << 5, "UMTS"),
    (1 << 4, "EDGE"),
    ((1 << 3) | (1 << 2) | (1 << 1), "GSM"),
)


@dataclass(frozen=True, slots=True)
class ModemFacts:
    """`retries`: how often its PIN may still be given; None where the modem does not say.
    `lock`: MMModemLock. `is_denied`: the network refuses the SIM. `interface`: "" where it has none
    yet.
    """

    path: str
    phase: LinkPhase
    model: str = ""
    operator: str = ""
    technology: str = ""
    signal_pct: float | None = None
    interface: str = ""
    sim: str = ""
    lock: int | None = None
    retries: int | None = None
    is_denied: bool = False


def read_modem(bus: Bus) -> ModemFacts | None:
    """The modem that is furthest, None where there is none. Raises `LinkError`."""
    objects = bus.list_objects(Place(NAME, ROOT))
    modems = {path: faces for path, faces in objects.items() if MODEM in faces}
    if not modems:
        return None
    path = max(modems, key=lambda one: find_number(modems[one][MODEM], "State") or 0)
    return describe_modem(path, objects)


def describe_modem(path: str, objects: Objects) -> ModemFacts:
    """What its properties say."""
    modem, network = objects[path][MODEM], objects[path].get(THREE_GPP, {})
    lock = find_number(modem, "UnlockRequired")
    return ModemFacts(
        path,
        find_phase(modem),
        model=find_text(modem, "Model"),
        operator=find_text(network, "OperatorName"),
        technology=find_technology(find_number(modem, "AccessTechnologies") or 0),
        signal_pct=find_signal_pct(modem),
        interface=find_interface(modem, objects),
        sim=find_text(modem, "Sim", 200),
        lock=lock,
        retries=find_retries(modem, lock),
        is_denied=find_number(network, "RegistrationState") == DENIED,
    )


def find_phase(modem: Facts) -> LinkPhase:
    """How far it is."""
    state = find_number(modem, "State") or 0
    if state == FAILED:
        missing = find_number(modem, "StateFailedReason") == SIM_MISSING
        return LinkPhase.NO_SIM if missing else LinkPhase.FAILED
    if state == LOCKED:
        return LinkPhase.LOCKED
    if state >= CONNECTED:
        return LinkPhase.CONNECTED
    return LinkPhase.REGISTERED if state >= REGISTERED else LinkPhase.SEARCHING


def find_technology(bits: int) -> str:
    """The best of those in use; "" where that is not known."""
    return next((name for mask, name in TECHNOLOGIES if bits & mask), "")


def find_signal_pct(modem: Facts) -> float | None:
    """As the modem reports it; None where it was not measured lately."""
    value = modem.get("SignalQuality", ("", None))[1]
    if not isinstance(value, tuple | list) or len(value) != 2 or not value[1]:
        return None
    return float(value[0]) if isinstance(value[0], int) and 0 <= value[0] <= 100 else None


def find_interface(modem: Facts, objects: Objects) -> str:
    """Of a bearer that is connected, else the modem's first port of the kind."""
    for faces in objects.values():
        bearer = faces.get(BEARER, {})
        if find_flag(bearer, "Connected") and find_text(bearer, "Interface"):
            return find_text(bearer, "Interface")
    ports: Any = modem.get("Ports", ("", ()))[1]
    for port in ports if isinstance(ports, tuple | list) else ():
        if len(port) == 2 and port[1] == NET_PORT:
            return str(port[0])
    return ""


def find_retries(modem: Facts, lock: int | None) -> int | None:
    """How often what it asks for may still be given."""
    retries = modem.get("UnlockRetries", ("", None))[1]
    found = retries.get(lock) if isinstance(retries, dict) else None
    return found if isinstance(found, int) else None


def reset_modem(bus: Bus, path: str) -> None:
    """Its own reset; raises `LinkError`."""
    bus.call(Place(NAME, path), f"{MODEM}.Reset")


def enable_modem(bus: Bus, path: str) -> None:
    """So that it looks for a network; raises `LinkError`."""
    bus.call(Place(NAME, path), f"{MODEM}.Enable", ("b", (True,)))


def send_pin(bus: Bus, sim: str, pin: str) -> None:
    """Raises `RefusedError` where it is wrong."""
    bus.call(Place(NAME, sim), f"{SIM}.SendPin", ("s", (pin,)))
