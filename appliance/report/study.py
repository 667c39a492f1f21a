"""The facts of one run, with the questions that several sections ask of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from appliance.report import words
from appliance.report.blocks import Cell
from appliance.report.charts import Dot

Facts = Mapping[str, Any]


class Part(Mapping[str, Any]):
    """A piece of the facts that knows where it stands; so do the pieces inside it."""

    __slots__ = ("_inside", "pointer")

    def __init__(self, inside: Facts, pointer: str) -> None:
        self._inside, self.pointer = inside, pointer

    def __getitem__(self, key: str) -> Any:
        return _placed(self._inside[key], step(self.pointer, key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._inside)

    def __len__(self) -> int:
        return len(self._inside)


def _placed(value: Any, pointer: str) -> Any:
    if isinstance(value, Part):
        return value
    if isinstance(value, Mapping):
        return Part(value, pointer)
    if isinstance(value, list | tuple):
        return [_placed(one, step(pointer, index)) for index, one in enumerate(value)]
    return value


def step(pointer: str, key: object) -> str:
    """One step further: RFC 6901, in its form for URI fragments, so that it holds no space."""
    return f"{pointer}/{_escaped(str(key))}"


@functools.lru_cache(4096)  # asked for each number of a report many times over
def _escaped(key: str) -> str:
    return quote(key.replace("~", "~0").replace("/", "~1"), safe="~")


def at(part: Facts, *keys: str) -> str:
    """Where report.json has `part`, or these keys of it; "" for what is not in it."""
    pointer = getattr(part, "pointer", None)
    if pointer is None:
        return ""
    return " ".join(step(pointer, key) for key in keys if key in part) if keys else pointer


def cell(
    part: Facts,
    key: str,
    form: Callable[[Any], str] = words.number,
    *,
    strong: bool = False,
    detail: str = "",
) -> Cell:
    """One number of the facts as `form` writes it, with its place."""
    return Cell(form(part.get(key)), detail, strong, at(part, key))


@dataclass(frozen=True, slots=True)
class Study:
    facts: Facts

    def part(self, name: str) -> Facts:
        """A section of the facts; one that was not recorded answers None to every question."""
        found: Facts = _placed(self.facts.get(name) or {}, step("", name))
        return found

    def rows(self, name: str) -> list[Facts]:
        return list(_placed(self.facts.get(name) or [], step("", name)))

    @property
    def metric(self) -> str:
        return self.facts.get("primary_metric") or "exact_match"

    @property
    def metrics(self) -> list[str]:
        """The primary one first, the others as they come."""
        found = dict.fromkeys(row["metric"] for row in self.rows("scores"))
        return [self.metric, *(metric for metric in found if metric != self.metric)]

    @property
    def arms(self) -> list[str]:
        return sorted(dict.fromkeys(row["arm"] for row in self.rows("scores")), key=words.arm_order)

    def score(self, arm: str | None, metric: str) -> Facts:
        return next((row for row in self.rows("scores") if row["arm"] == arm and row["metric"] == metric), {})

    def cost(self, arm: str | None) -> Facts:
        return next((row for row in self.rows("cost") if row["arm"] == arm), {})

    @property
    def best(self) -> str | None:
        """The student this report is about: the one chosen on validation records.

        Where the facts name none, the best on the primary metric, the simpler one on a tie; a verdict to
        distil speaks of a trained student, even where a prompt happens to score the same.
        """
        if self.facts.get("chosen"):
            return str(self.facts["chosen"])
        eligible = words.TRAINED if self.part("verdict").get("kind") == "distil" else words.STUDENTS
        values = {arm: self.score(arm, self.metric).get("value") for arm in eligible}
        measured = {arm: value for arm, value in values.items() if value is not None}
        return max(measured, key=lambda arm: measured[arm]) if measured else None

    @property
    def swap(self) -> str | None:
        """The arm that the costs and the verdict are about: the one recommended, where it is not the teacher itself."""
        arm = self.part("economics").get("arm")
        return str(arm) if arm and arm != words.TEACHER else self.best

    @property
    def by_teacher(self) -> bool:
        """Whether the teacher's answers are the reference, so that a share tells agreement with it."""
        return self.facts.get("reference") == words.TEACHER

    @property
    def currency(self) -> str | None:
        """The one currency of the run; None if the costs name none, or several."""
        return self.currencies[0] if len(self.currencies) == 1 else None

    @property
    def currencies(self) -> list[str]:
        return sorted({row["currency"] for row in self.rows("cost") if row.get("currency")})

    def role(self, arm: str | None) -> str:
        """How a chart marks an arm: the student in question, the teacher, or one of the others."""
        if arm == words.TEACHER:
            return "teacher"
        return "student" if arm is not None and arm == self.best else "other"

    def dot(self, arm: str | None, metric: str) -> Dot:
        row = self.score(arm, metric)
        return Dot(row.get("value"), row.get("low"), row.get("high"), self.role(arm))


def shown(score: Facts) -> str:
    return words.percent_interval(score.get("value"), score.get("low"), score.get("high"))


def rated(score: Facts, *, strong: bool = False, detail: str = "") -> Cell:
    """A share with its interval, with its place."""
    return Cell(shown(score), detail, strong, at(score))


def counted(score: Facts) -> str:
    """ "n 120, 2 failed": what a number must never travel without."""
    if score.get("n") is None and score.get("failed") is None:
        return f"n {words.NOT_MEASURED}"
    return f"n {words.number(score.get('n'))}, failed {words.number(score.get('failed'))}"
