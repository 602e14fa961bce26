"""From the routes of an application and their explanations to the paths of its OpenAPI document.

Reads and writes: nothing; pure.
Never: lists a route that nobody explains, or an explanation without a route: both are errors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from appliance.web.openapi_schemas import Schema, refer

PREFIX = "/api/"
JSON = "application/json"
FILES = {"zip": "application/zip"}
PLACE_IN_RULE = re.compile(r"<(?:(?:any\((?P<words>[^)]*)\)|path):)?(?P<name>\w+)>")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument in the address."""

    text: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Operation:
    """What one address answers. `answer`: the name of a schema; None where it only refuses.

    `refuses`: the status codes of refusals, besides those that every address has. `body`: the name
    of the schema of the request's body. `answer` may also be a file (`FILES`).
    """

    text: str
    answer: str | None
    arguments: tuple[str, ...] = ()
    refuses: tuple[int, ...] = ()
    body: str | None = None
    is_body_needed: bool = True


@dataclass(frozen=True, slots=True)
class Explained:
    """`operations` by endpoint, `arguments` and `places` (parts of a path) by name, `refusals` by
    status code with the name of their schema; those of `everywhere` belong to each address.
    `names`: of arguments that differ between two addresses. `links`: how one answer leads to the
    next request. `shared`: arguments that each address takes.
    """

    operations: Mapping[str, Operation]
    arguments: Mapping[str, Argument]
    places: Mapping[str, str]
    refusals: Mapping[int, tuple[str, str]]
    everywhere: tuple[int, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Any] = field(default_factory=dict)
    shared: tuple[str, ...] = ()


def describe_paths(app: Flask, explained: Explained) -> dict[str, Any]:
    """Each route of the API; raises where one is not explained, or an explanation has no route."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]
    if missing := {rule.endpoint for rule in rules} ^ set(explained.operations):
        raise LookupError(f"explanations and the routes of {PREFIX} differ: {sorted(missing)}")
    paths: dict[str, Any] = {}
    for rule in sorted(rules, key=lambda one: one.rule):
        methods = {method.lower() for method in rule.methods or ()} & {"get", "post"}
        path = PLACE_IN_RULE.sub(r"{\g<name>}", rule.rule)
        for method in methods:
            operation = build_operation(explained, rule.endpoint, rule.rule)
            paths.setdefault(path, {})[method] = operation
    return paths


def build_operation(explained: Explained, endpoint: str, rule: str) -> dict[str, Any]:
    """One address: its arguments and answers."""
    operation = explained.operations[endpoint]
    found: dict[str, Any] = {"operationId": endpoint, "summary": operation.text}
    parameters = [build_place(explained, one) for one in PLACE_IN_RULE.finditer(rule)]
    names = (*operation.arguments, *explained.shared)
    parameters += [build_argument(explained, name) for name in names]
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        content = {JSON: {"schema": refer(operation.body)}}
        found["requestBody"] = {"required": operation.is_body_needed, "content": content}
    answers = {200: ("As described", operation.answer)} if operation.answer else {}
    codes = (*operation.refuses, *explained.everywhere)
    answers |= {code: explained.refusals[code] for code in codes}
    found["responses"] = {str(code): build_answer(*answers[code]) for code in sorted(answers)}
    if endpoint in explained.links:
        found["responses"]["200"]["links"] = explained.links[endpoint]
    return found


def build_place(explained: Explained, place: re.Match[str]) -> dict[str, Any]:
    """A part of the path."""
    words = place["words"]
    schema = {"enum": re.split(r",\s*", words)} if words else {"type": "string", "minLength": 1}
    described = {"name": place["name"], "in": "path", "required": True, "schema": schema}
    return {**described, "description": explained.places[place["name"]]}


def build_argument(explained: Explained, name: str) -> dict[str, Any]:
    argument = explained.arguments[name]
    shown = explained.names.get(name, name)
    return {
        "name": shown,
        "in": "query",
        "description": argument.text,
        "schema": argument.schema,
    }


def build_answer(text: str, schema: str | None) -> dict[str, Any]:
    if schema in FILES:
        return {"description": text, "content": {FILES[schema]: {}}}
    content = {JSON: {"schema": refer(schema or "refusal")}}
    return {"description": text, "content": content}
