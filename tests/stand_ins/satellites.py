"""What a receiver of satellites says, as dbusmock code for `LinkDaemons.add_receiver`."""

from sensors.link.nmea import add_up


def make_sentence(body: str) -> str:
    """With its sum."""
    return f"${body}*{add_up(body):02X}"


RMC = make_sentence("GPRMC,120000.0,A,4630.0,N,02536.0,E,0.0,,011226,,,A")
GGA = make_sentence("GPGGA,120000.0,4630.0,N,02536.0,E,1,08,1.2,812.0,M,36.0,M,,")
CELL = "dbus.UInt32(1): dbus.String('226,10,3F2A,19F0301,0', variant_level=1)"


def make_sources(latitude_deg: float = 46.5, longitude_deg: float = 25.6, nmea: str = "") -> str:
    """A cell, a position, and sentences of a receiver."""
    raw = (
        f"dbus.UInt32(2): dbus.Dictionary({{'utc-time': '120000.0', 'latitude': {latitude_deg}, "
        f"'longitude': {longitude_deg}, 'altitude': 812.0}}, signature='sv', variant_level=1)"
    )
    said = nmea or f"{RMC}\r\n{GGA}\r\n"
    return f"{CELL}, {raw}, dbus.UInt32(4): dbus.String({said!r}, variant_level=1)"
