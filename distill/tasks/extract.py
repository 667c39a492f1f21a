"""A JSON object under a schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from distill.tasks.settings import TaskSettings


def _normalise(value: Any) -> Any:
    """Case and outer spaces of strings, at any depth, do not make a field wrong."""
    if isinstance(value, list):
        return [_normalise(item) for item in value]
    if isinstance(value, dict):
        return {name: _normalise(item) for name, item in value.items()}
    return value.strip().casefold() if isinstance(value, str) else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name twice in one object: readers differ on which one counts")
    return value


def _references(schema: Any) -> Iterator[str]:
    """Every `$ref`: what the schema does not hold itself would be fetched, or fail at the first answer."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def _read(text: str) -> dict[str, Any] | None:
    """The first JSON object in an answer, whatever it holds; None where there is none that can be written down again."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        value, _ = _DECODER.raw_decode(text, start)
        # Python reads NaN, 1e999 and half a surrogate pair, none of which can be written down again.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return dict(value)


def _same(ours: Any, theirs: Any) -> bool:
    """To the letter, and in type: Python holds True for 1 and 1.0."""
    return json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


class Extract:
    """The answer is one JSON object; a fence or words around it are tolerated, a second object is not read."""

    primary_metric = "exact_match"

    def __init__(self, settings: TaskSettings) -> None:
        self.settings = settings
        schema = settings.json_schema
        if schema is None:
            raise ValueError("task.json_schema is missing: kind = 'extract' needs the schema of the answer")
        if settings.labels:
            raise ValueError("task.labels belong to kind = 'classify': remove them, or change the kind")
        if schema.get("type") != "object" or not schema.get("properties"):
            raise ValueError("task.json_schema must be of type 'object' and name its properties")
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            raise ValueError(f"task.json_schema is not a JSON Schema: {error.message}") from None
        resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
        for reference in _references(schema):
            try:
                resolver.lookup(reference)
            except Unresolvable:
                raise ValueError(
                    f"task.json_schema refers to {reference}, which it does not hold: write the definition into the schema"
                ) from None
        self._fields = tuple(schema["properties"])
        self._validator = jsonschema.Draft202012Validator(schema)

    def parse(self, text: str) -> dict[str, Any] | None:
        value = _read(text)
        try:
            return value if value is not None and self._validator.is_valid(value) else None
        except RecursionError:
            return None

    def form(self, text: str) -> dict[str, float]:
        """How far an answer can be read at all: whether it holds a JSON object, and one that obeys the schema."""
        return {
            "valid_json": float(_read(text) is not None),
            "valid_schema": float(self.parse(text) is not None),
        }

    def canonical(self, value: dict[str, Any]) -> str:
        ordered = {name: value[name] for name in self._fields if name in value}
        return json.dumps(ordered | value, ensure_ascii=False, separators=(",", ":"))

    def _matches(self, value: dict[str, Any] | None, reference: dict[str, Any]) -> list[float]:
        if value is None:
            return [0.0] * len(self._fields)
        return [
            float(_normalise(value.get(name)) == _normalise(reference.get(name))) for name in self._fields
        ]

    def score(self, value: dict[str, Any] | None, reference: dict[str, Any]) -> dict[str, float]:
        """`exact_match`, `field_match` and `field:…` leave case and outer spaces aside, `identical` and `field_exact:…` do not."""
        matches = self._matches(value, reference)
        to_the_letter = [
            float(value is not None and _same(value.get(name), reference.get(name))) for name in self._fields
        ]
        return {
            "exact_match": float(all(matches)),
            "identical": float(all(to_the_letter)),
            "field_match": sum(matches) / len(matches),
            **{f"field:{name}": match for name, match in zip(self._fields, matches, strict=True)},
            **{f"field_exact:{name}": same for name, same in zip(self._fields, to_the_letter, strict=True)},
        }

    def reward(self, value: dict[str, Any] | None, reference: dict[str, Any]) -> float:
        matches = self._matches(value, reference)
        # Half for the parts, half for the whole: the parts give a slope, the whole is what is reported.
        return 0.5 * sum(matches) / len(matches) + 0.5 * float(all(matches))
