"""What the views' own data look like in the description of the API: operations, arguments, shapes.

Reads: the limits of the arguments where the code has them. Writes: nothing.
Never: lists what openapi.py has.
"""

from collections.abc import Sequence

from appliance.model import Quality
from appliance.model_updates import UpdateStep
from appliance.parsing.times import LONGEST_TEXT, TIME_HELP
from appliance.settings import Settings
from appliance.status.charts import COLUMNS
from appliance.status.decisions import KINDS
from appliance.store.decisions import PLACE
from appliance.store.plan_rows import COLUMNS as PLAN_COLUMNS
from appliance.web.openapi_paths import Argument, Operation
from appliance.web.openapi_schemas import (
    COUNT,
    LEVEL,
    LEVELS,
    MAYBE_LEVEL,
    MAYBE_NUMBER,
    MOMENT,
    NUMBER,
    TEXT,
    Schema,
    close,
    make_list,
)
from appliance.web.views.decisions import MOST, USUAL
from appliance.web.views.energy_moment import BATTERY, READING
from appliance.web.views.energy_wishes import Slider, list_sliders

CURSOR = f"^({PLACE.pattern})?$"
AS = {
    "day_until": "day",
    "decision": "before",
    "decisions_limit": "limit",
}  # names that other arguments have too
STATES = ["answers", "silent", "waits", "old", "never", "locked", "on", "off"]
DAY: Schema = {"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
TIME: Schema = {"type": "string", "maxLength": LONGEST_TEXT, "examples": ["2h", "2026-04-15T03:10"]}
DATE: Schema = {"type": "string", "format": "date"}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
YES: Schema = {"type": "boolean"}
WISHES = {
    "pv_w": "Nominal power of the panels, W",
    "battery_wh": "Rated energy of the battery, Wh",
    "cameras": "Number of cameras",
    "load_w": "Another load that is always on, W",
    "dull_sun_pct": "Sun of each day of a dull week, % of a cloudless day's",
}
BY_UNIT = ("pv_w", "battery_wh", "cameras")  # their ranges are around what the unit has


def describe_range(slider: Slider) -> Schema:
    """The limits of a wish that are the same on every unit."""
    limits = {} if slider.name in BY_UNIT else {"maximum": slider.high}
    return {"type": "number", "minimum": 0, **limits}


ARGUMENTS = {
    "kind": Argument("Only of this kind; empty: of all", {"enum": ["", *KINDS]}),
    "day_until": Argument("Up to the end of this day of the site", DAY),
    "decisions_limit": Argument(
        "At most so many", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    ),
    "decision": Argument(
        "Older than the decision with this cursor", {"type": "string", "pattern": CURSOR}
    ),
    "day": Argument("A day of the site, not later than today; empty: today", DAY),
    "at": Argument(f"A moment of the past: {TIME_HELP}; empty: now", TIME),
    **{
        one.name: Argument(f"{WISHES[one.name]}; empty: as it is", describe_range(one))
        for one in list_sliders(Settings())
    },
}
OPERATIONS = {
    "devices": Operation(
        "Each power device: its values with age and quality, faults, how many polls failed",
        "device_list",
    ),
    "about": Operation("Who the unit is, which versions run, where it is reached", "about"),
    "licences": Operation("The licence of each library that is installed", "licence_list"),
    "models": Operation(
        "The detection models, what they cost here, and who uses them", "model_list"
    ),
    "updates": Operation("Steps, releases and check-ins of the past; the hold of now", "updates"),
    "check_updates": Operation(
        "Have the mirrors asked for a release now; once in a minute",
        "ordered",
        refuses=(409, 413, 429),
    ),
    "take_stick": Operation(
        "Have the unit take a release from the USB stick that is plugged in",
        "ordered",
        refuses=(409, 413),
    ),
    "decisions": Operation(
        "What was decided when and why, the newest first; acts of people for who may act",
        "decision_list",
        ("kind", "day_until", "decision", "decisions_limit"),
        (400,),
    ),
    "energy_day": Operation("One day of the past, as the day of now", "past_day", ("day",), (400,)),
    "energy_ahead": Operation("The coming days as the newest plan expects them", "days_ahead"),
    "energy_moment": Operation(
        "Level and reason, battery, sun, loads and cameras at a moment",
        "energy_moment",
        ("at",),
        (400, 404),
    ),
    "energy_what_if": Operation(
        "What the unit would do with other panels, another battery or more cameras; one question "
        "at a time is calculated, the others wait or are told to ask again",
        "what_if",
        tuple(WISHES),
        (400,),
    ),
}


def describe_schemas() -> dict[str, Schema]:
    """All of them by name."""
    return {
        "past_day": close(
            "One entry per step in each list; null: nothing known",
            day=DATE,
            first_day={**DATE, "description": "The oldest day of which something is known"},
            **describe_chart(),
        ),
        "days_ahead": describe_days_ahead(),
        "energy_moment": describe_moment(),
        "what_if": describe_what_if(),
        "decision_list": describe_decisions(),
        "updates": describe_updates(),
        "about": describe_about(),
        "model_list": close("", models=make_list(describe_model())),
        "licence_list": close(
            "", licences=make_list(close("", name=TEXT, version=TEXT, licence=TEXT))
        ),
        "ordered": close("PID 1 has taken the order", ordered={"const": True}),
        "device_list": close("", devices=make_list(describe_device())),
    }


def describe_chart() -> dict[str, Schema]:
    """What all charts have."""

    def series(columns: tuple[str, ...]) -> Schema:
        lists = {name: MAYBE_LEVEL if name == "level" else MAYBE_NUMBER for name in columns}
        return close("", **{name: make_list(one) for name, one in lists.items()})

    return {
        "step_s": COUNT,
        "starts": MOMENT,
        "now": MOMENT,
        "reality": series(COLUMNS),
        "plan": series(PLAN_COLUMNS),
    }


def describe_days_ahead() -> Schema:
    """The plan ahead: a chart and days."""
    day = close(
        "Sums of the part of a day that the plan covers",
        day=DATE,
        sun_wh=NUMBER,
        use_wh=NUMBER,
        lowest_charge_pct=NUMBER,
        low_charge_pct={**MAYBE_NUMBER, "description": "1 of 10 cases goes below; null: no band"},
        levels_h=close("", **dict.fromkeys(LEVELS, NUMBER)),
    )
    return close(
        "`fresh` false: there is no plan that holds, and no step",
        made=MAYBE_MOMENT,
        fresh=YES,
        about=MAYBE_TEXT,
        days=make_list(day),
        **describe_chart(),
    )


def describe_moment() -> Schema:
    """What is known of a moment."""
    budget = close("", at=MOMENT, until=MOMENT, level=LEVEL, power_w=NUMBER, reason=TEXT)
    sleep = close(
        "", since=MOMENT, level=LEVEL, reason=TEXT, woke=MAYBE_MOMENT, woke_reason=MAYBE_TEXT
    )
    camera = close("", camera=TEXT, reported=YES, mode=MAYBE_TEXT, reason=TEXT, at=MAYBE_MOMENT)
    return close(
        "`fresh` false: the row is of another time, `at`",
        at=MOMENT,
        **dict.fromkeys(("level", "ended", "before", "after"), allow_null(budget)),
        sleep=allow_null(sleep),
        battery=allow_null(describe_row(BATTERY, charge_blocked=YES, method=TEXT)),
        reading=allow_null(describe_row(READING)),
        loads=make_list(close("", name=TEXT, power_w=NUMBER, measured=YES)),
        cameras=make_list(camera),
    )


def describe_row(names: Sequence[str], **others: Schema) -> Schema:
    """Figures of a row, each with null for not known but the `others`."""
    return close("", at=MOMENT, fresh=YES, **(dict.fromkeys(names, MAYBE_NUMBER) | others))


def describe_model() -> Schema:
    """One model."""
    maybe = ("tier", "licence", "provider", "input", "decoder", "measured_at", "examined_at")
    return close(
        "null: not known; `wrong`: why it cannot be used",
        **dict.fromkeys(("name", "sha256", "energy_is", "origin", "wrong"), TEXT),
        **dict.fromkeys(maybe, MAYBE_TEXT),
        per_frame_j=NUMBER,
        measured=YES,
        shipped=YES,
        p95_ms=MAYBE_NUMBER,
        size_bytes={"type": ["integer", "null"]},
        used_by=make_list(TEXT),
        labels=allow_null(make_list(TEXT)),
    )


def describe_about() -> Schema:
    """Who the unit is."""
    certificate = close(
        "`authority_fingerprint`: of the unit's own authority; `trouble`: why the owner's is not "
        "used",
        **dict.fromkeys(("fingerprint", "issuer", "authority_fingerprint", "trouble"), TEXT),
        names=make_list(TEXT),
        begins=TEXT,
        ends=TEXT,
        is_owners=YES,
    )
    maybe = dict.fromkeys(("identity", "serial", "program", "os"), MAYBE_TEXT)
    return close(
        "null: not known",
        **dict.fromkeys(("name", "python", "kernel", "address"), TEXT),
        **maybe,
        models=make_list(TEXT),
        addresses=make_list(TEXT),
        certificate=allow_null(certificate),
    )


def describe_updates() -> Schema:
    """What updates did."""
    steps = {"enum": [one.value for one in UpdateStep]}
    step = close("", at=MOMENT, step=steps, release=TEXT, reason=TEXT, waits_for=TEXT)
    check_in = close("", at=MOMENT, mirror=TEXT, text=TEXT, received_bytes=COUNT)
    hold = close("", at=MOMENT, until=MAYBE_MOMENT, who=TEXT, reason=TEXT)
    stick = close(
        "`result`: what the updater says came of it, null: nothing yet; `from_stick`: the stick "
        "answered, and no mirror",
        at=MOMENT,
        **dict.fromkeys(("who", "text"), TEXT),
        **dict.fromkeys(("is_under_way", "ok", "from_stick"), YES),
        result=MAYBE_TEXT,
    )
    return close(
        "The newest first; `hold`: of the page or MQTT; `stick`: the last order to take one",
        has_mirrors=YES,
        hold=allow_null(hold),
        stick=allow_null(stick),
        releases=make_list(step),
        steps=make_list(step),
        check_ins=make_list(check_in),
    )


def describe_decisions() -> Schema:
    """A page of them."""
    texts = ("what", "subject", "value", "who", "reason")
    one = close(
        "",
        cursor=TEXT,
        at=MOMENT,
        kind={"enum": [*KINDS]},
        until=MAYBE_MOMENT,
        **dict.fromkeys(texts, TEXT),
    )
    return close(
        "`older`: the cursor of the next page, null: there is none",
        decisions=make_list(one),
        older=MAYBE_TEXT,
        shows_acts=YES,
    )


def describe_device() -> Schema:
    """One device."""
    value: Schema = {"type": ["number", "string", "boolean", "null"]}
    qualities = {"enum": [one.value for one in Quality]}
    one = close("", name=TEXT, value=value, quality=qualities, age_s=NUMBER)
    cell = close("", cell=TEXT, voltage_v=NUMBER, apart_v=NUMBER, is_apart=YES)
    maybe_count: Schema = {"type": ["integer", "null"]}
    texts = ("port", "sentence", "error", "last_error")
    return close(
        "null: this kind of device has none, or it is not known",
        **dict.fromkeys(("title", "kind", "name", "model"), TEXT),
        **dict.fromkeys(texts, MAYBE_TEXT),
        **dict.fromkeys(("address", "polls", "failed_polls"), maybe_count),
        **dict.fromkeys(("at", "last_error_at"), MAYBE_MOMENT),
        fresh=YES,
        state={"enum": STATES},
        level=MAYBE_LEVEL,
        watts=allow_null(make_list(NUMBER)),
        values=make_list(one),
        not_given=make_list(TEXT),
        set_points=make_list(close("", name=TEXT, value=value)),
        cells=allow_null(make_list(cell)),
        faults=make_list(close("", code=TEXT, text=TEXT, since=MOMENT)),
    )


def describe_what_if() -> Schema:
    """Today's unit beside the changed one."""
    hours = close("", **dict.fromkeys(LEVELS, NUMBER))
    shares = ("worth_pct", "chance_to_hibernate_pct", "chance_to_power_off_pct")
    figures = close("", hours_a_day=hours, **dict.fromkeys((*shares, "lowest_charge_pct"), NUMBER))
    season = close("", first_day=DATE, days=COUNT, today=figures, changed=figures)
    dull = close(
        "null: it does not happen in the week",
        hours=hours,
        lowest_charge_pct=NUMBER,
        end_charge_pct=NUMBER,
        hibernates_after_h=MAYBE_NUMBER,
        powers_off_after_h=MAYBE_NUMBER,
    )
    return close(
        "`wish`: what was asked for, with what is as it is",
        now=season,
        scarce=season,
        week=close("", sun_pct=NUMBER, days=COUNT, today=dull, changed=dull),
        says=TEXT,
        wish=close("", **dict.fromkeys(WISHES, NUMBER)),
    )


def allow_null(schema: Schema) -> Schema:
    """That, or nothing is known."""
    return {"oneOf": [schema, {"type": "null"}]}
