"""The real core bundle: built twice, then installed and asked where nothing but loopback can be reached."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_bundle import DEPLOY

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = DEPLOY.parent


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="stillhouse-bundle-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def bundle(folder: Path, models: Path) -> Path:
    """Takes a download of a third of a gigabyte, once on a machine."""
    return build(clone(ROOT, folder / "one"), folder / "stillhouse.tar.zst", models)


def clone(source: Path, target: Path) -> Path:
    """Somebody commits while tests run: both builds are of one commit."""
    subprocess.run(["git", "clone", "--quiet", "--shared", str(source), str(target)], check=True)
    return target


def build(source: Path, out: Path, models: Path, **environment: str) -> Path:
    """With the key beside `out`, made by the first build."""
    command = [sys.executable, str(source / "deploy" / "bundle.py"), "build", "-o", str(out)]
    command += ["--models", str(models), "--key", str(out.with_name("release.pem"))]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, cwd=source)
    assert done.returncode == 0, done.stderr
    return out


def test_two_builds_of_one_commit_have_one_hash(bundle: Path, folder: Path, models: Path) -> None:
    source = clone(folder / "one", folder / "deeper" / "two")
    os.utime(source / "README.md", (0, 0))
    other = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "3"}
    again = build(source, folder / "another-name", models, **other)
    first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (bundle, again))
    assert first == second
    again.unlink()


ASK = """
import time, urllib.request
for _ in range(600):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open("http://127.0.0.1:8617/login") as answer:
            print("console:", answer.status, b"password" in answer.read())
        break
    except OSError:
        time.sleep(0.2)
"""

INSTALL = """
set -e
mkdir {prefix}.out; chown {user} {prefix}.out
ip link set lo up
sh {deploy}/install.sh --bundle {bundle} --prefix {prefix} --key {key} --user {user}
{prefix}/bin/stillhouse --help
{prefix}/bin/stillhouse doctor --json > {prefix}.doctor.json || true
{prefix}/bin/stillhouse support-bundle > {prefix}.support.json
{prefix}/bin/stillhouse demo-data --n 20 -o {prefix}.out/tickets.jsonl
{prefix}/bin/stillhouse worker --once
{prefix}/bin/stillhouse console --port 8617 > {prefix}.console.log 2>&1 &
console=$!
{prefix}/current/version/venv/bin/python -c "$ASK"
kill $console; wait $console || true
{prefix}/bin/stillhouse backup -o {prefix}.out/backup
{prefix}/bin/stillhouse-admin restore --backup {prefix}.out/backup
{prefix}/bin/stillhouse status
{prefix}/bin/stillhouse-admin rollback
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and iproute2")
def test_it_installs_and_answers_where_only_loopback_is_and_tries_nothing_else(
    bundle: Path, folder: Path
) -> None:
    """In a network namespace of its own, and every connection that the process tree tries is counted by the kernel."""
    prefix = folder / "prefix"
    key = folder / "release.pub"
    with key.open("wb") as file:
        subprocess.run(["openssl", "pkey", "-in", folder / "release.pem", "-pubout"], stdout=file, check=True)
    user = "nobody" if Path("/usr/bin/python3.11").exists() else "root"
    script = INSTALL.format(deploy=DEPLOY, bundle=bundle, prefix=prefix, key=key, user=user)
    proxies = {"HTTP_PROXY": "http://10.9.8.7:3128", "https_proxy": "http://10.9.8.7:3128"}
    done = subprocess.run(
        [sys.executable, "-m", "appliance.airgap", "--", "unshare", "-n", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | proxies | {"ASK": ASK},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == {"returncode": 0, "refused": 0, "attempts": []}
    assert "no run yet" in done.stdout and "console: 200 True" in done.stdout
    checks = {
        check["name"]: check for check in json.loads(Path(f"{prefix}.doctor.json").read_text())["checks"]
    }
    assert checks["network"]["found"] == "no route leads out of this machine"
    assert "every file of ours as its bundle brought it" in checks["installation"]["found"]
    assert checks["home"]["ok"] and checks["store"]["ok"] and checks["model rampart"]["ok"]
    licences = prefix / "current/version/licences/licences.csv"
    assert len(licences.read_text().splitlines()) > 100
