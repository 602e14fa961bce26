"""The journal of Home Assistant: its entries, and which of them are of itself.

In: the text of the journal. Out: entries, with the traceback that follows them.
Never: excuses a logger for what it may say of the unit; of an error only one known cause.
"""

from dataclasses import dataclass

# What Home Assistant says of itself: it is started without installing what it lacks, it has no
# faster zlib, and it was killed.
OF_ITSELF = (
    "homeassistant.bootstrap",
    "aiohttp_fast_zlib",
    "homeassistant.components.recorder.util",
)
BROKER_GONE = ("Failed to connect to MQTT", "Error returned from MQTT server", "Disconnected from")
# Some seconds after it has connected it says that it is there. Where the broker ends in between,
# nobody takes the exception of that task; it says so again after the next connection.
BIRTH = "in _async_resubscribe_and_publish_birth_message\n"
NOT_CONNECTED = tuple(
    f"homeassistant.exceptions.HomeAssistantError: Error talking to MQTT: {why}"
    for why in ("The client is not currently connected.", "The connection was lost.")
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry. `level`: WARNING, ERROR, ...; `trace`: the lines after the first one."""

    level: str
    logger: str
    text: str
    trace: str = ""


def parse_journal(text: str) -> list[JournalEntry]:
    """All entries in order; lines before the first are left out."""
    found: list[tuple[JournalEntry, list[str]]] = []
    for line in text.splitlines():
        entry = parse_line(line)
        if entry is not None:
            found.append((entry, []))
        elif found:
            found[-1][1].append(line)
    return [JournalEntry(one.level, one.logger, one.text, "\n".join(lines)) for one, lines in found]


def parse_line(line: str) -> JournalEntry | None:
    """`2026-11-30 15:40:00.123 WARNING (MainThread) [logger] text`; None for another line."""
    words = line.split(" ", 5)
    if len(words) < 6 or not words[4].startswith("["):
        return None
    return JournalEntry(words[2], words[4].strip("[]"), words[5])


def is_complaint(entry: JournalEntry) -> bool:
    """Whether it is a warning or an error that may be about the unit."""
    return (
        entry.level not in {"DEBUG", "INFO"}
        and not entry.logger.startswith(OF_ITSELF)
        and not any(gone in entry.text for gone in BROKER_GONE)
        and not is_lost_birth(entry)
    )


def is_lost_birth(entry: JournalEntry) -> bool:
    """Whether Home Assistant could not say that it is there, since the broker had gone."""
    return BIRTH in entry.trace and entry.trace.rstrip().endswith(NOT_CONNECTED)
