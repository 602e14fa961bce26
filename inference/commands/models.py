"""`unitctl models`: which models the unit has, which it uses, and what they cost here.

Reads: the model store. Writes: standard output; the store, for actions that say so.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse

from appliance.parsing.arguments import PATH, make_type
from appliance.parsing.values import LONGEST_PATH, parse_name, parse_number

HELP = "list the detection models; add, verify, remove, use or bench one"
EPILOG = (
    "exit codes: 0 done; 1 a model was refused, or the store cannot be written; 2 settings or usage"
)
MODEL = make_type(parse_name, LONGEST_PATH)
REF = "name of the model, the first 6 or more digits of its digest, or a path"
FILE_HELP = "the model (.onnx), or a pack (.zip) of model and card"
CARD_HELP = "its card (default: the .json file of the same name beside it)"
LONGEST_S = 3600.0
SECONDS_HELP = "how long to run it, 0.1 to 3600 s (default: 10)"
# Of each action: one line for the list, and what its own --help says.
LIST = (
    "list the models (also without an action)",
    "Lists the models of the store and of the software, with their energy and who uses them.",
)
ADD = (
    "add a model to the store",
    "Copies a model and its card into the store, after the model was examined and tried.",
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
