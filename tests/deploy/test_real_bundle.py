"""The real bundle: built twice, installed, and put through the whole demo where nothing but loopback can be reached."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from counters import STRACE, outside, read_traced, unrouted
from small_bundle import DEPLOY

from appliance.pipeline import STAGE_NAMES

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


def build(source: Path, out: Path, models: Path, compute: str = "none", **environment: str) -> Path:
    """With the key beside `out`, made by the first build."""
    command = [
        sys.executable,
        str(source / "deploy" / "bundle.py"),
        "build",
        "-o",
        str(out),
        "--compute",
        compute,
    ]
    command += ["--models", str(models), "--key", str(out.with_name("release.pem"))]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, cwd=source)
    assert done.returncode == 0, done.stderr
    return out


def test_two_builds_of_one_commit_have_one_hash(bundle: Path, folder: Path, models: Path) -> None:
    source = clone(folder / "one", folder / "deeper" / "two")
    os.utime(source / "README.md", (0, 0))
    other = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "3"}
    again = build(source, folder / "another-name", models, "none", **other)
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
{prefix}/current/version/venv/bin/python -P -c "$ASK"
kill $console; wait $console || true
{prefix}/bin/stillhouse backup -o {prefix}.out/backup
{prefix}/bin/stillhouse-admin restore --backup {prefix}.out/backup
{prefix}/bin/stillhouse status
{prefix}/bin/stillhouse-admin rollback
"""


NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and iproute2")


def public_key(folder: Path) -> Path:
    key = folder / "release.pub"
    with key.open("wb") as file:
        subprocess.run(["openssl", "pkey", "-in", folder / "release.pem", "-pubout"], stdout=file, check=True)
    return key


SEAL = f"env PYTHONPATH={ROOT} {sys.executable} -P -m appliance.airgap --"
"""This source's; nothing that is installed takes modules from it."""


def astray(folder: Path) -> Path:
    """A folder to call commands from, with modules in it that nobody should take for ours or for Python's."""
    path = folder / "astray"
    for name in ("appliance", "distill", "privacy", "json", "torch"):
        (path / name).mkdir(parents=True, exist_ok=True)
        (path / name / "__init__.py").write_text("raise SystemExit('led astray')\n")
    return path


@NEEDS_ROOT
def test_it_installs_and_answers_where_only_loopback_is_and_tries_nothing_else(
    bundle: Path, folder: Path
) -> None:
    """In a network namespace of its own, and every connection that the process tree tries is counted by the kernel."""
    prefix = folder / "prefix"
    key = public_key(folder)
    user = "nobody" if Path("/usr/bin/python3.11").exists() else "root"
    script = INSTALL.format(deploy=DEPLOY, bundle=bundle, prefix=prefix, key=key, user=user)
    proxies = {"HTTP_PROXY": "http://10.9.8.7:3128", "https_proxy": "http://10.9.8.7:3128"}
    done = subprocess.run(
        [*SEAL.split(), "unshare", "-n", "sh", "-c", script],
        capture_output=True,
        text=True,
        cwd=astray(folder),
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


SMALLER = {
    "../../.cache/demo/tickets": "tickets",
    "../prices/example-rented-cpu.toml": "prices.toml",
    "min_recall = 0.90": "min_recall = 0.80",
    "test = 120": "test = 12",
    "validation = 40": "validation = 4",
    "steps = 8": "steps = 2\nprompts_per_step = 2\ngroup_size = 2",
    "few_shot = 4": "few_shot = 2\nretrieved = 0\ngeneral_ability = false",
    "[bench]": '[attack]\non_leak = "report"\nrecords = 16\ngenerations = 8\ngeneration_tokens = 8\ncontrol_epochs = 2\n\n[bench]',
    "concurrency = [1, 16]": "concurrency = [4]",
    "requests_per_level = 32": "requests_per_level = 4",
    "repeats = 2": "repeats = 1",
    "open_seconds = 5.0": "open_seconds = 1.0",
    "min_quality_ratio = 0.90": "min_quality_ratio = 0.90\nmin_test_records = 10",
}
"""The shipped demo on 80 tickets, with every stage, the same student and a real server; its figures mean nothing."""

WHOLE_DEMO = """
set -e
ip link set lo up
$SEAL sh {deploy}/install.sh --bundle {bundle} --prefix {prefix} --key {key} --user {user} 2> {out}/seal.install \\
    || {{ cat {out}/seal.install >&2; exit 1; }}
{prefix}/bin/stillhouse demo-data --n 80 --seed 3 -o {out}/tickets.jsonl
{prefix}/bin/stillhouse run {out}/demo.toml
{prefix}/bin/stillhouse report --format json -o {out}/report.json
$SEAL sh -c '{prefix}/bin/stillhouse console --port 8618 & console=$!; $PYTHON -P -c "$ASK"; kill $console; wait $console || true' \\
    2> {out}/seal.console
{prefix}/bin/stillhouse doctor --json > {prefix}.doctor.json || true
cat /proc/net/snmp /proc/net/snmp6 > {prefix}.counted
"""


@NEEDS_ROOT
@pytest.mark.vllm
@pytest.mark.timeout(7200)
def test_the_whole_demo_runs_where_only_loopback_is_and_tries_nothing_else(
    folder: Path, models: Path
) -> None:
    """Three counts: the product's own seals (of each stage; around installation and console), strace's, the kernel's.

    What strace sees at a resolver on loopback is the trial that each seal makes of itself. `-s` prints the figures.
    """
    source = folder / "one" if (folder / "one").exists() else clone(ROOT, folder / "one")
    bundle = build(source, folder / "compute.tar.zst", models, "cpu")
    user = "nobody" if Path("/usr/bin/python3.11").exists() else "root"
    prefix, out = folder / "demo", folder / "demo.out"
    out.mkdir()
    write_smaller_demo(out)
    shutil.chown(out, user)
    paths = {"deploy": DEPLOY, "bundle": bundle, "prefix": prefix, "key": public_key(folder), "out": out}
    command = ["unshare", "-n", "sh", "-c", WHOLE_DEMO.format(user=user, **paths)]
    if shutil.which("strace"):
        command = [*STRACE, "-o", str(folder / "trace"), *command]
    names = {
        "SEAL": SEAL,
        "ASK": ASK.replace("8617", "8618"),
        "PYTHON": sys.executable,
        "OMP_NUM_THREADS": "1",
    }
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, cwd=astray(folder), env=os.environ | names)
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = (prefix / "current/home/runs").iterdir()
    ours = {name: json.loads((run / name / "egress.json").read_text())["refused"] for name in STAGE_NAMES}
    ours |= {part: refused_in(out / f"seal.{part}") for part in ("install", "console")}
    counted = unrouted(Path(f"{prefix}.counted").read_text())
    print(f"\n{seconds:.0f} s; refused by the seals: {ours}; without a route: {counted}")
    assert set(ours.values()) == {0} and counted == 0
    if shutil.which("strace"):
        seen = read_traced(folder / "trace")
        print(f"strace: {dict(seen)}")
        assert outside(seen) == 0 and seen["loopback"] > 100
        assert seen["resolver"] == len(STAGE_NAMES) + 1, "each stage's seal and `doctor` try themselves once"
    assert "console: 200 True" in done.stdout
    assert json.loads((out / "report.json").read_text())["egress"]["sealed_stages"] == len(STAGE_NAMES) - 1
    checks = {one["name"]: one for one in json.loads(Path(f"{prefix}.doctor.json").read_text())["checks"]}
    assert checks["network"]["found"] == "no route leads out of this machine" and checks["air gap"]["ok"]
    assert checks["outside attempts"]["found"] == f"0 refused in {len(STAGE_NAMES)} sealed stages of 1 run"


def write_smaller_demo(folder: Path) -> None:
    text = (DEPLOY / "usecases" / "demo.toml").read_text()
    for old, new in SMALLER.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "demo.toml").write_text(text)
    shutil.copy(DEPLOY / "prices" / "example-rented-cpu.toml", folder / "prices.toml")


def refused_in(seal: Path) -> int:
    return int(json.loads(seal.read_text().splitlines()[-1])["refused"])
