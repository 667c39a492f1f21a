"""Rewards as a use case declares them: read strictly, part of the fingerprint, asked only where the seal lets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.config import ConfigError, UseCase, load_use_case, use_case_from_json, use_case_to_json
from appliance.home import Home
from appliance.rewards import open_rewards, rewards_digest
from appliance.stages.__main__ import allowed
from distill.values import Example
from tests.appliance import small_use_case
from tests.distill.scripted_server import Reply, ScriptedServer, answer

EXTRACT = (
    (
        'kind = "classify"',
        'kind = "extract"',
    ),
    (
        'labels = ["billing", "repairs"]',
        'json_schema = { type = "object", properties = { query = { type = "string" } } }',
    ),
)
SQL = 'kind = "sql"\nfield = "query"\ntables = "tables.sql"\nweight = 2.0'


def use_case(folder: Path, *tables: str, extract: bool = False) -> UseCase:
    declared = "".join(f"[[onpolicy.reward]]\n{table}\n" for table in tables)
    path = small_use_case.write(folder, ("[split]\n", f"{declared}[split]\n"), *(EXTRACT if extract else ()))
    return load_use_case(path)


def test_rewards_are_declared_in_the_use_case_and_survive_its_json(tmp_path: Path) -> None:
    loaded = use_case(tmp_path, SQL, 'kind = "fields"', extract=True)
    assert [(reward.kind, reward.weight) for reward in loaded.onpolicy.reward] == [
        ("sql", 2.0),
        ("fields", 1.0),
    ]
    assert use_case_from_json(use_case_to_json(loaded)) == loaded


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('kind = "label"\nwieght = 2.0', "unknown key 'onpolicy.reward.0.wieght': did you mean 'weight'?"),
        ('kind = "label"\ntolerance = 0.5', "onpolicy.reward.0: tolerance does not go with kind = 'label'"),
        ('kind = "label"\nweight = 0.0', "onpolicy.reward.0.weight"),
        ('kind = "numeric"', "'numeric' does not go with task.kind = 'classify'"),
        ('kind = "judge"\nrubric = "Says why."', "onpolicy.reward.0: model is missing"),
    ],
)
def test_a_reward_that_cannot_be_is_refused_at_load(table: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        use_case(tmp_path, table)
    assert said in str(raised.value)


def test_other_tables_are_another_fingerprint_and_missing_ones_are_named(tmp_path: Path) -> None:
    loaded, home = use_case(tmp_path, SQL, extract=True), Home.open()
    with pytest.raises(ValueError, match=r"there is no file .*tables\.sql"):
        rewards_digest(loaded, home, tmp_path)
    digests = []
    for tables in ("CREATE TABLE t (n INT);", "CREATE TABLE t (n BIGINT);", "CREATE TABLE t (n INT);"):
        (tmp_path / "tables.sql").write_text(tables)
        digests.append(rewards_digest(loaded, home, tmp_path))
    assert digests[0] == digests[2] != digests[1]


def test_a_judge_is_asked_in_both_orders_over_the_wire(tmp_path: Path) -> None:
    def script(prompt: str, attempt: int) -> Reply:
        return answer("A" if json.loads(prompt)["answer_a"] == "repairs" else "B")

    with ScriptedServer(script) as server:
        judge = f'kind = "judge"\nrubric = "Is it right?"\nmodel = "judge"\nurl = "{server.url}"'
        with open_rewards(use_case(tmp_path, judge), Home.open(), tmp_path) as reward:
            assert (
                reward(Example("r1", "train", {"message": "no heat"}, "repairs", None), "billing").value
                == 0.0
            )
    shown = [json.loads(body["messages"][-1]["content"]) for body in server.bodies]
    assert sorted(each["answer_a"] for each in shown) == ["billing", "repairs"]
    assert {body["max_tokens"] for body in server.bodies} == {8}


@pytest.mark.parametrize(
    ("url", "stage", "addresses"),
    [
        ("http://10.0.0.7:8000/v1", "onpolicy", [("10.0.0.7", 8000)]),
        ("https://10.0.0.7/v1", "onpolicy", [("10.0.0.7", 443)]),
        ("http://localhost:8000/v1", "onpolicy", []),
        ("http://judge.lan:8000/v1", "onpolicy", None),
        ("http://10.0.0.7:8000/v1", "teach", []),
        ("http://10.0.0.7:8000/v1", "sft", []),
    ],
)
def test_the_seal_lets_on_policy_training_reach_its_judge_and_no_other_stage(
    url: str, stage: str, addresses: list[tuple[str, int]] | None, tmp_path: Path
) -> None:
    loaded = use_case(tmp_path, f'kind = "judge"\nrubric = "r"\nmodel = "m"\nurl = "{url}"', 'kind = "label"')
    (tmp_path / "config.json").write_text(f'{{"use_case": {use_case_to_json(loaded)}}}')
    assert allowed(tmp_path, stage) == addresses


@pytest.mark.slow
def test_the_detector_of_a_reward_is_the_policys(models: Path, tmp_path: Path) -> None:
    path = small_use_case.write(
        tmp_path,
        ("[split]\n", '[[onpolicy.reward]]\nkind = "privacy"\n[split]\n'),
        ('spacy = "spacy"', f'spacy = "{models / "spacy-en-md"}"'),
        ("[detector]", '[[scrub.pattern]]\nentity_type = "CASE_ID"\nregex = "QX[0-9]{3}"\n\n[detector]'),
        *EXTRACT,
    )
    loaded = load_use_case(path)
    record = Example("r1", "train", {"message": "no heat"}, '{"query": "heat"}', None)
    with open_rewards(loaded, Home.open(), tmp_path) as reward:
        assert reward(record, '{"query": "the heat in Lisbon"}').value == 1.0, "the policy keeps places"
        assert reward(record, '{"query": "the heat, see QX123"}').value == 0.5, "the policy names a pattern"
        assert reward(record, '{"query": "ask Gertrude Stein"}').value == 0.5
