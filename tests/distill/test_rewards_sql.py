"""Queries of a model run where they can do no harm, and are paid for the rows that they find."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from distill.rewards import RewardSettings, make_reward
from distill.rewards.sql_sandbox import SqlSandbox, Verdict
from distill.tasks import TaskSettings, make_task
from distill.values import Example

TABLES = """
CREATE TABLE staff (id INTEGER, name VARCHAR, pay DOUBLE, born DATE);
INSERT INTO staff VALUES (1, 'Ada', 10.5, '1990-01-01'), (2, 'Bo', 20, '1985-06-30'), (3, 'Cy', NULL, NULL), (4, 'Bo', 0.1, NULL);
CREATE VIEW paid AS SELECT * FROM staff WHERE pay IS NOT NULL;
CREATE SEQUENCE numbers;
"""
NAMES = "SELECT name FROM staff"
ORDERED = "SELECT id FROM staff ORDER BY id"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SqlSandbox]:
    with SqlSandbox(TABLES, timeout_s=0.5, max_rows=1000) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "reference", "verdict"),
    [
        (NAMES, NAMES, Verdict.SAME),
        ("select name from staff order by name;", NAMES, Verdict.SAME),
        ("WITH s AS (FROM staff) SELECT s.name AS who FROM s", NAMES, Verdict.SAME),
        ("SELECT DISTINCT name FROM staff", NAMES, Verdict.DIFFERENT),
        ("SELECT name, id FROM staff", NAMES, Verdict.DIFFERENT),
        ("SELECT id FROM staff", ORDERED, Verdict.SAME),
        ("SELECT id FROM staff ORDER BY id DESC", ORDERED, Verdict.DIFFERENT),
        ("SELECT id FROM staff ORDER BY id DESC", "SELECT id FROM staff", Verdict.SAME),
        (
            "SELECT id FROM staff ORDER BY id DESC",
            "SELECT id FROM (SELECT id FROM staff ORDER BY id)",
            Verdict.SAME,
        ),
        ("SELECT 4.0", "SELECT count(*) FROM staff", Verdict.SAME),
        ("SELECT '4'", "SELECT count(*) FROM staff", Verdict.DIFFERENT),
        ("SELECT 30.6000000000000014", "SELECT sum(pay) FROM staff", Verdict.SAME),
        ("SELECT 30.6001", "SELECT sum(pay) FROM staff", Verdict.DIFFERENT),
        ("SELECT 'nan'::DOUBLE, 'inf'::DOUBLE", "SELECT 'nan'::FLOAT, 'inf'::FLOAT", Verdict.SAME),
        ("SELECT NULL FROM staff LIMIT 1", "SELECT pay FROM staff WHERE id = 3", Verdict.SAME),
        ("SELECT 0 FROM staff LIMIT 1", "SELECT pay FROM staff WHERE id = 3", Verdict.DIFFERENT),
        ("SELECT born FROM staff WHERE id = 1", "SELECT '1990-01-01'", Verdict.SAME),
        ("SELECT [1, 2], {'a': 1}", "SELECT [1.0, 2.0], {'a': 1.0}", Verdict.SAME),
        ("PIVOT staff ON name USING count(*) GROUP BY born", NAMES, Verdict.FAILED),
        ("SELECT name FROM staff WHERE false", NAMES, Verdict.DIFFERENT),
        ("SELECT name FROM staf", NAMES, Verdict.FAILED),
        ("", NAMES, Verdict.FAILED),
        ("-- nothing", NAMES, Verdict.FAILED),
        ("Sure! SELECT name FROM staff", NAMES, Verdict.FAILED),
        (NAMES, "SELECT name FROM staff WHERE false", Verdict.EMPTY_REFERENCE),
        (NAMES, "SELECT nothing", Verdict.NO_REFERENCE),
        ("SELECT * FROM range(1000)", "SELECT * FROM range(1000)", Verdict.SAME),
        ("SELECT * FROM range(1001)", NAMES, Verdict.FAILED),
        (NAMES, "SELECT * FROM range(1001)", Verdict.NO_REFERENCE),
    ],
)
def test_a_query_is_judged_by_the_rows_it_finds(
    query: str, reference: str, verdict: Verdict, sandbox: SqlSandbox
) -> None:
    assert sandbox.compare(query, reference) is verdict


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.csv").write_text("name\nAda\nBo\nCy\nBo\n")
    return tmp_path


ATTACKS = [
    "COPY staff TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.parquet' (FORMAT parquet)",
    "COPY staff FROM '{folder}/secret.csv'",
    "SELECT * FROM read_csv('{folder}/secret.csv')",
    "SELECT * FROM read_csv_auto('{folder}/*.csv')",
    "SELECT * FROM '{folder}/secret.csv'",
    'SELECT * FROM "{folder}/secret.csv"',
    "SELECT content FROM read_text('{folder}/secret.csv')",
    "SELECT content FROM read_blob('/proc/self/environ')",
    "SELECT * FROM read_json('{folder}/secret.csv')",
    "SELECT * FROM read_parquet('{folder}/secret.csv')",
    "SELECT * FROM sniff_csv('{folder}/secret.csv')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM query('COPY staff TO ''{folder}/out.csv''')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "COPY staff TO ':memory:'",
    "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
    "SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')",
    "ATTACH '{folder}/out.db'",
    "ATTACH ':memory:' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{folder}/out.duckdb_extension'",
    "INSTALL x FROM community",
    "CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE PERSISTENT SECRET s (TYPE http)",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET memory_limit = '100GB'",
    "SET temp_directory = '{folder}'",
    "RESET enable_external_access",
    "PRAGMA enable_external_access = 1",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}'",
    "SELECT getenv('PATH')",
    "SELECT name FROM staff; DROP TABLE staff",
    "SELECT 1; SELECT name FROM staff",
    "DROP TABLE staff",
    "DELETE FROM staff",
    "INSERT INTO staff (name) VALUES ('x')",
    "UPDATE staff SET name = 'x'",
    "CREATE TABLE mine AS SELECT name FROM staff",
    "CREATE MACRO f() AS 1",
    "WITH gone AS (DELETE FROM staff RETURNING name) SELECT * FROM gone",
    "BEGIN TRANSACTION",
    "PREPARE p AS SELECT name FROM staff",
    "EXECUTE p",
    "EXPLAIN ANALYZE SELECT name FROM staff",
    "VACUUM",
    "CHECKPOINT",
    "USE temp",
    "SELECT * FROM os",
    "SELECT * FROM connection",
    "SELECT error('boom')",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails_and_leaves_nothing_behind(attack: str, sandbox: SqlSandbox, folder: Path) -> None:
    assert sandbox.compare(attack.format(folder=folder), NAMES) is Verdict.FAILED
    assert [path.name for path in folder.iterdir()] == ["secret.csv"]
    assert sandbox.compare(f"{NAMES} -- {attack.splitlines()[0]}", NAMES) is Verdict.SAME


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM enable_logging(storage = 'file', storage_path = '{folder}/log')",
        "SELECT * FROM enable_logging(storage = 'memory')",
        "SELECT * FROM enable_profiling(save_location = '{folder}/profile')",
        "SELECT nextval('numbers')",
        "SELECT setseed(0.5)",
        "SELECT * FROM checkpoint()",
        "SELECT content FROM read_text(':memory:.wal')",
    ],
)
def test_what_passes_the_lock_of_duckdb_is_gone_with_its_process(
    query: str, sandbox: SqlSandbox, folder: Path
) -> None:
    assert sandbox.compare(query.format(folder=folder), NAMES) is not Verdict.SAME
    assert [path.name for path in folder.iterdir()] == ["secret.csv"]
    assert sandbox.compare(f"{NAMES} -- {query}", NAMES) is Verdict.SAME
    assert sandbox.compare("SELECT nextval('numbers')", "SELECT 1") is Verdict.SAME
    assert sandbox.compare("SELECT count(*) FROM duckdb_logs()", "SELECT 0") is not Verdict.DIFFERENT


@pytest.mark.slow
def test_a_query_has_no_file_to_open_even_where_duckdb_would_let_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB allows the database's own files, by names that begin with `:memory:` and hold for the folder it was opened in."""
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", ":memory:.wal"):
        (tmp_path / name).write_text("Ada")
    with SqlSandbox(TABLES, timeout_s=0.5, max_rows=10) as sandbox:
        for path in (":memory:.wal", ":memory:", str(tmp_path / ":memory:.wal")):
            assert (
                sandbox.compare(f"SELECT content FROM read_text('{path}')", "SELECT 'Ada'")
                is not Verdict.SAME
            )
        assert sandbox.compare("SELECT 'Ada'", "SELECT 'Ada'") is Verdict.SAME


BOMBS = [
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b",
    "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b",
    "SELECT * FROM staff a, staff b, staff c, staff d, staff e, staff f, staff g, staff h, staff i, staff j, staff k, staff l",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r, range(1000)) SELECT count(*) FROM r",
    "SELECT * FROM generate_series(1, 100000000000)",
    "SELECT sum(n) FROM generate_series(1, 100000000000) t(n)",
    "SELECT list(range) FROM range(1000000000)",
    "SELECT range(1000000000)",
    "SELECT repeat('a', 2000000000)",
    "SELECT length(repeat(repeat('a', 100000), 100000))",
    "SELECT string_agg(repeat('a', 1000000), '') FROM range(100000)",
    "SELECT md5(repeat('a', 100000)) FROM range(100000000) ORDER BY 1",
    "SELECT regexp_matches(repeat('a', 1000000), '(a*)*b') FROM range(100000)",
    "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))",
    "SELECT " + "(" * 5_000 + "1" + ")" * 4_999,
    "SELECT " + "1 + " * 10_000 + "x",
    "SELECT " + "[" * 10_000 + "1" + "]" * 10_000,
    "SELECT 1 UNION ALL " * 2_000 + "SELECT x",
    "SELECT '\ud800'",
]


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("bomb", BOMBS, ids=[bomb[:50] for bomb in BOMBS])
def test_a_query_that_wants_too_much_is_ended_and_the_next_one_runs(bomb: str, sandbox: SqlSandbox) -> None:
    began = time.process_time()
    assert sandbox.compare(bomb, NAMES) is Verdict.FAILED
    assert time.process_time() - began < 1.0, "the training's own process has nothing to do meanwhile"
    assert sandbox.compare(f"{NAMES} -- after {BOMBS.index(bomb)}", NAMES) is Verdict.SAME


def test_a_reference_that_takes_too_long_is_not_held_against_the_answer(sandbox: SqlSandbox) -> None:
    assert sandbox.compare(NAMES, BOMBS[1]) is Verdict.NO_REFERENCE


@pytest.mark.slow
def test_a_sandbox_that_was_killed_starts_anew() -> None:
    others = multiprocessing.active_children()
    with SqlSandbox(TABLES, timeout_s=0.5, max_rows=10) as sandbox:
        assert sandbox.compare(NAMES, NAMES) is Verdict.SAME
        (child,) = set(multiprocessing.active_children()) - set(others)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        assert sandbox.compare(NAMES, NAMES) is Verdict.LOST
        assert sandbox.compare(NAMES, NAMES) is Verdict.SAME
    assert multiprocessing.active_children() == others


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ("CREATE TABLE t (n INT); DROP TABLE t", "statement 2 is neither CREATE nor INSERT"),
        ("CREATE TABLE t (n INT); INSERT INTO t VALUES ('Ada Kovacs')", "statement 2 failed"),
        ("COPY t FROM 'x.csv'", "statement 1 is neither"),
        ("CREATE TABLE t AS FROM read_csv('/etc/passwd')", "statement 1 failed with PermissionException"),
        ("CREATE TABLE t (seen TIMESTAMPTZ)", "declare them TIMESTAMP"),
        ("Ada Kovacs", "is not SQL"),
    ],
)
def test_tables_that_cannot_be_made_are_told_at_the_start_and_not_quoted(tables: str, problem: str) -> None:
    with SqlSandbox(tables, timeout_s=0.5, max_rows=10) as sandbox, pytest.raises(ValueError) as raised:
        sandbox.start()
    assert problem in str(raised.value)
    assert "Kovacs" not in str(raised.value)


@pytest.mark.slow  # a process of its own that loads DuckDB
def test_the_reward_reads_the_query_out_of_its_field_and_its_fence(tmp_path: Path) -> None:
    (tmp_path / "tables.sql").write_text(TABLES)
    task = make_task(
        TaskSettings(
            "extract",
            "{message}",
            "As JSON.",
            json_schema={"type": "object", "properties": {"query": {"type": "string"}}},
        )
    )
    settings = RewardSettings(kind="sql", field="query", tables="tables.sql")

    def earned(query: str, reference: str = NAMES) -> float | None:
        record = Example("r1", "train", {"message": "who?"}, json.dumps({"query": reference}), None)
        return reward(record, json.dumps({"query": query})).value

    others = multiprocessing.active_children()
    with make_reward([settings], task, base_dir=tmp_path) as reward:
        assert earned(NAMES) == 1.0
        assert earned(f"```sql\n{NAMES}\n```") == 1.0
        assert earned("SELECT id FROM staff") == 0.0
        assert earned("  ") == 0.0
        assert earned(NAMES, "SELECT name FROM staff WHERE false") is None
    assert multiprocessing.active_children() == others
