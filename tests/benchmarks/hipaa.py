"""Measures recall of HIPAA's 18 identifiers (45 CFR 164.514(b)(2)(i)) in sentences no rule was written against.

`python -m tests.benchmarks.hipaa --n 40 --split dev`
"""

from __future__ import annotations

from tests.benchmarks.probe import (
    FRAMES,
    Sample,
    arguments,
    fill,
    measure_kinds,
    random_of,
    read_frames,
    split_frames,
)


def samples(n: int, seed: int, split: str) -> list[Sample]:
    """`n` texts a kind, its frames taking turns."""
    made = []
    for kind, frames in read_frames(FRAMES / "hipaa.txt").items():
        chosen = split_frames(frames, split, every=2)
        rng = random_of(split, f"hipaa {seed} {kind}")
        made += [fill(kind, chosen[turn % len(chosen)], rng) for turn in range(n)]
    return made


if __name__ == "__main__":
    options = arguments(__doc__ or "", 40, "texts a kind").parse_args()
    measure_kinds("hipaa", samples(options.n, options.seed, options.split), options)
