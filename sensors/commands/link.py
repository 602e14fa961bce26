"""`unitctl link`: how the mobile link is; connected anew or reset by hand.

Reads: the newest `LinkState` rows, both daemons. Writes: standard output; orders to both daemons.
Never: counts an act by hand among those of the watchdog, or gives a PIN.
"""

import argparse

from appliance.commands.opening import open_unit
from appliance.commands.printing import BAD, GOOD, Line, Section, show, show_json
from appliance.model_updates import LinkAct
from appliance.settings import Settings
from appliance.status.freshness import Document
from appliance.status.link import describe_link

HELP = "show the mobile link; connect it anew, or reset the modem"
EPILOG = "exit codes: 0 connected, off by the energy level, or done; 1 otherwise"
NOT_ENABLED = "this unit has no mobile link: [link] enabled (docs/link.md)"
NOT_YET = "not looked at yet: `systemctl status appliance-sensors`"
GOOD_PHASES = ("connected", "off")
ACTS = {"connect": LinkAct.RECONNECT, "reset": LinkAct.RESET}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("show", *ACTS), default="show", help="default: show"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    with open_unit(arguments) as (settings, store):
        if not settings.link.enabled:
            return show_nothing(arguments, NOT_ENABLED)
        if arguments.action in ACTS:
            return order(settings, ACTS[arguments.action])
        found = describe_link(store, settings)
    if found is None:
        return show_nothing(arguments, NOT_YET)
    if arguments.json:
        show_json(found)
    else:
        show([Section("mobile link", list_lines(found))])
    return 0 if found["phase"] in GOOD_PHASES else 1


def show_nothing(arguments: argparse.Namespace, why: str) -> int:
    """There is no link, or nothing is known of it."""
    if arguments.json:
        show_json(None)
    else:
        show([Section("mobile link", [Line("state", why)])])
    return 1


def order(settings: Settings, act: LinkAct) -> int:
    """Give the order now, as root or whoever polkit lets."""
    from sensors.link.errors import LinkError  # noqa: PLC0415  (D-Bus only where it is used)
    from sensors.link.look import LinkTask, LinkTools  # noqa: PLC0415
    from sensors.link.pin import PinTrial  # noqa: PLC0415

    look = LinkTools(PinTrial(None, settings.unit.data_dir)).look(LinkTask(act=act))
    if look.trouble:
        raise LinkError(look.trouble)
    show([Section("mobile link", [Line(act.value, "ordered", GOOD)])])
    return 0


def list_lines(found: Document) -> list[Line]:
    """What is worth a line."""
    is_well = found["phase"] in GOOD_PHASES
    used = f"{found['month_bytes'] / 1e6:.1f} MB"
    if found["budget_bytes"]:
        used += f" of {found['budget_bytes'] / 1e6:.0f} MB"
    return [
        Line("state", found["sentence"], GOOD if is_well else BAD),
        Line("interface", found["interface"] or "-"),
        Line("this month", used, BAD if found["waits"] else GOOD),
        Line("last answer", found["reached_at"] or "none yet"),
        Line("looked at", found["at"]),
        *([Line("on again", found["next_on"])] if found["next_on"] else []),
        Line("watchdog", f"{found['resets']} acts in 24 h"),
    ]
