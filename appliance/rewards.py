"""What the rewards of on-policy training need from outside the run: tables, the detector's models, a judge."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from appliance import manifest
from appliance.config import UseCase
from appliance.home import Home
from appliance.manifest import hash_json
from appliance.models import resolve, resolve_detector
from distill.checkpoints import file_sha256
from distill.completer import Completer, Endpoint
from distill.rewards import Reward, RewardSettings, make_reward
from distill.tasks import make_task
from privacy.scan import Finder

_JUDGE_TOKENS = 8
"""A, B or TIE; a model that wants to say more is not read."""


def open_rewards(use_case: UseCase, home: Home, base_dir: Path) -> Reward:
    """The use case's rewards, their models loaded; close them. Raises ValueError or ModelError, with the remedy."""
    judge: Completer | None = None
    detector: Finder | None = None
    for reward in use_case.onpolicy.reward:
        if reward.kind == "judge":
            judge = _judge(reward, use_case, home, base_dir)
        if reward.kind == "privacy":
            detector = _detector(use_case, home, base_dir)
    return make_reward(
        use_case.onpolicy.reward, make_task(use_case.task), base_dir=base_dir, judge=judge, detector=detector
    )


def _judge(reward: RewardSettings, use_case: UseCase, home: Home, base_dir: Path) -> Completer:
    assert reward.model is not None, "the settings refuse a judge without a model"
    if reward.url is not None:
        return Endpoint(reward.url, reward.model, None, _JUDGE_TOKENS)
    from distill.student import InProcess, check_model_dir

    path = resolve(reward.model, home, base_dir)
    check_model_dir(path)
    return InProcess(path, use_case.student.device, _JUDGE_TOKENS)


def _detector(use_case: UseCase, home: Home, base_dir: Path) -> Finder:
    """As the records were scrubbed: the policy's own lists and patterns, and what it keeps is no finding."""
    from privacy.detect import Detector
    from privacy.dictionary import own_finders, read_terms

    policy = use_case.scrub
    return Detector(
        resolve_detector(use_case.detector, home, base_dir),
        min_score=policy.min_score,
        timeout_s=policy.timeout_s,
        keep_types=policy.kept_types(),
        finders=own_finders(read_terms(policy, base_dir)),
    )


def rewards_digest(use_case: UseCase, home: Home, base_dir: Path) -> str:
    """The state of all that `open_rewards` would read. Raises ModelError, or ValueError for tables that are not there."""
    read: list[object] = []
    for reward in use_case.onpolicy.reward:
        if reward.tables is not None:
            path = base_dir / reward.tables
            if not path.is_file():
                raise ValueError(
                    f"onpolicy.reward: there is no file {path}; relative paths start at the use case's folder"
                )
            read.append(file_sha256(path))
        if reward.kind == "judge" and reward.url is None:
            assert reward.model is not None
            read.append(manifest.hash_outputs(resolve(reward.model, home, base_dir), ["."]))
        if reward.kind == "privacy":
            models = resolve_detector(use_case.detector, home, base_dir)
            read += [manifest.hash_outputs(folder, ["."]) for folder in (models.spacy, *models.classifiers)]
            read.append(asdict(use_case.scrub))
    return hash_json(read)
