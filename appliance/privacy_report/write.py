"""Writes a run's privacy report, and checks one that was written: three files that belong together."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from appliance.home import Home
from appliance.privacy_report.gather import gather
from appliance.privacy_report.page import render
from appliance.privacy_report.sign import SignatureError, key_fingerprint, public_key, sign, verify
from distill.checkpoints import write_atomically

JSON_NAME, PAGE_NAME, KEY_NAME = "privacy-report.json", "privacy-report.html", "privacy-report.pub"


def write_report(run_folder: Path, home: Home, folder: Path) -> list[Path]:
    """The signed facts, the page and the public key; the same bytes each time, for equal manifests and key."""
    facts = gather(run_folder)
    pem = public_key(home)
    page = render(facts, key_fingerprint(pem))
    report = facts | {"page_sha256": hashlib.sha256(page.encode()).hexdigest()}
    signed = json.dumps(sign(report, home), indent=1, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / JSON_NAME, folder / PAGE_NAME, folder / KEY_NAME]
    for path, text in zip(paths, (signed, page, pem), strict=True):
        write_atomically(path, text)
    return paths


def check_report(signed: Path) -> dict[str, Any]:
    """Whether the key beside the file signed it, and the page beside it is the one that was signed.

    Returns the run's id, the key's fingerprint, and whether the page was there. Raises SignatureError.
    """
    key, page = signed.with_name(KEY_NAME), signed.with_name(PAGE_NAME)
    report = verify(signed, key)
    if page.exists() and hashlib.sha256(page.read_bytes()).hexdigest() != report.get("page_sha256"):
        raise SignatureError(f"{page}: is not the page that was signed")
    return {
        "run_id": report.get("run_id"),
        "key_sha256": key_fingerprint(key.read_text()),
        "page": page.exists(),
    }
