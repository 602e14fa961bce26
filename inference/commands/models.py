"""`unitctl models`: which models the unit has, which it uses, and what they cost here.

Reads: the model store. Writes: standard output; the store, for actions that say so.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse
import re

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import LONGEST_PATH, parse_name, parse_number
from appliance.strict_json import InputError

HELP = "list the detection models; add, verify, remove, use or bench one"
EPILOG = (
    "exit codes: 0 done; 1 a model was refused, or the store cannot be written; 2 settings or usage"
)
MODEL = make_type(parse_name, LONGEST_PATH)
REF = "name of the model, the first 6 or more digits of its digest, or a path"
FILE_HELP = "the model (.onnx), or a pack (.zip) of model and card"
CARD_HELP = "its card (default: the .json file of the same name beside it, else one is made)"
LONGEST_S = 3600.0
LARGEST_SIDE = 4096
LICENCE = re.compile(r"[A-Za-z0-9.+-]{1,40}")
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
SECONDS_HELP = "how long to run it, 0.1 to 3600 s (default: 10)"
HINTS = (
    (
        "--head",
        ("nanodet", "yolo", "yolox", "detr", "rows", "parts", "classes"),
        "what its outputs are",
    ),
    ("--input-order", ("rgb", "bgr"), "order of the colours in its input"),
    ("--input-range", ("0..1", "0..255", "imagenet", "signed"), "values of its input"),
    (
        "--resize",
        ("stretch", "letterbox", "letterbox-top-left"),
        "how a picture comes to the size of its input",
    ),
)
SIZE_HELP = "size of its input in pixels, where the file leaves it open"
LICENCE_HELP = "licence of its weights, where the file does not say it (SPDX name)"
NAME_HELP = "its name here (default: that of the file)"
# Of each action: one line for the list, and what its own --help says.
ADD_TEXT = (
    "Copies a model and its card into the store, after the model was examined and tried. Where it "
    "has no card, one is made from its shapes, its metadata and a trial on a picture of people; "
    "the options from --head on say what the trial cannot find out."
)
LIST = (
    "list the models (also without an action)",
    "Lists the models of the store and of the software, with their energy and who uses them.",
)
ADD = (
    "add a model to the store",
    ADD_TEXT,
)
VERIFY = ("examine models again", "Examines one model again, or all without NAME.")
REMOVE = (
    "remove an added model from the store",
    "Removes an added model that is not in use; shipped models stay.",
)
USE = (
    "choose the model for inference",
    "Chooses the model for inference from its next cycle on, instead of that of the settings.",
)
BENCH_TEXT = (
    "Runs a model as fast as this machine can, prints time (ms) and energy (J) of a frame, and "
    "stores them. Stop the service appliance-inference first: an energy meter counts its work too."
)
BENCH = ("measure time and energy of a frame on this machine", BENCH_TEXT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action="list_models")
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    add_action(actions, "list", "list_models", LIST)
    add = add_action(actions, "add", "add_model", ADD)
    add.add_argument("file", type=PATH, metavar="FILE", help=FILE_HELP)
    add.add_argument("--card", type=PATH, metavar="CARD", help=CARD_HELP)
    add_hints(add)
    verify = add_action(actions, "verify", "verify_models", VERIFY)
    verify.add_argument(
        "model", type=MODEL, nargs="?", metavar="NAME", help=f"{REF} (default: all)"
    )
    remove = add_action(actions, "remove", "remove_model", REMOVE)
    remove.add_argument("model", type=MODEL, metavar="NAME", help=REF)
    use = add_action(actions, "use", "use_model", USE)
    choice = use.add_mutually_exclusive_group(required=True)
    choice.add_argument("model", type=MODEL, nargs="?", metavar="NAME", help=REF)
    choice.add_argument("--default", action="store_true", help="the model of the settings again")
    bench = add_action(actions, "bench", "bench_model", BENCH)
    bench.add_argument(
        "model", type=MODEL, nargs="?", metavar="NAME", help=f"{REF} (default: the one in use)"
    )
    bench.add_argument(
        "--seconds",
        type=make_type(parse_number, 0.1, LONGEST_S),
        default=10.0,
        metavar="N",
        help=SECONDS_HELP,
    )


def add_hints(add: argparse.ArgumentParser) -> None:
    """What the owner knows of a model without a card."""
    for name, words, text in HINTS:
        add.add_argument(name, choices=words, help=text)
    add.add_argument("--size", type=make_type(parse_size), metavar="SIDE or WxH", help=SIZE_HELP)
    add.add_argument("--labels", type=PATH, metavar="FILE", help="names of its classes, one a line")
    add.add_argument("--licence", type=make_type(parse_licence), metavar="NAME", help=LICENCE_HELP)
    add.add_argument("--name", type=make_type(parse_model_name), metavar="NAME", help=NAME_HELP)
    add.add_argument("--untried", action="store_true", help="take the likeliest guess untried")


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of `640` or `640x384`; raises `InputError`."""
    sides = [int(one) for one in text.lower().split("x") if one.isdecimal() and len(one) < 6]
    if len(sides) not in (1, 2) or not all(32 <= side <= LARGEST_SIDE for side in sides):
        raise InputError(f"must be a side, or width x height, from 32 to {LARGEST_SIDE} pixels")
    return sides[0], sides[-1]


def parse_licence(text: str) -> str:
    if not LICENCE.fullmatch(text):
        raise InputError("must be a short name such as Apache-2.0")
    return text


def parse_model_name(text: str) -> str:
    if not MODEL_NAME.fullmatch(text):
        raise InputError("must be of a-z, 0-9, dots and hyphens")
    return text


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: str,
    texts: tuple[str, str],
) -> argparse.ArgumentParser:
    """One action of the command; `function` stands in inference/model_store/actions.py."""
    short, long = texts
    parser = actions.add_parser(name, help=short, description=long, epilog=EPILOG)
    parser.set_defaults(action=function)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    parser.add_argument(
        "--settings", type=PATH, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    from inference.model_store import actions  # noqa: PLC0415  (only where it is used)

    code: int = getattr(actions, arguments.action)(arguments)
    return code
