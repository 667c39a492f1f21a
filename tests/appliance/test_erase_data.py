"""Erasure reaches the data that was brought in and all that is kept beside the runs; whatever is killed when."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow import parquet

from appliance import audit, datasets
from appliance.cli import main
from appliance.home import Home
from appliance.keeping import erase_beside, exchange, texts
from appliance.keeping.erase import EraseError, erase, plan
from appliance.keeping.erasures import as_it_was, erasures, taint
from appliance.keeping.trace import asked_record, asked_subject, trace
from appliance.manifest import read, verify
from appliance.preparing import review_sample
from appliance.quality import rounds
from appliance.run import alone_with, is_data_unchanged, open_folder, open_run
from distill.checkpoints import file_sha256
from privacy.ingest import record_id
from privacy.vault import open_vault
from tests.appliance.erasable_home import (
    OFFICER,
    OPERATOR,
    ROWS,
    STEPS,
    WHO,
    as_file,
    everything,
    holding,
    make_home,
    make_run_on,
    records,
)
from tests.appliance.killed import Killed, killed_after
from tests.appliance.refresh_case import run_to_the_evaluation, write_use_case

OTHERS = [row for row in ROWS if row["person"] != WHO]


def rows_of(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_bytes().splitlines()]
    return [row for row in ROWS if f'"{row["number"]}"' in path.read_text()]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.usefixtures("kept")
def test_nothing_of_a_person_is_left_in_any_file_and_everybody_else_is(kind: str) -> None:
    run, brought = make_home(kind)
    home = Home.open()
    path = datasets.raw_path(home, brought.dataset_id)
    (home.data / ".incoming-0123abcd").mkdir()  # of a look at labels that was killed
    (home.data / ".incoming-0123abcd" / path.name).hardlink_to(path)
    (run.folder / "scrub" / ".data-00001.parquet.0123abcd.tmp").write_text(f"half of what {WHO} said")
    before = holding(home.root, WHO)
    assert {str(path.relative_to(home.root)), "reviews/small/gold.jsonl"} <= before
    assert any("completions" in name for name in before) and any("examples" in name for name in before)
    ids = {each.record_id for each in records(run) if WHO in each.fields["message"]}
    others = {each.record_id: dict(each.fields) for each in records(run)}.keys() - ids
    done = erase(home, OFFICER, asked_subject(WHO, home.scrub_key()), "a ticket")
    assert holding(home.root, WHO) == set()
    named = {name for name in ids for _, content in everything(home.root) if _in_use(home, _, name, content)}
    assert named == set(), "not even by hash, but in the erasure itself and in the audit log"
    assert rows_of(path) == OTHERS
    if kind != "parquet":
        assert path.read_bytes() == as_file(OTHERS, kind), "byte for byte"
    assert {each.record_id for each in records(run)} == others
    assert set(open_vault(home.use_cases / "small" / "vault", bytes(32))) == {
        (one, "message") for one in others
    }
    drawn = review_sample.required_sample(home, "small")
    assert {each.record_id for each in drawn.drawn} == set(drawn.scanned) == others
    told = [json.loads(line) for line in (home.root / "reviews/small/gold.jsonl").read_bytes().splitlines()]
    assert {record_id(home.scrub_key(), each["id"]) for each in told} == others
    (round_,) = rounds.rounds(home, run.run_id)
    (rated,) = rounds.ratings(home, round_)
    assert set(round_.records) == set(rated.preferences) == others and rated.is_through
    now = datasets.dataset(home, brought.dataset_id)
    assert (now.sha256, now.bytes, now.rows) == (file_sha256(path), path.stat().st_size, len(OTHERS))
    assert now.first_sha256 == brought.sha256 and datasets.profile(home, now.dataset_id).rows == len(OTHERS)
    assert path.stat().st_mode & 0o777 == 0o600
    logged = [each for each in audit.entries(home, action="erase") if "dataset" in each.objects]
    assert [each.objects["sha256"] for each in logged] == [now.sha256]
    assert any(each.after == now.sha256 and each.rows == len(ROWS) - len(OTHERS) for each in done.rewritten)


def _in_use(home: Home, path: Path, name: str, content: bytes) -> bool:
    return name.encode() in content and not path.is_relative_to(home.erasures) and "audit" not in str(path)


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
def test_an_erasure_killed_after_any_of_its_steps_goes_on_to_the_same_end(
    tmp_path: Path,
) -> None:
    run, brought = make_home("csv")
    home = Home.open()
    asked = asked_subject(WHO, home.scrub_key())
    pristine = tmp_path / "pristine"
    shutil.copytree(home.root, pristine)
    path = datasets.raw_path(home, brought.dataset_id)
    for fatal in range(1, 200):
        shutil.rmtree(home.root)
        shutil.copytree(pristine, home.root)
        ended = True
        try:
            with killed_after(
                fatal, (*STEPS, (erase_beside, "write"), (erase_beside, "write_new"), (Path, "unlink"))
            ):
                erase(home, OFFICER, asked, "")
        except Killed:
            ended = False
            assert is_data_unchanged(run), f"after step {fatal} the run would be another one"
        if not ended:
            erase(home, OFFICER, asked, "")
        assert holding(home.root, WHO) == set(), f"after step {fatal}"
        assert path.read_bytes() == as_file(OTHERS, "csv")
        assert datasets.dataset(home, brought.dataset_id).sha256 == file_sha256(path)
        assert not [each for each in home.root.rglob("*") if each.name.endswith((".erased", exchange.MARK))]
        (one,) = erasures(home)[:1]
        assert one.students and is_data_unchanged(run)
        for stage in ("scrub", "teach", "curate"):
            verify(run.folder / stage, read(run.folder / stage))  # type: ignore[arg-type]
        if ended:
            break
    assert fatal > 30, "every step was killed once"


@pytest.mark.slow
def test_a_run_is_the_same_after_its_data_was_rewritten_and_only_students_that_learnt_from_it_are_trained_anew(
    tmp_path: Path, models: Path
) -> None:
    home, folder = Home.open(), tmp_path / "case"
    for model in models.iterdir():
        (home.models / model.name).symlink_to(model)
    case = write_use_case(folder, 120)
    brought = datasets.bring_in(home, OPERATOR, io.BytesIO((folder / "messages.csv").read_bytes()), "m.csv")
    path = datasets.raw_path(home, brought.dataset_id)
    case.write_text(case.read_text().replace('"messages.csv"', f'"{path}"'))
    few = folder / "few.toml"
    changes = {
        '"tiny"\ntitle': '"few"\ntitle',
        'id = "number"': 'id = "number"\nlimit = 100',
        "test = 40": "test = 30",
    }
    text = case.read_text()
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    few.write_text(text)
    first, second = run_to_the_evaluation(case, "sft"), run_to_the_evaluation(few, "sft")
    stages = ("scrub", "teach", "curate", "sft")
    before = {run.run_id: {stage: read(run.folder / stage) for stage in stages} for run in (first, second)}
    key = home.scrub_key()
    wanted = next(
        number
        for number in range(100, 120)
        if plan(home, asked_record(f"m{number}", key)).retrain == (first.run_id,)
    )
    erase(home, OFFICER, asked_record(f"m{wanted}", key), "")
    assert file_sha256(path) != brought.sha256 and f"m{wanted}," not in path.read_text()
    again = [run_to_the_evaluation(each, "sft") for each in (case, few)]
    assert [run.run_id for run in again] == [first.run_id, second.run_id]
    for run, redone in ((first, ["sft"]), (second, [])):
        after = {stage: read(run.folder / stage) for stage in stages}
        changed = [
            stage
            for stage in stages
            if after[stage].finished_at != before[run.run_id][stage].finished_at  # type: ignore[union-attr]
        ]
        assert changed == redone


@pytest.mark.slow
def test_what_comes_again_is_what_is_there_without_it_and_a_changed_file_is_another(tmp_path: Path) -> None:
    run, brought = make_home("csv")
    home = Home.open()
    erase(home, OFFICER, asked_subject(WHO, home.scrub_key()), "")
    again = datasets.bring_in(home, OPERATOR, io.BytesIO(as_file(ROWS, "csv")), "again.csv")
    assert again.dataset_id == brought.dataset_id and len(datasets.datasets(home)) == 1
    assert holding(home.root, WHO) == set(), "the erased does not come back with the file it was in"
    path = datasets.raw_path(home, brought.dataset_id)
    assert as_it_was(home, path, file_sha256(path)) == brought.sha256
    assert as_it_was(home, tmp_path / "elsewhere.csv", file_sha256(path)) == file_sha256(path)
    path.write_bytes(path.read_bytes() + b'"x","y","billing","billing","z"\n')
    assert not is_data_unchanged(run), "what nobody erased is a change"


@pytest.mark.slow
def test_a_record_erased_after_another_is_found_and_nothing_else_is_taken() -> None:
    run, brought = make_home("jsonl")
    home = Home.open()
    key, path = home.scrub_key(), datasets.raw_path(home, brought.dataset_id)
    for row in (ROWS[3], ROWS[0], ROWS[23]):
        erase(home, OFFICER, asked_record(str(row["number"]), key), "")
    gone = {ROWS[index]["number"] for index in (3, 0, 23)}
    assert rows_of(path) == [row for row in ROWS if row["number"] not in gone]
    assert (
        is_data_unchanged(run)
        and open_run(home.use_cases / "small" / "use_case.toml", home).run_id == run.run_id
    )
    (told,) = trace(home, asked_record(str(ROWS[1]["number"]), key))
    assert told.records and told.unknown is None


@pytest.mark.slow
def test_a_scrub_that_was_stopped_begins_anew_since_its_rows_count_differently() -> None:
    run, brought = make_home("csv")
    home = Home.open()
    other = make_run_on(home, brought, "other")
    (other.folder / "scrub" / "manifest.json").unlink()
    with alone_with(other.folder), pytest.raises(EraseError, match="goes on from here"):
        erase(home, OFFICER, asked_subject(WHO, home.scrub_key()), "")
    erase(home, OFFICER, asked_subject(WHO, home.scrub_key()), "")
    assert not (other.folder / "scrub").exists() and (run.folder / "scrub" / "manifest.json").exists()
    assert holding(home.root, WHO) == set()


@pytest.mark.slow
def test_a_run_whose_use_case_names_no_subject_loses_the_person_where_another_names_it() -> None:
    run, brought = make_home("csv")
    home = Home.open()
    other = make_run_on(home, brought, "other")
    config = json.loads((other.folder / "config.json").read_text())
    config["use_case"]["data"]["subject"] = None
    (other.folder / "config.json").write_text(json.dumps(config))
    (home.use_cases / "other" / "use_case.toml").unlink()
    planned = plan(home, asked_subject(WHO, home.scrub_key()))
    assert set(planned.retrain) == {run.run_id, other.run_id}
    erase(home, OFFICER, asked_subject(WHO, home.scrub_key()), "")
    assert holding(home.root, WHO) == set() and taint(home, planned.students[0]) is not None


@pytest.mark.slow
def test_a_file_of_the_sites_is_named_by_path_and_not_touched(tmp_path: Path) -> None:
    run, brought = make_home("csv")
    home = Home.open()
    outside = tmp_path / "calls.csv"
    outside.write_bytes(as_file(ROWS, "csv"))
    config = json.loads((run.folder / "config.json").read_text())
    config["use_case"]["data"]["path"] = str(outside)
    other = home.runs / "from-outside"
    other.mkdir()
    (other / "config.json").write_text(json.dumps(config))
    nameless = as_file([{"number": str(n), "about": WHO if n else "x"} for n in range(3)], "jsonl")
    unnamed = datasets.bring_in(home, OPERATOR, io.BytesIO(nameless), "unnamed.jsonl")
    said = CliRunner().invoke(main, ["erase", "--subject", WHO, "--dry-run"])
    num = len(ROWS) - len(OTHERS)
    assert said.exit_code == 0, said.output
    shelf = datasets.raw_path(home, brought.dataset_id)
    assert f"{shelf}: {num} rows, to be taken out" in said.output
    assert f"{outside}: {num} rows, the site's to take out" in said.output and holding(home.root, WHO)
    done = CliRunner().invoke(main, ["erase", "--subject", WHO])
    assert done.exit_code == 0, done.output
    assert outside.read_bytes() == as_file(ROWS, "csv")
    assert f"left: {outside}: {num} rows, the site's to take out" in done.output
    assert (
        f"left: {datasets.raw_path(home, unnamed.dataset_id)}: not known whether it holds more" in done.output
    )
    assert holding(home.root, WHO) == {f"data/{unnamed.dataset_id}/records.jsonl"}


@pytest.mark.slow
def test_a_dataset_of_one_person_is_left_without_a_record() -> None:
    run, brought = make_home("csv")
    home = Home.open()
    for row in {row["person"] for row in ROWS}:
        erase(home, OFFICER, asked_subject(str(row), home.scrub_key()), "")
    assert datasets.dataset(home, brought.dataset_id).rows == 0
    assert datasets.raw_path(home, brought.dataset_id).read_text() == ",".join(ROWS[0]) + "\n"
    assert datasets.profile(home, brought.dataset_id).rows == 0 and is_data_unchanged(run)
    assert texts.sha256(home.root / "reviews/small/gold.jsonl") == file_sha256(
        home.root / "reviews/small/gold.jsonl"
    )


@pytest.mark.slow
def test_a_home_that_is_reached_by_a_link_is_the_same_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = make_home("csv")
    (tmp_path / "link").symlink_to(Home.open().root)
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "link"))
    home = Home.open()
    erase(home, OFFICER, asked_subject(WHO, home.scrub_key()), "")
    assert holding(home.root, WHO) == set()
    assert is_data_unchanged(run) and is_data_unchanged(open_folder(run.folder, home))
