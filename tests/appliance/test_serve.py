from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.loadtest import closed_loop, summarise
from appliance.serve import ServeError, ServeSettings, device, engine_version, served

_FAKE_ENGINE = """
import argparse, http.server, json, os, sys, time
parser = argparse.ArgumentParser()
for name in ("served-model-name", "host", "port", "model"):
    parser.add_argument("--" + name)
args, rest = parser.parse_known_args()
mode = os.environ["FAKE_MODE"]
print("secret reason", flush=True)
with open(os.environ["FAKE_NOTES"], "w") as notes:
    json.dump({"argv": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid()}, notes)
if mode == "die":
    sys.exit(3)
ready_at = time.monotonic() + (600 if mode == "hang" else 0.4)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = time.monotonic() > ready_at
        name = "someone-else" if mode == "stranger" else args.served_model_name
        body = json.dumps({"data": [{"id": name}]}).encode()
        self.send_response(200 if ready else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.HTTPServer((args.host, int(args.port)), Handler).serve_forever()
"""


def _install_fake_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """A distribution named vllm, found before any real one, here and in child processes."""
    site = tmp_path / "site"
    package = site / "vllm" / "entrypoints" / "openai"
    package.mkdir(parents=True)
    for folder in (site / "vllm", site / "vllm" / "entrypoints", package):
        (folder / "__init__.py").touch()
    (package / "api_server.py").write_text(_FAKE_ENGINE)
    (site / "vllm-9.9.9.dist-info").mkdir()
    (site / "vllm-9.9.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: vllm\nVersion: 9.9.9\n"
    )
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("FAKE_MODE", mode)
    monkeypatch.setenv("FAKE_NOTES", str(tmp_path / "notes"))


def _model(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"max_position_embeddings": 4096}')
    return model


def _await(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _processes_naming(word: str) -> list[int]:
    """Whose environment names `word`: vLLM's processes change their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if word.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def test_a_served_model_is_there_in_the_block_and_gone_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    model = _model(tmp_path)
    with served(model, "student", ServeSettings(), tmp_path / "log", tmp_path / "cache") as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.base_url)
        assert (server.model, server.engine, server.prefix_caching) == ("student", "vllm 9.9.9", True)
        assert 0.4 < server.start_s < 60
        notes = json.loads((tmp_path / "notes").read_text())
        assert _processes_naming(str(tmp_path / "cache"))
    assert not _processes_naming(str(tmp_path / "cache"))
    with socket.socket() as connection, pytest.raises(ConnectionRefusedError):
        connection.connect(("127.0.0.1", int(server.base_url.rpartition(":")[2])))
    flags = set(notes["argv"])
    assert {"--host=127.0.0.1", "--dtype=bfloat16", "--max-model-len=2048", "--enforce-eager"} <= flags
    assert {"--generation-config=vllm", "--enable-prefix-caching", "--no-enable-log-requests"} <= flags
    assert not [flag for flag in flags if "trust" in flag or "api-key" in flag or "lora" in flag]


def test_the_engine_is_told_to_stay_silent_and_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    monkeypatch.setenv("VLLM_DEBUG_LOG_API_SERVER_RESPONSE", "true")
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:1")
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")
    settings = ServeSettings(kv_cache_gib=3, enforce_eager=False, prefix_caching=False)
    with served(_model(tmp_path), "student", settings, tmp_path / "log", tmp_path / "cache"):
        notes = json.loads((tmp_path / "notes").read_text())
    env = notes["env"]
    for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        assert env[name] == "1"
    assert env["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert env["VLLM_CPU_KVCACHE_SPACE"] == "3"
    assert Path(env["VLLM_CACHE_ROOT"]).is_relative_to(tmp_path / "cache")
    assert not [name for name in env if name.lower().endswith("_proxy")]
    assert "VLLM_DEBUG_LOG_API_SERVER_RESPONSE" not in env
    assert "--no-enable-prefix-caching" in notes["argv"]
    assert "--enforce-eager" not in notes["argv"]


def test_an_engine_that_dies_is_noticed_at_once_and_its_log_is_named_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "die")
    started = time.monotonic()
    with (
        pytest.raises(ServeError) as caught,
        served(_model(tmp_path), "student", ServeSettings(), tmp_path / "log", tmp_path / "cache"),
    ):
        pass
    assert time.monotonic() - started < 20, "not only after start_timeout_s"
    assert str(caught.value) == (
        f"vLLM ended with status 3 before it was ready: its log {tmp_path / 'log'} says why"
    )
    assert "secret reason" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("mode", ["hang", "stranger"])
def test_an_engine_that_is_never_ready_is_given_up_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Nor is another program that answers on the port taken for ours."""
    _install_fake_engine(tmp_path, monkeypatch, mode)
    settings = ServeSettings(start_timeout_s=1)
    with (
        pytest.raises(ServeError, match="not ready in time"),
        served(_model(tmp_path), "student", settings, tmp_path / "log", tmp_path / "cache"),
    ):
        pass
    assert not _processes_naming(str(tmp_path / "cache"))


def test_an_error_in_the_block_ends_the_server_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    with (
        pytest.raises(ZeroDivisionError),
        served(_model(tmp_path), "student", ServeSettings(), tmp_path / "log", tmp_path / "cache"),
    ):
        _ = 1 / 0
    assert not _processes_naming(str(tmp_path / "cache"))


def test_adapters_are_served_with_room_for_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    adapters = {}
    for rank in (4, 12):
        adapters[f"rank{rank}"] = tmp_path / f"rank{rank}"
        adapters[f"rank{rank}"].mkdir()
        (tmp_path / f"rank{rank}" / "adapter_config.json").write_text(json.dumps({"r": rank}))
    with served(_model(tmp_path), "base", ServeSettings(), tmp_path / "log", tmp_path / "cache", adapters):
        argv = json.loads((tmp_path / "notes").read_text())["argv"]
    tail = argv[argv.index("--enable-lora") :]
    modules = [f"rank4={tmp_path / 'rank4'}", f"rank12={tmp_path / 'rank12'}"]
    assert tail == ["--enable-lora", "--max-lora-rank=16", "--lora-modules", *modules]


def test_what_cannot_be_served_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    model = _model(tmp_path)
    empty, wide = tmp_path / "empty", tmp_path / "wide"
    empty.mkdir()
    wide.mkdir()
    (wide / "adapter_config.json").write_text('{"r": 1000}')
    cases: list[tuple[Path, ServeSettings, dict[str, Path], str]] = [
        (empty, ServeSettings(), {}, f"no config.json in {empty}: give the directory of a saved model"),
        (
            model,
            ServeSettings(max_model_len=9999),
            {},
            f"max_model_len is 9999, the model in {model} ends at 4096",
        ),
        (model, ServeSettings(), {"a": empty}, f"no adapter_config.json for adapter a in {empty}"),
        (
            model,
            ServeSettings(),
            {"a": wide},
            "an adapter of rank 1000; vLLM serves up to 512: merge it instead",
        ),
    ]
    for model_dir, settings, adapters, message in cases:
        with (
            pytest.raises(ServeError, match=re.escape(message)),
            served(model_dir, "student", settings, tmp_path / "log", tmp_path / "cache", adapters),
        ):
            pass
    monkeypatch.setenv("TMPDIR", "/tmp/" + "deep" * 12)
    with (
        pytest.raises(ServeError, match="too long for sockets: set it to one of at most 50 bytes"),
        served(model, "student", ServeSettings(), tmp_path / "log", tmp_path / "cache"),
    ):
        pass
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"gpu_memory_utilization": 0.0},
        {"gpu_memory_utilization": 1.1},
        {"max_model_len": 0},
        {"kv_cache_gib": -1},
    ],
)
def test_impossible_settings_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        ServeSettings(**options)  # type: ignore[arg-type]


def test_the_version_is_known_without_importing_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    assert engine_version() == "9.9.9"
    assert "vllm.entrypoints" not in sys.modules
    assert "torch" not in _modules_after(
        "import appliance.serve, appliance.loadtest; appliance.serve.device()"
    )


def _modules_after(code: str) -> list[str]:
    argv = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout.split()


def test_the_device_is_the_accelerator_where_the_engine_uses_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    assert re.fullmatch(r"CPU, \d+ cores \(.+\)", device())
    (tools / "nvidia-smi").write_text('#!/bin/sh\n[ "$1" = --id=3 ] && echo NVIDIA H200\n')
    (tools / "nvidia-smi").chmod(0o755)
    _install_fake_engine(tmp_path, monkeypatch, "serve")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    assert device() == "NVIDIA H200"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    assert device().startswith("CPU, "), "the tool knows no such device"


# ---- With the real engine, and a model too small to say anything.

_CANARY = "xylophagous"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a random Llama, its tokenizer and chat template (model/), and a LoRA adapter (adapter/)."""
    if engine_version() is None:
        pytest.skip("vLLM is not installed")
    import torch
    from peft import LoraConfig, get_peft_model
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    root = tmp_path_factory.mktemp("tiny")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(["the card was lost", "the transfer is late"], trainer)
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
    fast.chat_template = "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>{% endfor %}<s>"
    fast.save_pretrained(root / "model")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,  # heads of 32: the smallest that the CPU attention kernels take
        num_key_value_heads=1,
        max_position_embeddings=512,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.eos_token_id,
    )
    model = LlamaForCausalLM(config).bfloat16()
    model.save_pretrained(root / "model")
    adapter = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(model, adapter).save_pretrained(str(root / "adapter"))
    return root


@pytest.mark.vllm
@pytest.mark.timeout(600)
def test_vllm_serves_a_model_and_its_adapter_and_leaves_no_process_and_no_text_behind(
    tiny: Path, tmp_path: Path
) -> None:
    prompts = [[{"role": "user", "content": f"{_CANARY} {index}"}] for index in range(8)]
    settings = ServeSettings(max_model_len=256, kv_cache_gib=1)
    shared_memory = set(os.listdir("/dev/shm"))
    cache, log = tmp_path / "cache", tmp_path / "log"
    with served(tiny / "model", "base", settings, log, cache, {"adapted": tiny / "adapter"}) as server:
        levels = {
            name: closed_loop(
                server.base_url, name, prompts, concurrency=2, num_requests=8, max_tokens=8, warmup=1
            )
            for name in ("base", "adapted")
        }
        too_long = [[{"role": "user", "content": _CANARY * 200}]]
        refused = closed_loop(
            server.base_url, "base", too_long, concurrency=1, num_requests=1, max_tokens=8, warmup=0
        )
    assert refused.failures == {"http_400": 1}
    for level in levels.values():
        row = summarise(level, arm="a", engine=server.engine, device=server.device)
        assert (level.failures, row.num_ok) == ({}, 8)
        assert row.mean_output_tokens is not None
        assert row.mean_output_tokens > 1
    texts = {
        name: {index: answer.text for index, answer in level.answers.items()}
        for name, level in levels.items()
    }
    assert texts["base"] != texts["adapted"], "the adapter does something"
    assert not _processes_naming(str(cache))
    assert set(os.listdir("/dev/shm")) <= shared_memory, "shared memory held prompts"
    written = [path for path in [log, *cache.rglob("*")] if path.is_file()]
    assert not [path for path in written if _CANARY.encode() in path.read_bytes()]


_OWNER = """
import sys, time
from pathlib import Path
from appliance.serve import ServeSettings, served
settings = ServeSettings(max_model_len=256, kv_cache_gib=1)
with served(Path(sys.argv[1]), "base", settings, Path(sys.argv[2]) / "log", Path(sys.argv[2]) / "cache"):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.vllm
@pytest.mark.timeout(600)
def test_kill_9_of_the_owner_takes_vllm_along(tiny: Path, tmp_path: Path) -> None:
    shared_memory = set(os.listdir("/dev/shm"))
    argv = [sys.executable, "-c", _OWNER, str(tiny / "model"), str(tmp_path)]
    with tempfile.TemporaryDirectory() as scratch:  # short enough for sockets, as tmp_path is not
        owner = subprocess.Popen(argv, stdout=subprocess.PIPE, env=dict(os.environ, TMPDIR=scratch))
        assert owner.stdout is not None
        try:
            assert owner.stdout.readline() == b"ready\n"
            assert len(_processes_naming(str(tmp_path / "cache"))) >= 3, "a server, an engine core, a worker"
        finally:
            owner.kill()
            owner.communicate()
        _await(lambda: not _processes_naming(str(tmp_path / "cache")))
        _await(lambda: not os.listdir(scratch))
    assert set(os.listdir("/dev/shm")) <= shared_memory
