"""What a real server tells of its tokens is what the model in this process finds: asked, kept, read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.serve import ServeSettings, served
from distill.completer import Endpoint, ask_server
from distill.student import InProcess, load_tokenizer
from distill.teach import teach
from distill.teacher_check import compare_served, describe
from distill.topk import Journal, TopKStore, write_topk
from distill.values import Request
from tests.tiny_model import make_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(600)]


def test_vllm_tells_token_ids_and_log_probabilities_as_the_model_in_this_process_has_them(
    tmp_path: Path,
) -> None:
    model = make_tiny_model(tmp_path / "tiny")
    requests = [
        Request(f"r{n}", [{"role": "user", "content": f"card top up {n} " * (1 + n % 3)}]) for n in range(12)
    ]
    settings = ServeSettings(enforce_eager=True, kv_cache_gib=1)
    with served(model, "big", settings, tmp_path / "log.txt", tmp_path / "cache") as server:
        endpoint = Endpoint(f"{server.base_url}/v1", "big", None, 16, top_logprobs=5)
        told = ask_server(endpoint)
        assert told.engine == "vllm"
        match = compare_served(describe(model), told)
        assert match.same_vocabulary is True and match.same_template is True
        journal = Journal(tmp_path / "journal")
        ids = Endpoint(f"{server.base_url}/v1", "big", None, 16, top_logprobs=5, token_ids=True)
        answers = teach(ids, requests, tmp_path / "completions.jsonl", lambda *_: None, journal)
        journal.close()
        as_text = {each.record_id: each for each in endpoint.complete(requests)}
    assert all(
        each.text is not None and each.error is None for each in [*answers.values(), *as_text.values()]
    )
    write_topk(journal, tmp_path / "topk.parquet", 5)
    tokenizer = load_tokenizer(model)
    own = {each.record_id: each for each in InProcess(model, "cpu", 16, top_logprobs=5).complete(requests)}
    compared = 0
    for record_id, finished, tokens, top in journal.lines():
        text, mine = answers[record_id].text, own[record_id].likeliest
        spelt = tokens[:-1] if finished else tokens
        # The server holds back the bytes of a character that the limit cut.
        assert text is not None
        assert tokenizer.decode(spelt, skip_special_tokens=True).startswith(text.rstrip("\ufffd"))
        assert not finished or tokens[-1] == tokenizer.eos_token_id, "the end-of-turn token is told too"
        assert mine is not None
        for place, other in zip(top, mine.top, strict=False):
            if place[0][0] != other[0][0]:
                break  # a near-tie fell otherwise: what follows answers another beginning
            theirs, ours = dict(map(tuple, place)), dict(other)
            shared = theirs.keys() & ours.keys()
            assert len(shared) >= 3
            assert all(abs(theirs[token] - ours[token]) < 0.1 for token in shared), "bf16 in two engines"
            compared += 1
    assert compared >= 50
    assert len(TopKStore(tmp_path / "topk.parquet", tokenizer.eos_token_id)) == sum(
        each.finish_reason == "stop" for each in answers.values()
    )
