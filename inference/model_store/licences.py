"""Licences: which the owner allows, and which the model's own metadata names.

Reads and writes: nothing; pure.
Never: trusts a card against the model: weights trained with an AGPL program say so in their
metadata, whatever the card says.
"""

from collections.abc import Sequence

from appliance.errors import ModelError
from appliance.wording.sentence import say
from inference.detection.model_card import ModelCard

# Words that name a licence: anywhere in a model, and where a field is about its licence.
ANYWHERE = {"agpl": "AGPL", "affero": "AGPL", "ultralytics": "AGPL"}
# What must stand in a licence that the owner allows, for each of these.
ALLOWS = {"AGPL": "AGPL", "GPL": "GPL", "NC": "-NC"}
IN_A_LICENCE = {"gpl": "GPL", "noncommercial": "NC", "non-commercial": "NC", "by-nc": "NC"}


def find_strict_licences(texts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The strict licences named in a model's texts (key, value), each with the place."""
    found: dict[str, str] = {}
    for key, value in texts:
        words = f"{key}={value}".lower()
        marks = ANYWHERE | (IN_A_LICENCE if "licen" in key.lower() else {})
        for mark, licence in marks.items():
            is_agpl = licence == "GPL" and "agpl" in words
            if mark in words and licence not in found and not is_agpl:
                found[licence] = f"{licence}: {shorten(key)}={shorten(value)}"
    return tuple(found.values())


def shorten(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) <= 60 else f"{plain[:57]}..."


def require_licence(card: ModelCard, *, named: Sequence[str], allowed: Sequence[str]) -> None:
    """Raise `ModelError` where the owner has not allowed a licence of the card or the model."""
    licence_name = card.licence.weights
    which = (
        say("the licence {licence_name}", licence_name=repr(licence_name))
        if licence_name
        else say("no licence")
    )
    if licence_name.lower() not in [one.lower() for one in allowed]:
        raise ModelError(
            say(
                "the model {card} has {which} in its card, and the settings do not allow that; "
                "if you may use it, add its licence to `licences` in [inference]",
                card=card.name,
                which=which,
            )
        )
    for licence, where in list_strict(card, named):
        if not any(ALLOWS.get(licence, licence) in one.upper() for one in allowed):
            raise ModelError(
                say(
                    "the model {card} comes from {licence} work, whatever its licence in the "
                    "card ({where}); if you may use it, add that licence to `licences` in "
                    "[inference]",
                    card=card.name,
                    licence=licence,
                    where=where,
                )
            )


def list_strict(card: ModelCard, named: Sequence[str]) -> list[tuple[str, str]]:
    """The strict licences that the model or its card names: (licence, where)."""
    found = [(one.partition(":")[0], one.partition(": ")[2]) for one in named]
    if "agpl" in f"{card.licence.lineage} {card.licence.source}".lower():
        found.append(("AGPL", "the lineage in its card"))
    return found
