"""Measures recall of HIPAA's 18 identifiers (45 CFR 164.514(b)(2)(i)) in sentences no rule was written against.

`python -m tests.benchmarks.hipaa --n 40 --split dev`; `--hand` takes the sentences of other writers, none of whom had
seen the rules.
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

# Each writer's file, and how many frames there are to one of dev: 2 is every other one, 1 all of them, 0 none.
HANDS = {
    "first": ("hipaa.txt", 2),
    "second": ("hipaa_unread.txt", 2),
    "many": ("hipaa_more.txt", 1),
    "third": ("hipaa_third.txt", 0),
    "fourth": ("hipaa_fourth.txt", 2),
    "fifth": ("hipaa_fifth.txt", 2),
    "sixth": ("hipaa_sixth.txt", 2),
    "short": ("hipaa_short.txt", 1),
}


def samples(n: int, seed: int, split: str, hand: str = "first") -> list[Sample]:
    """`n` texts a kind, its frames taking turns. Raises ValueError where the hand has nothing in that split."""
    file, every = HANDS[hand]
    made = []
    for kind, frames in read_frames(FRAMES / file).items():
        chosen = split_frames(frames, split, every)
        if not chosen:
            raise ValueError(f"{file} has no {split} frames")
        rng = random_of(split, f"hipaa {seed} {kind}")
        made += [fill(kind, chosen[turn % len(chosen)], rng) for turn in range(n)]
    return made


if __name__ == "__main__":
    parser = arguments(__doc__ or "", 40, "texts a kind")
    parser.add_argument("--hand", choices=HANDS, default="first", help="whose sentences (default first)")
    options = parser.parse_args()
    measure_kinds("hipaa", samples(options.n, options.seed, options.split, options.hand), options)
