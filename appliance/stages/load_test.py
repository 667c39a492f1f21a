"""A load test on request as a process, sealed: `python -m appliance.stages.load_test RUN_FOLDER JOB_FOLDER`.

As in the bench stage the student is the one that was evaluated, asked with the test records' prompts; how it is served is
the run's own settings, how it is loaded the job's.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from appliance.airgap import go_sealed
from appliance.energy import EnergyMeter, accelerator_counter
from appliance.manifest import hash_json
from appliance.offline import go_offline
from appliance.progress import Reporter
from appliance.serve import device, served
from appliance.stages.bench import at_objective
from appliance.stages.context import Context, read_examples, split_of
from appliance.stages.measured import measured
from appliance.stages.sweep import Arm, Sweep
from appliance.stages.work import OPERATOR_ERRORS, frames, one_line
from appliance.views.load_tests import LoadTestError, asked, result_path
from distill.checkpoints import write_atomically
from distill.evaluate import requests_for


def load(run_folder: Path, job_folder: Path) -> None:
    """Writes the result beside the run, last. Killed, it goes on after the last whole level."""
    request = json.loads((job_folder / "request.json").read_text(encoding="utf-8"))
    wanted = asked(request["arguments"])
    context = Context(run_folder, "bench")
    use_case = context.use_case
    settings = wanted.settings(use_case.bench)
    path = result_path(context.home, context.run_id, job_folder.name)
    if path.exists():
        return  # by an attempt that was killed before it could say so
    chosen = context.before("evaluate")[1].facts["chosen"]
    (trained, student), (curated, examples) = context.before(chosen), context.before("curate")
    requests = requests_for(context.task, chosen, split_of(read_examples(curated), "test"), {})
    energy = EnergyMeter(gpu=None if device().startswith("CPU") else accelerator_counter())
    progress = Reporter(job_folder)
    progress(0, None, unit="requests", part="starting the server")
    longest = min(settings.load.max_tokens, use_case.task.max_answer_tokens)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    inputs = hash_json([student.digest, examples.digest])
    log, cache = job_folder / "vllm.log", context.home.cache / "vllm"
    with (
        measured(path.with_suffix(".jsonl"), inputs) as known,
        served(trained / "model", "model", settings.serve, log, cache) as server,
    ):
        rows, _ = Sweep(server, settings, longest, energy, progress, known).run(
            Arm(chosen, "model", requests)
        )
    result = {
        "run_id": context.run_id,
        "arm": chosen,
        "asked_by": request["asked_by"],
        "finished_at": time.time(),
        "settings": asdict(settings),
        "engine": server.engine,
        "device": server.device,
        "start_s": server.start_s,
        "energy": {"sources": list(energy.sources), "note": energy.note},
        "objective": asdict(settings.slo),
        "slo": at_objective(rows, settings.slo),
        "serving": [asdict(row) for row in rows],
    }
    write_atomically(path, json.dumps(result, indent=1))


def main(run_folder: Path, job_folder: Path) -> int:
    go_sealed([], job_folder)
    go_offline()
    # A polite stop unwinds, so that the server is stopped politely too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        load(run_folder, job_folder)
    except (LoadTestError, *OPERATOR_ERRORS) as error:
        sys.stderr.write(frames(error.__traceback__))
        write_atomically(job_folder / "error.txt", one_line(error))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
