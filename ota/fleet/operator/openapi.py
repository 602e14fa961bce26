"""Writes ota/fleet/operator/openapi.json, the description of the fleet's JSON in OpenAPI 3.1.

Reads: the routes, and the limits of their arguments where the code has them. Writes: the document
to standard output: `python -m ota.fleet.operator.openapi > ota/fleet/operator/openapi.json`.
Never: lists the routes itself: one that `OPERATIONS` does not explain is an error, and so is an
explanation without a route.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import create_engine

from appliance.web.openapi_paths import Argument, Explained, Operation, describe_paths
from appliance.web.openapi_schemas import Schema
from ota.fleet.operator.app import create_operator_app
from ota.fleet.operator.arguments import (
    ARGUMENTS,
    FLAGS,
    LONGEST,
    MOST_OFFSET,
    NARROWING,
    STATES,
)
from ota.fleet.operator.openapi_schemas import build_schemas
from ota.fleet.registry.questions import MOST_UNITS, SORTED_BY, USUAL_UNITS

VERSION = "1"
WORD: Schema = {"type": "string", "maxLength": LONGEST}
EXPLAINED_ARGUMENTS = {
    "state": Argument("Only in this state; empty: in any", {"enum": ["", *STATES]}),
    "group": Argument("Only of this group; empty: of any", WORD),
    "release": Argument("Only running this release; empty: any", WORD),
    "waits_for": Argument("Only waiting for this; empty: for anything or nothing", WORD),
    "fault": Argument("Only with an open fault of this code; empty: any", WORD),
    "text": Argument("Only with this in the name or serial, in any case", WORD),
    "sort": Argument(
        "Units that do not tell it come last", {"enum": [*SORTED_BY], "default": "name"}
    ),
    "descending": Argument("The largest first", {"enum": [*FLAGS], "default": ""}),
    "limit": Argument(
        "At most so many",
        {"type": "integer", "minimum": 1, "maximum": MOST_UNITS, "default": USUAL_UNITS},
    ),
    "offset": Argument(
        "So many are left out first",
        {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET, "default": 0},
    ),
}
REFUSALS = {
    400: ("An argument makes no sense; `reason` says why", "refusal"),
    404: ("There is none", "refusal"),
    421: ("The host of the request is no name of this server (`--name`)", "refusal"),
    503: ("The database does not answer; `reason` says so", "refusal"),
}
OPERATIONS = {
    "openapi": Operation("This document", "document"),
    "fleet": Operation("Counts over the fleet: states, releases, faults, energy", "fleet"),
    "units": Operation("A page of the list of units", "unit_list", ARGUMENTS, (400,)),
    "unit": Operation("All that is known of one unit", "unit", refuses=(404,)),
    "places": Operation("Where units are that tell it", "places", NARROWING, (400,)),
    "refusals": Operation("What was refused, and why, the newest first", "refused_list"),
    "rollouts": Operation("Rollouts as their worker has last seen them", "rollout_list"),
}
EXPLAINED = Explained(
    OPERATIONS, EXPLAINED_ARGUMENTS, {"name": "The unit's name"}, REFUSALS, everywhere=(421, 503)
)


def build_document() -> dict[str, Any]:
    """The whole description."""
    app = create_operator_app(create_engine("sqlite://"), lambda: datetime.now(UTC))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fleet",
            "version": VERSION,
            "description": "Who runs what, and why. Read-only; SI units, UTC, null: not known. "
            "An answer has an ETag: a request that names it in If-None-Match is answered 304 "
            "while nothing has changed",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": describe_paths(app, EXPLAINED),
        "components": {"schemas": build_schemas()},
    }


def format_document() -> str:
    """As the file has it."""
    return json.dumps(build_document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(format_document(), end="")
