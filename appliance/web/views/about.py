"""About the unit: who it is, which versions run, licences, where it is reached, its certificate.

Reads: the settings, installed packages' metadata, /etc/os-release, shown.json. Writes: nothing.
Never: gives a password, a key, or the machine id.
"""

import io
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from appliance.errors import SettingsError
from appliance.log import redact
from appliance.parsing.small_file import read_small_file
from appliance.process.unit_identity import read_identity
from appliance.proxy.shown import read_shown
from appliance.settings import Settings
from appliance.status.model_files import list_users

DISTRIBUTION = "neural-energy-appliance"
OWN_LICENCE = "Apache-2.0"
OS_RELEASE = Path("/etc/os-release")
# A board says its number to everybody; a PC's is for root alone.
SERIALS = (Path("/proc/device-tree/serial-number"), Path("/sys/class/dmi/id/product_serial"))
PRETTY = re.compile(r'^PRETTY_NAME="?([^"\n]*)"?$', re.MULTILINE)
VENDOR = Path(__file__).parents[1] / "static" / "vendor"
BUNDLED = re.compile(r"(?P<name>[A-Za-z-]+)-(?P<version>[0-9.]+)")
MOST_BYTES = 65_536
LONGEST = 60  # characters: some packages have the whole licence in that field
CLASSIFIER = "License :: OSI Approved :: "
NOT_SAID = "not said"
QR_SCALE, QR_BORDER = 6, 4  # a border of four modules: the standard asks for it


def add_about(app: Flask, settings: Settings) -> None:
    """`/api/about`, `/api/licences` and `/about/address.svg`."""

    @app.get("/api/about")
    def about() -> ResponseReturnValue:
        return jsonify(describe_unit(settings, request.host_url))

    @app.get("/api/licences")
    def licences() -> ResponseReturnValue:
        return jsonify(licences=list_licences())

    @app.get("/about/address.svg")
    def address() -> ResponseReturnValue:
        import segno  # noqa: PLC0415  (a megabyte, for one picture)

        picture = io.BytesIO()
        code = segno.make(choose_address(settings, request.host_url))
        code.save(picture, kind="svg", scale=QR_SCALE, border=QR_BORDER, light="#fff")
        answer = Response(picture.getvalue(), mimetype="image/svg+xml")
        answer.headers["Cache-Control"] = "no-store"
        return answer


def describe_unit(settings: Settings, here: str) -> dict[str, Any]:
    """Who it is and what runs; None where that is not known. `here`: as the browser reached it."""
    certificate = read_shown(settings.web.tls_dir)
    return {
        "name": settings.unit.name,
        "identity": find_identity(settings),
        "serial": find_serial(),
        "program": find_version(),
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "os": find_os(),
        "models": sorted(path.stem for path in list_users(settings)),
        "addresses": list_addresses(settings, here),
        "address": choose_address(settings, here),
        "certificate": asdict(certificate) if certificate else None,
    }


def find_identity(settings: Settings) -> str | None:
    with suppress(SettingsError):
        return read_identity(settings)
    return None


def find_serial(places: tuple[Path, ...] = SERIALS) -> str | None:
    """The serial number of the board; None where it has none, or only root may read it."""
    for place in places:
        with suppress(OSError, ValueError):
            text = read_small_file(place, MOST_BYTES).decode().strip("\0\n ")
            if text:
                return text
    return None


def find_version() -> str | None:
    with suppress(PackageNotFoundError):
        return version(DISTRIBUTION)
    return None


def find_os(file: Path = OS_RELEASE) -> str | None:
    """The operating system's name, as it writes it."""
    with suppress(OSError, ValueError):
        found = PRETTY.search(read_small_file(file, MOST_BYTES).decode())
        return found[1] if found else None
    return None


def list_addresses(settings: Settings, here: str) -> list[str]:
    """Where the page is reached: as now, as in alarms, and by the names of the settings."""
    names = (f"https://{name}/" for name in settings.web.hosts)
    found = [here, settings.alarms.page, *names]
    return [redact(one) for one in dict.fromkeys(found) if one]


def choose_address(settings: Settings, here: str) -> str:
    """For another device's camera: not the touchscreen's own address, where there is another."""
    found = list_addresses(settings, here)
    others = [one for one in found if not re.match(r"https?://(localhost|127\.|\[::1\])", one)]
    return (others or found)[0]


@cache
def list_licences() -> list[dict[str, str]]:
    """Of the program and of each library that is installed with it, from their own metadata."""
    found = {one["name"].lower(): one for one in map(describe_library, distributions())}
    bundled = {one["name"].lower(): one for one in list_bundled()}
    return sorted((found | bundled).values(), key=lambda one: one["name"].lower())


def describe_library(library: Distribution) -> dict[str, str]:
    fields = library.metadata
    name = str(fields["Name"] or NOT_SAID)
    licence = OWN_LICENCE if name == DISTRIBUTION else find_licence(library)
    return {"name": name, "version": str(library.version or ""), "licence": licence}


def find_licence(library: Distribution) -> str:
    """What it says of itself: the expression, a short text, or the classifiers."""
    fields = library.metadata
    text = str(fields["License-Expression"] or fields["License"] or "").strip()
    if text and "\n" not in text and len(text) <= LONGEST:
        return text
    classes = [str(one) for one in fields.get_all("Classifier") or []]
    told = [one.removeprefix(CLASSIFIER) for one in classes if one.startswith(CLASSIFIER)]
    return ", ".join(told) or text[:LONGEST].partition("\n")[0] or NOT_SAID


def list_bundled() -> Iterator[dict[str, str]]:
    """The scripts of others that come with the page."""
    for directory in sorted(VENDOR.iterdir()):
        named = BUNDLED.fullmatch(directory.name)
        text = directory / "LICENSE"
        if named and text.is_file():
            first = text.read_text().strip().splitlines()[0]
            yield {"name": named["name"], "version": named["version"], "licence": first[:LONGEST]}
