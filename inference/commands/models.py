"""`unitctl models`: which models the unit has, which it uses, and what they cost here.

Reads: the model store. Writes: standard output; the store, for actions that say so.
Never: costs the other commands anything: what is heavy is imported when it is used.
"""

import argparse
from pathlib import Path

HELP = "list the detection models; add, examine, remove, choose or measure one"
EPILOG = (
    "exit codes: 0 done; 1 a model was refused, or the store cannot be written; 2 settings or usage"
)
REF = "its name, the first digits of its digest, or a path"
FILE_HELP = "the model (.onnx), or a pack (.zip) of model and card"
SECONDS_HELP = "how long to run it (default: 10)"
ADD = "Copies a model and its card into the store, once it was examined and tried."
BENCH = (
    "Runs a model on this machine as fast as it goes and keeps what a frame costs. Stop the "
    "service appliance-inference first: a meter counts its work as well."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(action="list_models")
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(metavar="ACTION")
    add = add_action(actions, "add", "add_model", ADD)
    add.add_argument("file", type=Path, metavar="FILE", help=FILE_HELP)
    add.add_argument("--card", type=Path, metavar="CARD", help="its card (default: beside it)")
    verify = add_action(actions, "verify", "verify_models", "Examines models anew, all or one.")
    verify.add_argument("model", nargs="?", metavar="NAME", help=REF)
    remove = add_action(actions, "remove", "remove_model", "Removes a model that nobody uses.")
    remove.add_argument("model", metavar="NAME", help=REF)
    use = add_action(
        actions, "use", "use_model", "Chooses the model that inference uses from now on."
    )
    choice = use.add_mutually_exclusive_group(required=True)
    choice.add_argument("model", nargs="?", metavar="NAME", help=REF)
    choice.add_argument("--default", action="store_true", help="the one of the settings again")
    bench = add_action(actions, "bench", "bench_model", BENCH)
    bench.add_argument("model", nargs="?", metavar="NAME", help=f"{REF} (default: the one in use)")
    bench.add_argument("--seconds", type=float, default=10.0, metavar="N", help=SECONDS_HELP)


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: str,
    text: str,
) -> argparse.ArgumentParser:
    """One action of the command; `function` stands in inference/model_store/actions.py."""
    parser = actions.add_parser(name, help=text, description=text, epilog=EPILOG)
    parser.set_defaults(action=function)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    parser.add_argument(
        "--settings", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="settings file"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    from inference.model_store import actions  # noqa: PLC0415  (only where it is used)

    code: int = getattr(actions, arguments.action)(arguments)
    return code
