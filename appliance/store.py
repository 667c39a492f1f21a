"""Facts, small and typed, in DuckDB. The one door to it for our own state.

A connection lives for one call, under a file lock, so that worker, console and command line share the file. The store is
an index: the manifests in the run folders are the truth, and `record_stage` may be called again with the same facts.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from appliance.keeping.at_rest import Master, key_of
from appliance.keeping.private_files import sync

MIGRATIONS = (
    """
    CREATE TABLE runs (
        run_id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, title VARCHAR NOT NULL, created_at DOUBLE NOT NULL,
        status VARCHAR NOT NULL, message VARCHAR, verdict VARCHAR
    );
    CREATE TABLE stages (
        run_id VARCHAR NOT NULL, stage VARCHAR NOT NULL, fingerprint VARCHAR NOT NULL, seconds DOUBLE NOT NULL,
        finished_at DOUBLE NOT NULL, reused_from VARCHAR, outputs_sha256 VARCHAR NOT NULL, facts VARCHAR NOT NULL,
        PRIMARY KEY (run_id, stage)
    );
    CREATE TABLE scores (
        run_id VARCHAR NOT NULL, arm VARCHAR NOT NULL, metric VARCHAR NOT NULL, value DOUBLE, low DOUBLE, high DOUBLE,
        n INTEGER NOT NULL, failed INTEGER NOT NULL, note VARCHAR
    );
    CREATE TABLE serving (
        run_id VARCHAR NOT NULL, arm VARCHAR NOT NULL, engine VARCHAR NOT NULL, device VARCHAR NOT NULL,
        concurrency INTEGER NOT NULL, ttft_p50_s DOUBLE, tpot_p50_s DOUBLE, e2e_p50_s DOUBLE, e2e_p95_s DOUBLE,
        output_tokens_per_s DOUBLE, requests_per_s DOUBLE, num_ok INTEGER NOT NULL, num_failed INTEGER NOT NULL
    );
    CREATE TABLE costs (
        run_id VARCHAR NOT NULL, arm VARCHAR NOT NULL, currency VARCHAR NOT NULL, per_million_output_tokens DOUBLE,
        per_thousand_requests DOUBLE, basis VARCHAR NOT NULL
    );
    """,
    "ALTER TABLE serving ALTER COLUMN concurrency DROP NOT NULL",
)
"""Applied in order, once each; never edited after a release, only added to."""


_OFFLINE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
"""No extension is fetched, and none of somebody else's is loaded."""


_DAMAGED = (
    "{path} cannot be read or written ({why}): close other programs that have it open; "
    "if it is damaged, move it aside, and `stillhouse run` will tell a new one what each run has done"
)


class StoreError(Exception):
    """One line: what is wrong with the store and what to do."""


class Store:
    """The database file of one home."""

    def __init__(self, path: Path, *, key: Master | Literal["the home's"] | None = "the home's") -> None:
        self._path = path
        self._key = key

    @contextmanager
    def _open(self) -> Iterator[Any]:
        import duckdb

        key = key_of(self._path.parent) if self._key == "the home's" else self._key
        with open(self._path.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with _connected(self._path, key) as connection:
                    # SQL reads and writes this file, no other, and cannot take that back.
                    connection.execute("SET enable_external_access = false")
                    connection.execute("SET lock_configuration = true")
                    _migrate(connection)
                    yield connection
            except (duckdb.InvalidInputException, duckdb.CatalogException) as error:
                if "AES tag" in str(error):
                    raise StoreError(_DAMAGED.format(path=self._path, why="a changed byte")) from None
                if not any(
                    one in str(error) for one in ("encryption key", "encrypted database", "is not encrypted")
                ):
                    raise
                raise StoreError(
                    f"{self._path} was made with another key than the one given, or with none: give the key it was made with"
                    if key
                    else f"{self._path} is encrypted and no key is given: give the key it was made with"
                ) from None
            except (duckdb.OperationalError, duckdb.InternalError, duckdb.FatalException) as error:
                raise StoreError(_DAMAGED.format(path=self._path, why=type(error).__name__)) from None

    def begin_run(self, run_id: str, name: str, title: str) -> None:
        with self._open() as db:
            db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, 'running', NULL, NULL) "
                "ON CONFLICT DO UPDATE SET status = 'running', message = NULL",
                [run_id, name, title, time.time()],
            )

    def end_run(
        self, run_id: str, status: str, message: str | None = None, verdict: str | None = None
    ) -> None:
        with self._open() as db:
            db.execute(
                "UPDATE runs SET status = ?, message = ?, verdict = coalesce(?, verdict) WHERE run_id = ?",
                [status, message, verdict, run_id],
            )

    def record_stage(
        self, run_id: str, manifest: Any, tables: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> None:
        """A finished stage and its rows for `scores`, `serving` and `costs`; replaces what was told before."""
        with self._open() as db:
            db.begin()
            db.execute("DELETE FROM stages WHERE run_id = ? AND stage = ?", [run_id, manifest.stage])
            db.execute(
                "INSERT INTO stages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    run_id,
                    manifest.stage,
                    manifest.fingerprint,
                    manifest.seconds,
                    manifest.finished_at,
                    manifest.reused_from,
                    manifest.digest,
                    json.dumps(manifest.facts),
                ],
            )
            for table, rows in tables.items():
                assert table in ("scores", "serving", "costs")
                columns = [row[1] for row in db.execute(f"PRAGMA table_info('{table}')").fetchall()]
                db.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
                for row in rows:
                    values = [run_id if column == "run_id" else row[column] for column in columns]
                    db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
            db.commit()

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first."""
        with self._open() as db:
            return _dicts(db.execute("SELECT * FROM runs ORDER BY created_at DESC"))

    def stages(self, run_id: str) -> list[dict[str, Any]]:
        with self._open() as db:
            return _dicts(db.execute("SELECT * FROM stages WHERE run_id = ? ORDER BY finished_at", [run_id]))

    def scores(self, run_id: str) -> list[dict[str, Any]]:
        with self._open() as db:
            return _dicts(db.execute("SELECT * FROM scores WHERE run_id = ?", [run_id]))

    def schema_version(self) -> int:
        with self._open() as db:
            return int(db.execute("SELECT version FROM schema_version").fetchone()[0])


@contextmanager
def _connected(path: Path, key: Master | None) -> Iterator[Any]:
    """The database as the connection's own, encrypted (AES-256-GCM, DuckDB's) where there is a key."""
    import duckdb

    if key is None:
        with duckdb.connect(str(path), config=_OFFLINE) as connection:
            yield connection
        return
    with duckdb.connect(":memory:", config=_OFFLINE) as connection:
        _attach(connection, path, "store", key)
        connection.execute("USE store")
        yield connection


def _attach(connection: Any, path: Path, name: str, key: Master | None) -> None:
    if key is not None and not _can_encrypt(connection):
        # DuckDB's own library of ciphers reads and does not write; OpenSSL comes with this extension, signed by DuckDB.
        connection.execute(f"LOAD {_quoted(str(_extension()))}")
    options = "" if key is None else f" (ENCRYPTION_KEY '{key.derived('store').hex()}')"
    connection.execute(f"ATTACH {_quoted(str(path))} AS {name}{options}")


def _can_encrypt(connection: Any) -> bool:
    found = connection.execute("SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'httpfs'")
    return bool((found.fetchone() or [False])[0])


def _extension() -> Path:
    """The file inside the package `duckdb-extension-httpfs`, which must be of DuckDB's own version."""
    from importlib.util import find_spec

    found = find_spec("duckdb_extension_httpfs")
    files = (
        []
        if found is None or found.origin is None
        else [*Path(found.origin).parent.rglob("*.duckdb_extension")]
    )
    if len(files) != 1:
        raise StoreError(
            "encryption needs the package duckdb-extension-httpfs: install it as the lock file has it"
        )
    return files[0]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rewrite(path: Path, key: Master | None, new_key: Master | None) -> None:
    """The database again, in a new file under another key or none, in the place of the old one.

    What rows were deleted from the old file is in the new one nowhere: DELETE and VACUUM leave their bytes behind.
    """
    import duckdb

    new = path.with_name(f".{path.name}.new")
    for file in (new, new.with_name(f"{new.name}.wal")):
        file.unlink(missing_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with duckdb.connect(":memory:", config=_OFFLINE) as connection:
            _attach(connection, path, "old", key)
            _attach(connection, new, "new", new_key)
            connection.execute("COPY FROM DATABASE old TO new")
            connection.execute("CHECKPOINT new")
            connection.execute("CHECKPOINT old")
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)  # the old file's, and now empty
        sync(new)
        new.replace(path)
        sync(path.parent)


def _migrate(db: Any) -> None:
    db.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    row = db.execute("SELECT version FROM schema_version").fetchone()
    version = 0 if row is None else int(row[0])
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the store has schema version {version}, this program knows {len(MIGRATIONS)}: "
            "it was written by a newer release; install that one"
        )
    if version < len(MIGRATIONS):
        db.begin()
        for statements in MIGRATIONS[version:]:
            db.execute(statements)
        db.execute("DELETE FROM schema_version")
        db.execute("INSERT INTO schema_version VALUES (?)", [len(MIGRATIONS)])
        db.commit()
        db.execute("CHECKPOINT")  # a log with schema changes in it is the kind that has failed to replay


def _dicts(cursor: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
