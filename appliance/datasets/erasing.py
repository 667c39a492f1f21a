"""A dataset is written again without some of its records: the file as it came but for them, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path

from appliance.datasets.examine import examine
from appliance.datasets.settings import data_settings
from appliance.datasets.shelf import Dataset, dataset, profile
from appliance.home import Home
from appliance.keeping.exchange import new_path
from appliance.keeping.private_files import write_private
from distill.checkpoints import file_sha256
from privacy.take_out import write_without


def is_on_the_shelf(home: Home, path: Path) -> bool:
    """Whether the file, as `Path.resolve` gives it, is one that was brought in."""
    return path.parent.parent == home.data.resolve() and (path.parent / "dataset.json").is_file()


def write_new(home: Home, path: Path, rows: Collection[int]) -> dict[str, int]:
    """Leaves the new files beside the old ones, for `exchange`: their names, and how many rows are gone from each.

    Raises ValueError where the file cannot be written again.
    """
    found = dataset(home, path.parent.name)
    new = new_path(path)
    write_without(path, found.format, rows, new)
    left = found.rows - len(rows)
    told = profile(home, found.dataset_id)
    told = examine(new, found.format, data_settings(home).max_columns) if left else replace(told, rows=0)
    now: Dataset = replace(
        found,
        bytes=new.stat().st_size,
        sha256=file_sha256(new),
        rows=left,
        first_sha256=found.first_sha256 or found.sha256,
    )
    for name, content in (("dataset.json", asdict(now)), ("profile.json", told.to_json())):
        write_private(new_path(path.with_name(name)), json.dumps(content, indent=1).encode())
    return {path.name: len(rows), "dataset.json": 0, "profile.json": 0}
