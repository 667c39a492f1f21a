"""The licence of every wheel, as the wheel itself tells it, and the texts that come with it."""

from __future__ import annotations

import csv
import email.parser
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TEXT = re.compile(r"(^|/)(licen[cs]e|copying|notice|authors)[^/]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Licensed:
    """One wheel."""

    name: str
    version: str
    licence: str | None
    """An SPDX expression where the wheel has one, else what it says in words; None where it says nothing."""
    sha256: str
    texts: tuple[tuple[str, bytes], ...]
    """File name and content."""
    needs: tuple[str, ...]
    """What it asks for, as in its metadata."""


def licences_of(wheels: Iterable[Path]) -> list[Licensed]:
    """By name."""
    return sorted((_licensed(wheel) for wheel in wheels), key=lambda one: one.name)


def _licensed(wheel: Path) -> Licensed:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        told = email.parser.BytesParser().parsebytes(archive.read(metadata))
        texts = tuple(
            (name.replace("/", "_"), archive.read(name))
            for name in sorted(names)
            if ".dist-info/" in name and _TEXT.search(name)
        )
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Licensed(
        re.sub(r"[-_.]+", "-", told["Name"]).lower(),
        told["Version"],
        _licence(told),
        digest,
        texts,
        tuple(told.get_all("Requires-Dist") or ()),
    )


def _licence(told: email.message.Message) -> str | None:
    """The expression, else the classifiers, else the first line of the old field (some hold the whole text there)."""
    if told["License-Expression"]:
        return str(told["License-Expression"])
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in told.get_all("Classifier") or ()
        if text.startswith("License :: ") and not text.endswith(":: OSI Approved")
    ]
    if classifiers:
        return " OR ".join(classifiers)
    first = str(told["License"] or "").strip().partition("\n")[0]
    return first if first and first.upper() != "UNKNOWN" else None


def licence_files(found: list[Licensed], folder: Path) -> dict[str, Path]:
    """licences.csv and every wheel's own texts, written below `folder`: name in the bundle -> file."""
    folder.mkdir(parents=True)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("package", "version", "licence", "texts"))
    for one in found:
        rows.writerow((one.name, one.version, one.licence or "not told", len(one.texts)))
    files = {"licences.csv": folder / "licences.csv"}
    files["licences.csv"].write_text(table.getvalue(), encoding="utf-8")
    for one in found:
        for name, content in one.texts:
            path = folder / f"{one.name}-{one.version}" / name[-80:]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            files[str(path.relative_to(folder))] = path
    return files
