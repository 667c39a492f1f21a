"""What all tests share: no way out of this machine, a home of their own, and the models that were fetched beforehand."""

from __future__ import annotations

import functools
import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from privacy.records import DetectorModels

# The same examples each time, so that a change is judged by itself; `--hypothesis-seed=random` looks further. No deadline:
# the machine is shared.
settings.register_profile("stillhouse", deadline=None, derandomize=True)
settings.load_profile("stillhouse")

_DEVELOPERS_HOME = Path(os.environ.get("STILLHOUSE_HOME") or "~/.stillhouse").expanduser()
"""Read before any test runs, since each test gets a home of its own."""
_SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def is_on_this_machine(family: int, address: Any) -> bool:
    """Whether a socket of this family would stay on the machine with this address."""
    if family == socket.AF_UNIX:
        return True
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    if address[0] == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(address[0].partition("%")[0])
    except ValueError:
        return False
    return (getattr(ip, "ipv4_mapped", None) or ip).is_loopback


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """Fails a test whose own process connects or sends anywhere else; code under test cannot swallow that."""

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def guard(self: socket.socket, *args: Any) -> Any:
            address = args[-1]
            if not is_on_this_machine(self.family, address):
                pytest.fail(f"a test may reach loopback only, not {address!r}")
            return real(self, *args)

        return guard

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(name))
        yield


@pytest.fixture(scope="session", autouse=True)
def the_disk_is_not_waited_for() -> Iterator[None]:
    """No test pulls the plug: a file is there for other processes before it is on the disk. Processes that a test starts
    wait as ever."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, lambda descriptor: None)
        yield


@pytest.fixture(autouse=True)
def stillhouse_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home that the environment names during the test: empty, and gone afterwards."""
    home = tmp_path_factory.mktemp("stillhouse-home")
    home.chmod(0o700)
    monkeypatch.setenv("STILLHOUSE_HOME", str(home))
    return home


def weaken(patch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords of the same kind that cost next to nothing."""
    import argon2

    weak = functools.partial(argon2.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(argon2, "PasswordHasher", weak)


@pytest.fixture
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    weaken(monkeypatch)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("chromium") is None:
        absent = pytest.mark.skip(reason="Debian's chromium is not installed")
        for item in items:
            if item.get_closest_marker("browser") is not None:
                item.add_marker(absent)


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of the packaged models in the developer's own home."""
    from appliance.models import CATALOGUE

    folder = _DEVELOPERS_HOME / "models"
    absent = [model.name for model in CATALOGUE if not (folder / model.name).is_dir()]
    if absent:
        pytest.fail(
            f"{folder} lacks a model: run `stillhouse models fetch {' '.join(absent)}`", pytrace=False
        )
    return folder


@pytest.fixture(scope="session")
def detector_models(models: Path) -> DetectorModels:
    """The scrubber's packaged models."""
    return DetectorModels(models / "spacy-en-md", (models / "rampart",))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public data sets that lie beside a developer's checkout and are no part of the project."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("the public data sets are not there: they lie in ../shared/data beside the project")
    return _SHARED_DATA
