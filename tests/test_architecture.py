"""The tree is the architecture: which way imports point, one door a heavy dependency, a command line that answers at once."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("ui", "appliance", "distill", "privacy")
"""Each may import itself and those after it."""

COMMANDS = {f"appliance/commands/{path.stem}" for path in (ROOT / "appliance/commands").glob("[!_]*.py")}

DOORS = {
    "argon2": {"appliance/people/passwords"},
    "authlib": {"ui/single_sign_on"},
    "bm25s": {"distill/evaluation/retrieval"},
    "click": {"appliance/cli", *COMMANDS},
    "datasketch": {"distill/near_duplicates"},
    "datasets": set(),
    "dp_accounting": {"distill/dp"},
    "duckdb": {"appliance/store", "distill/rewards/sql_sandbox", "privacy/read_binary"},
    "faker": {"appliance/demo_data/people", "privacy/recognizers/places", "privacy/surrogate_places"},
    "httpx": {"distill/completer", "distill/served_model"},
    "jinja2": {"appliance/report/html"},
    "opacus": {"distill/dp", "distill/dp_sft"},
    "peft": {"distill/lora"},
    "onnx": {"privacy/onnx_weights"},
    "onnxruntime": {"privacy/onnx_weights", "privacy/token_classifier"},
    "presidio_analyzer": {"privacy/presidio_patterns"},
    "pyarrow": {
        "appliance/stages/context",
        "distill/topk",
        "privacy/read_binary",
        "privacy/take_out",
        "privacy/write_rows",
    },
    "ray": set(),
    "rich": {"appliance/progress"},
    "spacy": {"privacy/spacy_names"},
    "tokenizers": {"privacy/token_classifier"},
    "torch": {
        "distill/attention",
        "distill/crosstokenizer",
        "distill/dp_sft",
        "distill/loop",
        "distill/lora",
        "distill/memory_plan",
        "distill/objectives",
        "distill/onpolicy_step",
        "distill/packing",
        "distill/parity",
        "distill/probe",
        "distill/quantise",
        "distill/sampling",
        "distill/sft",
        "distill/evaluation/similarity",
        "distill/student",
        "distill/token_teacher",
        "distill/topk",
        "distill/trainable",
    },
    "transformers": {
        "distill/attention",
        "distill/sampling",
        "distill/evaluation/similarity",
        "distill/student",
    },
    "trl": set(),
    "typst": {"appliance/report/pdf"},
    "vllm": set(),
    "xlsxwriter": {"appliance/report/xlsx"},
}
"""Heavy dependency -> the modules that import it. vLLM is a process of its own, never imported; TRL is what benchmarks and
tests compare with."""

ON_SIGHT = {
    ("click", "appliance/cli"),
    *(("click", module) for module in COMMANDS),
    ("faker", "appliance/demo_data/people"),
}
"""Imported at module level: by the command line, and by a module that is itself imported only when used."""


CONSOLES = ("altair", "starlette", "streamlit", "uvicorn")
"""Heavy dependencies that the whole of `ui/` is made with, and nothing else."""

NAMESPACES = {"www.w3.org", "json-schema.org"}
"""Names of formats that look like addresses: of SVG, and of the dialect of a JSON Schema. Nothing asks there."""


@dataclass(frozen=True)
class Import:
    module: str
    """Of ours, as a path without its suffix."""
    name: str
    """What it imports, dotted."""
    at_once: bool
    """When the module is imported; not inside a function, not for the type checker only."""

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    return str(path.relative_to(ROOT).with_suffix(""))


def imports_of(path: Path) -> Iterator[Import]:
    module = module_of(path)

    def walk(node: ast.AST, at_once: bool) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                yield from (Import(module, alias.name, at_once) for alias in names)
            case ast.ImportFrom(module=source, level=0, names=names):
                yield from (Import(module, f"{source}.{alias.name}", at_once) for alias in names)
            case ast.ImportFrom():
                yield Import(module, module.partition("/")[0], at_once)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield Import(module, name, at_once)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_once = False
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            at_once = False
        for child in ast.iter_child_nodes(node):
            yield from walk(child, at_once)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), at_once=True)


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    return [found for path in sources(*ROOMS) for found in imports_of(path)]


def test_imports_point_from_ui_to_appliance_to_distill_to_privacy(imports: list[Import]) -> None:
    uphill = [
        found
        for found in imports
        if found.top in ROOMS and ROOMS.index(found.top) < ROOMS.index(found.module.partition("/")[0])
    ]
    assert not uphill


def test_the_installer_imports_nothing_of_ours_and_nothing_imports_it_or_the_tests(
    imports: list[Import],
) -> None:
    installers = [found for path in sources("deploy") for found in imports_of(path)]
    assert not [found for found in installers if found.top in ROOMS]
    assert not [found for found in imports if found.top in ("deploy", "tests")]


@pytest.mark.parametrize("dependency", DOORS)
def test_a_heavy_dependency_has_its_doors_and_no_others(dependency: str, imports: list[Import]) -> None:
    assert {found.module for found in imports if found.top == dependency} == DOORS[dependency]


@pytest.mark.parametrize("dependency", CONSOLES)
def test_what_the_console_is_made_with_is_imported_there_only(dependency: str, imports: list[Import]) -> None:
    found = {each.module for each in imports if each.top == dependency}
    assert found and all(module.startswith("ui/") for module in found)


def test_heavy_dependencies_are_imported_when_they_are_used(imports: list[Import]) -> None:
    assert {
        (found.top, found.module) for found in imports if found.top in DOORS and found.at_once
    } == ON_SIGHT


def test_modules_that_import_on_sight_are_imported_only_when_they_are_used(imports: list[Import]) -> None:
    """Nobody imports the demo data at module level, but the room it is in."""
    for dependency, module in ON_SIGHT:
        if dependency == "click":
            continue
        room = module.rpartition("/")[0]
        seen = [
            found.module
            for found in imports
            if found.at_once
            and f"{found.name}.".startswith(room.replace("/", ".") + ".")
            and not found.module.startswith(room)
        ]
        assert not seen, dependency


def test_a_raw_record_is_named_inside_privacy_only() -> None:
    assert not [
        path for path in sources("ui", "appliance", "distill", "deploy") if "RawRecord" in path.read_text()
    ]


@pytest.mark.parametrize("word", ["util", "utils", "helper", "helpers", "common", "misc", "manager", "base"])
def test_modules_are_named_after_what_they_hold(word: str) -> None:
    assert not [path for path in sources(*ROOMS, "deploy") if word in re.split(r"[_/]", module_of(path))]


def test_no_model_may_run_code_of_its_own() -> None:
    said = [
        (module_of(path), match[0])
        for path in sources(*ROOMS, "deploy")
        for match in re.finditer(r"trust[-_]remote[-_]code\W{0,4}\w*", path.read_text(), re.IGNORECASE)
    ]
    assert not [(module, text) for module, text in said if text != "trust_remote_code=False"]
    assert len(said) >= 2, "the loaders say so themselves"


def test_no_address_outside_this_machine_is_written_into_the_packages() -> None:
    files = [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".j2", ".html", ".css", ".js", ".toml", ".json"}
    ]
    hosts = {
        (str(path.relative_to(ROOT)), host)
        for path in files
        for host in re.findall(r"https?://([\w.-]+)", path.read_text(encoding="utf-8"))
    }
    outside = {
        (path, host) for path, host in hosts if host not in {"127.0.0.1", "localhost", "host", *NAMESPACES}
    }
    assert not outside


def modules_after(code: str) -> set[str]:
    """What a fresh interpreter has loaded after running `code`."""
    tail = "\nimport json, sys\nprint('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import appliance.cli", {"click"}),
        ("from appliance.cli import main\nmain(['--help'], standalone_mode=False)", {"click"}),
        ("from appliance.cli import main\nmain(['run', '--help'], standalone_mode=False)", {"click"}),
        (
            "import appliance.run, appliance.status, appliance.doctor, appliance.config, appliance.models",
            set(),
        ),
        ("import privacy.settings, privacy.records", set()),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(code: str, needed: set[str]) -> None:
    assert modules_after(code) & {*DOORS, *CONSOLES} == needed


def test_help_answers_at_once() -> None:
    """Best of three, since the machine may be busy."""
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        subprocess.run(
            [Path(sys.executable).with_name("stillhouse"), "--help"], check=True, capture_output=True
        )
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 1.0
