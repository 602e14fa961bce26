"""What the set-up of the unit looks like in the description of the API.

Reads and writes: nothing; pure.
Never: lists what each step asks: the answer itself does.
"""

from appliance.web.openapi_paths import Operation
from appliance.web.openapi_schemas import MAYBE_TEXT, TEXT, Schema, close, make_list, refer

YES: Schema = {"type": "boolean"}
ANY: Schema = {}
STATUS: Schema = {"enum": ["done", "to_do", "needs_answer", "blocked", "skipped"]}
KINDS: Schema = {"enum": ["text", "number", "choice", "secret", "confirm", "place"]}
OPERATIONS = {
    "show_commissioning": Operation(
        "The steps of the set-up: where each stands, what it asks, what it found", "commissioning"
    ),
    "order_commissioning": Operation(
        "Have a step done with these answers, or look at all of them: by a technician",
        "commissioning_ordered",
        refuses=(409, 413),
        body="commissioning_order",
    ),
}


def describe_schemas() -> dict[str, Schema]:
    """All of them by name."""
    order = close(
        "`step` empty: look at every step, and change nothing",
        step=TEXT,
        answers={"type": "object", "description": "By key of the step's questions"},
    )
    return {
        "commissioning": describe_state(),
        "commissioning_step": describe_step(),
        "commissioning_question": describe_question(),
        "commissioning_order": {**order, "required": ["step"]},
        "commissioning_ordered": close("The order is left for root", order=TEXT),
    }


def describe_state() -> Schema:
    return close(
        "`now`: the unit's clock; `trouble`: why there are no steps; `running`: the step at work; "
        "`busy`: somebody works; `waits`: an order does; `order`, `said`: the last order and what "
        "became of it",
        steps=make_list(refer("commissioning_step")),
        **dict.fromkeys(("running", "order", "said", "at", "now"), MAYBE_TEXT),
        waits=YES,
        busy=YES,
        trouble=TEXT,
    )


def describe_step() -> Schema:
    return close(
        "",
        **dict.fromkeys(("name", "title", "reason"), TEXT),
        status=STATUS,
        questions=make_list(refer("commissioning_question")),
        facts={"type": "object"},
        warnings=make_list(TEXT),
    )


def describe_question() -> Schema:
    number: Schema = {"type": ["number", "null"]}
    return close(
        "`proposal`: what the unit found, null: nothing",
        key=TEXT,
        kind=KINDS,
        text=TEXT,
        help=MAYBE_TEXT,
        proposal=ANY,
        proposed_by=MAYBE_TEXT,
        unit=TEXT,
        at_least=number,
        at_most=number,
        choices=make_list(TEXT),
        may_be_left_out=YES,
    )
