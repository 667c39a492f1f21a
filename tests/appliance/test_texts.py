"""In a home with a key no text of a record or an answer is readable without it, and all goes on as in one without."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import manifest
from appliance.cli import main
from appliance.compare import compare, to_json
from appliance.doctor import _encryption
from appliance.home import Home, HomeError
from appliance.keeping import key_change, texts
from appliance.keeping.at_rest import MARK, key_id_of, new_key, read_key
from appliance.keeping.backup import BackupError, restore_backup, write_backup
from appliance.keeping.erase import erase
from appliance.keeping.key_change import change_key
from appliance.keeping.trace import asked_record, asked_subject, trace
from appliance.manifest import DamagedError
from appliance.people.acting import Actor, Role, shell_actor
from appliance.quality.answers import texts as texts_of_answers
from appliance.quality.evaluated import evaluated, outcomes
from appliance.run import Run, alone_with
from appliance.stages.context import read_answers, read_records, read_rows
from appliance.training.curves import answers as samples
from distill.checkpoints import file_sha256
from distill.text_files import TextFileError, is_encrypted
from distill.topk import Journal, TopKStore, write_topk
from distill.values import TopTokens
from tests.appliance import evaluated_run, refresh_case
from tests.appliance.finished_run import finish
from tests.appliance.test_trace import make_run

SAID = ["billing", "delivery", "refund", "billing"]
RECORD, ANSWER = "canaryofarecord", "canaryofananswer"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run in a home that is not encrypted, with text of every kind in it, also what kills have left."""
    run = make_run(tmp_path / "case")
    ids = [row["record_id"] for row in read_rows(run.folder / "scrub/records/data-00000.parquet")]
    (run.folder / "teach/completions.jsonl").write_text("".join(_answer(name) for name in ids))
    journal = Journal(run.folder / "teach/topk.journal")
    for name in ids:
        journal.append(name, TopTokens((ANSWER, name), (((ANSWER, -0.5),), ((name, -0.5),))), True)
    journal.close()
    write_topk(journal, run.folder / "teach/topk.parquet", 1)
    _finish(run, "teach", ["completions.jsonl", "topk.parquet"])
    (run.folder / "sft/model").mkdir()
    (run.folder / "sft/model/model.safetensors").write_bytes(b"weights")
    _finish(run, "sft", ["model"])
    said = run.folder / "evaluate/answers"
    said.mkdir(parents=True)
    (said / "sft-test.jsonl").write_text(_answer(ids[0]) + '{"record_id": "cut')
    (run.folder / "onpolicy").mkdir()
    shown = [{"step": 1, "record_id": name, "text": ANSWER, "reward": None} for name in ids]
    (run.folder / "onpolicy/samples.jsonl").write_text("".join("\n" + json.dumps(row) for row in shown))
    for folder in ("runs/gone/teach", "use_cases/small"):
        (run.home.root / folder).mkdir(parents=True)
    (run.home.root / "runs/gone/teach/.completions.jsonl.7.tmp").write_text(ANSWER)
    for name in texts.LOOKS:
        (run.home.root / "use_cases/small" / name).write_text(json.dumps([RECORD]))
    return run


def _answer(record_id: str) -> str:
    return json.dumps({"record_id": record_id, "text": ANSWER, "finish_reason": "stop", "model": "m"}) + "\n"


def _finish(run: Run, stage: str, outputs: list[str]) -> None:
    found = manifest.read(run.folder / stage)
    assert found is not None
    hashes = manifest.hash_outputs(run.folder / stage, outputs)
    manifest.write(run.folder / stage, manifest.Manifest(stage, found.fingerprint, hashes, {}, 1.0, 2.0))


@pytest.fixture
def encrypted(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same after `stillhouse keys encrypt`, with the key in `tmp_path/key`."""
    change_key(run.home.root, None, new_key(tmp_path / "key"))
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
    return run


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for folder in ("runs", "use_cases")
        for path in (root / folder).rglob("*")
        if path.is_file() and path.name != "lock"
    }


def readable(root: Path) -> list[str]:
    """Files in which a canary stands, or whose rows can be read."""
    return [
        name
        for name, content in contents(root).items()
        if content.startswith(b"PAR1") or RECORD.encode() in content or ANSWER.encode() in content
    ]


def verified(run: Run) -> list[str]:
    """The finished stages, all of whose files are what they were."""
    found = {name: manifest.read(run.folder / name) for name in ("scrub", "teach", "curate", "sft")}
    for name, each in found.items():
        assert each is not None
        manifest.verify(run.folder / name, each)
    return [name for name, each in found.items() if each]


def test_a_home_is_encrypted_and_decrypted_with_its_runs_and_its_manifests_stay_true(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, key = contents(run.home.root), new_key(tmp_path / "key")
    assert len(readable(run.home.root)) == 10 and verified(run)
    change_key(run.home.root, None, key)
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
    held = contents(run.home.root)
    assert readable(run.home.root) == [] and verified(run)
    assert {name for name in before if held.get(name) != before[name]} == {
        *(str(path.relative_to(run.home.root)) for path in texts.of_home(run.home.root)),
        "runs/gone/teach/.completions.jsonl.7.tmp",
    }, "no manifest, and nothing that holds no text, was changed"
    assert next(iter(read_answers(run.folder / "teach/completions.jsonl").values())).text == ANSWER
    assert [row["text"] for row in samples(run.home, run.run_id)] == [ANSWER] * 4
    assert change_key(run.home.root, None, key) == 0, "what is done is not done again"
    change_key(run.home.root, key, None)
    monkeypatch.delenv("STILLHOUSE_KEY_FILE")
    del before["runs/gone/teach/.completions.jsonl.7.tmp"]
    assert contents(run.home.root) == before and not [*(run.home.keys).glob("texts.*")]


def test_another_key_of_the_home_rewrites_no_text(
    encrypted: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, before = encrypted.home.root, contents(encrypted.home.root)
    assert change_key(root, read_key(tmp_path / "key"), new_key(tmp_path / "next")) == 2, (
        "the key of ids, and that of texts"
    )
    assert contents(root) == before
    with pytest.raises(HomeError, match="give that one"):
        Home.open()
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "next"))
    assert verified(encrypted) and len(read_records(encrypted.folder / "scrub")[0]) == 4


@pytest.mark.parametrize("to_plain", [False, True])
def test_a_conversion_killed_after_any_write_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to_plain: bool
) -> None:
    new_key(tmp_path / "key")
    key, plain = read_key(tmp_path / "key"), contents(run.home.root)
    del plain["runs/gone/teach/.completions.jsonl.7.tmp"]
    if to_plain:
        change_key(run.home.root, None, key)
    old, new = (key, None) if to_plain else (None, key)
    whole, done = key_change.write_private, 0

    class Killed(BaseException):
        pass

    def fatal_write(path: Path, content: bytes) -> None:
        nonlocal done
        whole(path, content)
        done += 1
        raise Killed

    kills = 0
    while True:
        monkeypatch.setattr(key_change, "write_private", fatal_write)
        try:
            change_key(run.home.root, old, new)
            break
        except Killed:
            kills += 1
            assert kills < 30
            with pytest.raises(HomeError, match="run the same"):
                Home.open()
    assert kills == done >= len([*texts.of_home(run.home.root)]) + 2
    if to_plain:
        assert contents(run.home.root) == plain
    else:
        monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
        assert readable(run.home.root) == []
    assert verified(run)


def test_plain_text_in_an_encrypted_home_is_refused_and_told(encrypted: Run) -> None:
    path = encrypted.folder / "curate/examples.parquet"
    assert _encryption(encrypted.home).ok
    path.write_bytes(texts.read(path))
    with pytest.raises(TextFileError, match="is plain text in an encrypted home") as caught:
        read_rows(path)
    assert str(caught.value).count("\n") == 0 and str(path) in str(caught.value)
    found = _encryption(encrypted.home)
    assert not found.ok and "plain: 1 files" in found.found and "stillhouse keys encrypt" in str(found.remedy)
    done = CliRunner().invoke(main, ["keys", "encrypt"])
    assert done.exit_code == 0 and "1 files rewritten" in done.output
    assert read_rows(path) and _encryption(encrypted.home).ok


def test_a_home_that_an_earlier_release_encrypted_works_until_its_text_is_encrypted_too(
    encrypted: Run,
) -> None:
    """Such a home's mark says nothing of text, and its runs are plain."""
    for path in texts.of_home(encrypted.home.root):
        path.write_bytes(texts.read(path))
    (encrypted.home.root / MARK).write_text(json.dumps({"key_id": key_id_of(encrypted.home.root)}))
    (encrypted.home.keys / "texts.key").unlink()
    (encrypted.home.keys / "texts.check").unlink()
    assert verified(encrypted) and read_records(encrypted.folder / "scrub")
    found = _encryption(encrypted.home)
    assert not found.ok and "stillhouse keys encrypt" in str(found.remedy)
    assert CliRunner().invoke(main, ["keys", "encrypt"]).exit_code == 0
    assert readable(encrypted.home.root) == [] and verified(encrypted) and _encryption(encrypted.home).ok


def test_no_key_is_changed_while_a_run_is_worked_on(encrypted: Run, tmp_path: Path) -> None:
    new_key(tmp_path / "next")
    before = contents(encrypted.home.root)
    for asked in (["decrypt"], ["encrypt"], ["rotate", str(tmp_path / "next")]):
        with alone_with(encrypted.folder):
            done = CliRunner().invoke(main, ["keys", *asked])
        assert done.exit_code == 1 and f"{encrypted.run_id} is being worked on" in done.output
    assert contents(encrypted.home.root) == before and Home.open()


def test_what_is_shown_and_compared_is_the_same_in_an_encrypted_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, officer = Home.open(), Actor("olga", frozenset({Role.OPERATOR}), "console")
    made = evaluated_run.make_run(home, dict.fromkeys(("untuned", "onpolicy", "teacher"), SAID), SAID)
    two = ["small-00000001", "small-00000002"]
    for run_id, right in zip(two, (3, 4), strict=True):
        scores = {"onpolicy": {f"r{number}": float(number < right) for number in range(5)}}
        finish(home, tmp_path / "site", run_id, outcomes=scores)

    def shown() -> tuple[object, ...]:
        found = evaluated(home, made.name)
        assert found is not None
        asked = [f"{place:016x}" for place in range(len(SAID))]
        return (
            texts_of_answers(home, officer, found, asked, ["onpolicy", "teacher"]),
            outcomes(found),
            to_json(compare(two, home)),
        )

    before = shown()
    change_key(home.root, None, new_key(tmp_path / "key"))
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "key"))
    assert all(is_encrypted(path) for path in texts.of_home(home.root))
    assert shown() == before


def test_a_key_of_texts_that_is_gone_is_not_made_anew(encrypted: Run, tmp_path: Path) -> None:
    """Another one would open nothing, and what is written from now on would need both."""
    assert encrypted.home.text_key()
    (encrypted.home.keys / "texts.key").unlink()
    for act in (
        encrypted.home.text_key,
        lambda: change_key(encrypted.home.root, None, read_key(tmp_path / "key")),
    ):
        with pytest.raises(ValueError, match=r"texts\.key is gone.*restore it from a backup"):
            act()
    assert not (encrypted.home.keys / "texts.key").exists()


def test_a_turned_bit_in_encrypted_text_stops_before_it_is_used(encrypted: Run) -> None:
    for name in ("scrub/records/data-00000.parquet", "teach/completions.jsonl", "teach/topk.parquet"):
        path = encrypted.folder / name
        whole = path.read_bytes()
        for at in (0, len(whole) // 2, len(whole) - 9):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            found = manifest.read(encrypted.folder / name.partition("/")[0])
            assert found is not None
            with pytest.raises(DamagedError):
                manifest.verify(encrypted.folder / found.stage, found)
        path.write_bytes(whole)


def test_a_person_is_erased_from_encrypted_text_and_the_others_stay(encrypted: Run) -> None:
    home, key = encrypted.home, encrypted.home.scrub_key()
    asked = asked_subject("P1", key)
    gone = {str(each.record_id) for found in trace(home, asked) for each in found.records}
    assert len(gone - {"None"}) == 2
    cut = encrypted.folder / "evaluate/answers/onpolicy-test.jsonl"
    cut.write_bytes(b"stillhouse-line-1:of whom?")
    erase(home, shell_actor(), asked, "a ticket")
    assert readable(home.root) == [] and verified(encrypted)
    said = b"".join(texts.read(path) for path in texts.of_home(home.root) if path.suffix in texts.LINES)
    assert said and not [name for name in gone if name.encode() in said]
    kept = [record.record_id for record in read_records(encrypted.folder / "scrub")[0]]
    assert len(kept) == 2 and not gone & {*kept}
    assert sorted(read_answers(encrypted.folder / "teach/completions.jsonl")) == sorted(kept)
    words = {name.encode(): number for number, name in enumerate([ANSWER, *kept], 50)}
    path = encrypted.folder / "teach/topk.parquet"
    left = TopKStore(path, 99, words, texts.key_of_texts(path))
    assert sorted(left) == sorted(kept)
    assert [int(left[name].token_ids[1]) for name in kept] == [51, 52], "each token is the word it was"
    assert cut.read_bytes() == b"", "whose a cut line was nobody can tell"


def test_an_encrypted_home_is_backed_up_and_comes_back(
    encrypted: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_backup(encrypted.home, shell_actor(), tmp_path / "backup")
    before = contents(encrypted.home.root)
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "empty"))
    empty = Home.open()
    restore_backup(empty, shell_actor(), tmp_path / "backup")
    assert contents(empty.root) == before and empty.scrub_key() == encrypted.home.scrub_key()
    assert read_answers(empty.runs / encrypted.run_id / "teach/completions.jsonl")
    assert trace(empty, asked_record("1", empty.scrub_key()))[0].records


@pytest.mark.parametrize("given", ["another key", "no key"])
def test_a_backup_of_an_encrypted_home_is_restored_with_its_key_only(
    encrypted: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    write_backup(encrypted.home, shell_actor(), tmp_path / "backup")
    if given == "no key":
        monkeypatch.delenv("STILLHOUSE_KEY_FILE")
    else:
        new_key(tmp_path / "other")
        monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(tmp_path / "other"))
    monkeypatch.setenv("STILLHOUSE_HOME", str(tmp_path / "empty"))
    with pytest.raises(BackupError, match="is of a home encrypted with the key"):
        restore_backup(Home.open(), shell_actor(), tmp_path / "backup")
    assert not contents(tmp_path / "empty") and not (tmp_path / "empty/.restoring").exists()


def test_a_backup_notices_damage_under_the_key(encrypted: Run, tmp_path: Path) -> None:
    path = encrypted.folder / "curate/examples.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupError, match=r"curate/examples\.parquet is damaged"):
        write_backup(encrypted.home, shell_actor(), tmp_path / "backup")


def _case(folder: Path) -> Path:
    """Records and recorded answers with a canary in each, which the policy leaves as they are."""
    path = refresh_case.write_use_case(folder, 120)
    data = folder / "messages.csv"
    head, *rows = data.read_text().splitlines()
    told = [row.rsplit(",", 1) for row in rows]
    data.write_text("\n".join([head, *(f"{row} {RECORD},{ANSWER} {label}" for row, label in told)]) + "\n")
    text = path.read_text()
    for old, new in (
        ('kind = "classify"', 'kind = "generate"'),
        ('"Name the queue: {labels}."', '"Name the queue."'),
        ('labels = ["billing", "cards", "rates", "meters"]\n', ""),
        ("max_answer_tokens = 8", "max_answer_tokens = 16"),
        ("steps = 0", 'steps = 2\nprompts_per_step = 2\ngroup_size = 2\nreward = [{ kind = "similarity" }]'),
        ("few_shot", "few_shot"),
    ):
        assert old in text or old == new
        text = text.replace(old, new)
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def real(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Path]]:
    """A run with every part real but a recorded teacher, in a home that was begun with a key."""
    folder = tmp_path_factory.mktemp("real")
    home = folder / "home"
    (home / "models").mkdir(parents=True, mode=0o700)
    for model in models.iterdir():
        (home / "models" / model.name).symlink_to(model)
    new_key(folder / "key")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STILLHOUSE_HOME", str(home))
        patch.setenv("STILLHOUSE_KEY_FILE", str(folder / "key"))
        yield refresh_case.run_to_the_evaluation(_case(folder / "case")), folder


@pytest.mark.slow
def test_a_whole_run_in_an_encrypted_home_leaves_nothing_readable_and_goes_on(
    real: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = real
    monkeypatch.setenv("STILLHOUSE_HOME", str(run.home.root))
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(folder / "key"))
    assert readable(run.home.root) == []
    kinds = {path.relative_to(run.folder).parts[0] for path in texts.below(run.folder)}
    assert kinds == {"scrub", "teach", "curate", "onpolicy", "evaluate"}
    assert all(is_encrypted(path) for path in texts.of_home(run.home.root))
    assert RECORD in read_records(run.folder / "scrub")[0][0].fields["message"]
    assert ANSWER in str(next(iter(read_answers(run.folder / "teach/completions.jsonl").values())).text)
    assert samples(run.home, run.run_id)

    stages = ("scrub", "teach", "curate", "sft", "onpolicy", "evaluate")
    times = {name: (run.folder / name / manifest.NAME).stat().st_mtime_ns for name in stages}
    asked = run.folder / "evaluate/answers/onpolicy-test.jsonl"
    whole = asked.read_bytes()
    (run.folder / "evaluate" / manifest.NAME).unlink()
    asked.write_bytes(whole[:-30])  # the kill came within the last answer
    again = refresh_case.run_to_the_evaluation(folder / "case/tiny.toml")
    assert again.folder == run.folder and asked.read_bytes() == whole
    redone = {
        name for name in stages if (run.folder / name / manifest.NAME).stat().st_mtime_ns != times[name]
    }
    assert redone == {"evaluate"}


@pytest.mark.slow
def test_a_run_that_was_made_under_a_key_counts_as_done_without_one_and_under_another(
    real: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = real
    shutil.copytree(folder / "home", folder / "copy", symlinks=True)
    key, copied = read_key(folder / "key"), folder / "copy/runs" / run.run_id
    monkeypatch.setenv("STILLHOUSE_HOME", str(folder / "copy"))
    stages = [path.name for path in copied.iterdir() if (path / manifest.NAME).exists()]
    before = {name: file_sha256(copied / name / manifest.NAME) for name in stages}
    assert len(before) == 7

    def done_again() -> set[str]:
        refresh_case.run_to_the_evaluation(folder / "case/tiny.toml")
        return {name for name in before if file_sha256(copied / name / manifest.NAME) != before[name]}

    change_key(folder / "copy", key, None)
    monkeypatch.delenv("STILLHOUSE_KEY_FILE", raising=False)
    assert len(readable(folder / "copy")) > 5 and done_again() == set()
    change_key(folder / "copy", None, new_key(folder / "next"))
    monkeypatch.setenv("STILLHOUSE_KEY_FILE", str(folder / "next"))
    assert readable(folder / "copy") == [] and done_again() == set()
