"""The demo data is invented, exact and neither trivial nor hopeless to learn."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import phonenumbers
import pytest
from stdnum import iban, luhn

from appliance.demo_data import ANSWER_SCHEMA, SYSTEM_PROMPT, gold_path, write_demo_data
from appliance.demo_data.people import SENTENCES
from privacy.entities import ENTITY_TYPES as KNOWN_TYPES

FIELDS = tuple(ANSWER_SCHEMA["required"])
ENTITY_TYPES = {
    "PERSON",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "ADDRESS",
    "PHONE_NUMBER",
    "BANK_ACCOUNT",
    "DATE_OF_BIRTH",
}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "tickets.jsonl"
    write_demo_data(path)
    return path


@pytest.fixture(scope="module")
def tickets(path: Path) -> list[dict[str, Any]]:
    return _lines(path)


@pytest.fixture(scope="module")
def gold(path: Path) -> list[dict[str, Any]]:
    return _lines(gold_path(path))


@pytest.fixture(scope="module")
def labels(tickets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [json.loads(ticket["reviewed"]) for ticket in tickets]


@pytest.fixture(scope="module")
def values(tickets: list[dict[str, Any]], gold: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(entity type, text) of every gold span."""
    return [
        (span["entity_type"], ticket["message"][span["start"] : span["end"]])
        for ticket, row in zip(tickets, gold, strict=True)
        for span in row["spans"]
    ]


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from appliance.demo_data import write_demo_data as w; "
    script += "w(Path(sys.argv[1]), n=60, seed=3)"
    written = []
    for hash_seed in ("0", "4711"):
        path = tmp_path / f"{hash_seed}.jsonl"
        paths = os.pathsep.join(folder for folder in sys.path if folder)
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
        subprocess.run([sys.executable, "-c", script, str(path)], check=True, env=env)
        written.append((path.read_bytes(), gold_path(path).read_bytes()))
    assert written[0] == written[1]


def test_another_seed_gives_other_tickets(tmp_path: Path) -> None:
    messages = []
    for seed in (1, 2):
        write_demo_data(tmp_path / f"{seed}.jsonl", n=40, seed=seed)
        messages.append({ticket["message"] for ticket in _lines(tmp_path / f"{seed}.jsonl")})
    assert not messages[0] & messages[1]


@pytest.mark.parametrize("n", [1, 2, 37])
def test_as_many_tickets_as_asked_for(tmp_path: Path, n: int) -> None:
    path = tmp_path / "t.jsonl"
    write_demo_data(path, n=n)
    assert len(_lines(path)) == len(_lines(gold_path(path))) == n


@pytest.mark.parametrize("n", [0, -5])
def test_fewer_than_one_ticket_is_refused_and_nothing_written(tmp_path: Path, n: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        write_demo_data(tmp_path / "t.jsonl", n=n)
    assert not list(tmp_path.iterdir())


def test_a_ticket_has_exactly_its_columns(tickets: list[dict[str, Any]]) -> None:
    for i, ticket in enumerate(tickets):
        assert list(ticket) == ["ticket_id", "received", "message", "answer", "reviewed"]
        assert ticket["ticket_id"] == f"T-{i + 1:06d}"
        date.fromisoformat(ticket["received"])


def test_messages_are_short_and_none_comes_twice(tickets: list[dict[str, Any]]) -> None:
    messages = [ticket["message"] for ticket in tickets]
    num_words = [len(message.split()) for message in messages]
    assert len(set(messages)) == len(messages)
    assert min(num_words) >= 25
    assert max(num_words) <= 70
    assert 33 <= np.mean(num_words) <= 50


def test_no_slot_is_left_unfilled(tickets: list[dict[str, Any]]) -> None:
    assert not [ticket["ticket_id"] for ticket in tickets if re.search(r"[{}]|  |\s$|^\s", ticket["message"])]


def test_gold_spans_are_tight_ordered_and_apart(
    tickets: list[dict[str, Any]], gold: list[dict[str, Any]]
) -> None:
    for ticket, row in zip(tickets, gold, strict=True):
        assert (row["id"], row["field"]) == (ticket["ticket_id"], "message")
        end = 0
        for span in row["spans"]:
            text = ticket["message"][span["start"] : span["end"]]
            assert set(span) == {"start", "end", "entity_type"}
            assert end <= span["start"] < span["end"] <= len(ticket["message"])
            assert text == text.strip()
            end = span["end"]


def test_every_type_occurs_often_and_in_the_form_it_claims(values: list[tuple[str, str]]) -> None:
    counts = Counter(entity_type for entity_type, _ in values)
    assert set(counts) == ENTITY_TYPES
    assert min(counts.values()) >= 60
    checks = {
        "CREDIT_CARD": lambda text: luhn.is_valid(re.sub(r"[ -]", "", text)),
        "IBAN_CODE": iban.is_valid,
        "EMAIL_ADDRESS": re.compile(r"[a-z0-9._-]+@(mail\.)?example\.(com|org|net)").fullmatch,
        "BANK_ACCOUNT": re.compile(r"LH-\d{4}-\d{4}|LH\d{8}|\d{9}").fullmatch,
        "PHONE_NUMBER": _is_phone_somewhere,
        "ADDRESS": re.compile(r".*\d.*, .+").fullmatch,
        "DATE_OF_BIRTH": re.compile(r".*(19|20)\d\d.*").fullmatch,
        "PERSON": re.compile(r"[^\d@]{2,}").fullmatch,
    }
    wrong = Counter(entity_type for entity_type, text in values if not checks[entity_type](text))
    assert not wrong


def _is_phone_somewhere(text: str) -> bool:
    countries = ("US", "GB", "DE", "NL", "FR")
    return any(phonenumbers.is_valid_number(phonenumbers.parse(text, country)) for country in countries)


def test_ibans_come_from_several_countries(values: list[tuple[str, str]]) -> None:
    assert len({text[:2] for entity_type, text in values if entity_type == "IBAN_CODE"}) >= 5


def test_the_gold_uses_the_scrubbers_names_of_types() -> None:
    assert set(SENTENCES) == ENTITY_TYPES <= KNOWN_TYPES.keys()


def test_nothing_that_looks_personal_stands_outside_the_gold(
    tickets: list[dict[str, Any]], gold: list[dict[str, Any]], values: list[tuple[str, str]]
) -> None:
    names = sorted({re.escape(text) for entity_type, text in values if entity_type == "PERSON"})
    name = re.compile(rf"\b({'|'.join(names)})\b")
    for ticket, row in zip(tickets, gold, strict=True):
        rest = ticket["message"]
        for span in reversed(row["spans"]):
            rest = rest[: span["start"]] + "\n" + rest[span["end"] :]
        assert not re.search(r"@|\d{3}|\d[ .-]\d", rest)
        assert not name.search(rest)


def test_a_ticket_has_up_to_four_kinds_and_some_have_none(gold: list[dict[str, Any]]) -> None:
    num_kinds = [len({span["entity_type"] for span in row["spans"]}) for row in gold]
    assert max(num_kinds) == 4
    assert 0.05 <= num_kinds.count(0) / len(num_kinds) <= 0.12


def test_references_hold_to_the_schema_in_compact_form(tickets: list[dict[str, Any]]) -> None:
    validator = jsonschema.Draft202012Validator(ANSWER_SCHEMA)
    for ticket in tickets:
        answer = json.loads(ticket["reviewed"])
        validator.validate(answer)
        assert ticket["reviewed"] == json.dumps(answer, separators=(",", ":"))
        assert tuple(answer) == FIELDS
    assert not validator.is_valid({})


def test_the_teacher_is_good_but_not_perfect(tickets: list[dict[str, Any]]) -> None:
    num_malformed = num_wrong = 0
    for ticket in tickets:
        try:
            answer = json.loads(ticket["answer"])
        except json.JSONDecodeError:
            num_malformed += 1
            continue
        jsonschema.validate(answer, ANSWER_SCHEMA)
        reviewed = json.loads(ticket["reviewed"])
        num_differences = sum(answer[field] != reviewed[field] for field in FIELDS)
        assert num_differences <= 1
        num_wrong += num_differences
    assert (num_wrong, num_malformed) == (24, 6)


def test_no_constant_guess_gets_far(labels: list[dict[str, Any]]) -> None:
    shares = {field: Counter(label[field] for label in labels) for field in FIELDS}
    for field in FIELDS:
        assert len(shares[field]) == len(ANSWER_SCHEMA["properties"][field].get("enum", (True, False)))
    assert max(shares["queue"].values()) <= 0.35 * len(labels)
    assert max(shares["product"].values()) <= 0.25 * len(labels)
    assert max(Counter(tuple(label.values()) for label in labels).values()) <= 0.1 * len(labels)


def test_customers_do_not_use_our_product_labels(
    tickets: list[dict[str, Any]], labels: list[dict[str, Any]]
) -> None:
    assert not [
        ticket["ticket_id"]
        for ticket, label in zip(tickets, labels, strict=True)
        if re.search(rf"\b{label['product']}\b", ticket["message"], re.IGNORECASE)
    ]


def test_the_prompt_names_every_allowed_value_in_sixty_words() -> None:
    assert len(SYSTEM_PROMPT.split()) <= 60
    for field, rule in ANSWER_SCHEMA["properties"].items():
        assert f"{field}: {', '.join(rule.get('enum', ('true', 'false')))}" in SYSTEM_PROMPT


def test_a_bag_of_words_learns_much_but_not_all_from_420_tickets(
    tickets: list[dict[str, Any]], labels: list[dict[str, Any]]
) -> None:
    order = np.random.default_rng(0).permutation(len(tickets))
    kernel = _word_kernel([tickets[i]["message"] for i in order], num_train=420)
    hits = np.ones(len(tickets) - 420, dtype=bool)
    for field in FIELDS:
        hits &= _ridge_hits(kernel, [str(labels[i][field]) for i in order], num_train=420)
    assert 0.5 <= hits.mean() <= 0.85


def _word_kernel(messages: Sequence[str], num_train: int) -> np.ndarray:
    """Cosines, n by n, of tf-idf over the words and pairs of words that training has twice."""
    found = []
    for message in messages:
        words = re.findall(r"[a-z0-9-]+", message.lower())
        found.append({*words, *(f"{a} {b}" for a, b in pairwise(words))})
    seen: Mapping[str, int] = Counter(term for terms in found[:num_train] for term in terms)
    column = {term: i for i, term in enumerate(sorted(term for term, times in seen.items() if times > 1))}
    matrix = np.zeros((len(messages), len(column)))
    for row, terms in enumerate(found):
        for term in terms & column.keys():
            # A pair counts half: in 420 tickets most pairs are chance.
            weight = 0.5 if " " in term else 1.0
            matrix[row, column[term]] = weight * np.log((num_train + 1) / (seen[term] + 1))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix @ matrix.T


def _ridge_hits(kernel: np.ndarray, labels: Sequence[str], num_train: int) -> np.ndarray:
    """Which held-out labels a one-against-all ridge regression gets right."""
    values = sorted(set(labels))
    truth = np.array([values.index(label) for label in labels])
    targets = np.eye(len(values))[truth[:num_train]]
    mean = targets.mean(axis=0)
    weights = np.linalg.solve(kernel[:num_train, :num_train] + 0.05 * np.eye(num_train), targets - mean)
    return (kernel[num_train:, :num_train] @ weights + mean).argmax(axis=1) == truth[num_train:]
