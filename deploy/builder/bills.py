"""Bills of materials in CycloneDX 1.6: the software of a bundle, and its models with cards.

Written as JSON by hand: the library knows no model cards, and the tests hold both files against its copy of the schema.
Serial numbers come from the content and times from the commit, so that the same source gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from builder.licences import Licensed
from builder.pack import Facts


def software_bill(facts: Facts, wheels: list[Licensed]) -> str:
    """Every wheel with version, hash, licence, and what it needs of the others."""
    names = {one.name: _purl(one) for one in wheels}
    components = [
        {
            "type": "library",
            "bom-ref": names[one.name],
            "name": one.name,
            "version": one.version,
            "purl": names[one.name],
            "hashes": [{"alg": "SHA-256", "content": one.sha256}],
            "licenses": _licences(one.licence),
        }
        for one in wheels
    ]
    dependencies = [
        {"ref": names[one.name], "dependsOn": sorted({names[need] for need in _needs(one) if need in names})}
        for one in wheels
    ]
    return _bill(facts, components, dependencies)


def model_bill(facts: Facts, files: Mapping[str, Path]) -> str:
    """Each model of the bundle: where it came from, the hash of its weights, what it is for."""
    components = []
    for name in sorted(path.split("/")[1] for path in files if path.endswith("/origin.json")):
        origin = json.loads(files[f"models/{name}/origin.json"].read_text(encoding="utf-8"))
        seal = files[f"models/{name}/sealed.json"].read_bytes()
        components.append(
            {
                "type": "machine-learning-model",
                "bom-ref": f"model:{name}",
                "name": name,
                "version": origin["version"],
                "purl": f"pkg:pypi/{origin['distribution']}@{origin['version']}",
                "description": f"Unpacked from the package {origin['distribution']}, of which no code is installed.",
                "licenses": _licences(origin["licence"]),
                # Of the list of the hashes of all its files.
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(seal).hexdigest()}],
                "modelCard": {"modelParameters": _parameters(name, files)},
                "properties": [{"name": "stillhouse:wheel_sha256", "value": origin["wheel_sha256"]}],
            }
        )
    return _bill(facts, components, [])


def _parameters(name: str, files: Mapping[str, Path]) -> dict[str, Any]:
    """Read from the model's own config where it has one."""
    config = files.get(f"models/{name}/config.json")
    if config is None:
        return {"task": "named entity recognition", "architectureFamily": "spaCy pipeline"}
    told = json.loads(config.read_text(encoding="utf-8"))
    architecture = (told.get("architectures") or ["unknown"])[0]
    task = "text generation" if "CausalLM" in architecture else "token classification"
    return {
        "task": task,
        "architectureFamily": told.get("model_type", "unknown"),
        "modelArchitecture": architecture,
    }


def _bill(facts: Facts, components: list[dict[str, Any]], dependencies: list[dict[str, Any]]) -> str:
    told = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": facts.made,
            "component": {
                "type": "application",
                "bom-ref": f"stillhouse@{facts.version}-r{facts.release}",
                "name": "stillhouse",
                "version": f"{facts.version}-r{facts.release}",
                "properties": [{"name": "stillhouse:commit", "value": facts.commit}],
            },
        },
        "components": components,
        **({"dependencies": dependencies} if dependencies else {}),
    }
    content = json.dumps(told, sort_keys=True)
    told["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, content)}"
    return json.dumps(told, indent=1, sort_keys=True) + "\n"


def _licences(licence: str | None) -> list[dict[str, Any]]:
    """By name: what a wheel says is not always an SPDX expression."""
    return [{"license": {"name": licence}}] if licence else []


def _purl(one: Licensed) -> str:
    return f"pkg:pypi/{one.name}@{one.version.replace('+', '%2B')}"


def _needs(one: Licensed) -> list[str]:
    """Without those that only an extra brings."""
    return [
        re.sub(r"[-_.]+", "-", match[0]).lower()
        for need in one.needs
        if "extra ==" not in need and (match := re.match(r"[A-Za-z0-9._-]+", need))
    ]
