"""The installer as an administrator uses it, on a bundle of the real format with a tiny product."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder.pack import write_bundle
from installer.bundle import BoxError
from installer.home_key import read_home_key
from installer.layout import Box
from installer.services import migrate
from small_bundle import (
    DEPLOY,
    Maker,
    as_root,
    install_sh,
    make_maker,
    product,
    small_facts,
    small_files,
    write_small,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("install")


@pytest.fixture(scope="module")
def maker(folder: Path) -> Maker:
    return make_maker(folder / "maker")


@pytest.fixture(scope="module")
def first(folder: Path, maker: Maker) -> Path:
    return write_small(folder / "first.tar.zst", maker, "1.0", 1)


@pytest.fixture(scope="module")
def second(folder: Path, maker: Maker) -> Path:
    """Its product has another format of data, which the first cannot read."""
    return write_small(folder / "second.tar.zst", maker, "2.0", 2, form=2)


@pytest.fixture
def prefix(tmp_path: Path, first: Path, maker: Maker) -> Path:
    """With the first version installed, and words in its home."""
    prefix = tmp_path / "prefix"
    done = install_sh("--bundle", first, "--prefix", prefix, "--key", maker.public, *as_root())
    assert done.returncode == 0, done.stderr + done.stdout
    write_words(prefix, "first words")
    return prefix


def write_words(prefix: Path, words: str) -> None:
    facts = prefix / "current/home/facts.json"
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"words": words}))


def state_of(prefix: Path) -> tuple[str | None, str | None]:
    return product(prefix, "--version"), product(prefix, "words")


def test_the_product_runs_and_its_state_is_private(prefix: Path) -> None:
    assert state_of(prefix) == ("stillhouse 1.0", "first words")
    assert (prefix / "state/homes/1").stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o027 == 0 for path in (prefix / "state", prefix / "state/homes"))
    assert (prefix / "current/home/models/small/weights.bin").exists()


def test_said_again_it_changes_nothing(prefix: Path, first: Path) -> None:
    before = sorted(prefix.rglob("*"))
    done = install_sh("--bundle", first, "--prefix", prefix)
    assert done.returncode == 0 and "runs here already" in done.stdout
    assert sorted(prefix.rglob("*")) == before


def test_an_upgrade_takes_the_data_along_and_a_rollback_brings_both_back(prefix: Path, second: Path) -> None:
    done = install_sh("upgrade", "--bundle", second, "--prefix", prefix)
    assert done.returncode == 0, done.stderr
    assert state_of(prefix) == ("stillhouse 2.0", "first words")
    write_words(prefix, "second words")
    started = time.monotonic()
    done = install_sh("rollback", "--prefix", prefix)
    assert done.returncode == 0 and time.monotonic() - started < 60
    assert state_of(prefix) == ("stillhouse 1.0", "first words")
    assert "second words" in (prefix / "state/homes/2/facts.json").read_text(), (
        "what was done since is not lost"
    )


def test_what_a_rollback_set_aside_outlives_the_next_upgrade_until_it_is_forgotten(
    prefix: Path, second: Path
) -> None:
    install_sh("upgrade", "--bundle", second, "--prefix", prefix)
    write_words(prefix, "second words")
    install_sh("rollback", "--prefix", prefix)
    install_sh("upgrade", "--bundle", second, "--prefix", prefix)
    assert state_of(prefix) == ("stillhouse 2.0", "first words")
    assert sorted(path.name for path in (prefix / "state/homes").iterdir()) == ["1", "2", "3"]
    told = json.loads(install_sh("status", "--json", "--prefix", prefix).stdout)
    assert told["set_aside"] == [str(prefix / "state/homes/2")] and told["previous"] == "1.0-r1"
    done = install_sh("forget", "--prefix", prefix)
    assert done.returncode == 0 and sorted(path.name for path in (prefix / "state/homes").iterdir()) == ["3"]
    assert [path.name for path in (prefix / "versions").iterdir()] == ["2.0-r2"]
    assert install_sh("rollback", "--prefix", prefix).returncode == 1
    assert state_of(prefix) == ("stillhouse 2.0", "first words")


def test_an_upgrade_keeps_one_version_to_go_back_to(
    prefix: Path, second: Path, folder: Path, maker: Maker
) -> None:
    third = write_small(folder / "third.tar.zst", maker, "3.0", 3, form=2)
    for bundle in (second, third):
        assert install_sh("upgrade", "--bundle", bundle, "--prefix", prefix).returncode == 0
    assert sorted(path.name for path in (prefix / "versions").iterdir()) == ["2.0-r2", "3.0-r3"]
    assert sorted(path.name for path in (prefix / "state/homes").iterdir()) == ["2", "3"]
    install_sh("rollback", "--prefix", prefix)
    assert state_of(prefix) == ("stillhouse 2.0", "first words")


def test_an_older_release_is_refused_even_after_a_rollback(prefix: Path, first: Path, second: Path) -> None:
    install_sh("upgrade", "--bundle", second, "--prefix", prefix)
    for _ in range(2):
        done = install_sh("--bundle", first, "--prefix", prefix)
        assert done.returncode == 1 and "an old bundle may hold known faults" in done.stderr
        install_sh("rollback", "--prefix", prefix)


def test_another_key_than_the_one_installed_with_is_refused(prefix: Path, folder: Path) -> None:
    stranger = make_maker(folder / "stranger")
    theirs = write_small(folder / "theirs.tar.zst", stranger, "9.0", 9)
    done = install_sh("upgrade", "--bundle", theirs, "--prefix", prefix)
    assert done.returncode == 1 and "Do not install it" in done.stderr
    done = install_sh("upgrade", "--bundle", theirs, "--prefix", prefix, "--key", stranger.public)
    assert done.returncode == 1 and "is another" in done.stderr
    assert state_of(prefix) == ("stillhouse 1.0", "first words")


def test_nothing_is_switched_under_a_product_that_runs(prefix: Path, second: Path) -> None:
    with subprocess.Popen([prefix / "bin/stillhouse", "hold"], stdout=subprocess.PIPE) as running:
        assert running.stdout and running.stdout.readline() == b"holding\n"
        for command in ("upgrade", "rollback", "uninstall"):
            done = install_sh(command, "--bundle", second, "--prefix", prefix)
            assert done.returncode == 1
        assert "Stillhouse is running" in done.stderr
        running.kill()
    assert state_of(prefix) == ("stillhouse 1.0", "first words")
    assert install_sh("upgrade", "--bundle", second, "--prefix", prefix).returncode == 0


def test_an_upgrade_whose_migration_fails_leaves_the_old_version_at_work(
    prefix: Path, folder: Path, maker: Maker
) -> None:
    (prefix / "current/home/facts.json").write_text("damaged")
    broken = write_small(folder / "broken.tar.zst", maker, "2.1", 4, form=2)
    done = install_sh("upgrade", "--bundle", broken, "--prefix", prefix)
    assert done.returncode == 1 and "nothing was switched" in done.stderr
    assert product(prefix, "--version") == "stillhouse 1.0"


def test_an_upgrade_that_cannot_be_installed_gives_its_room_back(
    prefix: Path, folder: Path, maker: Maker
) -> None:
    files = small_files(folder / "torn.files", "2.2", 1)
    wanting = folder / "wanting.txt"
    wanting.write_text("absent==1.0 --hash=sha256:" + "0" * 64 + "\n")
    torn = folder / "torn.tar.zst"
    write_bundle(torn, small_facts("2.2", 5), files | {"requirements/1-core.txt": wanting}, maker.private)
    done = install_sh("upgrade", "--bundle", torn, "--prefix", prefix)
    assert done.returncode == 1 and "could not install the wheels" in done.stderr
    assert [path.name for path in (prefix / "versions").iterdir()] == ["1.0-r1"]
    assert state_of(prefix) == ("stillhouse 1.0", "first words")


def test_the_sites_settings_reach_the_product_and_its_upgrades(prefix: Path, second: Path) -> None:
    """An encrypted home cannot be brought to another format without its key."""
    settings = prefix / "state/settings"
    settings.write_text(settings.read_text() + "STILLHOUSE_KEY_FILE=/run/key\nPATH=/nonexistent\n")
    (prefix / "current/home/encryption.json").write_text("ab" * 32)
    assert product(prefix, "key") == "/run/key"
    assert install_sh("upgrade", "--bundle", second, "--prefix", prefix).returncode == 0
    settings.write_text("")
    assert product(prefix, "key") == "none"
    done = install_sh("rollback", "--prefix", prefix)
    assert done.returncode == 0 and product(prefix, "--version") == "stillhouse 1.0"
    assert install_sh("upgrade", "--bundle", second, "--prefix", prefix).returncode == 1


def test_an_encrypted_home_is_upgraded_with_the_key_that_the_administrator_names(
    prefix: Path, second: Path, tmp_path: Path
) -> None:
    """Services that have it as a credential give it to nobody, and the file may be one that root alone reads."""
    (prefix / "current/home/encryption.json").write_text("ab" * 32)
    key, wrong = tmp_path / "key", tmp_path / "wrong"
    for path, text in ((key, "ab" * 32), (wrong, "cd" * 32)):
        path.write_text(f"{text}\n")
        path.chmod(0o600)
    upgrade = ("upgrade", "--bundle", second, "--prefix", prefix)
    before = sorted(prefix.rglob("*"))
    done = install_sh(*upgrade)
    assert done.returncode == 1 and "MEND  key of the encrypted data: not given" in done.stdout
    assert "--home-key" in done.stdout and sorted(prefix.rglob("*")) == before
    done = install_sh(*upgrade, "--home-key", wrong)
    assert (
        done.returncode == 1 and "nothing was switched: the home is encrypted with another key" in done.stderr
    )
    assert state_of(prefix) == ("stillhouse 1.0", "first words")
    # The site names another file for its services: two keys would be refused.
    (prefix / "state/settings").write_text(f"STILLHOUSE_KEY_FILE={wrong}\n")
    done = install_sh(*upgrade, "--home-key", key)
    assert done.returncode == 0, done.stderr
    assert state_of(prefix) == ("stillhouse 2.0", "first words")
    written = [path for path in prefix.rglob("*") if path.is_file() and path.name != "encryption.json"]
    assert written and not any(b"ab" * 32 in path.read_bytes() for path in written)


def test_a_key_may_come_through_a_pipe_and_one_that_others_can_read_is_refused(
    prefix: Path, second: Path, tmp_path: Path
) -> None:
    """As `systemd-creds decrypt` gives it."""
    (prefix / "current/home/encryption.json").write_text("ab" * 32)
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    key.chmod(0o640)
    upgrade = ["upgrade", "--bundle", second, "--prefix", prefix, "--home-key"]
    done = install_sh(*upgrade, key)
    assert done.returncode == 1 and f"chmod 600 {key}" in done.stderr
    for text, status in (("", 1), ("ab" * 32, 0)):
        command = ["sh", DEPLOY / "install.sh", *upgrade, "/dev/stdin"]
        assert subprocess.run(command, input=text, text=True, capture_output=True).returncode == status
    assert state_of(prefix) == ("stillhouse 2.0", "first words")


@pytest.mark.parametrize("given", [True, False])
def test_the_product_opens_its_encrypted_home_with_what_the_installer_hands_it(
    tmp_path: Path, given: bool
) -> None:
    """The real product: a store and keys under a key, brought to its formats as an upgrade does."""
    home, version, key = tmp_path / "home", tmp_path / "version", tmp_path / "key"
    home.mkdir(mode=0o700)
    (version / "venv/bin").mkdir(parents=True)
    command = version / "venv/bin/stillhouse"
    command.write_text(
        f'#!/bin/sh\nexport PYTHONPATH={DEPLOY.parent}\nexec {sys.executable} -m appliance.cli "$@"\n'
    )
    command.chmod(0o755)
    environment = {**os.environ, "STILLHOUSE_HOME": str(home)}
    subprocess.run([command, "keys", "new", key], env=environment, check=True, capture_output=True)
    environment["STILLHOUSE_KEY_FILE"] = str(key)
    subprocess.run([command, "migrate"], env=environment, check=True, capture_output=True)
    box = Box(str(tmp_path / "state"), None, False, "key")
    if given:
        migrate(box, version, home, read_home_key(key))
    else:
        with pytest.raises(BoxError, match=r"nothing was switched: .* is encrypted with the key"):
            migrate(box, version, home, None)


def test_a_restore_is_one_rollback_away_from_what_was_there(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text(json.dumps({"format": 1, "words": "old words"}))
    done = install_sh("restore", "--backup", tmp_path / "backup", "--prefix", prefix)
    assert done.returncode == 0, done.stderr
    assert state_of(prefix) == ("stillhouse 1.0", "old words")
    install_sh("rollback", "--prefix", prefix)
    assert state_of(prefix) == ("stillhouse 1.0", "first words")


def test_an_uninstall_names_what_it_leaves_and_an_installation_takes_it_up(
    prefix: Path, second: Path, maker: Maker
) -> None:
    done = install_sh("uninstall", "--prefix", prefix)
    assert done.returncode == 0 and str(prefix / "state/homes/1") in done.stdout
    left = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert left == {"state/kept.json", "state/settings", "state/homes/1/facts.json"}
    done = install_sh("--bundle", second, "--prefix", prefix, "--key", maker.public, *as_root())
    assert done.returncode == 0, done.stdout + done.stderr
    assert state_of(prefix) == ("stillhouse 2.0", "first words")


@pytest.mark.parametrize("before", [False, True], ids=["at once", "after an uninstall"])
def test_a_purge_leaves_nothing(prefix: Path, before: bool) -> None:
    if before:
        install_sh("uninstall", "--prefix", prefix)
    done = install_sh("uninstall", "--purge", "--prefix", prefix)
    assert done.returncode == 0 and "nothing is left" in done.stdout
    assert not prefix.exists()


def test_files_that_are_not_ours_are_neither_taken_nor_touched(
    prefix: Path, first: Path, maker: Maker, tmp_path: Path
) -> None:
    (prefix / "notes.txt").write_text("the site's own")
    done = install_sh("uninstall", "--purge", "--prefix", prefix)
    assert f"{prefix / 'notes.txt'}: not ours" in done.stdout
    assert [path.name for path in prefix.rglob("*")] == ["notes.txt"]
    done = install_sh("--bundle", first, "--prefix", prefix, "--key", maker.public, *as_root())
    assert done.returncode == 1 and "holds files that are not ours" in done.stdout
    assert [path.name for path in prefix.rglob("*")] == ["notes.txt"]


def test_a_check_tells_every_need_and_changes_nothing(tmp_path: Path, first: Path, maker: Maker) -> None:
    arguments = ("--bundle", first, "--prefix", tmp_path / "prefix", "--key", maker.public, *as_root())
    done = install_sh("--check", "--json", *arguments)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and told["ok"] and told["bundle"] == "1.0-r1"
    assert all(check["ok"] == (check["remedy"] is None) for check in told["checks"])
    assert not list(tmp_path.iterdir())


HOSTILE = {
    "HTTP_PROXY": "http://10.9.8.7:3128",
    "https_proxy": "http://10.9.8.7:3128",
    "ALL_PROXY": "socks5://10.9.8.7:1080",
    "UV_INDEX_URL": "http://10.9.8.7/simple",
    "PIP_INDEX_URL": "http://10.9.8.7/simple",
    "PYTHONPATH": "/nonexistent",
    "PYTHONHOME": "/nonexistent",
    "LC_ALL": "tr_TR.UTF-8",
    "TZ": "Pacific/Kiritimati",
    "CDPATH": "/",
    "STILLHOUSE_HOME": "/nonexistent",
}


def test_the_callers_environment_leads_nothing_astray(tmp_path: Path, first: Path, maker: Maker) -> None:
    prefix = tmp_path / "prefix"
    done = install_sh("--bundle", first, "--prefix", prefix, "--key", maker.public, *as_root(), **HOSTILE)
    assert done.returncode == 0, done.stderr
    assert product(prefix, "words", **HOSTILE) == "none yet"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every user can go through."""
    folder = Path(tempfile.mkdtemp(prefix="stillhouse-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/usr/bin/python3.11").exists(),
    reason="needs root, and a Python that other users can run",
)
def test_as_root_the_product_runs_as_its_own_user_who_can_change_its_data_only(
    open_folder: Path, first: Path, maker: Maker
) -> None:
    prefix = open_folder / "prefix"
    done = install_sh("--bundle", first, "--prefix", prefix, "--key", maker.public, "--user", "nobody")
    assert done.returncode == 0, done.stdout + done.stderr
    nobody = prefix.joinpath("state/homes/1/facts.json").stat().st_uid
    assert nobody != 0
    home = (prefix / "state/homes/1").stat()
    assert (home.st_uid, home.st_mode & 0o777) == (nobody, 0o700)
    for path in (prefix / "state", prefix / "state/homes", prefix / "state/settings"):
        assert (path.stat().st_uid, path.stat().st_mode & 0o027) == (0, 0), (
            "nothing can be laid into root's way"
        )
    code = [path for path in prefix.rglob("*") if "state" not in path.relative_to(prefix).parts]
    assert code and all(path.lstat().st_uid == 0 for path in code)
    assert not [path for path in code if not path.is_symlink() and path.stat().st_mode & 0o022]
    with subprocess.Popen([prefix / "bin/stillhouse", "hold"], stdout=subprocess.PIPE) as running:
        assert running.stdout and running.stdout.readline() == b"holding\n"
        assert Path(f"/proc/{running.pid}").stat().st_uid == nobody
        running.kill()
    units = {path.name: path.read_text() for path in (prefix / "units").iterdir()}
    assert set(units) == {"stillhouse-worker.service", "stillhouse-console.service"}
    assert all("User=nobody" in text and not re.search("@[A-Z]+@", text) for text in units.values())


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/usr/bin/python3.11").exists(),
    reason="needs root, and a Python that other users can run",
)
def test_links_that_the_services_user_laid_into_its_home_lead_root_nowhere(
    open_folder: Path, first: Path, second: Path, maker: Maker
) -> None:
    prefix, target = open_folder / "prefix", open_folder / "roots-own"
    install_sh("--bundle", first, "--prefix", prefix, "--key", maker.public, "--user", "nobody")
    target.mkdir(mode=0o755)
    (target / "file").write_text("root's")
    home = prefix / "state/homes/1"
    shutil.rmtree(home / "models")
    for name in ("models", "runs", "linked"):
        (home / name).symlink_to(target)
        os.chown(home / name, home.stat().st_uid, -1, follow_symlinks=False)
    install_sh("upgrade", "--bundle", second, "--prefix", prefix)
    install_sh("uninstall", "--purge", "--prefix", prefix)
    assert [path.name for path in target.iterdir()] == ["file"]
    assert target.stat().st_uid == (target / "file").stat().st_uid == 0
    assert (target / "file").read_text() == "root's" and not prefix.exists()
