"""Measures false alarms: sentences in which nobody is named, placed or identified, technical ones above all.

`python -m tests.benchmarks.harmless --n 2400 --split dev`; `--hand` takes the sentences of other
writers, who had not seen the rules (`more`: of one who had not yet, and then changed them).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, replace
from random import Random

from privacy.measure import rate
from tests.benchmarks.probe import (
    FRAMES,
    Sample,
    arguments,
    fill,
    find_all,
    mean_of_groups,
    open_detector,
    open_presidio,
    random_of,
    read_frames,
    split_frames,
    told,
)
from tests.benchmarks.values import forms, pattern


def _words(text: str) -> Callable[[Random], str]:
    choices = [word.replace("_", " ") for word in text.split()]
    return lambda rng: rng.choice(choices)


def _between(low: int, high: int) -> Callable[[Random], str]:
    return lambda rng: str(rng.randint(low, high))


def _version(rng: Random) -> str:
    return ".".join(str(rng.randint(0, 30)) for _ in range(rng.choice((2, 3, 3, 3, 4))))


def _price(rng: Random) -> str:
    amount = rng.randint(199, 299_999)
    return rng.choice(
        (
            f"${amount / 100:,.2f}",
            f"€{amount / 100:.2f}",
            f"£{amount // 100}",
            f"{amount // 100} euros",
            f"{amount // 100:,} dollars",
            f"USD {amount // 100}",
        )
    )


FILLERS: dict[str, Callable[[Random], str]] = {
    "tool": _words("cmake ffmpeg numpy webpack nginx sqlite openssl pytest gradle clang zlib rustc eslint redis curl"),
    "version": _version,
    "port": _words("80 443 3000 5432 6379 8080 8443 8888 9090 9200 27017 50051"),
    "thing": _words(
        "kettle vacuum_cleaner printer bicycle_pump router tablet blender thermostat lawn_mower projector headset "
        "coffee_machine desk_lamp toaster drill microwave keyboard scanner"
    ),
    "price": _price,
    "percent": lambda rng: rng.choice((f"{rng.randint(1, 99)}%", f"{rng.uniform(0.1, 30):.1f} %", f"{rng.randint(2, 40)} percent")),
    "part": forms("@@-####", "###-####-##", "@#####-@", "#@@###", "@@@##-##@", "74@@###", "####.###", "@###/##"),
    "screw": _words("M3x12 M4x20 M6 M8x40 M5x16 #8"),
    "letter": _words("A B C D E F"),
    "sha": lambda rng: pattern(rng, rng.choice(("~" * 7, "~" * 40, "~" * 8, "~" * 12))),
    "digest": lambda rng: pattern(rng, "~" * 64),
    "md": lambda rng: pattern(rng, "~" * 32),
    "errorcode": forms("E##", "F-##", "0x8007####", "ERR_####", "P0###", "E-##-#", "TS####"),
    "errornum": _between(1000, 9999),
    "exit": _words("1 2 126 127 134 137 139 255"),
    "http": _words("200 201 204 301 304 400 404 409 418 429 500 502 503"),
    "hex": lambda rng: pattern(rng, rng.choice(("~" * 8, "~" * 12, "~" * 16))),
    "hexbyte": lambda rng: pattern(rng, "~~"),
    "colour": lambda rng: pattern(rng, "~~~~~~"),
    "mm": _between(10, 320),
    "gram": _between(40, 2500),
    "temp": _between(20, 250),
    "small": _between(2, 60),
    "digit": _between(2, 9),
    "power": _words("32 64 128 256 512 1024 2048 4096"),
    "ratio": lambda rng: rng.choice((f"{rng.random():.3f}", f"{rng.random():.2f}", f"{rng.randint(1, 9)}e-{rng.randint(2, 6)}")),
    "standard": _words(
        "ISO_9001 ISO_8601 ISO_216 IEC_62443 IEEE_802.11ax EN_60529 DIN_476 ANSI_B18.2 ISO/IEC_27001:2022 ASTM_D638 "
        "IEEE_754-2019 MIL-STD-810H EN_13501-1"
    ),
    "section": lambda rng: ".".join(str(rng.randint(1, 12)) for _ in range(rng.choice((1, 2, 3)))),
    "rfc": _words("2119 7231 8259 9110 5322 3339 4122 1035 6749"),
    "mode": _words("644 755 0600 0750 777"),
    "ext": _words("py js rs txt log json yaml count"),
    "food": _words("onion rice lentil_soup carrot tomato_sauce bread spinach mushroom potato apple_cake pumpkin"),
    "animal": _words("goat otter hedgehog sparrow beetle cow trout rabbit heron squirrel"),
    "metal": _words("copper aluminium steel zinc brass tin"),
    "prime": _words("101 103 107 109 113 127 131 1009 7919"),
    "clock": lambda rng: f"{rng.randint(6, 22)}:{rng.choice(('00', '15', '30', '45'))}",
    "bigcount": lambda rng: f"{rng.randint(1000, 99_999):,}",
}  # fmt: skip
_SLOTS = {name: ("", generate) for name, generate in FILLERS.items()}


# Each writer's file, and how many frames there are to one of dev: 2 is every other one, 1 all of them, 0 none.
HANDS = {
    "first": ("harmless.txt", 2),
    "second": ("harmless_second.txt", 2),
    "third": ("harmless_third.txt", 0),
    "more": ("harmless_more.txt", 1),
    "fourth": ("harmless_fourth.txt", 2),
}


def samples(n: int, seed: int, split: str, hand: str = "first") -> list[Sample]:
    """About `n` distinct sentences, evenly from all frames; a frame without slots gives one."""
    file, every = HANDS[hand]
    chosen = {
        family: split_frames(frames, split, every) for family, frames in read_frames(FRAMES / file).items()
    }
    turns = -(-n // sum(map(len, chosen.values())))
    made: dict[str, Sample] = {}
    for family, frames in chosen.items():
        rng = random_of(split, f"harmless {seed} {family}")
        for frame in frames:
            for _ in range(turns * 2):
                if (
                    sum(sample.frame == frame for sample in made.values() if sample.group == family)
                    >= turns * 1.3
                ):
                    break
                sample = fill(family, frame, rng, _SLOTS)
                made.setdefault(sample.text, sample)
    return list(made.values())


def main() -> None:
    parser = arguments(__doc__ or "", 2400, "distinct sentences, about")
    parser.add_argument("--hand", choices=HANDS, default="first", help="whose sentences (default first)")
    options = parser.parse_args()
    sentences = samples(options.n, options.seed, options.split, options.hand)
    result: dict[str, object] = {
        "benchmark": "harmless",
        "hand": options.hand,
        "split": options.split,
        "seed": options.seed,
        "n": len(sentences),
    }
    for system, opened in (
        ("stillhouse", open_detector),
        *((("presidio", open_presidio),) if options.presidio else ()),
    ):
        found, seconds = find_all(opened(), [sentence.text for sentence in sentences])
        flagged: dict[str, list[bool]] = defaultdict(list)
        types: dict[str, Counter[str]] = defaultdict(Counter)
        shown: Counter[str] = Counter()
        every: list[bool] = []
        for sentence, spans in zip(sentences, found, strict=True):
            flagged[sentence.group].append(bool(spans))
            every.append(bool(spans))
            types[sentence.group].update(span.entity_type for span in spans)
            if (
                spans
                and system == "stillhouse"
                and options.split == "dev"
                and shown[sentence.group] < options.misses
            ):
                shown[sentence.group] += 1
                said = [f"{span.entity_type}={sentence.text[span.start : span.end]!r}" for span in spans]
                print(f"  [{sentence.group}] {sentence.text!r} {', '.join(said)}")
        families = {family: rate(sum(hits), len(hits)) for family, hits in flagged.items()}
        whole = rate(sum(every), len(every))
        _, low, high = mean_of_groups([replace(sentence, group="all") for sentence in sentences], every)
        print(f"\nharmless, {options.split}, {system}: {len(sentences)} sentences, {seconds:.1f} s")
        print(f"{'family':<18} {'flagged':<24} {'n':<6} types found")
        for family, value in sorted(families.items(), key=lambda item: -(item[1].value or 0.0)):
            said = [f"{name} {count}" for name, count in types[family].most_common()]
            print(f"{family:<18} {told(value):<24} {value.n:<6} {', '.join(said)}")
        print(f"{'all':<18} {told(whole):<24} {whole.n:<6} by frames [{low:.3f}, {high:.3f}]")
        result[system] = {
            "flagged": asdict(whole) | {"low_by_frames": low, "high_by_frames": high},
            "by_family": {family: asdict(value) for family, value in families.items()},
            "types": {family: dict(count) for family, count in types.items()},
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
