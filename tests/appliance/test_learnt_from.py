"""What a refreshed student is attacked with: secrets, records and removed values of all runs that it went through."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.pipeline import REFRESH
from appliance.progress import Screen
from appliance.refresh import Options, open_refresh
from appliance.run import Run, _bring_about, _write_config
from appliance.stages import learnt_from
from appliance.stages.context import Context
from appliance.stages.learnt_from import LearntFrom
from privacy.attack.planting import surviving
from tests.appliance import refresh_case

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """A full run and its refresh, both as far as their training sets; in each, secrets were planted."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    for model in models.iterdir():
        (home / "models" / model.name).symlink_to(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STILLHOUSE_HOME", str(home))
        case = tmp_path_factory.mktemp("case")
        path = refresh_case.write_use_case(case)
        path.write_text(path.read_text().replace("canaries = 0\npeople = 0", "canaries = 6\npeople = 2"))
        full = refresh_case.run_to_the_evaluation(path, last="curate")
        for stage, facts in (("sft", {}), ("evaluate", {"chosen": "sft"})):
            full.stage_dir(stage).mkdir()
            manifest.write(full.stage_dir(stage), Manifest(stage, "f", {"model/x": "1"}, facts, 1.0, 1.0))
        new = refresh_case.write_records(case / "new.csv", 1000, 120)
        refreshed = open_refresh(full.run_id, new, Options(), Home.open())
        _write_config(refreshed)
        done: dict[str, Manifest] = {}
        for stage_of in REFRESH[:3]:
            done[stage_of.name] = _bring_about(refreshed, stage_of, done, Screen(quiet=True))
    return full, refreshed


def read(run: Run, monkeypatch: pytest.MonkeyPatch) -> LearntFrom:
    monkeypatch.setenv("STILLHOUSE_HOME", str(run.home.root))
    return learnt_from.read(Context(run.folder, "attack"))


def test_a_refresh_is_asked_for_the_secrets_of_all_its_runs(
    runs: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    full, both = (read(run, monkeypatch) for run in runs)
    sentences = {canary.sentence for canary in both.planting.canaries}
    assert {canary.sentence for canary in full.planting.canaries} <= sentences
    assert len(sentences) == len(both.planting.canaries), "each once, though planted in both"
    assert [canary.index for canary in both.planting.canaries] == list(range(len(sentences)))
    assert both.planting.records == 200 + 120
    assert sum(canary.repeats for canary in both.planting.canaries) == len(both.planting.carriers) == 8 + 6
    before, after = (surviving(each.planting, each.train)[1] for each in (full, both))
    assert before and len(after) >= len(before), "what the first student learnt, this one has learnt, too"


def test_each_run_brings_its_own_records_and_what_was_learnt_since_is_not_held_out(
    runs: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    full, both = (read(run, monkeypatch) for run in runs)
    newest, oldest = both.rounds
    assert full.rounds == (oldest,), "replayed records are the full run's, and counted once"
    assert {each.split for each in newest} == {"train", "test"}
    assert not {each.record_id for each in newest} & {each.record_id for each in oldest}
    held_out = {each.fields["message"] for run in both.rounds for each in run if each.split != "train"}
    assert held_out and not held_out & set(both.train.values())
    assert len(both.train) == sum(each.split == "train" for run in both.rounds for each in run)
