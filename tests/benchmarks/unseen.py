"""Measures whole documents of many genres, from templates of our own that no rule was written against.

Personal are: persons, organisations a person is tied to, addresses and places where people are, dates of the
calendar, ages, contacts, ids. Not personal: roles, products, times of day, "last week", what things are made of.
A third of the templates is `dev`, two thirds are `held-out`; `--hand second` takes those of a writer who had not seen the rules, `--hand more` our own of its kind, all `dev`.

`python -m tests.benchmarks.unseen --n 5000 --split all --presidio`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from privacy.measure import Rate, rate
from privacy.records import Span
from tests.benchmarks.probe import (
    FRAMES,
    Sample,
    arguments,
    fill,
    find_all,
    is_covered,
    mean_of_groups,
    open_detector,
    open_presidio,
    random_of,
    read_frames,
    score,
    show_misses,
    split_frames,
    told,
)

# Each writer's file, and how many templates there are to one of dev: 3 is every third one, 1 all of them, 0 none.
HANDS = {
    "first": ("unseen.txt", 3),
    "second": ("unseen_second.txt", 3),
    "third": ("unseen_third.txt", 0),
    "fourth": ("unseen_fourth.txt", 3),
    "more": ("unseen_more.txt", 1),
}


def samples(n: int, seed: int, split: str, hand: str = "first") -> list[Sample]:
    """`n` documents, the templates of the split taking turns."""
    file, every = HANDS[hand]
    chosen = [
        (genre, frame)
        for genre, frames in read_frames(FRAMES / file).items()
        for frame in split_frames(frames, split, every)
    ]
    if not chosen:
        raise SystemExit(f"--hand {hand} has no {split} templates; give --split dev")
    rng = random_of(split, f"unseen {seed}")
    return [fill(*chosen[turn % len(chosen)], rng) for turn in range(n)]


def report(
    system: str, documents: Sequence[Sample], found: Sequence[Sequence[Span]], seconds: float, split: str
) -> dict[str, object]:
    """Prints one system's rows and returns them for the line of JSON."""
    scores = score(documents, found, by_group=False)
    clean = [is_covered(document, spans) for document, spans in zip(documents, found, strict=True)]
    untitled = [
        Sample(d.group, d.frame, d.text, tuple(span for span in d.gold if span.entity_type != "TITLE"))
        for d in documents
    ]
    leaking = {
        "leaking": [not hit for hit in clean],
        "leaking, titles aside": [not is_covered(d, spans) for d, spans in zip(untitled, found, strict=True)],
    }
    genres: dict[str, list[bool]] = {}
    for document, hit in zip(documents, clean, strict=True):
        genres.setdefault(document.group, []).append(not hit)
    characters = sum(len(document.text) for document in documents)
    print(
        f"\nunseen, {split}, {system}: {len(documents)} documents of {len({d.frame for d in documents})} templates"
    )
    print(f"{seconds:.1f} s, {characters / seconds / 1000:.1f} thousand characters a second")
    _table("type, full-cover recall", scores.recall_by_type)
    by_genre = {genre: rate(sum(flags), len(flags)) for genre, flags in genres.items()}
    _table("genre, leaking documents", by_genre)
    print(f"{'full-cover recall':<28} {told(scores.recall):<24} {scores.recall.n}")
    print(f"{'span precision':<28} {told(scores.precision):<24} {scores.precision.n}")
    print(f"{'character precision':<28} {scores.char_precision or 0:.3f}")
    whole: dict[str, object] = {}
    for name, flags in leaking.items():
        # Documents of one template leak together: the interval is over templates.
        _, low, high = mean_of_groups([Sample("all", d.frame, "", ()) for d in documents], flags)
        share = sum(flags) / len(flags)
        print(f"{name + ' documents':<28} {share:.3f} by templates [{low:.3f}, {high:.3f}]  {len(flags)}")
        whole[name] = {"value": share, "low": low, "high": high, "n": len(flags)}
    return {
        "recall": asdict(scores.recall),
        "precision": asdict(scores.precision),
        "char_precision": scores.char_precision,
        "documents": whole,
        "by_type": {name: asdict(value) for name, value in scores.recall_by_type.items()},
        "leaking_by_genre": {genre: asdict(value) for genre, value in by_genre.items()},
    }


def _table(title: str, rows: Mapping[str, Rate]) -> None:
    print(f"\n{title:<28} {'':<24} n")
    for name, value in sorted(rows.items(), key=lambda item: item[1].value or 0.0):
        print(f"{name:<28} {told(value):<24} {value.n}")


def main(options: argparse.Namespace) -> None:
    documents = samples(options.n, options.seed, options.split, options.hand)
    result: dict[str, object] = {
        "benchmark": "unseen",
        "hand": options.hand,
        "split": options.split,
        "seed": options.seed,
        "n": len(documents),
    }
    for system, opened in (
        ("stillhouse", open_detector),
        *((("presidio", open_presidio),) if options.presidio else ()),
    ):
        found, seconds = find_all(opened(), [document.text for document in documents])
        result[system] = report(system, documents, found, seconds, options.split)
        if options.misses and system == "stillhouse":
            hits = [is_covered(document, spans) for document, spans in zip(documents, found, strict=True)]
            show_misses(documents, found, hits, options)
    print(json.dumps(result))


if __name__ == "__main__":
    parser = arguments(__doc__ or "", 5000, "documents")
    parser.add_argument("--hand", choices=HANDS, default="first", help="whose templates (default first)")
    main(parser.parse_args())
