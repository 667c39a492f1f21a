from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.config import ConfigError, UseCase, load_use_case, use_case_from_json, use_case_to_json
from distill.rewards.settings import RewardSettings
from tests.appliance import small_use_case
from tests.appliance.small_use_case import TEXT, replaced

SHIPPED = sorted((Path(__file__).parents[2] / "deploy" / "usecases").glob("*.toml"))

NAME = 'name = "small"'
INPUT = 'input = "{message}"'
TEACHER = 'kind = "recorded"\nmodel = "recorded replies"\nanswer_field = "answer"'
MAPPED = 'id = "number"\nfields = { message = "text", answer = "queue", reviewed = "checked" }'
DATA = f'[data]\npath = "messages.csv"\n{MAPPED}'
HELD_OUT = f'[held_out]\npath = "exam.csv"\n{MAPPED}'


def load(folder: Path, content: str | bytes) -> UseCase:
    path = folder / "case.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_use_case(path)


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, content)
    return str(caught.value)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_use_case_that_is_shipped_loads_and_survives_its_own_json(path: Path) -> None:
    use_case = load_use_case(path)
    assert use_case_from_json(use_case_to_json(use_case)) == use_case


def test_free_text_may_be_compared_by_meaning_and_by_a_judge(tmp_path: Path) -> None:
    changes = (
        ('kind = "classify"', 'kind = "generate"'),
        ('labels = ["billing", "repairs"]\n', ""),
        ("{labels}", "briefly"),
        (
            "[evaluate]\n",
            '[judge]\nmodel = "big"\ngolden = "rated.jsonl"\n[evaluate]\nsimilarity_model = "near"\n',
        ),
    )
    use_case = load(tmp_path, replaced(*changes))
    assert use_case.judge is not None and use_case.judge.golden == "rated.jsonl"
    assert use_case.evaluate.similarity_model == "near"
    assert use_case_from_json(use_case_to_json(use_case)) == use_case


def test_there_are_use_cases_to_ship() -> None:
    assert {path.stem for path in SHIPPED} >= {"demo", "banking77"}


UNKNOWN = [
    ((NAME, f'{NAME}\ntitel = "x"'), "unknown key 'titel': did you mean 'title'?"),
    (("[prices]", "[price]"), "unknown key 'price': did you mean 'prices'?"),
    (("[split]\n", "[split]\nvalidaton = 3\n"), "unknown key 'split.validaton': did you mean 'validation'?"),
    (
        ("[split]\n", "[sft]\nlora_rnak = 3\n[split]\n"),
        "unknown key 'sft.lora_rnak': did you mean 'lora_rank'?",
    ),
    (
        (HELD_OUT, HELD_OUT.replace("fields", "feilds")),
        "unknown key 'held_out.feilds': did you mean 'fields'?",
    ),
    (
        ("concurrency = [1, 4]", "concurency = [1, 4]"),
        "unknown key 'bench.load.concurency': did you mean 'concurrency'?",
    ),
    (("[bench.serve]", "[bench.sevre]"), "unknown key 'bench.sevre': did you mean 'serve'?"),
    (
        ("test = 60", "test = 60\nzzz = 1"),
        "unknown key 'split.zzz'; there are: near_duplicate_jaccard, near_duplicates, seed, test, train, validation",
    ),
    (
        ("test = 60", 'test = 60\n"a\\nb" = 1'),
        "unknown key 'split.a b'; there are: near_duplicate_jaccard, near_duplicates, seed, test, train, validation",
    ),
]


@pytest.mark.parametrize(("change", "said"), UNKNOWN, ids=[said[:40] for _, said in UNKNOWN])
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, replaced(change)) == f"{tmp_path / 'case.toml'}: {said}"


BROKEN = [
    # types
    (("test = 60", 'test = "60"'), 'split.test: input should be a valid integer, not "60"'),
    (("test = 60", "test = 60.0"), "split.test: input should be a valid integer, not 60.0"),
    (("test = 60", "test = true"), "split.test: input should be a valid integer, not true"),
    (("[split]", "[[split]]"), "split: input should be an object"),
    (('title = "Messages to queues"', "title = 3"), "title: input should be a valid string, not 3"),
    (("concurrency = [1, 4]", 'concurrency = [1, "4"]'), "bench.load.concurrency.1: input should be a valid integer"),
    (("concurrency = [1, 4]", "concurrency = 4"), "bench.load.concurrency: input should be a valid array"),
    ((HELD_OUT, HELD_OUT.replace('"exam.csv"', "3")), "held_out.path: input should be a valid string, not 3"),
    (('replies"', 'replies"\nurl = 3'), "teacher.url: input should be a valid string, not 3"),
    # out of range
    (("test = 60", "test = 0"), "split.test: input should be greater than or equal to 1, not 0"),
    (("device_per_hour = 0.08", "device_per_hour = 0"), "prices.device_per_hour: input should be greater than 0"),
    (("device_per_hour = 0.08", "device_per_hour = -1.5"), "prices.device_per_hour: input should be greater than 0"),
    (("device_per_hour = 0.08", "device_per_hour = inf"), "prices.device_per_hour is inf: give a finite number"),
    (("device_per_hour = 0.08", "device_per_hour = nan"), "prices.device_per_hour is nan: give a finite number"),
    (("[decide]", "[decide]\nmin_quality_ratio = 1.01"), "decide.min_quality_ratio: input should be less than or equal to 1"),
    (("[decide]", "[decide]\nmin_quality_ratio = 0"), "decide.min_quality_ratio: input should be greater than 0"),
    (('kind = "classify"', 'kind = "rank"'), "task.kind: input should be 'classify', 'extract' or 'generate', not \"rank\""),
    (('currency = "EUR"', 'currency = "EUR"\nutilisation = 0'), "prices.utilisation: input should be greater than 0"),
    (("concurrency = [1, 4]", "concurrency = []"), "bench.load: concurrency needs at least one level, each 1 or more"),
    (("concurrency = [1, 4]", "concurrency = [1, 100]"), "bench.load: requests_per_level is 64, below concurrency 100: raise it"),
    # missing
    (("test = 60\n", ""), "split.test: is missing"),
    (("[split]\ntest = 60\nvalidation = 20\n", ""), "split: is missing"),
    ((NAME, ""), "name: is missing"),
    ((DATA, DATA.replace('path = "messages.csv"\n', "")), "data.path: is missing"),
    # TOML's own dates
    (('device_date = "2026-11-01"', "device_date = 2026-11-01"), "prices.device_date is a date or time: write it in quotes"),
    (('title = "Messages to queues"', "title = 2026-11-01T10:00:00Z"), "title is a date or time: write it in quotes"),
    (('labels = ["billing", "repairs"]', 'labels = ["billing", 10:30:00]'), "task.labels.1 is a date or time: write it in quotes"),
    # impossible together
    ((NAME, 'name = "two words"'), "name = 'two words' may hold up to 40 letters"),
    ((NAME, 'name = ""'), "name = '' may hold"),
    ((NAME, 'name = "../up"'), "name = '../up' may hold"),
    ((NAME, 'name = "-n"'), "name = '-n' may hold"),
    ((NAME, 'name = "a\\nb"'), "name = 'a b' may hold"),
    ((NAME, f'name = "{"a" * 41}"'), f"name = '{'a' * 41}' may hold up to 40"),
    ((INPUT, 'input = "{mesage}"'), "task.input names the field 'mesage', which data.fields does not map: did you mean 'message'?"),
    ((INPUT, 'input = "{message"'), "task.input = '{message': expected '}' before end of string"),
    ((INPUT, 'input = "message}"'), "task.input = 'message}': Single '}' encountered"),
    ((INPUT, 'input = "{message.text}"'), "task.input may hold plain {field} holes only, not {message.text}"),
    ((INPUT, 'input = "{}"'), "task.input may hold plain {field} holes only, not {}"),
    ((INPUT, 'input = "message"'), "task.input names no field"),
    ((INPUT, 'input = "{message} {answer}"'), "task.input shows the column of teacher.answer_field"),
    ((INPUT, 'input = "{message} {reviewed}"'), "task.input shows the column of evaluate.reference_field"),
    (('answer_field = "answer"', 'answer_field = "anwser"'), "teacher.answer_field names the field 'anwser', which data.fields does not map: did you mean 'answer'?"),
    (('reference_field = "reviewed"', 'reference_field = "answer"'), "are the same column: the teacher would be scored against itself; remove"),
    ((HELD_OUT, HELD_OUT.replace(', reviewed = "checked"', "")), "held_out.fields must map the same fields as data.fields"),
    ((DATA, DATA + '\ncolumns = { text = "PERSON" }\n'), "held_out.columns must say the same of each field as data.columns"),
    ((DATA, DATA + '\ncolumns = { txet = "PERSON" }\n'), "data: columns names 'txet', which fields does not map: did you mean 'text'?"),
    (("[scrub]", '[[scrub.dictionary]]\nentity_tpye = "PERSON"\n\n[scrub]'), "unknown key 'scrub.dictionary.0.entity_tpye': did you mean 'entity_type'?"),
    ((DATA, DATA.replace('id = "number"\n', "")), "gold_spans refers to records by id: name the id column in data.id"),
    ((TEACHER, 'kind = "endpoint"\nmodel = "big"'), "teacher.url is missing: kind = 'endpoint' needs it"),
    ((TEACHER, 'kind = "recorded"\nmodel = "big"'), "teacher.answer_field is missing: kind = 'recorded' needs it"),
    (('replies"', 'replies"\ntop_logprobs = 20'), "teacher.top_logprobs does not go with kind = 'recorded': remove it"),
    ((TEACHER, 'kind = "local"\nmodel = "big"\nurl = "x"'), "teacher.url does not go with kind = 'local': remove it"),
    (('labels = ["billing", "repairs"]', 'labels = ["billing"]'), "task.labels: a classification needs at least two labels"),
    (('labels = ["billing", "repairs"]', 'labels = ["billing", "Billing."]'), "task.labels: two labels differ only in case"),
    (('kind = "classify"', 'kind = "extract"'), "task.json_schema is missing: kind = 'extract' needs"),
    (("[evaluate]\n", '[evaluate]\nsimilarity_model = "minilm"\n'), "evaluate.similarity_model compares free text, and task.kind is 'classify': remove it"),
    (("[evaluate]\n", '[judge]\nmodel = "big"\n[evaluate]\n'), "[judge] compares free text, and the answers of task.kind = 'classify' are right or wrong"),
    (("[evaluate]\n", '[judge]\nmodel = "big"\nrubric = " "\n[evaluate]\n'), "judge.rubric is empty"),
    (("[evaluate]\n", '[judge]\nmodel = "big"\nurl = "here"\n[evaluate]\n'), "judge.url must begin with http:// or https://"),
    (("[evaluate]\n", '[judge]\nmodel = "big"\nmin_kappa = 1.0\n[evaluate]\n'), "judge.min_kappa: "),
    (("teacher_output_per_million = 2.40\n", ""), "teacher_input_per_million and teacher_output_per_million go together"),
    (('teacher_source = "list price"\n', ""), "the teacher's prices need teacher_source and teacher_date"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BROKEN, ids=[said[:50] for _, said in BROKEN])
def test_what_is_wrong_is_told_in_one_line_with_file_key_and_remedy(
    change: tuple[str, str], said: str, tmp_path: Path
) -> None:
    line = refusal(tmp_path, replaced(change))
    assert line.startswith(f"{tmp_path / 'case.toml'}: ") and said in line
    assert len(line.splitlines()) == 1


UNREADABLE = [
    (TEXT.replace("[split]", "[split"), "not TOML: Expected ']' at the end of a table declaration (at line"),
    (TEXT + "\ntest = 1\n[split]\n", "not TOML: Cannot declare ('split',) twice"),
    (TEXT.replace("Messages", "M\xe9ssages").encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
    (TEXT.encode("utf-16"), "is not UTF-8 text: save it as UTF-8"),
    (f"n = {'1' * 5000}", "not TOML: Exceeds the limit"),
    (f"n = {'[' * 5000}{']' * 5000}", "not TOML: maximum recursion depth exceeded"),
    ("", "name: is missing"),
]


@pytest.mark.parametrize(("content", "said"), UNREADABLE, ids=[said[:40] for _, said in UNREADABLE])
def test_a_file_that_is_not_toml_in_utf_8_is_told_in_one_line(
    content: str | bytes, said: str, tmp_path: Path
) -> None:
    line = refusal(tmp_path, content)
    assert line.startswith(f"{tmp_path / 'case.toml'}: {said}") and len(line.splitlines()) == 1


def test_a_file_that_is_absent_or_a_folder_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such file$"):
        load_use_case(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"Is a directory: name a TOML file that you may read$"):
        load_use_case(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Not a directory: name a TOML file"):
        load_use_case(tmp_path / "file" / "case.toml")


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace(NAME, 'name = "Größe-7"'),
    ],
    ids=["as it is", "byte order mark", "CRLF", "umlauts"],
)
def test_what_an_editor_may_do_to_a_file_does_no_harm(content: str | bytes, tmp_path: Path) -> None:
    use_case = load(tmp_path, content)
    assert use_case_from_json(use_case_to_json(use_case)) == use_case


def settings_of(value: Any) -> Any:
    """A settings object as its keys, nested; leaves are None."""
    if not is_dataclass(value):
        return None
    return {field.name: settings_of(getattr(value, field.name)) for field in fields(value)}


def keys_of(document: Any, shape: Any) -> Any:
    return {name: keys_of(document[name], shape[name]) for name in document} if shape else None


def test_the_json_holds_every_setting_and_no_other(tmp_path: Path) -> None:
    use_case = load(tmp_path, TEXT)
    assert keys_of(json.loads(use_case_to_json(use_case)), settings_of(use_case)) == settings_of(use_case)


def test_the_json_does_not_depend_on_the_order_or_layout_of_the_file(tmp_path: Path) -> None:
    head, *sections = TEXT.split("\n[")
    shuffled = "# a remark\n" + head + "\n\n\n[" + "\n[".join(reversed(sections))
    assert use_case_to_json(load(tmp_path, shuffled)) == use_case_to_json(load(tmp_path, TEXT))


def test_the_order_of_a_schemas_properties_is_kept_since_answers_are_written_in_it() -> None:
    demo = Path(__file__).parents[2] / "deploy" / "usecases" / "demo.toml"
    use_case = use_case_from_json(use_case_to_json(load_use_case(demo)))
    assert use_case.task.json_schema is not None
    names = ["product", "queue", "priority", "needs_refund"]
    assert list(use_case.task.json_schema["properties"]) == names
    assert list(json.loads(use_case_to_json(use_case))["task"]["json_schema"]["properties"]) == names


def leaves(document: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(document, dict) and document:
        return [leaf for key, value in document.items() for leaf in leaves(value, (*path, key))]
    return [path]


OTHERS = {
    ("data", "format"): "csv",
    ("data", "table"): "t",
    ("data", "subject"): "person",
    ("data", "limit"): 9,
    ("held_out", "format"): "csv",
    ("held_out", "table"): "t",
    ("held_out", "subject"): "person",
    ("held_out", "limit"): 9,
    ("detector", "classifiers"): ["x"],
    ("scrub", "preset"): "pci",
    ("scrub", "dictionary"): [
        {
            "entity_type": "PERSON",
            "values": ["a"],
            "path": None,
            "column": None,
            "table": None,
            "ignore_case": False,
        }
    ],
    ("scrub", "pattern"): [
        {"entity_type": "CUSTOM", "regex": "x", "path": None, "column": None, "table": None, "context": []}
    ],
    ("scrub", "vault"): {"path": "v", "key_file": "k", "key_env": None},
    ("scrub", "actions", "LOCATION"): "mask",
    ("task", "input"): "Message: {message}",
    ("task", "labels"): ["billing", "sales"],
    ("teacher", "answer_field"): "spare",
    ("teacher", "api_key_env"): "KEY",
    ("teacher", "min_accuracy"): 0.5,
    ("evaluate", "reference_field"): "spare",
    ("student", "device"): "cpu",
    ("student", "layers"): 10,
    ("split", "train"): 99,
    ("evaluate", "retrieved"): 3,
    ("split", "near_duplicates"): "reject",
    ("sft", "method"): "full",
    ("sft", "micro_batch"): 4,
    ("onpolicy", "method"): "rloo",
    ("onpolicy", "rollouts"): "vllm",
    ("onpolicy", "reward"): [asdict(RewardSettings(kind="label")) | {"allowed": []}],
    ("attack", "on_leak"): "report",
    ("bench", "load", "concurrency"): [1, 5],
    ("bench", "load", "open_shares"): [0.5],
    ("bench", "slo", "e2e_s"): 9.0,
    ("bench", "forms"): ["adapter"],
    ("bench", "serve", "dtype"): "float32",
    ("prices", "peak_to_mean"): 3.0,
    ("prices", "peak_requests_per_s"): 9.0,
    ("prices", "device_date"): "2026-11-02",
    ("prices", "teacher_date"): "2026-11-02",
}
"""Another valid value, where one cannot be made from the first."""
BOUND = {
    ("data", "columns"),
    ("held_out", "columns"),
    ("task", "kind"),
    ("task", "json_schema"),
    ("teacher", "kind"),
    ("teacher", "url"),
    ("teacher", "top_logprobs"),
    ("sft", "dp"),
    ("onpolicy", "teacher"),
    ("evaluate", "similarity_model"),
    ("judge",),
    ("prices", "card"),
    ("prices", "cached_share"),
}
"""Change only together with others; the table above has them."""


def other_value(path: tuple[str, ...], value: Any) -> Any:
    if path in OTHERS:
        return OTHERS[path]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 or 1.0
    assert isinstance(value, str), f"say in OTHERS what else {path} may be"
    return value + "x"


def test_changing_any_single_setting_changes_the_json_and_is_read_back(tmp_path: Path) -> None:
    spare = 'reviewed = "checked" }', 'reviewed = "checked", spare = "spare" }'
    before = json.loads(use_case_to_json(load(tmp_path, TEXT.replace(*spare))))
    changed = set()
    for path in leaves(before):
        if path in BOUND or path[-2:-1] == ("fields",):
            continue
        document = json.loads(json.dumps(before))
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = other_value(path, inner[path[-1]])
        after = use_case_to_json(use_case_from_json(json.dumps(document)))
        assert json.loads(after) == document != before, path
        changed.add(after)
    assert len(changed) == len(leaves(before)) - len(BOUND) - 8  # four columns each of `data` and `held_out`


def test_a_run_that_an_older_release_wrote_is_refused_by_its_unknown_key(tmp_path: Path) -> None:
    document = json.loads(use_case_to_json(load(tmp_path, TEXT)))
    document["split"]["tset"] = 3
    with pytest.raises(
        ConfigError, match=r"^config\.json: unknown key 'split\.tset': did you mean 'test'\?$"
    ):
        use_case_from_json(json.dumps(document))


def test_the_small_use_case_of_these_tests_loads(tmp_path: Path) -> None:
    assert load_use_case(small_use_case.write(tmp_path)).name == "small"
