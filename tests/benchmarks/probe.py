"""What the benchmarks share: frames are filled, the detector is run over them, and what stays readable is counted.

A frame is a sentence with slots, `{ssn}`; `{name2}` is the second person of the text, and the same slot twice holds
the same value twice. Frames are split into `dev`, which may be read to improve the detector, and `held-out`,
which may not: `--misses` shows dev frames only, and held-out draws from longer lists of values.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Protocol, TypeVar

from privacy.measure import Place, Rate, SpanScores, score_spans
from privacy.records import Span
from tests.benchmarks import people
from tests.benchmarks.values import SLOTS

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

T = TypeVar("T")
FRAMES = Path(__file__).parent / "frames"
_SLOT = re.compile(r"\{([a-z]+)(\d?)\}")
_PERSON_SLOTS = {
    "name": "PERSON",
    "first": "PERSON",
    "last": "PERSON",
    "lowername": "PERSON",
    "lowerfirst": "PERSON",
    "lowerlast": "PERSON",
    "spelledlast": "PERSON",
    "uppername": "PERSON",
    "email": "EMAIL_ADDRESS",
    "user": "USERNAME",
}
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """One text, with what is personal in it."""

    group: str
    """The kind, family or genre that it counts for."""
    frame: str
    text: str
    gold: tuple[Span, ...]


class Finder(Protocol):
    """What is measured."""

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]: ...


def open_detector() -> Finder:
    """The detector as it ships; the one place that knows how it is built."""
    from appliance.home import Home
    from appliance.models import resolve_detector
    from privacy.detect import Detector
    from privacy.settings import DetectorSettings

    return Detector(resolve_detector(DetectorSettings(), Home.open(), Path.cwd()))


class DefaultPresidio:
    """Presidio's AnalyzerEngine as its own documentation sets it up, with the medium spaCy model."""

    def __init__(self, spacy_model: Path) -> None:
        import presidio_analyzer
        import yaml  # type: ignore[import-untyped]
        from presidio_analyzer.nlp_engine import NlpEngineProvider

        conf = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
        settings = yaml.safe_load(conf.read_text())
        settings["models"] = [{"lang_code": "en", "model_name": str(spacy_model)}]
        engine = NlpEngineProvider(nlp_configuration=settings).create_engine()
        self._analyzer = presidio_analyzer.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return [
            tuple(
                Span(found.start, found.end, found.entity_type, found.score, "presidio")
                for found in self._analyzer.analyze(text=text, language="en")
            )
            for text in texts
        ]


def open_presidio() -> Finder:
    from appliance.home import Home
    from appliance.models import resolve

    return DefaultPresidio(resolve("spacy-en-md", Home.open(), Path.cwd()))


class DevRandom(Random):
    """Never chooses the third, sixth, ... entry of a list of six or more: some names, places and ways of writing stand in
    the held-out split only, so that knowing dev's values by heart helps nobody."""

    def choice(self, seq: SupportsLenAndGetItem[T]) -> T:
        if len(seq) < 6 or isinstance(seq, str):
            return super().choice(seq)
        while (place := self.randrange(len(seq))) % 3 == 2:
            pass
        return seq[place]


def random_of(split: str, seed: str) -> Random:
    """The source of values for a split."""
    return DevRandom(seed) if split == "dev" else Random(seed)


def read_frames(path: Path) -> dict[str, list[str]]:
    """Frames by section from a text file: `== section` opens one, every other line is a frame; `\\n` is a line break."""
    frames: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            section = line[3:].strip()
            if section in frames:
                raise ValueError(f"{path}: section {section} stands twice")
            frames[section] = []
        elif line.strip():
            frames[section].append(line.replace("\\n", "\n"))
    return frames


def split_frames(frames: Sequence[str], split: str, every: int) -> list[str]:
    """`dev` is each frame whose place divides by `every` (0: none), `held-out` the others: by frame, never by value."""
    if split == "all":
        return list(frames)
    dev = {place for place in range(len(frames)) if every and place % every == 0}
    return [frame for place, frame in enumerate(frames) if (place in dev) == (split == "dev")]


def fill(
    group: str, frame: str, rng: Random, slots: Mapping[str, tuple[str, Callable[[Random], str]]] = SLOTS
) -> Sample:
    """Draws a value for each slot of the frame and notes where it stands. Raises KeyError for an unknown slot."""
    persons: dict[str, people.Person] = {}
    values: dict[str, str] = {}
    parts: list[str] = []
    gold: list[Span] = []
    length = end = 0
    for match in _SLOT.finditer(frame):
        slot, number = match[1], match[2]
        if slot in _PERSON_SLOTS:
            if number not in persons:
                persons[number] = people.person(rng)
            who = persons[number]
            value = str(getattr(who, slot))
            entity_type = _PERSON_SLOTS[slot]
        else:
            entity_type, generate = slots[slot]
            if match[0] not in values:
                values[match[0]] = generate(rng)
            value = values[match[0]]
        label, value, tail = bare(value)
        before = frame[end : match.start()] + label
        length += len(before)
        if entity_type:
            gold.append(Span(length, length + len(value), entity_type, 1.0, "gold"))
        parts += (before, value, tail)
        length += len(value) + len(tail)
        end = match.end()
    parts.append(frame[end:])
    return Sample(group, frame, "".join(parts), tuple(gold))


def bare(value: str) -> tuple[str, str, str]:
    """What may stay readable before a value, the value, and what may stay readable after it."""
    label, mark, rest = value.partition("|")
    if not mark:
        return "", value, ""
    inside, _, tail = rest.partition("|")
    return label, inside, tail


def arguments(about: str, n: int, n_means: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--n", type=int, default=n, help=f"{n_means} (default {n})")
    parser.add_argument("--seed", type=int, default=1, help="of the values drawn (default 1)")
    parser.add_argument("--split", choices=("dev", "held-out", "all"), default="dev")
    parser.add_argument("--presidio", action="store_true", help="measure default Presidio too")
    parser.add_argument(
        "--misses", type=int, default=0, metavar="N", help="show N missed or wrong findings a group; dev only"
    )
    return parser


def find_all(finder: Finder, texts: Sequence[str]) -> tuple[list[tuple[Span, ...]], float]:
    """The findings of each text, and the seconds it took."""
    started = time.monotonic()
    found = [spans for at in range(0, len(texts), _BATCH) for spans in finder.find(texts[at : at + _BATCH])]
    return found, time.monotonic() - started


def score(samples: Sequence[Sample], found: Sequence[Sequence[Span]], by_group: bool) -> SpanScores:
    """Full-cover scores; `by_group` tells recall per group of the sample instead of per entity type."""
    texts: dict[Place, str] = {}
    gold: dict[Place, Sequence[Span]] = {}
    predicted: dict[Place, Sequence[Span]] = {}
    for number, (sample, spans) in enumerate(zip(samples, found, strict=True)):
        place = (str(number), "text")
        texts[place], predicted[place] = sample.text, spans
        gold[place] = (
            [Span(s.start, s.end, sample.group, 1.0, "gold") for s in sample.gold]
            if by_group
            else sample.gold
        )
    return score_spans(texts, predicted, gold)


def is_covered(sample: Sample, found: Iterable[Span]) -> bool:
    masked = {index for span in found for index in range(span.start, span.end)}
    return all(
        index in masked
        for span in sample.gold
        for index in range(span.start, span.end)
        if sample.text[index].isalnum()
    )


def mean_of_groups(
    samples: Sequence[Sample], hits: Sequence[bool], draws: int = 1000
) -> tuple[float, float, float]:
    """The mean over groups of their share of hits, with a 95% bootstrap interval over frames within each group.

    Values in one frame fail together, so frames are what is drawn again, not values.
    """
    tree: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for sample, hit in zip(samples, hits, strict=True):
        tree[sample.group][sample.frame].append(hit)
    groups = [[(sum(frame), len(frame)) for frame in frames.values()] for frames in tree.values()]
    rng = Random(0)
    means = sorted(
        fmean(_share([rng.choice(frames) for _ in frames]) for frames in groups) for _ in range(draws)
    )
    return (
        fmean(_share(frames) for frames in groups),
        means[int(0.025 * draws)],
        means[int(0.975 * draws) - 1],
    )


def _share(frames: Sequence[tuple[int, int]]) -> float:
    return sum(hits for hits, _ in frames) / sum(n for _, n in frames)


def told(value: Rate) -> str:
    if value.value is None or value.low is None or value.high is None:
        return "not measured"
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def measure_kinds(name: str, samples: Sequence[Sample], options: argparse.Namespace) -> None:
    """Runs what is asked for over samples of one gold span each; prints a row a kind and the line of JSON."""
    result: dict[str, object] = {
        "benchmark": name,
        "split": options.split,
        "seed": options.seed,
        "n": len(samples),
    }
    systems: list[tuple[str, Finder]] = [("stillhouse", open_detector())]
    if options.presidio:
        systems.append(("presidio", open_presidio()))
    for system, finder in systems:
        found, seconds = find_all(finder, [sample.text for sample in samples])
        scores = score(samples, found, by_group=True)
        hits = [is_covered(sample, spans) for sample, spans in zip(samples, found, strict=True)]
        mean, low, high = mean_of_groups(samples, hits)
        kinds = scores.recall_by_type
        worst = min(kinds, key=lambda kind: kinds[kind].value or 0.0)
        print(
            f"\n{name}, {options.split}, {system}: {len(samples)} spans of {len(kinds)} kinds, {seconds:.1f} s"
        )
        print(f"{'kind':<28} {'full-cover recall':<24} n")
        for kind, value in sorted(kinds.items(), key=lambda item: item[1].value or 0.0):
            print(f"{kind:<28} {told(value):<24} {value.n}")
        print(f"{'mean over kinds':<28} {mean:.3f} [{low:.3f}, {high:.3f}]")
        print(f"{'worst kind':<28} {worst}")
        print(f"{'character precision':<28} {scores.char_precision or 0:.3f}")
        if options.misses and system == "stillhouse":
            show_misses(samples, found, hits, options)
        result[system] = {
            "mean": {"value": mean, "low": low, "high": high},
            "worst": worst,
            "char_precision": scores.char_precision,
            "by_kind": {kind: asdict(value) for kind, value in kinds.items()},
        }
    print(json.dumps(result))


def show_misses(
    samples: Sequence[Sample],
    found: Sequence[Sequence[Span]],
    hits: Sequence[bool],
    options: argparse.Namespace,
) -> None:
    """Prints dev texts whose gold stays readable; the values are invented. Raises SystemExit for other splits."""
    if options.split != "dev":
        raise SystemExit("--misses shows the dev split only: the held-out frames are not to be read")
    shown: dict[str, int] = defaultdict(int)
    for sample, spans, hit in zip(samples, found, hits, strict=True):
        if not hit and shown[sample.group] < options.misses:
            shown[sample.group] += 1
            masked = {index for span in spans for index in range(span.start, span.end)}
            left = [
                f"{span.entity_type}={sample.text[span.start : span.end]!r}"
                for span in sample.gold
                if any(i not in masked and sample.text[i].isalnum() for i in range(span.start, span.end))
            ]
            print(f"  [{sample.group}] {sample.text!r} leaves {', '.join(left)}")
