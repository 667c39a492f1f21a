"""How far a long step is: told by the process that works, in a file; shown by whoever watches."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from distill.checkpoints import write_atomically

_WRITE_EVERY_S = 0.5
_LINE_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class State:
    """A step's progress at one moment."""

    done: int
    total: int | None
    unit: str
    note: str
    per_s: float | None
    """Rate since this attempt started; what an earlier attempt had done is not in it."""
    remaining_s: float | None

    def text(self) -> str:
        parts = [f"{self.done:,}" + (f"/{self.total:,}" if self.total else "") + f" {self.unit}"]
        if self.per_s:
            parts.append(f"{self.per_s:.1f}/s" if self.per_s >= 0.1 else f"{1 / self.per_s:.0f} s each")
        if self.remaining_s:
            parts.append(f"about {_duration(self.remaining_s)} left")
        if self.note:
            parts.append(self.note)
        return " · ".join(parts)


class Reporter:
    """Writes `progress.json` into a stage's folder, at most twice a second."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = folder / "progress.json"
        self._clock = clock
        self._first: tuple[float, int] | None = None
        self._part = ""
        self._written = -math.inf

    def __call__(self, done: int, total: int | None, note: str = "", unit: str = "", part: str = "") -> None:
        now = self._clock()
        if self._first is None or part != self._part or done < self._first[1]:
            self._first, self._part = (now, done), part
        started, start = self._first
        rate = (done - start) / (now - started) if done > start and now > started else None
        remaining = max(0, total - done) / rate if total is not None and rate else None
        if now - self._written >= _WRITE_EVERY_S or done == total:
            state = State(done, total, unit, " ".join(filter(None, (part, note))), rate, remaining)
            write_atomically(self._path, json.dumps(asdict(state)))
            self._written = now


def read_state(folder: Path) -> State | None:
    try:
        return State(**json.loads((folder / "progress.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class Screen:
    """Shows a run: a live line in a terminal (rich), plain lines with pauses elsewhere."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live: Any = None
        self._last_line = 0.0
        self._stage = ""
        self._started = 0.0

    def begin(self, stage: str) -> None:
        self._stage, self._started, self._last_line = stage, time.monotonic(), time.monotonic()
        if not self._quiet and sys.stdout.isatty():
            from rich.console import Console

            self._live = Console().status(f"[bold]{stage}[/bold]")
            self._live.start()

    def show(self, state: State | None) -> None:
        if state is None or self._quiet:
            return
        if self._live is not None:
            self._live.update(f"[bold]{self._stage}[/bold]  {state.text()}")
        elif time.monotonic() - self._last_line >= _LINE_EVERY_S:
            self._last_line = time.monotonic()
            print(f"  {self._stage}: {state.text()}", flush=True)

    def end(self, outcome: str) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if not self._quiet:
            print(f"{self._stage:<9} {outcome}  ({_duration(time.monotonic() - self._started)})", flush=True)
