"""Scrubs batches in child processes that are watched: one that dies or hangs costs the record it was at,
never lets it pass.

Covered: crashes and endless loops, in native code too; each process is started anew (spawn). Not covered: a
machine out of memory as a whole.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from privacy.records import DroppedRow, DropReason, RawRecord
from privacy.scan import Outcome, Scrubber, scrub_records

# Called in the child to build what it needs; must be picklable (a partial of a module-level function).
BuildScrubber = Callable[[], Scrubber]

# The models take windows of one length together: the more texts, the more of each length. A hang is noticed the later.
_BATCH_RECORDS, _BATCH_CHARS = 256, 20_000
# Loading the models takes some 15 s on a busy machine; far beyond it something is wrong.
_START_LIMIT_S = 300.0
# A scan far slower than this, a hundredth of the usual speed, is taken for a hang; records are then tried
# one by one.
_SLOWEST_CHARS_PER_S = 200.0
# There is a process for every core: threads of their own would only get into each other's way.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def batches(records: Sequence[RawRecord]) -> Iterator[Sequence[RawRecord]]:
    """Records to be scrubbed at once, in order: as many as are fast, one at least."""
    first, chars = 0, 0
    for index, record in enumerate(records):
        more = _chars(record)
        if index > first and (index - first == _BATCH_RECORDS or chars + more > _BATCH_CHARS):
            yield records[first:index]
            first, chars = index, 0
        chars += more
    if records:
        yield records[first:]


def _chars(record: RawRecord) -> int:
    return sum(map(len, record.fields.values()))


class Workers:
    """Some scrubbing processes; close it, or use it in a `with`."""

    def __init__(self, build: BuildScrubber, count: int, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all = [_Worker(build) for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="scrub")

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._all:
            worker.close()
        self._threads.shutdown(cancel_futures=True)

    def submit(self, records: Sequence[RawRecord]) -> Future[list[Outcome]]:
        """Scrubs a batch; its future gives one outcome a record. RuntimeError if a process cannot start."""
        return self._threads.submit(self._scrub, records)

    def _scrub(self, records: Sequence[RawRecord]) -> list[Outcome]:
        worker = self._idle.get()
        try:
            outcomes = worker.scrub(records, self._limit_s(records))
            if not isinstance(outcomes, DropReason):
                return outcomes
            alone: list[Outcome] = []
            for record in records:
                single = worker.scrub([record], self._limit_s([record])) if len(records) > 1 else outcomes
                alone += [DroppedRow(record.row, single)] if isinstance(single, DropReason) else single
            return alone
        finally:
            self._idle.put(worker)

    def _limit_s(self, records: Sequence[RawRecord]) -> float:
        """For one record a little more than the child allows itself, so that it can say so instead of being killed."""
        return self._timeout_s + sum(map(_chars, records)) / _SLOWEST_CHARS_PER_S


@dataclass(frozen=True, slots=True)
class _Child:
    process: SpawnProcess
    pipe: Connection


class _Worker:
    """One child process, started when first needed and again after each death."""

    def __init__(self, build: BuildScrubber) -> None:
        self._build = build
        self._child: _Child | None = None
        self._closed = False

    def scrub(self, records: Sequence[RawRecord], limit_s: float) -> list[Outcome] | DropReason:
        """The outcomes, or how the child was lost over them."""
        child = self._child or self._start()
        try:
            child.pipe.send(list(records))
            if not child.pipe.poll(limit_s):
                self.kill()
                return DropReason.SCAN_TIMED_OUT
            outcomes: list[Outcome] = child.pipe.recv()
        except (EOFError, OSError):
            self.kill()
            return DropReason.SCAN_FAILED
        assert len(outcomes) == len(records), "a child must answer for every record"
        return outcomes

    def close(self) -> None:
        """Ends the child for good, so that a batch cut off by this does not start another."""
        self._closed = True
        self.kill()

    def kill(self) -> None:
        """Ends the child at once; whatever it was doing is lost."""
        child, self._child = self._child, None
        if child is not None:
            child.process.kill()
            child.process.join()
            child.pipe.close()

    def _start(self) -> _Child:
        if self._closed:
            raise RuntimeError("scrubbing was stopped")
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._build), daemon=True)
        process.start()
        theirs.close()
        self._child = _Child(process, ours)
        try:
            problem = ours.recv() if ours.poll(_START_LIMIT_S) else "it did not start in time"
        except (EOFError, OSError):
            problem = "it died while loading its models"
        if problem is not None:
            self.kill()
            raise RuntimeError(f"a scrubbing process cannot work: {problem}")
        return self._child


def _serve(pipe: Connection, build: BuildScrubber) -> None:
    """The child's life: load, say so (None, or the problem), then answer batches until the pipe closes."""
    os.environ |= _ONE_THREAD  # read when the libraries are loaded, which is below
    try:
        scrubber = build()
    except Exception as error:
        # Nothing of any record is loaded yet, so the message is safe to show.
        pipe.send(f"{type(error).__name__}: {error}")
        return
    pipe.send(None)
    while True:
        try:
            records = pipe.recv()
        except EOFError:
            return
        pipe.send(scrub_records(scrubber, records))
