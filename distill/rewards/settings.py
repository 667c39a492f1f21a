"""One `[[onpolicy.reward]]` table of a use case."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

Kind = Literal["label", "schema", "fields", "numeric", "sql", "similarity", "judge", "privacy"]

OPTIONS: dict[str, tuple[str, ...]] = {
    "label": (),
    "schema": (),
    "fields": (),
    "numeric": ("field", "tolerance", "relative_tolerance", "decimal_mark", "units"),
    "sql": ("field", "tables", "timeout_s", "max_rows"),
    "similarity": ("field",),
    "judge": ("rubric", "model", "url"),
    "privacy": ("allowed",),
}
"""Kind -> the options that it reads, beside `kind` and `weight`."""

_NEEDED = {"sql": ("tables",), "judge": ("rubric", "model")}


@dataclass(frozen=True, kw_only=True)
class RewardSettings:
    """What on-policy training pays for, in part."""

    kind: Kind
    """What is compared with the teacher's answer. `label`, `fields`: as the task scores it. `schema`: only that it can be
    read. `numeric`: a number. `sql`: what a query finds. `similarity`: shared words in order (ROUGE-L). `judge`: a model's
    opinion. `privacy`: nobody is named whom the record does not name."""
    weight: Annotated[float, Gt(0), Le(1e6)] = 1.0
    """Its part of the weighted mean."""
    field: str | None = None
    """`numeric`, `sql`, `similarity`: the field of the JSON answer that is compared; without it the whole answer."""
    tolerance: Annotated[float, Ge(0), Le(1e300)] = 0.0
    """`numeric`: this far from the teacher's number is still right."""
    relative_tolerance: Annotated[float, Ge(0), Le(1)] = 0.0
    """`numeric`: or this far, as a fraction of the teacher's number."""
    decimal_mark: Literal[".", ","] = "."
    """`numeric`: what stands before the decimals; the other one, blanks and apostrophes part the thousands."""
    units: dict[str, float] = dataclasses.field(default_factory=dict)
    """`numeric`: what a unit behind a number multiplies it by, such as { km = 1000, m = 1 }; letter case does not matter. %
    and ‰ are known. Units not named here are read over."""
    tables: str | None = None
    """`sql`: file with the CREATE and INSERT statements of the tables that queries run on."""
    timeout_s: Annotated[float, Gt(0), Le(60)] = 2.0
    """`sql`: longest run of one query."""
    max_rows: Annotated[int, Ge(1), Le(1_000_000)] = 10_000
    """`sql`: most rows of a result."""
    rubric: str | None = None
    """`judge`: what makes an answer good, in words."""
    model: str | None = None
    """`judge`: who judges, as its server knows it; without `url` a model directory, or a name from `stillhouse models list`."""
    url: str | None = None
    """`judge`: an OpenAI-compatible server, up to and including `/v1`; without it the model is loaded beside the student."""
    allowed: tuple[str, ...] = ()
    """`privacy`: names and numbers that may always be said, such as the organisation's own."""

    def __post_init__(self) -> None:
        for option in dataclasses.fields(self):
            if option.name in ("kind", "weight", *OPTIONS[self.kind]):
                continue
            untouched = {} if option.name == "units" else option.default
            if getattr(self, option.name) != untouched:
                owners = " or ".join(repr(kind) for kind, names in OPTIONS.items() if option.name in names)
                raise ValueError(
                    f"{option.name} does not go with kind = '{self.kind}': remove it, or set kind = {owners}"
                )
        for needed in _NEEDED.get(self.kind, ()):
            if not (getattr(self, needed) or "").strip():
                raise ValueError(f"{needed} is missing: kind = '{self.kind}' needs it")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https://, and go up to and including /v1")

    @property
    def name(self) -> str:
        """For the charts: the kind, and the field where one is named."""
        return self.kind if self.field is None else f"{self.kind}:{self.field}"
