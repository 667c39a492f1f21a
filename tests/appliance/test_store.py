from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb
import pytest

from appliance import store as store_module
from appliance.cost import Cost
from appliance.loadtest import Serving
from appliance.manifest import Manifest
from appliance.store import MIGRATIONS, Store, StoreError
from distill.values import Score


def finished(stage: str = "evaluate", facts: Mapping[str, Any] | None = None) -> Manifest:
    return Manifest(stage, "f" * 64, {"out.txt": "0" * 64}, facts or {"n": 3}, 1.5, 1_760_000_000.0)


def score(value: float | None, metric: str = "accuracy") -> dict[str, Any]:
    row = dict.fromkeys((field.name for field in fields(Score)), None)
    return row | {"arm": "sft", "metric": metric, "value": value, "n": 60, "failed": 2}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stillhouse.duckdb"


def raw(path: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(path)) as connection:
        return connection.execute(sql).fetchall()


def test_a_new_store_has_the_newest_schema_and_opening_it_again_changes_nothing(path: Path) -> None:
    assert Store(path).schema_version() == len(MIGRATIONS)
    Store(path).begin_run("a-1", "a", "A")
    assert Store(path).schema_version() == len(MIGRATIONS)
    assert [row["run_id"] for row in Store(path).runs()] == ["a-1"]
    assert raw(path, "SELECT * FROM schema_version") == [(len(MIGRATIONS),)]


def test_a_store_of_an_older_release_is_brought_forward_and_keeps_its_rows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(path).begin_run("a-1", "a", "A")
    monkeypatch.setattr(
        store_module, "MIGRATIONS", (*MIGRATIONS, "ALTER TABLE runs ADD COLUMN owner VARCHAR")
    )
    assert Store(path).schema_version() == len(MIGRATIONS) + 1
    assert [(row["run_id"], row["owner"]) for row in Store(path).runs()] == [("a-1", None)]


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(path).begin_run("a-1", "a", "A")
    broken = (
        *MIGRATIONS,
        "ALTER TABLE runs ADD COLUMN owner VARCHAR; ALTER TABLE nowhere ADD COLUMN x INTEGER",
    )
    monkeypatch.setattr(store_module, "MIGRATIONS", broken)
    with pytest.raises(duckdb.Error):
        Store(path).runs()
    monkeypatch.undo()
    assert Store(path).schema_version() == len(MIGRATIONS)
    assert "owner" not in Store(path).runs()[0]


def test_a_store_of_a_newer_release_is_refused_and_left_alone(path: Path) -> None:
    Store(path).schema_version()
    raw(path, f"UPDATE schema_version SET version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreError, match="written by a newer release; install that one"):
        Store(path).begin_run("a-1", "a", "A")
    assert raw(path, "SELECT count(*) FROM runs") == [(0,)]


@pytest.mark.parametrize("damage", ["garbage", "cut", "empty"])
def test_a_damaged_store_is_refused_in_one_line_with_the_remedy(path: Path, damage: str) -> None:
    Store(path).begin_run("a-1", "a", "A")
    whole = path.read_bytes()
    path.write_bytes(
        {"garbage": b"not a database" * 999, "cut": whole[: len(whole) // 2], "empty": b""}[damage]
    )
    with pytest.raises(StoreError, match="move it aside") as caught:
        Store(path).runs()
    assert str(path) in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_a_store_that_another_program_holds_open_is_told_and_is_well_afterwards(path: Path) -> None:
    Store(path).begin_run("a-1", "a", "A")
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == b"open\n"
        with pytest.raises(StoreError, match="close other programs that have it open"):
            Store(path).runs()
        other.communicate(b"")
    assert len(Store(path).runs()) == 1


def test_telling_a_stage_again_replaces_what_was_told(path: Path) -> None:
    store = Store(path)
    store.begin_run("a-1", "a", "A")
    store.begin_run("b-1", "b", "B")
    store.record_stage("b-1", finished(), {"scores": [score(0.7)]})
    tables = {"scores": [score(0.9), score(None, "f1")]}
    store.record_stage("a-1", finished(), tables)
    before = store.stages("a-1"), store.scores("a-1")
    store.record_stage("a-1", finished(), tables)
    assert (store.stages("a-1"), store.scores("a-1")) == before
    store.record_stage("a-1", finished(facts={"n": 4}), {"scores": [score(0.5)]})
    assert [json.loads(row["facts"]) for row in store.stages("a-1")] == [{"n": 4}]
    assert [row["value"] for row in store.scores("a-1")] == [0.5]
    assert [row["value"] for row in store.scores("b-1")] == [0.7], "another run's rows stay"


def test_what_was_not_measured_is_null_and_not_zero(path: Path) -> None:
    store = Store(path)
    store.record_stage("a-1", finished(), {"scores": [score(None), score(0.0, "f1")]})
    assert [(row["value"], row["low"]) for row in store.scores("a-1")] == [(None, None), (0.0, None)]


def test_a_row_that_cannot_be_stored_leaves_what_was_told_before(path: Path) -> None:
    store = Store(path)
    store.record_stage("a-1", finished(), {"scores": [score(0.9)]})
    broken = score(0.8) | {"n": None}
    with pytest.raises(duckdb.Error):
        store.record_stage("a-1", finished(facts={"n": 4}), {"scores": [score(0.7), broken]})
    assert [row["value"] for row in store.scores("a-1")] == [0.9]
    assert [json.loads(row["facts"]) for row in store.stages("a-1")] == [{"n": 3}]


@pytest.mark.parametrize(("table", "rows_of"), [("scores", Score), ("serving", Serving), ("costs", Cost)])
def test_every_column_has_a_field_of_the_type_it_stores(path: Path, table: str, rows_of: type) -> None:
    Store(path).schema_version()
    columns = {row[1] for row in raw(path, f"PRAGMA table_info('{table}')")} - {"run_id"}
    assert columns <= {field.name for field in fields(rows_of)}


def test_a_run_is_running_then_ended_and_keeps_its_verdict_when_it_runs_again(path: Path) -> None:
    store = Store(path)
    store.begin_run("a-1", "a", "A")
    store.end_run("a-1", "done", verdict="distil")
    store.begin_run("a-1", "a", "A")
    assert [(row["status"], row["message"], row["verdict"]) for row in store.runs()] == [
        ("running", None, "distil")
    ]
    store.end_run("a-1", "failed", "teach: no")
    assert [(row["status"], row["message"], row["verdict"]) for row in store.runs()] == [
        ("failed", "teach: no", "distil")
    ]


def test_runs_come_newest_first(path: Path) -> None:
    store = Store(path)
    for name in ("a", "b", "c"):
        store.begin_run(f"{name}-1", name, name)
        time.sleep(0.002)
    store.begin_run("a-1", "a", "a")
    assert [row["run_id"] for row in store.runs()] == ["c-1", "b-1", "a-1"]


@pytest.mark.parametrize("text", ["'); DROP TABLE runs; --", 'quo"te', "zwei\nZeilen", "\x00", "🜛"])
def test_text_is_stored_as_it_is(path: Path, text: str) -> None:
    store = Store(path)
    store.begin_run("a-1", "a", text)
    store.end_run("a-1", "failed", text)
    assert [(row["title"], row["message"]) for row in store.runs()] == [(text, text)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "COPY (SELECT 1) TO '{out}'",
        "COPY runs FROM '{secret}'",
        "ATTACH '{out}'",
        "EXPORT DATABASE '{out}'",
        "INSTALL httpfs",
        "LOAD '{secret}'",
        "SET enable_external_access = true",
    ],
)
def test_sql_reaches_no_other_file(path: Path, tmp_path: Path, sql: str) -> None:
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("a,b\n1,2\n")
    with Store(path)._open() as db, pytest.raises(duckdb.Error):
        db.execute(sql.format(secret=secret, out=out)).fetchall()
    assert not out.exists()


_WRITER = """
import sys
from pathlib import Path
from appliance.store import Store
store = Store(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    store.begin_run(f"{sys.argv[2]}-{number}", sys.argv[2], "a run")
    print(number, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", _WRITER, str(path), name, str(count)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_processes_that_write_at_once_all_succeed(path: Path) -> None:
    with writer(path, "a", 4) as first, writer(path, "b", 4) as second:
        for process in (first, second):
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert (first.wait(30), second.wait(30)) == (0, 0)
    assert {row["run_id"] for row in Store(path).runs()} == {f"{name}-{i}" for name in "ab" for i in range(4)}


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_that_it_was_told_is_stored(path: Path) -> None:
    with writer(path, "a", 100_000) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        lines = [process.stdout.readline() for _ in range(6)]
        process.send_signal(signal.SIGKILL)
        told = [
            line
            for line in (*lines[1:], *process.stdout.read().splitlines(keepends=True))
            if line.endswith("\n")
        ]
    stored = {row["run_id"] for row in Store(path).runs()}
    assert len(told) >= 5 and stored >= {f"a-{line.strip()}" for line in told}
    assert len(stored) <= len(told) + 1, "at most the write in flight is there besides"
