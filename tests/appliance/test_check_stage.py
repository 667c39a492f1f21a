"""A teacher asked, its log-probabilities kept, and the gate before training: each stop has its reason and its remedy."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from appliance import manifest
from appliance.home import Home
from appliance.manifest import Manifest
from appliance.run import Run, _write_config, open_run
from appliance.stages import lessons
from appliance.stages.check import check
from appliance.stages.context import Context, GateError, write_examples, write_records
from distill.student import load_tokenizer
from distill.topk import TopKStore
from distill.values import Example
from distill.vocabulary import vocabulary_bytes
from privacy.records import ScrubbedRecord
from tests.appliance import small_use_case
from tests.distill.scripted_server import ScriptedServer
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.slow

RECORDED = 'kind = "recorded"\nmodel = "recorded replies"\nanswer_field = "answer"'
MESSAGES = [
    (f"{text} {n}", answer)
    for n in range(30)
    for text, answer in (("the bill is wrong", "billing"), ("no heat", "repairs"))
]


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def opened(case: Path, student: Path, *pairs: tuple[str, str], wrong: int = 0) -> Run:
    """A run whose records are scrubbed and curated; of the recorded answers `wrong` are not what people say."""
    case.mkdir(parents=True)
    shutil.copytree(student, case / "student")
    run = open_run(small_use_case.write(case, *pairs), Home.open())
    _write_config(run)
    records = [
        ScrubbedRecord(
            f"{n:016x}",
            {"message": message, "answer": ("billing", "repairs")[answer == "billing"] if n < wrong else answer, "reviewed": answer},
            {},
            "policy",
        )
        for n, (message, answer) in enumerate(MESSAGES)
    ]  # fmt: skip
    folder = began(run, "scrub")
    (folder / "records").mkdir()
    write_records(folder / "records" / "data-00000.parquet", records, held_out=False)
    ended(run, "scrub", {}, ["records"])
    write_examples(
        began(run, "curate") / "examples.parquet",
        [Example(each.record_id, "train", each.fields, each.fields["answer"], None) for each in records],
    )
    ended(run, "curate", {}, ["examples.parquet"])
    began(run, "teach")
    began(run, "check")
    return run


def began(run: Run, stage: str) -> Path:
    folder = run.stage_dir(stage)
    manifest.prepare(folder, "fingerprint")
    return folder


def ended(run: Run, stage: str, facts: Any, outputs: list[str]) -> None:
    folder = run.stage_dir(stage)
    hashes = manifest.hash_outputs(folder, outputs)
    manifest.write(folder, Manifest(stage, "fingerprint", hashes, facts, 1.0, time.time()))


def teach(run: Run) -> dict[str, Any]:
    facts, outputs = lessons.teach(Context(run.folder, "teach"))
    ended(run, "teach", facts, outputs)
    return dict(facts)


def checked(run: Run) -> dict[str, Any]:
    facts, outputs = check(Context(run.folder, "check"))
    assert outputs == []
    json.dumps(facts)
    return dict(facts)


def test_a_good_teacher_passes_and_all_that_was_found_is_told(tmp_path: Path, student: Path) -> None:
    run = opened(tmp_path / "case", student, wrong=6)
    teach(run)
    facts = checked(run)
    accuracy = facts["accuracy"]
    assert (accuracy["n"], round(accuracy["value"], 2)) == (60, 0.9) and accuracy["low"] < 0.9 < accuracy[
        "high"
    ]
    assert facts["teachers"] == [
        {"model": "recorded replies", "end_token": None, "tokenwise": False, "same_vocabulary": None,
         "same_end": None, "same_template": None}
    ]  # fmt: skip
    assert facts["student"]["end_token"] == facts["student"]["turn_end"] == "<|im_end|>"
    assert facts["likeliest"] is None and facts["licence"]["verdict"] == "unknown"
    memory = facts["memory"]
    assert memory["needed_bytes"] == sum(
        [*memory["sure_bytes"].values(), *memory["estimated_bytes"].values()]
    )
    assert 10 < memory["longest_example_tokens"] < 100


@pytest.mark.parametrize(("wrong", "stops"), [(30, True), (8, False)])
def test_a_teacher_surely_below_the_floor_stops_the_run(
    wrong: int, stops: bool, tmp_path: Path, student: Path
) -> None:
    run = opened(tmp_path / "case", student, (RECORDED, RECORDED + "\nmin_accuracy = 0.9"), wrong=wrong)
    teach(run)
    if stops:
        said = r"is 50\.0% .*up to .* n = 60\), below teacher\.min_accuracy = 90\.0%"
        with pytest.raises(GateError, match=said):
            checked(run)
    else:
        assert checked(run)["accuracy"]["value"] < 0.9, "below it, but not surely"


def test_a_student_without_a_chat_template_is_refused(tmp_path: Path, student: Path) -> None:
    run = opened(tmp_path / "case", student)
    (run.base_dir / "student" / "chat_template.jinja").unlink()
    teach(run)
    with pytest.raises(ValueError, match="has no chat template: choose an instruction-tuned model"):
        checked(run)


def other_end(folder: Path) -> None:
    """Makes it end its answers as a base model does."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        path = folder / name
        if path.exists():
            path.write_text(
                path.read_text().replace('"eos_token": "<|im_end|>"', '"eos_token": "<|endoftext|>"')
            )


def test_a_student_that_ends_otherwise_is_refused_only_where_tokens_are_learnt(
    tmp_path: Path, student: Path
) -> None:
    local = 'kind = "local"\nmodel = "teacher"'
    for name, more, stops in (("answers", "", False), ("tokens", "\ntop_logprobs = 5", True)):
        run = opened(tmp_path / name, student, (RECORDED, local + more))
        shutil.copytree(student, run.base_dir / "teacher")
        (run.base_dir / "teacher" / "README.md").write_text("---\nlicense: llama3.1\n---\n")
        teach(run)
        other_end(run.base_dir / "student")
        if stops:
            with pytest.raises(
                GateError, match=r"ends an answer with <\|im_end\|> and the student with <\|endoftext\|>"
            ):
                checked(run)
        else:
            facts = checked(run)
            assert (
                facts["teachers"][0]["same_end"] is False and facts["teachers"][0]["same_vocabulary"] is True
            )
            assert any("as base models do" in remark for remark in facts["remarks"])
            assert facts["licence"]["name"] == "Llama Community License"


def test_who_judges_tokens_on_policy_must_end_as_the_student_does_where_it_is_known(
    tmp_path: Path, student: Path
) -> None:
    for name, more, stops in (("here", "", True), ("served", 'url = "http://127.0.0.1:9/v1"\n', False)):
        tables = f'[onpolicy]\nmethod = "distill"\n\n[onpolicy.teacher]\nmodel = "teacher"\n{more}\n[split]'
        run = opened(tmp_path / name, student, ("[split]", tables))
        shutil.copytree(student, run.base_dir / "teacher")
        other_end(run.base_dir / "teacher")
        teach(run)
        if stops:
            with pytest.raises(
                GateError, match=r"so onpolicy\.method = 'distill' would teach it not to stop"
            ):
                checked(run)
        else:
            judge = checked(run)["teachers"][1]
            assert (judge["model"], judge["tokenwise"], judge["same_end"]) == ("teacher", True, None)


def test_a_local_teachers_likeliest_tokens_are_kept_for_every_answer(tmp_path: Path, student: Path) -> None:
    run = opened(
        tmp_path / "case", student, (RECORDED, 'kind = "local"\nmodel = "student"\ntop_logprobs = 4')
    )
    facts = teach(run)
    assert facts["likeliest"]["answers"] == 60 and facts["likeliest"]["k"] == 4
    assert facts["likeliest"]["tokens"] >= 60
    found = checked(run)["likeliest"]
    assert found["stored"] == 60 and found["same"] == found["n"] == found["usable"]


class Served:
    """A server like vLLM, or like one that tells tokens as text, whose model answers with the right label."""

    def __init__(self, student: Path, *, ids: bool, spoilt: bool = False) -> None:
        self.tokenizer, self.ids, self.spoilt = load_tokenizer(student), ids, spoilt

    def script(self, prompt: str, _attempt: int) -> tuple[int, dict[str, str], bytes]:
        text = "billing" if "bill" in prompt else "repairs"
        said = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        if self.spoilt:
            said = [number + 1 for number in said]
        if self.ids:
            said = [*said, self.tokenizer.eos_token_id]
        places = []
        for number in said:
            entry = {
                "token": self.name(number),
                "logprob": -0.1,
                "bytes": list(self.tokenizer.decode([number]).encode()),
            }
            others = [
                entry,
                {
                    "token": self.name(40),
                    "logprob": -3.0,
                    "bytes": list(self.tokenizer.decode([40]).encode()),
                },
            ]
            places.append(entry | {"top_logprobs": others})
        choice = {"message": {"content": text}, "finish_reason": "stop", "logprobs": {"content": places}}
        return 200, {}, json.dumps({"choices": [choice]}).encode()

    def name(self, number: int) -> str:
        return f"token_id:{number}" if self.ids else self.tokenizer.decode([number])

    def routes(self, path: str, body: Any) -> Any:
        if path == "/v1/models":
            return {"data": [{"id": "big", "owned_by": "vllm" if self.ids else "lab", "max_model_len": 4096}]}
        if not self.ids:
            return {}
        if "messages" in body:
            tokens = self.tokenizer.apply_chat_template(
                body["messages"], add_generation_prompt=True, return_dict=True
            )
            return {"tokens": list(tokens["input_ids"])}
        return {"tokens": self.tokenizer(body["prompt"], add_special_tokens=False)["input_ids"]}


def served(url: str, more: str = "") -> tuple[str, str]:
    return RECORDED, f'kind = "endpoint"\nmodel = "big"\nurl = "{url}"{more}'


@pytest.mark.parametrize("ids", [True, False], ids=["ids", "text"])
def test_an_endpoints_likeliest_tokens_are_kept_and_read_the_same_to_the_student(
    ids: bool, tmp_path: Path, student: Path
) -> None:
    model = Served(student, ids=ids)
    with ScriptedServer(model.script, routes=model.routes) as server:
        run = opened(tmp_path / "case", student, served(server.url, "\ntop_logprobs = 2"))
        assert teach(run)["likeliest"]["answers"] == 60
    facts = checked(run)
    known = True if ids else None
    assert facts["teachers"][0]["same_vocabulary"] is known and facts["teachers"][0]["same_template"] is known
    assert facts["likeliest"]["same"] == facts["likeliest"]["n"] == 60
    tokenizer = load_tokenizer(student)
    store = TopKStore(
        run.stage_dir("teach") / "topk.parquet",
        tokenizer.eos_token_id,
        None if ids else vocabulary_bytes(tokenizer),
    )
    first = store["0" * 16]
    assert tokenizer.decode(first.token_ids) == "billing<|im_end|>"
    assert first.top_ids.shape[1] == 2 and first.top_ids[0, 1] == 40


def test_tokens_that_do_not_spell_the_answer_stop_the_run(tmp_path: Path, student: Path) -> None:
    model = Served(student, ids=True, spoilt=True)
    with ScriptedServer(model.script, routes=model.routes) as server:
        run = opened(tmp_path / "case", student, served(server.url, "\ntop_logprobs = 2"))
        teach(run)
    with pytest.raises(GateError, match="of 60 answers only 0 read the same"):
        checked(run)


def test_a_server_with_another_vocabulary_stops_the_run_where_tokens_are_learnt(
    tmp_path: Path, student: Path
) -> None:
    model = Served(student, ids=True)

    def other(path: str, body: Any) -> Any:
        found = model.routes(path, body)
        return {"tokens": [number + 1 for number in found["tokens"]]} if "tokens" in found else found

    for name, more, stops in (("a", "", False), ("b", "\ntop_logprobs = 2", True)):
        with ScriptedServer(model.script, routes=other) as server:
            run = opened(tmp_path / name, student, served(server.url, more))
            teach(run)
        if stops:
            with pytest.raises(GateError, match="cuts text into other tokens than the student"):
                checked(run)
        else:
            assert checked(run)["teachers"][0]["same_vocabulary"] is False


def test_a_student_that_cannot_fit_is_refused_before_it_is_loaded(tmp_path: Path, student: Path) -> None:
    run = opened(tmp_path / "case", student)
    teach(run)
    head = json.dumps({"w": {"dtype": "BF16", "shape": [10**7, 10**7], "data_offsets": [0, 0]}}).encode()
    (run.base_dir / "student" / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    with pytest.raises(
        GateError, match=r"training needs [\d.]+ GiB at least \(student weights.*GiB are free on the c"
    ):
        checked(run)


def test_an_example_longer_than_training_takes_is_refused_before_it_starts(
    tmp_path: Path, student: Path
) -> None:
    run = opened(tmp_path / "case", student, ("[split]", "[sft]\nmax_tokens = 16\n\n[split]"))
    teach(run)
    with pytest.raises(GateError, match=r"over sft\.max_tokens = 16: raise it"):
        checked(run)


def test_a_resumed_teach_stage_asks_nothing_again_and_writes_the_same_file(
    tmp_path: Path, student: Path
) -> None:
    model = Served(student, ids=True)
    with ScriptedServer(model.script, routes=model.routes) as server:
        run = opened(tmp_path / "case", student, served(server.url, "\ntop_logprobs = 2"))
        first = teach(run)
        path = run.stage_dir("teach") / "topk.parquet"
        whole, asked = path.read_bytes(), len(server.bodies)
        assert teach(run) == first and path.read_bytes() == whole and len(server.bodies) == asked == 60
        path.unlink()
        assert teach(run) == first and path.read_bytes() == whole and len(server.bodies) == asked


def test_what_a_server_told_comes_back_as_it_was(tmp_path: Path, student: Path) -> None:
    model = Served(student, ids=True)
    with ScriptedServer(model.script, routes=model.routes) as server:
        run = opened(tmp_path / "case", student, served(server.url))
        teach(run)
    told = lessons.read_server(run.stage_dir("teach"))
    assert told is not None and (told.engine, told.max_context_tokens) == ("vllm", 4096)
    assert told.probes is not None and all(
        model.tokenizer.decode(ids) == text for text, ids in told.probes.items()
    )
    assert told.chat_probe
