"""What a teacher held likeliest at each token of its answers: kept on disk, read back, learnt from after it is gone.

A teacher that needs the whole machine answers, gives its k best log-probabilities at each token, and is shut down; the
student still learns from its distributions, token by token.
"""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distill.text_files import TextKey, put_line, take_line
from distill.text_files import read as read_text_file
from distill.text_files import write as write_text_file
from distill.values import Token, TopTokens

_TABLE = b"tokens"
"""Parquet metadata: the bytes of each token as latin-1, where the ids in the file count in this table."""
_ROW_GROUP = 1024
_Line = tuple[str, bool, list[Any], list[Any]]
"""Record id, whether the answer came to its end, its tokens, the likeliest at each."""


@dataclass(frozen=True, slots=True)
class TokenTargets:
    """One answer in the student's token ids, its end-of-turn token included: n tokens, k likeliest at each."""

    token_ids: np.ndarray
    """[n] int32: what the teacher said."""
    top_ids: np.ndarray
    """[n, k] int32, likeliest first; -1 where there is none, or none in the student's vocabulary."""
    top_logprobs: np.ndarray
    """[n, k] float32: natural logarithms of probabilities over the teacher's whole vocabulary; -inf beside -1."""


def likeliest_first(
    said: Token, logprob: float | None, others: Iterable[tuple[Token, float]], k: int
) -> tuple[tuple[Token, float], ...]:
    """The k likeliest tokens of one place, among them the one that was said, which a tie may have kept out.

    Where its own log-probability is not told it is the best one: answers are greedy.
    """
    found = dict(others)
    if said not in found:
        found = {said: max(found.values(), default=0.0) if logprob is None else logprob, **found}
    ranked = sorted(found.items(), key=lambda entry: (-entry[1], entry[0] != said))[:k]
    if said not in dict(ranked):
        ranked[-1] = (said, found[said])
    return tuple(ranked)


def said_logprob(answer: TopTokens) -> float:
    """Natural logarithm of the probability of all that was said: at each place it is among the likeliest."""
    return sum(dict(place)[token] for token, place in zip(answer.tokens, answer.top, strict=True))


class Journal:
    """Answers appended as they come, one line each: a kill loses at most the line being written."""

    def __init__(self, path: Path, key: TextKey | None = None) -> None:
        self.path, self._key = path, key
        self._offsets = _whole_lines(path, key)
        end = max((end for _, end in self._offsets.values()), default=0)
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(end)
        self._file.seek(end)

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._offsets

    def __len__(self) -> int:
        return len(self._offsets)

    def append(self, record_id: str, answer: TopTokens, finished: bool) -> None:
        top = [[(token, float(f"{logprob:.6g}")) for token, logprob in place] for place in answer.top]
        line = json.dumps([record_id, finished, answer.tokens, top], separators=(",", ":")).encode()
        start = self._file.tell()
        self._file.write(put_line(line, self._key) + b"\n")
        self._file.flush()
        self._offsets[record_id] = (start, self._file.tell())

    def close(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()

    def lines(self) -> Iterator[_Line]:
        """By record id, so that the order of arrival does not show."""
        with self.path.open("rb") as file:
            for _, (start, end) in sorted(self._offsets.items()):
                file.seek(start)
                line = file.read(end - start).removesuffix(b"\n")
                yield tuple(json.loads(take_line(line, self.path, self._key)))


def _whole_lines(path: Path, key: TextKey | None) -> dict[str, tuple[int, int]]:
    """Record id -> (start, end) in the file; a line cut by a kill ends it. The last line of a record counts."""
    found: dict[str, tuple[int, int]] = {}
    start = 0
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                text = take_line(line.removesuffix(b"\n"), path, key)
                try:
                    record_id = json.loads(text)[0]
                except (ValueError, IndexError, KeyError):
                    record_id = None
                if not isinstance(record_id, str):
                    break
                found[record_id] = (start, start + len(line))
                start += len(line)
    return found


def write_topk(journal: Journal, path: Path, k: int, key: TextKey | None = None) -> int:
    """The journal as one Parquet file (zstd), complete or not there; the number of its tokens.

    Log-probabilities are kept as float16: off by at most a 2,000th of their value. Ids of tokens that came as bytes
    count in a table of the file's own. Raises ValueError where some answers have ids and others bytes.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns = ("token_ids", pa.int32()), ("top_ids", pa.int32()), ("top_logprobs", pa.float16())
    schema = pa.schema(
        [
            ("record_id", pa.string()),
            ("finished", pa.bool_()),
            *((name, pa.list_(element)) for name, element in columns),
        ],
        metadata={"k": str(k)},
    )
    content = io.BytesIO()
    table: dict[str, int] = {}
    kinds: set[type] = set()
    num_tokens = 0
    with parquet.ParquetWriter(
        content,
        schema,
        compression="zstd",
        compression_level=9,
        use_dictionary=False,
        # Neighbouring values share their high bytes: split by byte, they compress better.
        use_byte_stream_split=[f"{name}.list.element" for name, _ in columns],
    ) as writer:
        for rows in _groups(journal.lines(), _ROW_GROUP):
            arrays = [_as_arrays(tokens, top, k, table) for _, _, tokens, top in rows]
            lists = [
                pa.ListArray.from_arrays(
                    pa.array(np.cumsum([0, *(each[at].size for each in arrays)]), pa.int32()),
                    pa.array(np.concatenate([each[at].ravel() for each in arrays]), element),
                )
                for at, (_, element) in enumerate(columns)
            ]
            ids, finished = [row[0] for row in rows], [row[1] for row in rows]
            writer.write_table(
                pa.Table.from_arrays([pa.array(ids), pa.array(finished), *lists], schema=schema)
            )
            num_tokens += sum(len(each[0]) for each in arrays)
            kinds |= {type(token) for _, _, tokens, _ in rows for token in tokens}
            if len(kinds) > 1:
                raise ValueError(
                    "the teacher's server gave token ids with some answers and text with others: delete the stage's "
                    "folder, run again, and let one server answer all"
                )
        if table:
            writer.add_key_value_metadata({_TABLE.decode(): json.dumps(list(table))})
    write_text_file(path, content.getvalue(), key)
    return num_tokens


def _groups(rows: Iterable[_Line], size: int) -> Iterator[list[_Line]]:
    waiting = iter(rows)
    while group := list(itertools.islice(waiting, size)):
        yield group


def _as_arrays(
    tokens: Sequence[Token], top: Sequence[Sequence[tuple[Token, float]]], k: int, table: dict[str, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """([n], [n, k], [n, k]) of one answer; tokens that are bytes are numbered in the table, which grows."""

    def number(token: Token) -> int:
        return token if isinstance(token, int) else table.setdefault(token, len(table))

    ids = np.full((len(tokens), k), -1, dtype=np.int32)
    logprobs = np.full((len(tokens), k), -np.inf, dtype=np.float16)
    for at, place in enumerate(top):
        pairs = np.array([(number(token), logprob) for token, logprob in place[:k]])
        ids[at, : len(pairs)], logprobs[at, : len(pairs)] = pairs[:, 0], pairs[:, 1]
    return np.array([number(token) for token in tokens], dtype=np.int32), ids, logprobs


class TopKStore(Mapping[str, TokenTargets]):
    """The finished answers of a file that the student can be taught token by token; 6·k + 4 bytes a token in memory."""

    def __init__(
        self,
        path: Path,
        end_id: int,
        vocabulary: Mapping[bytes, int] | None = None,
        key: TextKey | None = None,
    ) -> None:
        """`end_id` is the student's end-of-turn token: an answer whose server kept it back gets it, as the only choice.

        `vocabulary` (`vocabulary.vocabulary_bytes`) is needed where the file `has_bytes`: tokens that the student does not have
        count as not told, and an answer that says one is left out. Without it ids are taken to be the student's.
        """
        from pyarrow import parquet

        found = parquet.ParquetFile(io.BytesIO(read_text_file(path, key))).read()
        metadata = found.schema.metadata
        self.k = int(metadata[b"k"])
        self._end_id = end_id
        said, top, logprobs = (
            found[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            for name in ("token_ids", "top_ids", "top_logprobs")
        )
        if _TABLE in metadata:
            if vocabulary is None:
                raise ValueError(f"{path.name} holds tokens as bytes: the student's vocabulary is needed")
            known = [vocabulary.get(token.encode("latin-1"), -1) for token in json.loads(metadata[_TABLE])]
            remap = np.array([*known, -1], dtype=np.int32)  # index -1 stays -1
            said, top = remap[said], remap[top]
        self._said, self._top, self._logprobs = said, top.reshape(-1, self.k), logprobs.reshape(-1, self.k)
        lengths = found["token_ids"].combine_chunks().value_lengths().to_numpy(zero_copy_only=False)
        ends = np.cumsum(lengths)
        self.num_stored = len(found)
        """Answers in the file, usable or not."""
        self._places = {
            record_id: (int(end - length), int(end))
            for record_id, finished, length, end in zip(
                found["record_id"].to_pylist(), found["finished"].to_pylist(), lengths, ends, strict=True
            )
            if finished and self._usable(int(end - length), int(end))
        }

    def _usable(self, start: int, end: int) -> bool:
        return bool((self._said[start:end] >= 0).all() and (self._top[start:end] >= 0).any(axis=1).all())

    def __getitem__(self, record_id: str) -> TokenTargets:
        start, end = self._places[record_id]
        said, top = self._said[start:end], self._top[start:end]
        logprobs = np.where(top >= 0, self._logprobs[start:end].astype(np.float32), np.float32(-np.inf))
        if end == start or said[-1] != self._end_id:
            row = np.full((1, self.k), -1, dtype=np.int32)
            row[0, 0] = self._end_id
            sure = np.where(row >= 0, np.float32(0), np.float32(-np.inf))
            said = np.append(said, np.int32(self._end_id))
            top, logprobs = np.concatenate([top, row]), np.concatenate([logprobs, sure])
        return TokenTargets(said, top, logprobs)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def has_bytes(path: Path, key: TextKey | None = None) -> bool:
    """Whether the server told no ids: the tokens of the file must be found in the student's vocabulary."""
    from pyarrow import parquet

    return _TABLE in (parquet.read_metadata(io.BytesIO(read_text_file(path, key))).metadata or {})


def topk_kl(logits: Any, top_ids: Any, top_logprobs: Any, tail: bool = True) -> Any:
    """Forward KL(teacher || student) of each token, from the teacher's k likeliest: shape [n], in nats.

    `logits` [n, V] are the student's (fp32); `top_ids` [n, k] int64, -1 where there is none, at least one of the
    student's in each row; `top_logprobs` [n, k]. With `tail` all other tokens are one bucket, of what mass is left on either side: the KL of two
    coarser distributions, which is never above that of the full ones (data-processing inequality; Cover and Thomas,
    Elements of Information Theory, section 4.4) and equal to it for k = V. Without, the teacher is cut to its k
    likeliest and scaled to 1, as is common; this draws the student's whole mass into them.
    """
    import torch

    given = (top_ids >= 0) & (top_ids < logits.shape[-1])  # a teacher may have tokens that the student lacks
    # What is not given stands on a token of the row that is, with probability 0.
    ids = torch.where(given, top_ids, -1)
    ids = torch.where(given, ids, ids.max(dim=-1, keepdim=True).values)
    p = torch.where(given, top_logprobs.float().exp(), 0.0)
    mass = p.sum(dim=-1, keepdim=True)
    tail = tail and ids.shape[-1] < logits.shape[-1]
    p = p / (mass.clamp(min=1.0) if tail else mass)  # rounding may lift the sum over 1
    log_z = logits.logsumexp(dim=-1, keepdim=True)
    cross = -(p * (logits.gather(-1, ids) - log_z)).sum(dim=-1)
    entropy = -torch.xlogy(p, p).sum(dim=-1)
    if not tail:
        return cross - entropy
    p_tail = (1.0 - p.sum(dim=-1)).clamp(min=0.0)
    # The student's rest from the logits themselves: 1 - sum(q) would lose all digits where the student is sure.
    rest = logits.scatter(-1, ids, -torch.inf).logsumexp(dim=-1) - log_z.squeeze(-1)
    return cross - entropy - p_tail * rest + torch.xlogy(p_tail, p_tail)


def batch_targets(targets: Sequence[TokenTargets]) -> tuple[Any, Any, Any]:
    """The rows of several answers one below the other, as `topk_kl` takes them: ([n], [n, k], [n, k]) tensors."""
    import torch

    return (
        torch.from_numpy(np.concatenate([each.token_ids for each in targets])).long(),
        torch.from_numpy(np.concatenate([each.top_ids for each in targets])).long(),
        torch.from_numpy(np.concatenate([each.top_logprobs for each in targets])),
    )
