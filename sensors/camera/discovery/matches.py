"""The answers to a WS-Discovery probe, read as hostile input. Pure.

In: one datagram. Out: what its sender says of itself, or nothing where it is no answer.
Never: reads a document with a type definition (an XML bomb needs one), or keeps a text as long or
as strange as it came: all are shortened and printable.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from appliance.wording.shorten import make_printable, shorten

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
SCOPES = "onvif://www.onvif.org/"
LONGEST_NAME, LONGEST_ADDRESS = 60, 300  # characters
MOST_WORDS = 64  # addresses or scopes of one device
MOST_MATCHES = 16  # in one datagram


@dataclass(frozen=True, slots=True)
class Match:
    """What one device says. `endpoint`: its own name for itself, which stays when it moves."""

    endpoint: str
    services: tuple[str, ...] = ()
    name: str = ""
    hardware: str = ""
    relates_to: str = ""


class TypeDefinitionError(ParseError):
    """The document has one."""


class PlainBuilder(TreeBuilder):
    """A tree of elements and texts; a type definition, where entities would be, ends it."""

    def doctype(self, *_: object) -> NoReturn:
        raise TypeDefinitionError


def parse_matches(data: bytes) -> list[Match]:
    """The devices in one datagram; none where it is something else, or damaged."""
    parser = XMLParser(target=PlainBuilder())  # noqa: S314  (see `PlainBuilder`)
    try:
        parser.feed(data)
        root = parser.close()
    except (ParseError, ValueError, LookupError):  # damaged, or an encoding that nobody has
        return []
    relates_to = clean(find_text(root, ADDRESSING, "RelatesTo"), LONGEST_ADDRESS)
    found = [read_match(one, relates_to) for one in iterate(root, "ProbeMatch")]
    return [one for one in found[:MOST_MATCHES] if one.services or one.endpoint]


def iterate(root: Element, name: str) -> Iterator[Element]:
    """The elements of that name of WS-Discovery, wherever they stand: some cameras leave the list
    around them out.
    """
    yield from root.iter(f"{{{DISCOVERY}}}{name}")


def read_match(match: Element, relates_to: str) -> Match:
    services = find_text(match, DISCOVERY, "XAddrs").split()[:MOST_WORDS]
    scopes = find_text(match, DISCOVERY, "Scopes").split()[:MOST_WORDS]
    return Match(
        endpoint=clean(find_text(match, ADDRESSING, "Address"), LONGEST_ADDRESS),
        services=tuple(clean(one, LONGEST_ADDRESS) for one in services),
        name=find_scope(scopes, "name"),
        hardware=find_scope(scopes, "hardware"),
        relates_to=relates_to,
    )


def find_text(root: Element, namespace: str, name: str) -> str:
    """The text of the first such element below; "" where there is none."""
    return next(root.iter(f"{{{namespace}}}{name}"), Element("")).text or ""


def find_scope(scopes: list[str], kind: str) -> str:
    """What a device says in `onvif://www.onvif.org/KIND/...`."""
    begin = f"{SCOPES}{kind}/"
    found = next((one.removeprefix(begin) for one in scopes if one.startswith(begin)), "")
    return clean(unquote(found).replace("_", " "), LONGEST_NAME)


def clean(text: str, longest: int) -> str:
    """One line that can be shown."""
    return shorten(make_printable(" ".join(text.split())), longest)
