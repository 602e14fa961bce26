"""The unit that `unitctl update` is typed at: that of all commands."""

from tests.appliance.commands.conftest import unit

__all__ = ["unit"]  # a fixture
