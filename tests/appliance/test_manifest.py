from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from appliance import manifest
from appliance.manifest import DamagedError, Manifest

FINGERPRINT = "f" * 64


def finish(
    folder: Path, outputs: dict[str, bytes], fingerprint: str = FINGERPRINT, **facts: object
) -> Manifest:
    """A stage's folder as the stage leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest.prepare(folder, fingerprint)
    for name, content in outputs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    hashes = manifest.hash_outputs(folder, sorted({name.split("/")[0] for name in outputs}))
    made = Manifest("teach", fingerprint, hashes, facts, 1.5, 1_760_000_000.0)
    manifest.write(folder, made)
    return made


OUTPUTS = {"answers.jsonl": b"one\ntwo\n", "model/weights.bin": b"\x00\x01", "model/deep/er.json": b"{}"}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    (tmp_path / "a-1").mkdir()
    (tmp_path / "b-2").mkdir()
    return tmp_path


def test_a_manifest_is_read_back_as_it_was_written(runs: Path) -> None:
    written = finish(runs / "a-1/teach", OUTPUTS, share=None, counts={"kept": 3})
    assert manifest.read(runs / "a-1/teach") == written
    assert set(written.outputs) == set(OUTPUTS)


def test_without_a_manifest_a_stage_is_not_finished(runs: Path) -> None:
    assert manifest.read(runs / "a-1/teach") is None
    manifest.prepare(runs / "a-1/teach", FINGERPRINT)
    assert manifest.read(runs / "a-1/teach") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"3", b"{}", b'{"stage": 1}', b"\xff\xfe\x00"])
def test_a_damaged_manifest_is_told_in_one_line_with_the_remedy(runs: Path, content: bytes) -> None:
    finish(runs / "a-1/teach", OUTPUTS)
    (runs / "a-1/teach/manifest.json").write_bytes(content)
    with pytest.raises(DamagedError, match="is damaged: delete the folder") as caught:
        manifest.read(runs / "a-1/teach")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("damage", ["bit", "cut", "gone", "folder"])
def test_any_change_of_an_output_is_noticed(runs: Path, name: str, damage: str) -> None:
    folder = runs / "a-1/teach"
    made = finish(folder, OUTPUTS)
    manifest.verify(folder, made)
    path, content = folder / name, OUTPUTS[name]
    path.unlink()
    if damage == "bit":
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif damage == "cut":
        path.write_bytes(content[:-1])
    elif damage == "folder":
        path.mkdir()
    with pytest.raises(DamagedError, match="is not what stage 'teach' wrote: delete the folder") as caught:
        manifest.verify(folder, made)
    assert str(path) in str(caught.value)


def test_an_output_that_a_stage_promises_must_be_there(runs: Path) -> None:
    with pytest.raises(AssertionError, match="was promised and is not there"):
        manifest.hash_outputs(runs, ["adapter"])


def test_the_digest_is_of_the_outputs_and_of_nothing_else(runs: Path) -> None:
    first = finish(runs / "a-1/teach", OUTPUTS, seconds=3)
    second = finish(runs / "b-2/teach", dict(reversed(OUTPUTS.items())), "0" * 64, seconds=4)
    assert first.digest == second.digest
    assert finish(runs / "b-2/teach", {**OUTPUTS, "answers.jsonl": b"one\n"}).digest != first.digest
    assert finish(runs / "b-2/sft", {"other.jsonl": OUTPUTS["answers.jsonl"]}).digest != first.digest


def test_an_interrupted_attempt_is_kept_if_its_fingerprint_is_the_same(runs: Path) -> None:
    folder = runs / "a-1/teach"
    manifest.prepare(folder, FINGERPRINT)
    (folder / "answers.jsonl").write_text("one\n")
    manifest.prepare(folder, FINGERPRINT)
    assert (folder / "answers.jsonl").read_text() == "one\n"


@pytest.mark.parametrize("marker", ["0" * 64, "", FINGERPRINT[:-1], None])
def test_an_attempt_at_something_else_is_wiped(runs: Path, marker: str | None) -> None:
    folder = runs / "a-1/teach"
    manifest.prepare(folder, FINGERPRINT)
    (folder / "model").mkdir()
    (folder / "model/checkpoint").write_text("of another config")
    if marker is None:
        (folder / "fingerprint").unlink()
    else:
        (folder / "fingerprint").write_text(marker)
    manifest.prepare(folder, FINGERPRINT)
    assert [path.name for path in folder.iterdir()] == ["fingerprint"]


def test_an_equal_stage_of_another_run_is_taken_over(runs: Path) -> None:
    made = finish(runs / "a-1/teach", OUTPUTS, kept=3)
    (runs / "a-1/teach/log.txt").write_text("of the other run")
    folder = runs / "b-2/teach"
    manifest.prepare(folder, FINGERPRINT)
    (folder / "half").write_text("an attempt")
    taken = manifest.take_over(runs, "teach", FINGERPRINT, folder)
    assert taken == manifest.read(folder)
    assert taken is not None and taken.reused_from == "a-1"
    assert (taken.outputs, taken.facts, taken.seconds) == (made.outputs, made.facts, made.seconds)
    manifest.verify(folder, taken)
    assert not (folder / "half").exists() and not (folder / "log.txt").exists()
    shutil.rmtree(runs / "a-1")
    manifest.verify(folder, taken)


def test_a_stage_that_leaves_facts_and_no_files_is_taken_over_too(runs: Path) -> None:
    finish(runs / "a-1/bench", {}, serving=[1, 2])
    taken = manifest.take_over(runs, "bench", FINGERPRINT, runs / "b-2/bench")
    assert taken is not None and manifest.read(runs / "b-2/bench") == taken
    assert taken.facts == {"serving": [1, 2]}


@pytest.mark.parametrize("damage", ["bit", "gone", "manifest", "other fingerprint", "unfinished"])
def test_a_stage_that_is_damaged_or_not_equal_is_not_taken_over(runs: Path, damage: str) -> None:
    neighbour, folder = runs / "a-1/teach", runs / "b-2/teach"
    finish(neighbour, OUTPUTS, "0" * 64 if damage == "other fingerprint" else FINGERPRINT)
    match damage:
        case "bit":
            (neighbour / "answers.jsonl").write_bytes(b"one\ntwp\n")
        case "gone":
            (neighbour / "model/weights.bin").unlink()
        case "manifest":
            (neighbour / "manifest.json").write_text("{")
        case "unfinished":
            (neighbour / "manifest.json").unlink()
    manifest.prepare(folder, FINGERPRINT)
    (folder / "half").write_text("an attempt")
    assert manifest.take_over(runs, "teach", FINGERPRINT, folder) is None
    assert (folder / "half").exists(), "the attempt here can go on"


def test_after_a_damaged_neighbour_the_next_one_is_tried(runs: Path) -> None:
    finish(runs / "a-1/teach", OUTPUTS)
    (runs / "a-1/teach/answers.jsonl").write_text("damaged")
    finish(runs / "b-2/teach", OUTPUTS)
    (runs / "c-3").mkdir()
    taken = manifest.take_over(runs, "teach", FINGERPRINT, runs / "c-3/teach")
    assert taken is not None and taken.reused_from == "b-2"


def test_a_stage_is_not_taken_over_from_itself_or_from_another_stage(runs: Path) -> None:
    finish(runs / "a-1/teach", OUTPUTS)
    assert manifest.take_over(runs, "teach", FINGERPRINT, runs / "a-1/teach") is None
    assert manifest.take_over(runs, "sft", FINGERPRINT, runs / "b-2/sft") is None


def test_a_hash_tells_documents_apart_by_what_they_hold_and_in_which_order() -> None:
    document = {"b": [1, None, 0.1], "a": {"y": "é", "x": True}}
    others = [
        {},
        {**document, "c": 1},
        {**document, "b": [None, 1, 0.1]},
        {**document, "b": [1, None, 0.2]},
        dict(reversed(document.items())),
    ]
    hashes = {manifest.hash_json(found) for found in (document, *others)}
    assert len(hashes) == len(others) + 1
    assert manifest.hash_json(json.loads(json.dumps(document))) == manifest.hash_json(document)
