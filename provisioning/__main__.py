"""`python -m provisioning` (`make run`, `make day`): the unit on a laptop.

Reads: its arguments. Writes: what provisioning/command.py writes.
Never: ends with a traceback where it is run on a unit, which has no simulators.
"""

import sys


def main() -> None:
    """Run the command line; exit 1 with a sentence where a module of it is not installed."""
    try:
        from provisioning import command  # noqa: PLC0415  (only a checkout has all that it needs)
    except ModuleNotFoundError as missing:
        sys.exit(
            f"provisioning: {missing.name} is not installed here. The unit on a laptop runs from "
            "a checkout of the source code: `make run` there."
        )
    command.main()


if __name__ == "__main__":
    main()
