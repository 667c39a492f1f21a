"""Files of records that people bring in: found fit, kept raw and private in the home, described without their text."""

from __future__ import annotations

from appliance.datasets.columns import Column, Profile
from appliance.datasets.copying import DataError
from appliance.datasets.settings import DataSettings, data_settings
from appliance.datasets.shelf import (
    Dataset,
    bring_in,
    dataset,
    datasets,
    delete,
    label_values,
    profile,
    raw_path,
    sweep,
    users_of,
)

__all__ = [
    "Column",
    "DataError",
    "DataSettings",
    "Dataset",
    "Profile",
    "bring_in",
    "data_settings",
    "dataset",
    "datasets",
    "delete",
    "label_values",
    "profile",
    "raw_path",
    "sweep",
    "users_of",
]
