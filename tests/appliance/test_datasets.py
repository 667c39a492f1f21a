"""What is brought in is kept as it was and described without its text; what is not fit leaves one sentence and nothing else."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import random
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance import datasets
from appliance.datasets import DataError, DataSettings, copying
from appliance.datasets.columns import Profile
from appliance.datasets.examine import examine
from appliance.home import Home
from appliance.people.acting import Actor, NotAllowed, Role

MARIA = Actor("maria", frozenset({Role.OPERATOR}), "console")
ROWS = "number,message,queue\n" + "".join(
    f'{n},"the bill, number {n}, is wrong",{"billing" if n % 3 else "repairs"}\n' for n in range(1, 31)
)


@pytest.fixture
def home(stillhouse_home: Path) -> Home:
    (stillhouse_home / "data.toml").write_text("spare_bytes = 0\n")
    return Home.open()


def bring(home: Home, content: bytes | str, filename: str = "records.csv") -> datasets.Dataset:
    data = content.encode() if isinstance(content, str) else content
    return datasets.bring_in(home, MARIA, io.BytesIO(data), filename)


def left(home: Home) -> list[str]:
    """What is in the home's folder of data, but for the lock."""
    return (
        sorted(path.name for path in home.data.iterdir() if path.name != ".lock")
        if home.data.exists()
        else []
    )


def parquet(columns: dict[str, list[object]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_a_file_is_kept_byte_for_byte_readable_by_its_owner_only(home: Home) -> None:
    kept = bring(home, ROWS, "C:\\exports\\tickets.csv")
    path = datasets.raw_path(home, kept.dataset_id)
    assert path.read_bytes() == ROWS.encode()
    assert (kept.filename, kept.format, kept.bytes, kept.rows) == ("tickets.csv", "csv", len(ROWS), 30)
    assert kept.columns == ("number", "message", "queue") and kept.brought_in_by == "maria"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert datasets.datasets(home) == [kept] == [datasets.dataset(home, kept.dataset_id)]
    assert left(home) == [kept.dataset_id]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl", "ndjson", "parquet"])
def test_every_format_is_described_alike(home: Home, form: str) -> None:
    rows = [
        {"number": str(n), "message": f"the bill, number {n}, is wrong", "queue": "ab"[n % 2]}
        for n in range(30)
    ]
    contents: dict[str, Callable[[], bytes]] = {
        "csv": lambda: (
            "number,message,queue\n"
            + "".join(f'{row["number"]},"{row["message"]}",{row["queue"]}\n' for row in rows)
        ).encode(),
        "jsonl": lambda: "".join(json.dumps(row) + "\n" for row in rows).encode(),
        "parquet": lambda: parquet({name: [row[name] for row in rows] for name in rows[0]}),
    }
    kept = bring(home, contents["jsonl" if form == "ndjson" else form](), f"records.{form}")
    found = datasets.profile(home, kept.dataset_id)
    assert (found.rows, found.profiled, found.too_long) == (30, 30, 0)
    assert [(each.name, each.looks_like, each.distinct) for each in found.columns] == [
        ("number", "id", 30),
        ("message", "text", 30),
        ("queue", "label", 2),
    ]
    assert found.columns[2].counts == (15, 15) and found.columns[1].words == pytest.approx(6)
    assert Profile.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_description_holds_no_text_of_a_record(home: Home) -> None:
    kept = bring(home, ROWS.replace("the bill", "Mrs Example"))
    for path in (home.data / kept.dataset_id).glob("*.json"):
        assert "Example" not in path.read_text() and "billing" not in path.read_text()
    assert "Example" not in (home.root / "audit.jsonl").read_text()


@pytest.mark.slow
def test_the_same_bytes_again_are_the_dataset_that_is_there(home: Home) -> None:
    first = bring(home, ROWS)
    assert bring(home, ROWS, "again.csv") == first and left(home) == [first.dataset_id]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_an_operator_brings_in(home: Home, role: Role) -> None:
    with pytest.raises(NotAllowed):
        datasets.bring_in(home, Actor("eve", frozenset({role}), "console"), io.BytesIO(b"a\nb\n"), "x.csv")
    assert not left(home)


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, ROWS)
    return out.getvalue()


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


UNFIT: dict[str, tuple[str, bytes | str, str]] = {
    "empty": ("x.csv", b"", "is empty"),
    "a header alone": ("x.csv", "number,message\n", "no records"),
    "blank lines alone": ("x.jsonl", "\n\n\n", "no records"),
    "no known ending": ("x.xlsx", ROWS, "must end in"),
    "no ending": ("csv", ROWS, "must end in"),
    "a zip": ("x.csv", zipped("records.csv"), "zip archive"),
    "a workbook": ("x.csv", zipped("xl/workbook.xml"), "Excel workbook"),
    "gzip": ("x.csv", gzip.compress(ROWS.encode()), "gzip"),
    "an old workbook": ("x.csv", b"\xd0\xcf\x11\xe0" + bytes(500), "Office file"),
    "a PDF": ("x.jsonl", b"%PDF-1.7\n", "PDF"),
    "Parquet by another name": ("x.csv", parquet({"a": ["b"]}), "Parquet file: let its name"),
    "CSV by the name of Parquet": ("x.parquet", ROWS, "no Parquet file"),
    "a cut Parquet file": ("x.parquet", parquet({"a": ["b"] * 100})[:-20], "damaged"),
    "Parquet without rows": ("x.parquet", parquet({"a": []}), "no records"),
    "UTF-16 with a mark": ("x.csv", ROWS.encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": ("x.csv", ROWS.encode("utf-16-le"), "UTF-16"),
    "Latin-1": ("x.csv", "number,message\n1,Grüße\n".encode("latin-1"), "byte 20 is not UTF-8, and looks like Latin-1"),
    "Windows-1252": ("x.csv", "number,message\n1,12 € \n".encode("cp1252"), "looks like Windows-1252"),
    "half a character at the end": ("x.csv", "number,message\n1,€".encode()[:-1], "is not UTF-8"),
    "zeros": ("x.csv", "number,message\n1,a\0b\n", "byte 19 is zero"),
    "a million columns": ("x.csv", ",".join(f"c{n}" for n in range(1_000_000)) + "\n", "1,000 columns"),
    "many columns": ("x.csv", ",".join(f"c{n}" for n in range(1_500)) + "\n1\n", "has 1,500 columns"),
    "many keys": (
        "x.jsonl",
        lines(*('{"' + str(n) + '": 1}' for n in range(1_500))),
        "by line 1,001 there are 1,001 different keys",
    ),
    "one name twice": ("x.csv", "a,b,a\n1,2,3\n", "columns 1 and 3 have the same name"),
    "no name": ("x.csv", "a,,c\n1,2,3\n", "column 2 has no name"),
    "a record for a header": ("x.csv", "a," + "long " * 30 + "\n1,2\n", "must be the columns' names"),
    "semicolons": ("x.csv", "number;message\n1;hello\n", "comma-separated"),
    "tabs": ("x.csv", "number\tmessage\n1\thello\n", "comma-separated"),
    "a ragged row": ("x.csv", lines("a,b", "1,2", "1,2,3", "1,2"), "row 2 has not the 2 cells"),
    "ragged rows": ("x.csv", lines("a,b", "1", "1,2", "3"), "2 rows, the first of them row 1, have not"),
    "a stray quote": ("x.csv", lines("a,b", '1,"two', "3,4"), "stray quote"),
    "a formula": ("x.csv", lines("a,b", "1,=HYPERLINK(0)"), "row 1 has a spreadsheet formula"),
    "one that starts a program": ("x.csv", lines("a,b", "1,2", "1,\"=cmd|' /C calc'!A0\""), "row 2 has a spread"),
    "a sum": ("x.csv", lines("a,b", "1,@SUM(A1)", "1,+SUM(A1)", "1, =A1*2"), "3 rows, the first of them row 1"),
    "a broken JSON line": ("x.jsonl", lines('{"a": 1}', "", '{"a": Example}'), "line 3 has no JSON object"),
    "JSON that is no object": ("x.jsonl", lines('{"a": 1}', '"b"'), "line 2 has JSON that is no object"),
    "a JSON list": ("x.jsonl", '[{"a": 1},\n {"a": 2}]', "one JSON list"),
    "JSON nested without end": ("x.jsonl", lines('{"a":' + "[" * 30_000), "line 1 has no JSON object"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("what", UNFIT)
def test_what_is_not_fit_is_refused_in_one_sentence_and_leaves_nothing(home: Home, what: str) -> None:
    filename, content, said = UNFIT[what]
    with pytest.raises(DataError) as refused:
        bring(home, content, filename)
    sentence = str(refused.value)
    assert said in sentence and "\n" not in sentence and len(sentence) < 300
    assert "Example" not in sentence
    assert not left(home)


FIT = {
    "a byte order mark": ("x.csv", b"\xef\xbb\xbfa,b\n1,2\n", ("a", "b")),
    "Windows line ends": ("x.csv", b"a,b\r\n1,2\r\n", ("a", "b")),
    "no last line end": ("x.csv", b"a,b\n1,2", ("a", "b")),
    "one column": ("x.csv", b"message\nhello\n", ("message",)),
    "line breaks in cells": ("x.csv", b'a,b\n1,"two\nlines"\n', ("a", "b")),
    "what only begins like a formula": (
        "x.csv",
        lines(
            "a,b",
            '1,"- first (of two), - second"',
            "2,+49 30 (0) 123456",
            "3,@anna please (soon)",
            "4,==== log ====",
            "5,-12.50",
            "6,=> see (below)",
            "7,-Anna",
        ).encode(),
        ("a", "b"),
    ),
    "formulas where they are text": ("x.jsonl", b'{"a": "=HYPERLINK(0)"}\n', ("a",)),
    "keys that come later": ("x.jsonl", b'{"a": 1}\n\n{"b": 2}\n', ("a", "b")),
    "a mark before JSON": ("x.jsonl", b'\xef\xbb\xbf{"a": 1}\n', ("a",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", FIT)
def test_what_is_fit_is_taken(home: Home, what: str) -> None:
    filename, content, columns = FIT[what]
    assert bring(home, content, filename).columns == columns


@pytest.mark.slow
def test_a_stream_that_was_read_before_comes_in_from_its_beginning(home: Home) -> None:
    stream = io.BytesIO(ROWS.encode())
    stream.read(100)
    assert datasets.bring_in(home, MARIA, stream, "x.csv").rows == 30


class Endless(io.RawIOBase):
    """An upload of so many bytes that are never all in memory."""

    def __init__(self, size: int) -> None:
        self.size, self.sent = size, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = (b"a,b\n" if not self.sent else b"1,2\n") * (1 << 10)
        self.sent += len(block)
        return block if self.sent <= self.size else b""


def test_an_upload_over_the_limit_is_refused_when_it_gets_there(home: Home) -> None:
    (home.root / "data.toml").write_text("max_bytes = 10_000_000\nspare_bytes = 0\n")
    stream = Endless(2_000_000_000)
    with pytest.raises(DataError, match=r"larger than 10\.0 MB"):
        datasets.bring_in(home, MARIA, stream, "x.csv")  # type: ignore[arg-type]
    assert stream.sent < 12_000_000 and not left(home)


def test_a_file_over_two_gigabytes_is_refused_before_a_byte_is_copied(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.truncate(2_000_000_001)  # takes no room
    (home.root / "data.toml").write_text(f'roots = ["{tmp_path}"]\n')
    with pytest.raises(DataError, match=r"larger than 2\.0 GB"):
        datasets.bring_in(home, MARIA, path, path.name)
    assert not left(home)


def test_a_file_that_the_disk_has_no_room_for_is_refused_before_it_is_copied(home: Home) -> None:
    (home.root / "data.toml").write_text(f"spare_bytes = {10**18}\n")
    with pytest.raises(DataError, match="no room"):
        bring(home, ROWS)
    assert not left(home)


def test_a_disk_that_fills_up_meanwhile_is_told_and_leaves_nothing(home: Home) -> None:
    class Fills(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match="disk is full"):
        datasets.bring_in(home, MARIA, Fills(b"a,b\n"), "x.csv")
    assert not left(home)


def allow(home: Home, *roots: Path) -> None:
    (home.root / "data.toml").write_text(
        f"spare_bytes = 0\nroots = {json.dumps([str(root) for root in roots])}\n"
    )


def test_a_file_of_the_server_comes_in_from_below_an_allowed_folder(home: Home, tmp_path: Path) -> None:
    allow(home, tmp_path / "exports")
    path = tmp_path / "exports/today/x.csv"
    path.parent.mkdir(parents=True)
    path.write_text(ROWS)
    kept = datasets.bring_in(home, MARIA, path, path.name)
    assert kept.rows == 30 and path.read_text() == ROWS


def test_without_allowed_folders_no_file_of_the_server_comes_in(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(ROWS)
    with pytest.raises(DataError, match=r"roots in data\.toml"):
        datasets.bring_in(home, MARIA, path, path.name)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a link", "is a link"),
        ("a link on the way", "leads out"),
        ("a way out", r"without '\.\.'"),
        ("beside", "not below a folder"),
        ("a like name", "not below a folder"),
        ("a folder", "no plain file"),
        ("a pipe", "no plain file"),
        ("a device", "not below a folder"),
        ("nothing", "no such file"),
        ("a relative path", "full path"),
        ("a link to the home", "leads out"),
    ],
)
def test_the_server_gives_plain_files_below_allowed_folders_and_nothing_else(
    home: Home, tmp_path: Path, what: str, said: str
) -> None:
    root, outside = tmp_path / "exports", tmp_path / "outside"
    for folder in (root, outside, tmp_path / "exports2"):
        folder.mkdir()
        (folder / "x.csv").write_text(ROWS)
    allow(home, root)
    (root / "link.csv").symlink_to(outside / "x.csv")
    (root / "way").symlink_to(outside)
    (root / "folder.csv").mkdir()
    (root / "home").symlink_to(home.root)
    os.mkfifo(root / "pipe.csv")
    path = {
        "a link": root / "link.csv",
        "a link on the way": root / "way/x.csv",
        "a way out": root / "../outside/x.csv",
        "beside": outside / "x.csv",
        "a like name": tmp_path / "exports2/x.csv",
        "a folder": root / "folder.csv",
        "a pipe": root / "pipe.csv",
        "a device": Path("/dev/zero"),
        "nothing": root / "nothing.csv",
        "a relative path": Path("x.csv"),
        "a link to the home": root / "home/data.toml",
    }[what]
    with pytest.raises(DataError, match=said):
        datasets.bring_in(home, MARIA, path, "x.csv")
    assert not left(home)


def test_the_appliances_own_files_do_not_come_in_even_where_a_folder_above_is_allowed(home: Home) -> None:
    allow(home, home.root.parent)
    key = home.scrub_key()
    with pytest.raises(DataError, match="own"):
        datasets.bring_in(home, MARIA, home.keys / "scrub.key", "x.csv")
    assert key == home.scrub_key() and not left(home)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("tick\u202eets\x00\n.csv", "tickets.csv"),
        ("ü" * 300 + ".csv", "ü" * 70 + ".csv"),
        ("<b>x</b>.csv", "b>.csv"),
    ],
)
def test_the_name_that_is_shown_is_cleaned(home: Home, given: str, shown: str) -> None:
    assert bring(home, ROWS, given).filename == shown


@pytest.mark.slow
def test_what_a_kill_leaves_of_a_copy_is_swept_by_the_next_and_one_that_is_being_made_is_not(
    home: Home,
) -> None:
    ready, go = os.pipe()
    pid = os.fork()
    if not pid:

        class Waits(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                os.write(go, b"x")
                time.sleep(60)
                return b""

        datasets.bring_in(home, MARIA, Waits(b"a"), "x.csv")
        os._exit(1)
    assert os.read(ready, 1) == b"x"
    (making,) = left(home)
    kept = bring(home, ROWS)
    assert left(home) == sorted([making, kept.dataset_id]), "it is still being made"
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    other = bring(home, ROWS + "31,more,billing\n")
    assert left(home) == sorted([kept.dataset_id, other.dataset_id])


def test_a_parser_that_dies_leaves_one_sentence_and_nothing_else(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.datasets.shelf.sys.executable", "/bin/false")
    with pytest.raises(DataError, match="ended by itself"):
        bring(home, ROWS)
    assert not left(home)


def test_a_dataset_is_taken_away_by_an_operator_or_an_administrator_only(home: Home) -> None:
    kept = bring(home, ROWS)
    for role in set(Role) - {Role.OPERATOR, Role.ADMINISTRATOR}:
        with pytest.raises(NotAllowed):
            datasets.delete(home, Actor("eve", frozenset({role}), "console"), kept.dataset_id)
    datasets.delete(home, Actor("adam", frozenset({Role.ADMINISTRATOR}), "console"), kept.dataset_id)
    assert not left(home) and not datasets.datasets(home)
    with pytest.raises(DataError, match="no dataset"):
        datasets.delete(home, MARIA, kept.dataset_id)


@pytest.mark.parametrize("dataset_id", ["", "..", "../runs", "/etc", "nothing", ".lock"])
def test_a_dataset_that_is_not_there_is_said_to_be_not_there(home: Home, dataset_id: str) -> None:
    with pytest.raises(DataError, match="no dataset"):
        datasets.delete(home, MARIA, dataset_id)


@pytest.mark.slow
def test_labels_are_shown_only_where_many_records_share_them(home: Home) -> None:
    rows = ["billing"] * 9 + ["repairs"] * 6 + ["Mrs Example"] * 2
    kept = bring(
        home, "message,queue\n" + "".join(f"message number {n},{row}\n" for n, row in enumerate(rows))
    )
    assert datasets.label_values(home, MARIA, kept.dataset_id, "queue") == (("billing", "repairs"), 1)
    for column in ("message", "nothing"):
        with pytest.raises(DataError, match="does not look like a label"):
            datasets.label_values(home, MARIA, kept.dataset_id, column)
    assert left(home) == [kept.dataset_id]


@pytest.mark.parametrize(
    ("cells", "look"),
    [
        ([""] * 20, "empty"),
        ([f"T-{n}" for n in range(20)], "id"),
        (["yes", "no"] * 10, "label"),
        ([f"{n % 5}.5" for n in range(20)], "label"),
        ([f"{n}.50" for n in range(19)] + ["1.50"], "number"),
        ([f"2026-01-{n + 1:02d}" for n in range(20)], "date"),
        ([json.dumps({"a": n}) for n in range(20)], "json"),
        ([f"message number {n}" for n in range(20)], "text"),
        (["same words each time, and too long for a label of any kind that people use"] * 20, "text"),
    ],
)
def test_a_column_is_seen_for_what_it_looks_like(cells: list[str], look: str) -> None:
    from appliance.datasets.columns import Profiler

    profiler = Profiler(["x"])
    for cell in cells:
        profiler.add({"x": cell})
    (column,) = profiler.columns(len(cells))
    assert column.looks_like == look
    if look == "empty":
        assert column.filled == 0 and column.median is None and column.words is None


def test_the_rulers_of_the_guess_at_an_encoding_leave_utf8_alone() -> None:
    text = copying._Text()
    for char in "a,b\n1,Grüße aus 北京 🙂\n" * 50:
        for byte in char.encode():
            text.read(bytes([byte]))
    text.read(b"", last=True)


@given(content=st.binary(max_size=200), kind=st.sampled_from(["csv", "jsonl"]), flips=st.integers(0, 3))
@example(content=b"\xef\xbb\xbf", kind="csv", flips=0)
@example(content=b'"', kind="csv", flips=0)
@example(content=b'{"a": 1e999}', kind="jsonl", flips=0)
@example(content=b'{"a": "\\ud800"}', kind="jsonl", flips=0)
@example(content=b'a\n"b"c\n', kind="csv", flips=0)
def test_whatever_the_bytes_are_a_file_is_described_or_refused_in_one_line(
    content: bytes, kind: str, flips: int
) -> None:
    """In this process, so that an error of ours would show."""
    if flips:  # nearly right files reach further
        right = ROWS.encode() if kind == "csv" else b'{"a": 1}\n{"a": "b"}\n' * 5
        place = len(content) * 7 % len(right)
        content = right[:place] + content[: flips * 3] + right[place + flips :]
    settings = DataSettings(spare_bytes=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"records.{kind}"
        try:
            copying.copy(io.BytesIO(content), path, kind, settings)
            found = examine(path, kind, settings.max_columns)
        except DataError as error:
            assert "\n" not in str(error) and len(str(error)) < 300
        else:
            assert found.rows > 0 and found.columns
            assert Profile.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.slow
def test_a_damaged_parquet_file_is_taken_or_refused_and_never_more(home: Home) -> None:
    whole = parquet({"a": [f"message number {n}" for n in range(200)], "b": list(range(200))})
    draw = random.Random(7)
    for _ in range(4):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            damaged[draw.randrange(4, len(damaged))] = draw.randrange(256)
        before = left(home)
        try:
            bring(home, bytes(damaged), "x.parquet")
        except DataError:
            assert left(home) == before
