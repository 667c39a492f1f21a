"""A transformer that says of each token whether it is personal, run by ONNX Runtime on one core.

Covered: any BERT-like token-classification folder (`tokenizer.json`, `config.json` with `id2label`, `*.onnx`) whose labels
are known here; texts of any length, in overlapping windows. Not covered: models without a fast tokenizer. ONNX Runtime and
tokenizers are imported here and nowhere else.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import regex

from privacy.recognizers.rule import Clock
from privacy.records import Span

# Tokens of a text that is read whole, of a window of a longer one, and how many of them two neighbours share that no sentence's end
# parts. Short windows find more and are faster: attention grows with the square.
_WHOLE, _WINDOW, _OVERLAP = 192, 64, 16
# Where a window may end and the next begin: not behind a title or an initial, nor where a line's end may part a name.
_END = regex.compile(r"(?<=[^\p{L}\s,-]|\n)[ \t]*\n|(?<=\p{Ll}{4}[.!?])[\"'”’)]?[ ]+(?=[^\p{Ll}])")
# Tokens computed at once, where a model may: more would leave the processor's nearest memory.
_TOGETHER = 256
_Tokens = tuple[int, ...]

_TYPES = {
    "PERSON": "GIVEN_NAME SURNAME FIRSTNAME LASTNAME MIDDLENAME GIVENNAME PER PERSON NAME PATIENT DOCTOR HCW STAFF",
    "LOCATION": "CITY STATE COUNTY COUNTRY LOC LOCATION GPE HOSPITAL",
    "ADDRESS": "BUILDING_NUMBER BUILDINGNUM STREET_NAME STREET SECONDARY_ADDRESS STREET_ADDRESS ADDRESS",
    "POSTCODE": "ZIP_CODE ZIPCODE ZIP POSTCODE",
    "ORGANIZATION": "ORG ORGANIZATION COMPANY_NAME COMPANY VENDOR",
    "EMAIL_ADDRESS": "EMAIL EMAIL_ADDRESS",
    "PHONE_NUMBER": "PHONE PHONE_NUMBER TELEPHONENUM TELEPHONE FAX",
    "URL": "URL",
    "TAX_ID": "TAX_ID TAXNUM",
    "BANK_ACCOUNT": "BANK_ACCOUNT ROUTING_NUMBER ACCOUNTNUM ACCOUNT_NUMBER",
    "NATIONAL_ID": "GOVERNMENT_ID IDCARDNUM SOCIALNUM SSN ID",
    "PASSPORT": "PASSPORT PASSPORTNUM",
    "DRIVER_LICENSE": "DRIVERS_LICENSE DRIVERLICENSENUM DRIVER_LICENSE",
    "CREDIT_CARD": "CREDIT_CARD CREDITCARDNUMBER",
    "DATE_OF_BIRTH": "DATEOFBIRTH DATE_OF_BIRTH DOB",
    "DATE_TIME": "DATE DATE_TIME",
    "AGE": "AGE",
    "USERNAME": "USERNAME USER_NAME",
    "SECRET": "PASSWORD PIN SECRET",
}
"""Our type -> the labels that models use for it."""
_TYPE_OF = {label: ours for ours, labels in _TYPES.items() for label in labels.split()}


@dataclass(frozen=True, slots=True)
class _Window:
    text: int
    """Index of its text."""
    first: int
    """Its first token among the text's."""
    ids: list[int]


class TokenClassifier:
    """Loads in a tenth of a second. Not safe to share between threads."""

    def __init__(self, folder: Path, *, min_score: float = 0.35) -> None:
        """Raises ValueError, in one line, for a folder that is no such model."""
        # From 1.29 on it calls home unless told otherwise before it is loaded; the lock file stays below.
        os.environ["ORT_DISABLE_TELEMETRY"] = os.environ["ORT_TELEMETRY_DISABLED"] = "1"
        import onnxruntime
        from tokenizers import Tokenizer

        models = sorted(folder.glob("*.onnx")) + sorted(folder.glob("onnx/*.onnx"))
        for name in ("tokenizer.json", "config.json"):
            if not (folder / name).is_file():
                raise ValueError(f"{folder}: not a token-classification folder (no {name})")
        if len(models) != 1:
            raise ValueError(f"{folder}: holds {len(models)} *.onnx files; one is expected")
        labels = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("id2label", {})
        self._types = _label_types(labels, folder)
        self._outside = np.array([kind is None for kind in self._types])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.words = frozenset(
            word
            for word in self._tokenizer.get_vocab()
            if len(word) >= 3 and word.isalpha() and word.islower()
        )
        """Frequent words of the language, and frequent names."""
        around = self._tokenizer.encode("").ids
        if len(around) != 2:
            raise ValueError(
                f"{folder}: its tokenizer adds {len(around)} tokens around a text; 2 are expected"
            )
        self._first, self._last = around
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(models[0]), options, providers=["CPUExecutionProvider"]
        )
        inputs = {entry.name: entry.shape for entry in self._session.get_inputs()}
        self._inputs = frozenset(inputs)
        # Most 8-bit models take the scale of their integers from all that is computed at once, so in a batch a text's findings
        # would change with its neighbours. Those of `onnx_weights` have fixed scales, and take windows of several lengths.
        self._lengths = inputs["shapes"][0] if "shapes" in inputs else 0
        self._min_score = min_score

    def find(self, texts: Sequence[str], clock: Clock) -> list[list[Span]]:
        """The findings of each text: whole words, neighbours of one type joined. Raises TimeoutError."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        chances: list[list[Any]] = [[] for _ in texts]
        windows = [
            window
            for index, (text, encoding) in enumerate(zip(texts, encodings, strict=True))
            for window in _windows(index, text, encoding)
        ]
        for window, probabilities in self._run(windows, clock):
            chances[window.text].append((window.first, probabilities))
        return [
            self._spans(text, encoding, _joined(found, len(encoding.ids))) if found else []
            for text, encoding, found in zip(texts, encodings, chances, strict=True)
        ]

    def _run(self, windows: list[_Window], clock: Clock) -> list[tuple[_Window, Any]]:
        """(window, probabilities of its tokens) in any order; equal windows are computed once."""
        same: dict[_Tokens, list[_Window]] = {}
        for window in windows:
            same.setdefault(tuple(window.ids), []).append(window)
        results = []
        for batch in self._batches(sorted(same, key=len)):
            clock.left_s()
            for tokens, probabilities in zip(batch, self._probabilities(batch), strict=True):
                results += [(window, probabilities) for window in same[tokens]]
        return results

    def _batches(self, windows: list[_Tokens]) -> Iterator[list[_Tokens]]:
        """The windows, sorted by length, as many at once as the model takes."""
        batch: list[_Tokens] = []
        lengths = tokens = 0
        for window in windows:
            longer = not batch or len(window) > len(batch[-1])
            if batch and (lengths + longer > self._lengths or tokens + len(window) > _TOGETHER):
                yield batch
                batch, lengths, tokens, longer = [], 0, 0, True
            batch.append(window)
            lengths += longer
            tokens += len(window) + 2
        if batch:
            yield batch

    def _probabilities(self, batch: list[_Tokens]) -> list[Any]:
        """[tokens, labels] of each window."""
        whole = [(self._first, *tokens, self._last) for tokens in batch]
        feed = self._several(whole) if self._lengths else self._alone(whole[0])
        logits = self._session.run(None, feed)[0].reshape(-1, len(self._types))
        exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probabilities = exp / exp.sum(axis=-1, keepdims=True)
        ends = np.cumsum([len(window) for window in whole])
        return [
            probabilities[end - len(window) + 1 : end - 1] for window, end in zip(whole, ends, strict=True)
        ]

    def _alone(self, window: _Tokens) -> dict[str, Any]:
        ids = np.array([window], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return {name: feed[name] for name in self._inputs}

    def _several(self, windows: list[_Tokens]) -> dict[str, Any]:
        shapes = [[len(list(alike)), length] for length, alike in groupby(map(len, windows))]
        # A length that is not needed is one token by itself; it stands at the end, and what comes of it is not read.
        more = self._lengths - len(shapes)
        return {
            "input_ids": np.array([*chain.from_iterable(windows), *[self._last] * more], np.int64),
            "positions": np.array(
                [*chain.from_iterable(map(range, map(len, windows))), *[0] * more], np.int64
            ),
            "shapes": np.array(shapes + [[1, 1]] * more, np.int64),
        }

    def _spans(self, text: str, encoding: Any, chances: Any) -> list[Span]:
        personal = 1.0 - chances[:, self._outside].sum(axis=1)
        hot = np.flatnonzero(_score(personal) >= self._min_score)
        offsets, words = encoding.offsets, encoding.word_ids
        spans: list[Span] = []
        for index in hot:
            kind = self._types[int(np.where(self._outside, 0.0, chances[index]).argmax())]
            assert kind is not None
            start, end = offsets[index]
            score = float(_score(personal[index]))
            last = spans[-1] if spans else None
            same_word = (
                last is not None and index > 0 and words[index - 1] == words[index] and last.end == start
            )
            if last is not None and (
                same_word or (last.entity_type == kind and _GAP.fullmatch(text, last.end, start))
            ):
                # Half a word cannot be another thing than its beginning.
                spans[-1] = Span(last.start, end, last.entity_type, max(last.score, score), "transformer")
            else:
                spans.append(Span(start, end, kind, score, "transformer"))
        return spans


def _score(personal: Any) -> Any:
    """Below what a checksum (1) or a pattern beside its word (0.75) gives, since they know better what it is."""
    return 0.7 * personal**0.5


_GAP = regex.compile(r"[ \t]{0,2}[-'’.]?[ \t]{0,2}")


def _label_types(labels: dict[str, str], folder: Path) -> list[str | None]:
    """Our type of each label, None for "outside"."""
    types: list[str | None] = []
    for number in range(len(labels)):
        label = labels[str(number)]
        name = label.split("-", 1)[1] if label[1:2] == "-" else label
        if label != "O" and name.upper() not in _TYPE_OF:
            raise ValueError(
                f"{folder}: its label '{label}' has no type here; bring a model of personal data"
            )
        types.append(None if label == "O" else _TYPE_OF[name.upper()])
    if None not in types or len(types) < 2:
        raise ValueError(f"{folder}: config.json names no labels (id2label with 'O' and others)")
    return types


def _windows(index: int, text: str, encoding: Any) -> list[_Window]:
    """A text of few tokens is one. Of others each goes as far as it can up to where a sentence or a line ends, or shares tokens with the next."""
    ids = encoding.ids
    if len(ids) <= _WHOLE:
        return [_Window(index, 0, ids)] if ids else []
    starts = [start for start, _ in encoding.offsets]
    ends = [bisect_left(starts, match.end()) for match in _END.finditer(text)]
    windows: list[_Window] = []
    first = 0
    while len(ids) - first > _WINDOW:
        at = bisect_right(ends, first + _WINDOW) - 1
        parted = at >= 0 and ends[at] > first + _WINDOW // 3
        end = ends[at] if parted else first + _WINDOW
        windows.append(_Window(index, first, ids[first:end]))
        first = end if parted else end - _OVERLAP
    return [*windows, _Window(index, first, ids[first:])]


def _joined(found: list[tuple[int, Any]], length: int) -> Any:
    """One row a token; where windows overlap each token is taken from the one that sees more around it."""
    if len(found) == 1:
        return found[0][1]
    found.sort(key=lambda part: part[0])
    whole = np.empty((length, found[0][1].shape[1]), found[0][1].dtype)
    done = 0
    for first, rows in found:
        shared = (done - first) // 2
        done = first + len(rows)
        whole[first + shared : done] = rows[shared:]
    return whole
