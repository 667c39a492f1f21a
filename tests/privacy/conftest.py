"""What the privacy tests share: a spaCy model for the slow ones, hand-written detectors for the fast ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def spacy_model() -> Path:
    """Folder of an unpacked English spaCy model."""
    return Path(os.environ.get("STILLHOUSE_TEST_SPACY", "/tmp/models/spacy-en-md"))
