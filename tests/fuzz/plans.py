"""Which blocks of a model are fuzzed: all that its plan asks for."""

from power.protocol.profile import Block, Profile


def list_blocks(profile: Profile) -> tuple[Block, ...]:
    """Live, slow, hourly and the probe's own."""
    return (*profile.live, *profile.slow, *profile.settings, profile.signature)
