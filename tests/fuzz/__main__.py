"""The fuzzer's command: `python -m tests.fuzz TARGET [libFuzzer's options] [CORPUS]`.

Reads: bytes from the fuzzer. Writes: what libFuzzer writes: a finding is kept as crash-*.
Never: touches a line, a network or a file of a unit. A target is a module here with
`run_input(data)` that may raise nothing, and a row of TARGETS.
"""

import importlib
import sys

import atheris

# target      the packages whose branches steer the fuzzer
TARGETS = {
    "decoders": ["power"],
    "settings": ["appliance", "power", "sensors"],
    "frames": ["appliance"],
    "mqtt": ["appliance", "paho"],
    "rows": ["appliance"],
    "releases": ["ota", "appliance.strict_json"],
    "packs": ["ota", "appliance.strict_json"],
    "trust": ["ota", "tuf"],
    "updates": ["ota", "appliance.strict_json"],
    "entries": ["ota"],
    "layers": ["appliance"],
}


def main() -> None:
    target = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if target not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    with atheris.instrument_imports(include=TARGETS[target]):
        run_input = importlib.import_module(f"tests.fuzz.{target}").run_input
    atheris.Setup(sys.argv, run_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
