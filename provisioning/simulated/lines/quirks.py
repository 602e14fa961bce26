"""What real devices, adapters and cables are known to get wrong; each is switched on by name.

Reads and writes: nothing. A device names its own in its QUIRKS; those of the line are here.
Never: on unless asked for.
"""

SILENCE, TORN32 = "silence", "torn32"  # most devices show these
ECHO, TWO_BURSTS, NOISE, TRUNCATED = "echo", "two-bursts", "noise", "truncated"
LATE, FOREIGN, FLOOD, STALE = "late", "foreign", "flood", "stale-bytes"
DELAYED, NEEDS_GAP = "delayed", "needs-gap"

LINE_QUIRKS = {
    ECHO: "the adapter returns each request before the reply",
    TWO_BURSTS: "replies pause in the middle",
    NOISE: "one reply in five has a damaged byte",
    TRUNCATED: "one reply in five ends early",
    LATE: "one reply in five comes when the next request is out",
    DELAYED: "from one reply in five on, each comes one request late, until they catch up",
    NEEDS_GAP: "a request within 50 ms of the last reply is lost",
    FOREIGN: "one reply in five comes from another device on the line",
    STALE: "the adapter gives the end of the last reply again before one reply in five",
    FLOOD: "one reply in five drowns in a thousand random bytes",
}
