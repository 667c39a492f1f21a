"""Scrubs one file without a run: the home's key and models, progress and rates for whoever waits."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.config import load_policy
from appliance.home import Home
from appliance.models import resolve_detector
from privacy.scrub_file import Outputs, Summary, scrub_file
from privacy.settings import DetectorSettings, SourceSettings

if TYPE_CHECKING:
    from privacy.scrub import ScrubbedChunk

# How often progress is told in a terminal, and elsewhere.
_LIVE_S, _LINE_S = 0.5, 15.0
# JSON may write a character as two escapes of six bytes each.
_CHAR_BYTES = 12
_OTHER_COLUMNS_BYTES = 65_536


def scrub(
    path: Path,
    *,
    id_column: str,
    fields: tuple[str, ...],
    table: str | None,
    policy_name: str,
    processes: int,
    outputs: Outputs,
    home: Home,
) -> Summary:
    """Raises ConfigError, ModelError or ValueError, each in one line for the operator, before anything is written."""
    from privacy.scrub import scrub_source

    policy = replace(load_policy(policy_name), processes=processes)
    if outputs.records is None:
        policy = replace(policy, vault=None)  # nothing is replaced, so nothing is kept to restore it
    repeated = sorted({field for field in fields if fields.count(field) > 1})
    if repeated:
        raise ValueError(f"--field {repeated[0]} is there twice")
    source = SourceSettings(
        path=str(path.absolute()),
        id=id_column,
        fields={name: name for name in fields},
        table=table,
        # No row that the policy would take is turned away for its length in bytes.
        max_row_bytes=_OTHER_COLUMNS_BYTES + _CHAR_BYTES * policy.max_chars * len(fields),
    )
    # Lists and keys that a policy names lie beside its file.
    base_dir = Path(policy_name).absolute().parent
    models = resolve_detector(DetectorSettings(), home, base_dir)
    key = home.scrub_key()

    def chunks(taken: frozenset[str]) -> Iterator[ScrubbedChunk]:
        return scrub_source(source, base_dir, policy, {}, key, models, taken=taken)

    return scrub_file(source, base_dir, key, chunks, policy.chunk_size, outputs, Progress())


class Progress:
    """A line on standard error: rewritten in a terminal, a new one now and then elsewhere."""

    def __init__(self) -> None:
        self._first: tuple[float, int, int] | None = None
        self._started = self._told = time.monotonic()
        self._live = sys.stderr.isatty()

    def __call__(self, done: int, total: int, text_bytes: int) -> None:
        now = time.monotonic()
        if now - self._told < (_LIVE_S if self._live else _LINE_S) and done < total:
            self._first = self._first or (now, done, text_bytes)
            return
        self._told = now
        line = f"{done:,}/{total:,} records, {self._rate(now, done, text_bytes)}"
        self._first = self._first or (now, done, text_bytes)
        sys.stderr.write(f"\r{line}" + "\n" * (done == total) if self._live else f"{line}\n")
        sys.stderr.flush()

    def _rate(self, now: float, done: int, text_bytes: int) -> str:
        """Counted from the first chunk on, since that one waits for the models."""
        if self._first is None or done == self._first[1]:
            return f"{now - self._started:.0f} s with the loading of the models"
        since, records, size = self._first
        seconds = now - since
        return (
            f"{(done - records) / seconds:,.0f} records/s, {(text_bytes - size) / seconds / 1000:,.1f} kB/s"
        )


def summary_lines(summary: Summary, policy: str) -> list[str]:
    """What an operator has to know, the drops first among it."""
    dropped = summary.dropped_by_reason
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.most_common())
    types = ", ".join(f"{count:,} {name}" for name, count in summary.spans_by_type.most_common())
    return [
        f"{summary.seen:,} seen, {summary.kept:,} kept, {dropped.total():,} dropped"
        + (f" ({reasons})" if reasons else ""),
        f"{summary.spans_by_type.total():,} found by policy '{policy}'" + (f": {types}" if types else ""),
    ]
