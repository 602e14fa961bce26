"""`fleet release`: build, sign, publish and withdraw a release.

Reads: the command line. Writes: through releases/ and publishing.py.
Never: does two of the steps in one, for the keys are in different places.
"""

import argparse
import hashlib
from datetime import datetime
from pathlib import Path

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import parse_count, parse_number
from appliance.strict_json import InputError, show
from ota.manifest import NAME, Payload, ReleaseManifest, format_manifest
from ota.release.commands.opening import (
    add_fleet,
    add_keys,
    find_directory,
    open_fleet,
    split_pairs,
)
from ota.release.fleet import Fleet, opened_for_build
from ota.release.publishing import publish
from ota.release.releases.building import (
    BuildPlan,
    begin_build,
    end_build,
    list_notes,
    pack_release,
)
from ota.release.releases.layer_sources import Sources
from ota.release.releases.signing import include_signed, sign_release, withdraw_release
from ota.release.rollouts.rollouts import refuse_live

HELP = "build, sign, publish and withdraw releases"
LARGEST_SEQUENCE = 2**31
WAIT_S = 3600.0  # at the end of a build, for a command that holds the fleet


def parse_release(text: str) -> str:
    if not NAME.fullmatch(text):
        raise InputError(
            f"{show(text)} is no name of a release: a-z, 0-9, dot, plus and dash, at most 64"
        )
    return text


RELEASE = make_type(parse_release)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True, parser_class=type(parser))
    add_build(actions.add_parser("build", help="make packs and the manifest of a release"))
    for name, act, text in (
        ("sign", run_sign, "sign a built release with the offline targets key"),
        ("withdraw", run_withdraw, "take a release back; the offline targets key signs that"),
    ):
        sub = actions.add_parser(name, help=text, description=text)
        sub.add_argument("release", type=RELEASE, metavar="NAME")
        if act is run_sign:
            back = "newer units may be sent back to it, one by one (`fleet assign`)"
            sub.add_argument("--allow-downgrade", action="store_true", help=back)
        add_fleet(sub)
        add_keys(sub)
        sub.set_defaults(act=act)
    text = "let units see what was signed; the online key signs that"
    sub = actions.add_parser("publish", help=text, description=text)
    sub.add_argument("release", type=RELEASE, metavar="NAME", nargs="?")
    sub.add_argument("--to", type=PATH, metavar="DIR", help="copy the tree to there, in order")
    add_fleet(sub)
    add_keys(sub)
    sub.set_defaults(act=run_publish)


def add_build(parser: argparse.ArgumentParser) -> None:
    count = make_type(parse_count, 0, LARGEST_SEQUENCE)
    add = parser.add_argument
    add("release", type=RELEASE, metavar="NAME")
    add("--sequence", type=count, required=True, metavar="N", help="rises with each release")
    add("--app", type=PATH, metavar="WHEEL", help="wheel of this program, or its unpacked tree")
    add("--model", action="append", default=[], metavar="NAME=DIR", help="a model with its card")
    add("--settings", type=PATH, metavar="FILE", help="settings that all its units have in common")
    add("--os", type=PATH, metavar="BUNDLE", help="bundle of the operating system")
    add("--machine", action="append", default=[], type=RELEASE, help="for these; default: any")
    add("--min-os", type=count, default=0, metavar="N", help="least sequence of the running system")
    add("--data-schema", type=count, metavar="N", help="default: that of this program")
    energy = make_type(parse_number, 0, 1e6)
    add("--energy-wh", type=energy, default=10.0, metavar="WH", help="that it costs at most")
    add("--notes", default="", metavar="TEXT", help="what is new, for people")
    add("--delta-from", type=RELEASE, metavar="NAME", help="a release that units have")
    add_fleet(parser)
    parser.set_defaults(act=run_build)


def run(arguments: argparse.Namespace) -> int:
    if arguments.act is run_build:
        print(run_build(arguments))
        return 0
    with open_fleet(arguments) as fleet:
        print(arguments.act(fleet, arguments))
    return 0


def run_build(arguments: argparse.Namespace) -> str:
    """It holds the fleet at its begin and its end, not while it packs."""
    with opened_for_build(find_directory(arguments)):
        with open_fleet(arguments) as fleet:
            plan = make_plan(arguments, fleet.now)
            old = begin_build(fleet, plan)
        manifest = pack_release(fleet, plan, old)
        with open_fleet(arguments, wait_s=WAIT_S) as fleet:
            manifest = end_build(fleet, manifest)
            return "\n  ".join([describe_build(manifest), *list_notes(fleet, plan, manifest)])


def make_plan(arguments: argparse.Namespace, now: datetime) -> BuildPlan:
    models = {name: Path(path) for name, path in split_pairs(arguments.model, "--model")}
    sources = Sources(arguments.app, models, arguments.settings, arguments.os)
    manifest = ReleaseManifest(
        release=arguments.release,
        sequence=arguments.sequence,
        issued=now.replace(microsecond=0),
        machines=tuple(arguments.machine),
        min_os=arguments.min_os,
        data_schema=arguments.data_schema or 0,
        energy_wh=arguments.energy_wh,
        notes=arguments.notes,
        layers=(),
    )
    return BuildPlan(manifest, sources, arguments.delta_from or "", arguments.data_schema is None)


def describe_build(manifest: ReleaseManifest) -> str:
    lines = [f"{manifest.release}, sequence {manifest.sequence}, is built; not signed yet"]
    lines.append(f"  manifest SHA-256 {hashlib.sha256(format_manifest(manifest)).hexdigest()}")
    for layer in manifest.layers:
        sizes = [describe_payload(one) for one in layer.payloads]
        label = f"{layer.kind.value} {layer.name}".strip()
        lines.append(f"  {label} {layer.version}: {layer.size_bytes} bytes; {', '.join(sizes)}")
    return "\n".join(lines)


def describe_payload(payload: Payload) -> str:
    total = payload.pack_bytes + payload.index_bytes
    return f"{'delta' if payload.needs_sha256 else 'full'} {total} bytes"


def run_sign(fleet: Fleet, arguments: argparse.Namespace) -> str:
    return sign_release(fleet, arguments.release, allow_downgrade=arguments.allow_downgrade)


def run_withdraw(fleet: Fleet, arguments: argparse.Namespace) -> str:
    refuse_live(fleet, arguments.release)
    return withdraw_release(fleet, arguments.release)


def run_publish(fleet: Fleet, arguments: argparse.Namespace) -> str:
    said = include_signed(fleet, arguments.release)
    if not arguments.to:
        return said
    count = publish(fleet, arguments.to)
    return f"{said}\n{arguments.to} has the tree; {count} files are new"
