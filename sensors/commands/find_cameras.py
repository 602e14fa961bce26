"""`unitctl cameras find`: cameras in the unit's networks, what one is, and its section of settings.

Reads: the network, one camera. Writes: standard output; the settings with `--add` and `--move`, the
camera with `--set-key-frames`, a picture with `--still`.
Never: takes a password from the command line, where other users see it.
"""

import argparse

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import parse_address, parse_name, parse_number

HELP = "find cameras in the unit's networks, ask one what it is, and write it into the settings"
DESCRIPTION = (
    "Without --at all cameras are looked for (WS-Discovery) and listed. With --at one is asked "
    "over ONVIF: what it is, its streams, what should be set otherwise. No password is ever "
    "guessed: --user asks for it on the terminal, or takes it from --password-file."
)
EPILOG = (
    "exit codes: 0 found, or done; 1 nothing found, or the camera cannot be used; "
    "2 settings or usage"
)
NAME = make_type(parse_name)
PLACE = make_type(parse_address, 0)
SECONDS = make_type(parse_number, 0.5, 60)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", type=SECONDS, default=4.0, metavar="S", help="default 4 s")
    parser.add_argument("--at", type=PLACE, metavar="ADDRESS[:PORT]", help="ask this camera")
    parser.add_argument("--user", type=NAME, metavar="NAME", help="user at the camera")
    parser.add_argument(
        "--password-file", type=PATH, metavar="FILE", help="with the password in its first line"
    )
    parser.add_argument(
        "--source", metavar="URL", help="with --add: its RTSP address, where it has no ONVIF"
    )
    into = parser.add_mutually_exclusive_group()
    into.add_argument("--add", type=NAME, metavar="NAME", help="write it as [camera.NAME]")
    into.add_argument(
        "--move", type=NAME, metavar="NAME", help="[camera.NAME] is at this address now"
    )
    parser.add_argument(
        "--set-key-frames",
        action="store_true",
        help="set the key frames of its streams 2 s apart, where they are more than 2.5 s apart",
    )
    parser.add_argument("--still", type=PATH, metavar="FILE", help="write a picture (JPEG) of it")
    parser.add_argument(
        "--allow-local", action="store_true", help="the address may be this computer itself"
    )


def run(arguments: argparse.Namespace) -> int:
    from sensors.commands import camera_search  # noqa: PLC0415  (only where it is used)

    return camera_search.run(arguments)
