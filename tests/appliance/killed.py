"""Work that is killed after one of its steps, as a power cut would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest


class Killed(BaseException):
    """No handler of ours may catch it."""


@contextmanager
def killed_after(fatal: int, steps: Iterable[tuple[object, str]]) -> Iterator[None]:
    """Raises `Killed` once the `fatal`-th call, from 1, of any of these functions is done; work of fewer steps ends."""
    left = fatal

    def mortal(whole: object) -> object:
        def step(*given: object, **named: object) -> object:
            nonlocal left
            found = whole(*given, **named)  # type: ignore[operator]
            left -= 1
            if left == 0:
                raise Killed
            return found

        return step

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in steps:
            patch.setattr(owner, name, mortal(getattr(owner, name)))
        yield
