"""What may be brought in, and from where: `data.toml` in the home, which whoever administers the machine writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt

from appliance.home import Home

NAME = "data.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings:
    """The file's keys; without the file these defaults hold."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}

    max_bytes: Annotated[int, Gt(0)] = 2_000_000_000
    """Larger files are refused."""
    max_columns: Annotated[int, Gt(0)] = 1_000
    """Files with more are refused."""
    roots: tuple[str, ...] = ()
    """Folders of this machine from which the console may read files; none, and only uploads come in."""
    spare_bytes: Annotated[int, Ge(0)] = 1_000_000_000
    """So much must stay free on the disk: a run needs room too."""

    def __post_init__(self) -> None:
        for root in self.roots:
            if not Path(root).is_absolute():
                raise ValueError(f"roots names '{root}': give folders with their full path")


def data_settings(home: Home) -> DataSettings:
    """Raises ConfigError in one line where the file is not right."""
    from appliance.config import read_toml, validate

    path = home.root / NAME
    return validate(DataSettings, read_toml(path), str(path)) if path.exists() else DataSettings()
