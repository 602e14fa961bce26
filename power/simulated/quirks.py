"""What real controllers and adapters are known to get wrong; each can be switched on by name.

Reads and writes: nothing. The device shows the first five, the serial line the last three.
Never: on unless asked for.
"""

from enum import Enum


class Quirk(Enum):
    """One fault seen in the field, by its name on the command line."""

    SILENCE = "silence"
    SMALL_BLOCKS = "small-blocks"
    TORN32 = "torn32"
    ABSENT_PROBE = "absent-probe"
    SOC606 = "soc606"
    ECHO = "echo"
    TWO_BURSTS = "two-bursts"
    NOISE = "noise"

    @property
    def text(self) -> str:
        return TEXTS[self]


TEXTS = {
    Quirk.SILENCE: "never answers",
    Quirk.SMALL_BLOCKS: "a Tracer 3210A: small blocks only, no 0x3000, 0x3112, 0x3314 or 0x331B on",
    Quirk.TORN32: "the high word of a pair is one request older than the low word",
    Quirk.ABSENT_PROBE: "no temperature probe: 25.00 C and 0.00 C, as the device reports it",
    Quirk.SOC606: "a state of charge of 606 %",
    Quirk.ECHO: "the adapter returns each request before the reply (serial only)",
    Quirk.TWO_BURSTS: "replies pause in the middle (serial only)",
    Quirk.NOISE: "one reply in five has a damaged byte (serial only)",
}
