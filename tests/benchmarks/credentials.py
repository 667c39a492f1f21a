"""Measures the secrets recogniser: recall per family on fresh values in many carriers, false alarms on real text.

    python tests/benchmarks/credentials.py [--per-family 100] [--benign 100000] [--seed 1]
    python tests/benchmarks/credentials.py --hand second|third --split dev|held-out [--lines 6000] [--seed 1]

A secret counts as found when every character of it is covered. The benign lines are read at run time from the
standard library and from installed packages (sources, documentation, licences, metadata); an alarm there is printed as
family, file name and line number, never as text. The last line is JSON.

`--hand second` and `--hand third` take the lines of two writers who had not seen the rules (`secret_lines` and
`secret_lines_third`), half of whose families, every other one by name, are held out: of those only figures are printed.
There a secret counts as found when every letter and digit of it is covered, and the benign lines are look-alikes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import site
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import secret_lines
import secret_lines_third
from secret_formats import FORMATS, Format

from privacy.measure import rate
from privacy.recognizers.rule import Clock
from privacy.recognizers.secrets import find_secrets

HANDS = {"second": secret_lines, "third": secret_lines_third}

# {v} is the secret, or the piece of text that holds it.
BARE = (
    "{v}",
    "Please use {v} until Friday, then rotate it.",
    "The new one is {v}.",
    'I pasted "{v}" into the chat by mistake',
    "It is in the wiki ({v}), please remove it",
    "see `{v}` above",
    "[10:42] dana: here you go {v} :)",
    "2026-03-02T10:11:12Z ERROR auth failed for client={v} status=401",
    "WARN  [http-nio-8080] c.e.Api - rejected {v}, retry in 5s",
    "17,anna,{v},active",
    "17\tanna\t{v}\tactive",
    "<td>{v}</td>",
    "./deploy.sh --region eu {v}",
    'curl -H "X-Auth: {v}" https://api.example.com/v1/items',
    "ValueError: bad credential '{v}'",
    "- {v}",
    '{{"message": "got {v} from the customer"}}',
    "> {v}\n> thanks",
    "First line\n{v}\nlast line",
    "http://ci.local/job/12?x={v}&page=2",
)
# {s} snake_case, {e} ENV_NAME, {c} camelCase, {k} kebab-case, {l} as people write it.
LABELLED = (
    "{e}={v}",
    'export {e}="{v}"',
    '{{"{s}": "{v}"}}',
    '{{\\"{c}\\": \\"{v}\\", \\"n\\": 1}}',
    "{s}: {v}",
    '  {s}: "{v}"',
    '{s} = "{v}"',
    "{s} = '{v}'",
    'const {c} = "{v}";',
    "Our {l} is {v}, keep it safe",
    "{l}: {v}",
    "<{c}>{v}</{c}>",
    "docker run -e {e}={v} shop:latest",
    "ENV {e} {v}",
    "https://api.example.com/v1?{s}={v}&page=2",
    "X-{k}: {v}",
    '$env:{e} = "{v}"',
    "./sync --{k} {v} --verbose",
    '{c} := "{v}"',
    'client = Client({s}="{v}", timeout=3)',
    'os.environ["{e}"] = "{v}"',
    "the {l} for production is {v}.",
    'config["{s}"] = "{v}"',
    "| {l} | {v} |",
)


def carriers(family: Format, rng: random.Random) -> tuple[str, str]:
    """One secret in one carrier: the text and the part that must be covered."""
    made = family.make(rng)
    piece, secret = (made, made) if isinstance(made, str) else made
    label = rng.choice(family.labels) if family.labels else None
    if label is None and isinstance(made, str) and "\n" not in made and rng.random() < 0.5:
        label = rng.choice(["access token", "service key", "credential", "upload URL", "value 2"])
    if label is None:
        return rng.choice(BARE).format(v=piece), secret
    words = re.findall(r"[A-Za-z0-9]+", label)
    names = {
        "s": "_".join(words).lower(),
        "e": "_".join(words).upper(),
        "c": words[0].lower() + "".join(word.capitalize() for word in words[1:]),
        "k": "-".join(words).lower(),
        "l": label,
    }
    shape = rng.choice(
        [c for c in LABELLED if "https" not in c or secret.isascii() and not set(secret) & set("+/=!@$%^*?")]
    )
    return shape.format(v=piece, **names), secret


def is_covered(text: str, secret: str) -> bool:
    """Every character of the secret lies in a finding."""
    start = text.rindex(secret)
    covered = bytearray(len(text))
    for span in find_secrets(text, Clock(5.0)):
        covered[span.start : span.end] = b"\1" * (span.end - span.start)
    return all(covered[start : start + len(secret)])


def benign_lines(limit: int, rng: random.Random) -> Iterator[tuple[Path, int, str]]:
    """Lines of 20 to 400 characters, whole files in random order. Test folders are left out: they hold test keys."""
    roots = [Path(sysconfig.get_path("stdlib")), *map(Path, site.getsitepackages())]
    files = sorted(
        path
        for root in roots
        for path in root.rglob("*")
        if path.suffix
        in {".py", ".pyi", ".md", ".rst", ".txt", ".json", ".toml", ".yaml", ".cfg", ".js", ".html"}
        or path.name in {"METADATA", "RECORD", "LICENSE"}
        if path.is_file()
        and not re.search(r"(?:^|[/_.])(?:tests?|testing|mock|conftest)(?:[/_.]|$)", str(path))
        and (root.name == "site-packages" or "site-packages" not in path.parts)
    )
    rng.shuffle(files)
    seen = 0
    for path in files:
        lines = path.read_text(encoding="utf-8", errors="ignore").splitlines()
        start = rng.randrange(max(1, len(lines) - 300))
        for number, line in enumerate(lines[start : start + 300], start + 1):
            if 20 <= len(line) <= 400:
                yield path, number, line
                seen += 1
                if seen == limit:
                    return


def other_hand(hand: ModuleType, split: str, lines: int, seed: int) -> None:
    """Prints recall on the half's families, and false alarms on the benign look-alikes, of which there is one set."""
    half = set(hand.FAMILIES[0 if split == "dev" else 1 :: 2])
    missed: Counter[str] = Counter()
    asked = 0
    for family, text, start, end in hand.secret_lines(lines, seed):
        if family not in half:
            continue
        asked += 1
        covered = {at for span in find_secrets(text, Clock(5.0)) for at in range(span.start, span.end)}
        missed[family] += any(text[at].isalnum() and at not in covered for at in range(start, end))
    benign = list(dict.fromkeys(hand.benign_lines(lines, seed)))
    alarms = sum(bool(find_secrets(line, Clock(5.0))) for line in benign)
    if split == "dev":
        print("missed by family:", {family: count for family, count in missed.most_common() if count})
    print(
        json.dumps(
            {
                "split": split,
                "families": len(half),
                "families_with_a_miss": sum(count > 0 for count in missed.values()),
                "recall": asdict(rate(asked - missed.total(), asked)),
                "benign_alarms": asdict(rate(alarms, len(benign))),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-family", type=int, default=100)
    parser.add_argument("--benign", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hand", choices=("own", *HANDS), default="own")
    parser.add_argument("--split", choices=("dev", "held-out"), default="dev")
    parser.add_argument("--lines", type=int, default=6000)
    arguments = parser.parse_args()
    if arguments.hand in HANDS:
        return other_hand(HANDS[arguments.hand], arguments.split, arguments.lines, arguments.seed)
    rng = random.Random(arguments.seed)

    found = {
        family.family: sum(is_covered(*carriers(family, rng)) for _ in range(arguments.per_family))
        for family in FORMATS
    }
    print(f"{'family':26} recall  95% interval")
    for name, hits in sorted(found.items(), key=lambda item: (item[1], item[0])):
        score = rate(hits, arguments.per_family)
        print(f"{name:26} {score.value:.3f}  {score.low:.3f}..{score.high:.3f}")

    alarms: Counter[str] = Counter()
    benign = list(benign_lines(arguments.benign, rng))
    start = time.perf_counter()
    flagged = [(path, number, find_secrets(line, Clock(5.0))) for path, number, line in benign]
    elapsed_s = time.perf_counter() - start
    for path, number, spans in flagged:
        if spans:
            alarms[spans[0].recognizer] += 1
            print(f"alarm {spans[0].recognizer}: {path.parent.name}/{path.name}:{number}")
    overall = rate(sum(found.values()), arguments.per_family * len(FORMATS))
    worst = min(found, key=lambda name: found[name])
    wrong = rate(sum(alarms.values()), len(benign))
    assert overall.value is not None and wrong.value is not None
    print("alarms by family:", dict(alarms.most_common()))
    print(
        json.dumps(
            {
                "families": len(FORMATS),
                "recall": round(overall.value, 5),
                "low": overall.low,
                "worst_family": worst,
                "worst": found[worst] / arguments.per_family,
                "false_alarms": sum(alarms.values()),
                "benign_lines": len(benign),
                "false_alarms_per_10000": round(wrong.value * 10_000, 3),
                "false_alarms_per_10000_high": wrong.high and round(wrong.high * 10_000, 3),
                "lines_per_s": round(len(benign) / elapsed_s),
            }
        )
    )


if __name__ == "__main__":
    main()
