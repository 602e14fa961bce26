"""A device's register table by name, for tests that ask a row of it.

Reads and writes: nothing.
"""

from collections.abc import Mapping, Sequence

from power.protocol.register import Register


def index_by_name(registers: Sequence[Register]) -> Mapping[str, Register]:
    """A device's table by name; two rows of one name are a mistake in the table."""
    table = {row.name: row for row in registers}
    if len(table) != len(registers):
        raise ValueError("two registers have one name")
    return table
