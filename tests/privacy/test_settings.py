"""Settings load strictly from JSON; a policy's name changes with everything that matters."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from pydantic import TypeAdapter, ValidationError

from privacy.settings import (
    DictionarySettings,
    FieldRule,
    PatternSettings,
    ScrubPolicy,
    SourceSettings,
    VaultSettings,
    policy_id,
)
from tests.privacy.fakes import KEY, POLICY


@pytest.mark.parametrize(
    ("settings", "data", "at"),
    [
        (ScrubPolicy, {"name": "x", "min_scor": 0.5}, "min_scor"),
        (ScrubPolicy, {"name": "x", "min_score": 1.5}, "min_score"),
        (ScrubPolicy, {"name": "x", "min_score": "0.5"}, "min_score"),
        (ScrubPolicy, {"name": "x", "preset": 3}, "preset"),
        (ScrubPolicy, {"name": "x", "actions": ["mask"]}, "actions"),
        (ScrubPolicy, {}, "name"),
        (ScrubPolicy, {"name": "x", "dictionary": [{"values": "a"}]}, "dictionary"),
        (ScrubPolicy, {"name": "x", "vault": {"path": "v", "key": "00"}}, "vault"),
        (SourceSettings, {"path": "a.csv"}, "fields"),
        (SourceSettings, {"path": "a.csv", "fields": {}}, "fields"),
        (SourceSettings, {"path": "a.csv", "fields": {"a": "b"}, "limit": 0}, "limit"),
        (SourceSettings, {"path": "a.csv", "fields": {"a": "b"}, "format": "xml"}, "format"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(settings: type, data: dict[str, object], at: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(settings).validate_json(json.dumps(data), strict=True)
    assert [error["loc"][0] for error in caught.value.errors()] == [at]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"nmae": "PERSON"}, "columns names 'nmae', which fields does not map: did you mean 'name'?"),
        ({"name": "PERSN"}, "unknown entity type 'PERSN': did you mean 'PERSON'?"),
        ({"name": "keep"}, "list the words it may hold"),
    ],
)
def test_a_column_that_cannot_be_is_refused(columns: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        SourceSettings(path="a.csv", fields={"who": "name"}, columns=columns)
    assert said in str(caught.value)


def test_a_column_is_all_of_one_type_or_one_of_some_words() -> None:
    source = TypeAdapter(SourceSettings).validate_json(
        '{"path": "a", "fields": {"who": "name", "plan": "plan", "m": "text"}, '
        '"columns": {"name": "PERSON", "plan": ["basic", "pro"]}}',
        strict=True,
    )
    assert source.column_rules() == {
        "who": FieldRule("typed", entity_type="PERSON"),
        "plan": FieldRule("closed", frozenset({"basic", "pro"})),
    }


def test_right_settings_load() -> None:
    policy = TypeAdapter(ScrubPolicy).validate_json(
        '{"name": "x", "preset": "pci", "actions": {"URL": "mask"}, "min_score": 0}', strict=True
    )
    assert policy == ScrubPolicy(name="x", preset="pci", actions={"URL": "mask"}, min_score=0)
    source = TypeAdapter(SourceSettings).validate_json('{"path": "a", "fields": {"m": "c"}}', strict=True)
    assert source.limit is None


OTHER = {
    "name": "y", "preset": "pci", "actions": {"URL": "mask"}, "dictionary": (DictionarySettings(values=("x",)),), "pattern": (PatternSettings(regex="x"),), "vault": VaultSettings(path="v", key_env="K"), "min_score": 0.1, "min_recall": 0.1, "max_chars": 5,
    "timeout_s": 3.0, "chunk_size": 5, "processes": 5,
}  # fmt: skip


def test_a_policys_name_changes_with_any_setting_and_with_the_key() -> None:
    assert set(OTHER) == {field.name for field in fields(ScrubPolicy)}
    names = {policy_id(replace(POLICY, **{name: value}), KEY) for name, value in OTHER.items()}  # type: ignore[arg-type]
    names |= {policy_id(POLICY, KEY), policy_id(POLICY, b"another key")}
    assert len(names) == len(OTHER) + 2
    assert policy_id(POLICY, KEY) == policy_id(replace(POLICY), KEY)


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'presidio_analyzer', 'spacy', 'duckdb', 'pyarrow', 'torch', 'faker', 'pydantic'}"
    modules = (
        "privacy.settings, privacy.records, privacy.scrub, privacy.measure, privacy.ingest, privacy.detect"
    )
    code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
