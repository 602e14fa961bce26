"""Sections of what the unit offers, reports and takes over the network: [web], [mqtt], [update],
[fleet], [ddi].

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from appliance.sections.field import setting

PUSH_PORT = 8883  # MQTT over TLS


class PageLanguage(Enum):
    """The languages of the page."""

    ENGLISH = "en"
    ROMANIAN = "ro"


@dataclass(frozen=True, slots=True)
class WebSettings:
    host: str = setting("127.0.0.1", "Address to listen on when PID 1 passes no socket")
    port: int = setting(8080, "Port to listen on when PID 1 passes no socket", 1, 65535)
    hosts: tuple[str, ...] = setting(
        (), "More names of this unit, such as a reverse proxy's; its own names are known"
    )
    idle_exit_s: float = setting(
        120.0,
        "Seconds without a request until the page ends (only with a socket of PID 1)",
        5,
        86_400,
    )
    plain_viewing: bool = setting(
        False,
        "Let other computers view the page without TLS, too; nobody acts that way",
    )
    certificate_file: Path | None = setting(
        None,
        "Your own certificate (PEM) for https, with those that signed it after it; without it, "
        "one that the unit makes",
    )
    key_file: Path | None = setting(None, "Its private key (PEM), without a passphrase")
    tls_dir: Path = setting(
        Path("/var/lib/appliance-proxy"), "Directory of the certificate that is in use"
    )
    page_socket: Path = setting(
        Path("/run/appliance-proxy/page.sock"), "Where the TLS proxy reaches the page"
    )
    https_port: int = setting(
        0, "Port of the TLS proxy when PID 1 passes no socket; 0: there is none", 0, 65535
    )
    language: PageLanguage = setting(
        PageLanguage.ENGLISH,
        "Language of the page at the touchscreen, and for browsers that ask for none of its own",
    )
    open_viewing: bool = setting(
        False, "Let everybody in the network look over https without a login"
    )
    pin_idle_s: float = setting(
        300.0, "Seconds without an act until the touchscreen asks for the PIN again", 30, 86_400
    )
    pin_longest_s: float = setting(
        3600.0, "Seconds after which it does so in any case", 60, 7 * 86_400
    )
    login_idle_s: float = setting(
        3600.0, "Seconds without an act or a new view until a login ends", 60, 7 * 86_400
    )
    login_longest_s: float = setting(
        43_200.0, "Seconds after which a login ends in any case", 300, 30 * 86_400
    )


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """An MQTT broker to report to, such as that of Home Assistant; nothing depends on it."""

    host: str = setting("", "The broker; '' for none")
    port: int = setting(1883, "Its port", 1, 65_535)
    user: str = setting("", "User name; '' for none")
    password_file: Path | None = setting(
        None, "File with the password in one line; without it, none"
    )
    tls: bool = setting(False, "Use TLS")
    ca_file: Path | None = setting(
        None, "Certificates (PEM) that the broker is checked with; without it, the system's"
    )
    certificate_file: Path | None = setting(
        None, "Certificate (PEM) of this unit, where the broker asks for one"
    )
    key_file: Path | None = setting(None, "Its private key (PEM), without a passphrase")
    topic: str = setting("neural-energy", "First part of every topic")
    discovery: bool = setting(True, "Announce the unit to Home Assistant")
    discovery_prefix: str = setting("homeassistant", "Where Home Assistant looks for devices")
    pictures: bool = setting(
        False, "Publish the snapshot of each camera's last event, as it is stored (docs/privacy.md)"
    )
    controls: bool = setting(
        False,
        "Let cameras be paused, muted and switched off, alarms acknowledged and updates held by "
        "messages (docs/mqtt.md)",
    )
    commands: bool = setting(False, "Former name of `controls`")

    @property
    def takes_orders(self) -> bool:
        """Whether messages may order anything."""
        return self.controls or self.commands


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """Signed updates; without a root of trust (docs/updates.md) the unit takes none."""

    mirrors: tuple[str, ...] = setting(
        (),
        "Where releases are, in order of trial: https://HOST/PATH, file:///PATH; none: no updates",
    )
    group: str = setting("all", "The group that releases are assigned to")
    dir: Path = setting(Path("/var/lib/ota"), "Directory of the update's own files")
    ca_file: Path | None = setting(
        None, "Certificates (PEM) that mirrors are checked with; without it, the system's"
    )
    least_charge_pct: float = setting(40.0, "SOC in % from which a release is installed", 20, 100)
    least_charging_pct: float = setting(
        20.0, "The same while the sun charges the battery by 5 % of its capacity an hour", 15, 100
    )
    window: str = setting("", "Hours in which it may be installed, such as 10:00-15:00; '': any")
    metered: bool = setting(
        False, "The link is paid by volume: only what fits into `metered_day_mb` is fetched"
    )
    metered_day_mb: float = setting(100.0, "Megabytes a day on a metered link", 1, 100_000)


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """The fleet's server, to which the unit reports (docs/fleet.md); nothing depends on it."""

    server: str = setting("", "Its address, https://HOST/PATH; '': reports are sent nowhere")
    push: str = setting(
        "",
        "The fleet's broker, HOST or HOST:PORT (8883): its messages have the unit ask its mirrors "
        "at once; '' for none",
    )
    ca_file: Path | None = setting(
        None, "Certificates (PEM) that both are checked with; without it, the system's"
    )
    tell_place: bool = setting(
        False, "Whether reports say where the unit is, to about a kilometre ([site])"
    )


@dataclass(frozen=True, slots=True)
class DdiSettings:
    """A server of the hawkBit kind that says when a signed release is taken (docs/updates.md)."""

    url: str = setting(
        "",
        "The server, https://HOST or https://HOST:PORT; '' for none: releases are taken as signed",
    )
    tenant: str = setting("DEFAULT", "The tenant, as the server names it")
    controller: str = setting("", "Name of this unit at the server; '': that in [unit] name")
    target_token_file: Path | None = setting(
        None, "File with this unit's own security token in one line; without it, none"
    )
    gateway_token_file: Path | None = setting(
        None, "File with the gateway token in one line, where the server has one for all units"
    )
    ca_file: Path | None = setting(
        None, "Certificates (PEM) that the server is checked with; without it, the system's"
    )
    board: str = setting(
        "", "Kind of hardware as told to the server; '': unit-x86-64 or unit-arm64, by the machine"
    )
    distribution: str = setting(
        "unit", "Name of the server's distribution set that a release from a stick is told as"
    )
