"""Runs queries that nobody has read on tables that the site declares, and tells whether two find the same rows.

Covered: files, the network, extensions, settings, several statements, anything that writes, endless or huge queries, a
crash of DuckDB. Each query runs in a process of its own, forked from one that holds the tables and thrown away, so
that it leaves nothing behind: DuckDB's own lock does not do that (`SELECT * FROM enable_logging(...)` passes it and breaks
or bugs all later queries of the database). The process has no file to open (RLIMIT_NOFILE), a bounded memory (RLIMIT_AS)
and bounded CPU time (ITIMER_PROF), so that a busy machine fails no query that a quiet one would not.
Not covered: results of type TIMESTAMP WITH TIME ZONE (Python would need another package), a query that finds the right
rows for the wrong reason, a hole in DuckDB that runs code.
"""

from __future__ import annotations

import functools
import hashlib
import json
import multiprocessing
import os
import resource
import select
import signal
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

_TABLES_BYTES = 512 * 2**20
"""DuckDB's own limit, tables included."""
_QUERY_BYTES = 768 * 2**20
"""What a query's process may add: DuckDB does not count all that it allocates."""
_START_S = 120.0
_REMEMBERED = 1024
"""Results by query: the answers of one group are often alike, and the reference is asked with each."""
_MOST_REPLY_BYTES = 4096
_SIGNIFICANT_DIGITS = 12
"""Sums of floats depend on the order of the rows; beyond this they are alike."""
_EXACT = 2**53
"""Whole numbers below this are exact in a float."""

_SEALED = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    # Without a folder nothing is spilled to disk; otherwise that folder would be open to queries.
    "temp_directory": "",
    "threads": "1",
    "memory_limit": f"{_TABLES_BYTES // 2**20}MiB",
}


class Verdict(StrEnum):
    """What became of a query beside its reference."""

    SAME = "same"
    """The same rows; in the same order where the reference ends in ORDER BY."""
    DIFFERENT = "different"
    FAILED = "failed"
    """It is no single SELECT, or raised an error, or took too long, too much memory or too many rows."""
    NO_REFERENCE = "no-reference"
    """The reference itself failed."""
    EMPTY_REFERENCE = "empty-reference"
    """The reference finds no rows, as any query with a false condition does: nothing can be told from it."""
    LOST = "lost"
    """The sandbox died; it is started anew for the next query."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A result, as hashes: no row leaves the process that read it."""

    rows: int
    in_order: str
    in_any_order: str
    ordered: bool
    """The query ends in ORDER BY."""


class SqlSandbox:
    """One process with the tables, started when first asked; close it, or use it in a `with`. Not safe to share
    between threads."""

    def __init__(self, tables: str, *, timeout_s: float, max_rows: int) -> None:
        """`tables`: CREATE and INSERT statements. `timeout_s`: CPU time of a query."""
        self._tables, self._timeout_s, self._max_rows = tables, timeout_s, max_rows
        self._child: tuple[SpawnProcess, Connection] | None = None

    def __enter__(self) -> SqlSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def compare(self, query: str, reference: str) -> Verdict:
        """Whether `query` finds what `reference` finds. Raises ValueError where the tables cannot be made."""
        _, pipe = self._child or self.start()
        try:
            pipe.send((query, reference))
            if pipe.poll(2 * _wall_s(self._timeout_s) + _START_S):
                return Verdict(pipe.recv())
        except (EOFError, OSError):
            pass  # it died: below
        self.close()
        return Verdict.LOST

    def start(self) -> tuple[SpawnProcess, Connection]:
        """Starts the process and makes the tables; raises ValueError, with the number of the bad statement, where they
        cannot be made."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._tables, self._timeout_s, self._max_rows), daemon=True
        )
        process.start()
        theirs.close()
        self._child = process, ours
        try:
            problem = ours.recv() if ours.poll(_START_S) else "they took too long"
        except (EOFError, OSError):
            problem = "the process that makes them died"
        if problem is not None:
            self.close()
            raise ValueError(f"the tables of the reward 'sql' cannot be made: {problem}")
        return self._child

    def close(self) -> None:
        """Ends the process; the next query starts another."""
        child, self._child = self._child, None
        if child is not None:
            process, pipe = child
            process.kill()
            process.join()
            pipe.close()


def _wall_s(timeout_s: float) -> float:
    """For a query that waits without using the CPU, or a machine that is far too busy."""
    return 10.0 + 10.0 * timeout_s


# ---- The process that holds the tables. It never runs a query itself.


def _serve(pipe: Connection, tables: str, timeout_s: float, max_rows: int) -> None:
    """Makes the tables, says so (None, or the problem), then compares until the pipe closes."""
    os.environ.clear()
    os.chdir("/")  # DuckDB lets queries read ":memory:.wal" in this folder, whatever its settings say
    # An abort of DuckDB prints its message, which may quote the query.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    connection, problem = _with_tables(tables)
    pipe.send(problem)
    if problem is not None:
        return

    @functools.lru_cache(maxsize=_REMEMBERED)
    def found(query: str) -> _Found | None:
        return _in_a_fork(connection, query, timeout_s, max_rows)

    while True:
        try:
            query, reference = pipe.recv()
        except EOFError:
            return
        pipe.send(_verdict(found, query, reference).value)


def _verdict(found: Any, query: str, reference: str) -> Verdict:
    wanted = found(reference)
    if wanted is None:
        return Verdict.NO_REFERENCE
    if wanted.rows == 0:
        return Verdict.EMPTY_REFERENCE
    answered = found(query)
    if answered is None:
        return Verdict.FAILED
    if wanted.ordered:
        return Verdict.SAME if answered.in_order == wanted.in_order else Verdict.DIFFERENT
    return Verdict.SAME if answered.in_any_order == wanted.in_any_order else Verdict.DIFFERENT


def _with_tables(tables: str) -> tuple[Any, str | None]:
    """A sealed database in memory with the tables in it, or the problem; without the text of any statement."""
    import duckdb

    connection = duckdb.connect(":memory:", config=_SEALED)
    try:
        statements = connection.extract_statements(tables)
    except (duckdb.Error, ValueError):
        return None, "the file is not SQL: write CREATE TABLE and INSERT statements into it"
    for number, statement in enumerate(statements, start=1):
        if statement.type not in (duckdb.StatementType.CREATE, duckdb.StatementType.INSERT):
            return None, f"statement {number} is neither CREATE nor INSERT: take it out"
        try:
            connection.execute(statement)
        except duckdb.Error as error:
            return None, f"statement {number} failed with {type(error).__name__}: mend it"
    if connection.execute(
        "FROM duckdb_columns() WHERE NOT internal AND data_type LIKE '%TIMESTAMP WITH TIME ZONE%'"
    ).fetchone():
        return None, "columns of type TIMESTAMP WITH TIME ZONE cannot be compared: declare them TIMESTAMP"
    # What DuckDB imports for the types of its results must be there before files are out of reach.
    connection.execute("SELECT * EXCLUDE (timestamp_tz, timestamptz_array) FROM test_all_types()").fetchall()
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET lock_configuration = true")
    return connection, None


def _in_a_fork(connection: Any, query: str, timeout_s: float, max_rows: int) -> _Found | None:
    """The query's result from a process of its own; None where it gave none."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _confine(timeout_s)
            os.write(writing, _answer(connection, query, max_rows))
        finally:
            os._exit(0)  # whatever was raised holds the query's text: nobody is told
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], _wall_s(timeout_s))
        reply = os.read(reading, _MOST_REPLY_BYTES) if ready else b""
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return _Found(**json.loads(reply)) if reply else None


def _confine(timeout_s: float) -> None:
    pages = int(open("/proc/self/statm", encoding="ascii").read().split()[0])  # noqa: SIM115
    limits = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + _QUERY_BYTES,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, timeout_s)


def _answer(connection: Any, query: str, max_rows: int) -> bytes:
    """The hashes of what the query finds; raises where it is no single SELECT, fails or finds too much."""
    import duckdb

    (statement,) = connection.extract_statements(query)
    if statement.type != duckdb.StatementType.SELECT:
        raise ValueError("not a SELECT")
    ordered = _ends_in_order_by(connection, query)
    rows = connection.execute(statement).fetchmany(max_rows + 1)
    if len(rows) > max_rows:
        raise ValueError("too many rows")
    lines = [repr([_plain(cell) for cell in row]) for row in rows]
    found = {
        "rows": len(rows),
        "in_order": _hash(lines),
        "in_any_order": _hash(sorted(lines)),
        "ordered": ordered,
    }
    return json.dumps(found).encode()


def _ends_in_order_by(connection: Any, query: str) -> bool:
    """By DuckDB's own parser; False for the few statements that it cannot show as a tree (PIVOT)."""
    (shown,) = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
    return any(
        modifier["type"] == "ORDER_MODIFIER"
        for statement in json.loads(shown).get("statements", [])
        for modifier in statement["node"]["modifiers"]
    )


def _plain(cell: Any) -> Any:
    """One form for what is equal: 3, 3.0 and Decimal("3.00") are, and floats that differ beyond twelve digits."""
    if isinstance(cell, bool | int | str | bytes) or cell is None:
        return cell
    if isinstance(cell, float | Decimal):
        whole = cell % 1 == 0 and -_EXACT < cell < _EXACT
        return int(cell) if whole else float(f"{cell:.{_SIGNIFICANT_DIGITS}g}")
    if isinstance(cell, list | tuple):
        return [_plain(item) for item in cell]
    if isinstance(cell, dict):
        return [(repr(_plain(key)), _plain(value)) for key, value in cell.items()]
    return str(cell)


def _hash(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
