"""What the arms are called in sentences."""

from __future__ import annotations

from distill.evaluate import TRAINED_ARMS, UNTRAINED_ARMS

ARM_NAMES = {
    "untuned": "the untuned student",
    "few-shot": "the few-shot student",
    "retrieved": "the student with retrieved examples",
    "sft": "the student after SFT",
    "onpolicy": "the student after SFT and on-policy training",
    "cascade": "the student with the teacher behind it",
    "adapter": "the student as an adapter",
    "quantised": "the quantised student",
    "teacher": "the teacher",
}

assert set(ARM_NAMES) >= {*UNTRAINED_ARMS, *TRAINED_ARMS}
