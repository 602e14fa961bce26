"""What is wrong with a broker, in words for the page and the journal. Pure.

In: where the broker is, and what was seen. Out: sentences.
Never: names a cause that was not seen without "may".
"""


def describe_doubt(where: str, topic: str) -> str:
    """Nothing comes back of what it acknowledges."""
    return (
        f"the MQTT broker {where} takes what the unit says and does not give it back (asked with "
        f"{topic}): let its login write and read its own topics (docs/mqtt.md); events wait until "
        "then"
    )


def describe_deafness(where: str) -> str:
    """Orders are not taken for a while."""
    return (
        f"a message to the topics of orders at the MQTT broker {where} was too large to be read: "
        "no orders are taken for an hour; find out who publishes it"
    )


def describe_fickle(where: str) -> str:
    """Connections begin well and do not last."""
    return (
        f"the MQTT broker {where} ends each connection soon after it has begun: another unit may "
        "have the same identity (`id` in [unit], docs/mqtt.md)"
    )


def describe_no_answer(where: str, *, is_silent: bool) -> str:
    """A connection ended before it was accepted or refused."""
    if is_silent:
        return (
            f"the MQTT broker {where} takes the connection and says nothing: it may be no MQTT "
            "broker, or want TLS"
        )
    return (
        f"the MQTT broker {where} ends the connection without an answer: it may want TLS, or a "
        "certificate of the unit"
    )
