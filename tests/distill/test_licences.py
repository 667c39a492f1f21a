"""What a teacher's licence says of learning from its answers is read where it stands, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill.licences import of_directory, of_name


def card(folder: Path, head: str) -> Path:
    (folder / "README.md").write_text(f"---\n{head}\n---\n# A model\nlicense: mit\n")
    return folder


@pytest.mark.parametrize(
    ("head", "name", "verdict"),
    [
        ("license: apache-2.0", "Apache-2.0", "free"),
        ("tags:\n- chat\nlicense: mit", "MIT", "free"),
        ("license: 'mit'", "MIT", "free"),
        ("license: llama2", "Llama 2 Community License", "forbidden"),
        ("license: llama3", "Llama 3 Community License", "forbidden"),
        ("license: llama3.1", "Llama Community License", "conditions"),
        ("license: llama3.3", "Llama Community License", "conditions"),
        ("license: llama4", "Llama Community License", "conditions"),
        ("license: gemma", "Gemma Terms of Use", "conditions"),
        ("license: other\nlicense_name: qwen\nlicense_link: LICENSE", "Qwen License", "conditions"),
        ("license: other\nlicense_name: qwen-research", "Qwen Research License", "conditions"),
        ("license: other\nlicense_name: deepseek", "Responsible-AI licence (OpenRAIL family)", "conditions"),
        ("license: bigscience-openrail-m", "Responsible-AI licence (OpenRAIL family)", "conditions"),
        ("license: cc-by-nc-4.0", "CC BY-NC", "conditions"),
        ("license: other\nlicense_name: modified-mit", "Modified MIT", "conditions"),
        (
            "license: other\nlicense_name: tencent-hunyuan-community",
            "Tencent Hunyuan Community License",
            "forbidden",
        ),
        ("license: other\nlicense_name: house-terms", "house-terms", "unknown"),
        ("license: other", "other", "unknown"),
        ("license: cc-by-4.0", "cc-by-4.0", "unknown"),
        ("license: permit", "permit", "unknown"),
    ],
)
def test_a_model_card_names_its_licence(head: str, name: str, verdict: str, tmp_path: Path) -> None:
    found = of_directory(card(tmp_path, head))
    assert (found.name, found.verdict) == (name, verdict)
    assert found.source.startswith("README.md; ") and (found.clause is None) == (verdict == "unknown")


@pytest.mark.parametrize(
    ("file", "head", "name"),
    [
        ("LICENSE", "                                 Apache License\n                           Version 2.0", "Apache-2.0"),
        ("LICENSE.txt", "MIT License\n\nCopyright (c) 2025 A Lab", "MIT"),
        ("LICENSE", "Modified MIT License\n\nCopyright", "Modified MIT"),
        ("LICENSE.txt", "LLAMA 3.2 COMMUNITY LICENSE AGREEMENT\nLlama 3.2 Version", "Llama Community License"),
        ("LICENSE", "META LLAMA 3 COMMUNITY LICENSE AGREEMENT\nMeta Llama 3 Version", "Llama 3 Community License"),
        ("LICENCE", "Qwen RESEARCH LICENSE AGREEMENT", "Qwen Research License"),
        ("LICENSE", "All rights reserved.", None),
    ],
)  # fmt: skip
def test_without_a_card_the_licence_file_tells(
    file: str, head: str, name: str | None, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(head)
    found = of_directory(tmp_path)
    assert found.name == name and found.source.startswith(f"{file}; ")


def test_the_text_below_a_cards_head_is_not_its_licence(tmp_path: Path) -> None:
    assert of_directory(card(tmp_path, "tags: chat")).verdict == "unknown"


def test_a_directory_that_says_nothing_is_unknown(tmp_path: Path) -> None:
    found = of_directory(tmp_path)
    assert (found.name, found.verdict, found.clause) == (None, "unknown", None)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-mini", "OpenAI terms"),
        ("openai/gpt-4o", "OpenAI terms"),
        ("o3-mini", "OpenAI terms"),
        ("claude-sonnet-4-5", "Anthropic commercial terms"),
        ("gemini-2.5-pro", "Gemini API terms"),
        ("gpt-oss-120b", None),
        ("Qwen3-32B", None),
        ("recorded replies of a frontier model", None),
    ],
)
def test_a_hosted_model_is_known_by_its_makers_terms(model: str, name: str | None) -> None:
    found = of_name(model)
    assert found.name == name and found.verdict == ("unknown" if name is None else "conditions")


def test_a_packaged_model_has_the_catalogues_licence() -> None:
    assert of_name("smollm2-135m-instruct", "Apache-2.0").verdict == "free"
