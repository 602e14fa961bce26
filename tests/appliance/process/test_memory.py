"""Memory that is free inside of the heap goes back to the kernel."""

from pathlib import Path

from appliance.process.memory import give_back
from tests.bench.processes import read_number

SELF = Path("/proc/self/status")
BLOCK_BYTES, BLOCKS = 3000, 10_000


def test_free_memory_below_what_is_in_use_is_given_back() -> None:
    blocks = [bytes(BLOCK_BYTES) for _ in range(BLOCKS)]
    kept = blocks[-1]  # the heap's end stays in use
    del blocks
    before_mb = read_number(SELF, "VmRSS:") / 1024
    give_back()
    given_mb = before_mb - read_number(SELF, "VmRSS:") / 1024
    assert given_mb > 0.5 * BLOCK_BYTES * BLOCKS / 1e6
    assert len(kept) == BLOCK_BYTES
