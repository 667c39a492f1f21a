"""Measures recall of HIPAA's 18 identifiers (45 CFR 164.514(b)(2)(i)) in sentences no rule was written against.

`python -m tests.benchmarks.hipaa --n 40 --split dev`; with `--unread`, a second file of sentences, written by
somebody who had not seen the rules.
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


def samples(n: int, seed: int, split: str, file: str = "hipaa.txt") -> list[Sample]:
    """`n` texts a kind, its frames taking turns."""
    made = []
    for kind, frames in read_frames(FRAMES / file).items():
        chosen = split_frames(frames, split, every=2)
        rng = random_of(split, f"hipaa {seed} {kind}")
        made += [fill(kind, chosen[turn % len(chosen)], rng) for turn in range(n)]
    return made


if __name__ == "__main__":
    parser = arguments(__doc__ or "", 40, "texts a kind")
    parser.add_argument("--unread", action="store_true", help="the second file of sentences")
    options = parser.parse_args()
    texts = samples(
        options.n, options.seed, options.split, "hipaa_unread.txt" if options.unread else "hipaa.txt"
    )
    measure_kinds("hipaa", texts, options)
