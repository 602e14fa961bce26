"""Writes docs/settings.md from the dataclasses of appliance/settings.py.

Reads: the settings classes. Writes: the page to standard output:
`python -m appliance.settings_page > docs/settings.md`.
Never: adds text of its own about a key; the help text beside the field is the one source.
"""

from dataclasses import fields
from inspect import cleandoc
from typing import Any, get_args, get_type_hints

from appliance.parsing.values import format_range
from appliance.sections.values import describe_type, is_named, make_default
from appliance.settings import DEFAULT_PATH, PATH_VARIABLE, Settings
from appliance.settings_text import format_literal

HEAD = f"""# Settings

This page is generated from `appliance/settings.py` and `appliance/sections/cameras.py`
(`python -m appliance.settings_page`).

One TOML file holds all settings of a unit: the one named by `--settings`, else the one in
`${PATH_VARIABLE}`, else `{DEFAULT_PATH}`. A key that is left out has its default; where the
default is `none`, the last column says what holds without the key. A mistake is reported with
file, line and nearest known key, and nothing starts.
`unitctl settings` prints the settings in force, `unitctl settings --check FILE` checks a file
before it is used (without FILE: that of the unit). A relative path is taken from the directory of
the settings file."""


def build_page() -> str:
    """The whole page."""
    hints = get_type_hints(Settings)
    parts = [HEAD]
    for spec in fields(Settings):
        if is_named(hints[spec.name]):
            parts += build_family(f"{spec.name}.NAME", get_args(hints[spec.name])[1])
        elif spec.name != "path":
            parts += build_family(spec.name, hints[spec.name])
    return "\n\n".join(parts) + "\n"


def build_family(title: str, kind: Any) -> list[str]:
    """A section of which there may be several, then those within it."""
    within = {name: hint for name, hint in get_type_hints(kind).items() if is_named(hint)}
    parts = [build_section(f"[{title}]", kind)]
    for name, hint in within.items():
        parts += build_family(f"{title}.{name}.{name.upper()}", get_args(hint)[1])
    return parts


def build_section(title: str, kind: Any) -> str:
    """One section: its class's docstring, and a table of its keys."""
    text = cleandoc(kind.__doc__ or "")
    about = [] if text.startswith(kind.__name__) else [text, ""]  # a dataclass's own signature
    hints = get_type_hints(kind)
    own = [spec for spec in fields(kind) if not is_named(hints[spec.name])]
    rows = [build_row(spec, hints[spec.name]) for spec in own]
    head = ["| key | type | default | range | what it is |", "|---|---|---|---|---|"]
    return "\n".join([f"## `{title}`", "", *about, *head, *rows])


def build_row(spec: Any, kind: Any) -> str:
    """One key."""
    low, high = spec.metadata["low"], spec.metadata["high"]
    span = "" if low is None else format_range(low, high).removeprefix("from ")
    span = ", ".join(map(str, spec.metadata.get("choices", ()))) or span
    default = "none" if make_default(spec) is None else f"`{format_literal(make_default(spec))}`"
    return (
        f"| `{spec.name}` | {describe_type(kind)} | {default} | {span} | {spec.metadata['help']} |"
    )


if __name__ == "__main__":
    print(build_page(), end="")
