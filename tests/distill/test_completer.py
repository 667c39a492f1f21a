"""A model behind a wire: what comes back, what is tried again, what is given up, and what is never told."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections import Counter
from typing import Any

import pytest

from distill.completer import CHAT_PROBE, PROBES, Endpoint, Recorded, Server, ask_server
from distill.values import Completion, Request, TopTokens
from tests.distill.scripted_server import Reply, ScriptedServer, answer

SECRET = "Ms Vance, 14 Alder Row"


def requests(count: int) -> list[Request]:
    return [Request(f"r{n}", [{"role": "user", "content": f"{SECRET} {n}"}]) for n in range(count)]


def endpoint(url: str, **options: Any) -> Endpoint:
    return Endpoint(
        **{"url": url, "model": "m", "api_key": None, "max_tokens": 9, "pause_s": 0.001} | options
    )


def ask_one(script: dict[int, Reply], default: Reply | None = None, **options: Any) -> tuple[Completion, int]:
    """The completion of one request, and how often it was sent."""
    with ScriptedServer(lambda _, attempt: script.get(attempt, default or answer())) as server:
        (completion,) = endpoint(server.url, **options).complete(requests(1))
        return completion, len(server.bodies)


def refused(status: int, **headers: str) -> Reply:
    return status, headers, json.dumps({"error": {"message": f"cannot answer {SECRET}"}}).encode()


DROPPED: Reply = (0, {}, b"")


def test_an_answer_comes_with_its_tokens_and_its_end() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    completion, _ = ask_one({0: answer("Top up.", "length", usage=usage)})
    assert completion == Completion("r0", "Top up.", "length", "m", 7, 2)
    assert completion.text == "Top up." and completion.error is None


def test_the_question_is_asked_greedily_with_the_limit_the_model_and_the_key() -> None:
    with ScriptedServer(lambda *_: answer()) as server:
        list(endpoint(server.url + "/", api_key="hush").complete(requests(1)))
    assert server.paths == ["/v1/chat/completions"]
    assert server.bodies == [
        {"model": "m", "messages": requests(1)[0].messages, "max_tokens": 9, "temperature": 0}
    ]
    assert server.headers[0]["Authorization"] == "Bearer hush"


def test_without_a_key_no_authorisation_is_sent() -> None:
    with ScriptedServer(lambda *_: answer()) as server:
        list(endpoint(server.url).complete(requests(1)))
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    "passing",
    [
        refused(500),
        refused(502),
        refused(503),
        refused(429),
        refused(429, **{"Retry-After": "soon"}),
        DROPPED,
    ],
)
def test_what_may_pass_is_tried_again_until_it_does(passing: Reply) -> None:
    completion, sent = ask_one({0: passing, 1: passing})
    assert (completion.text, completion.error, sent) == ("top_up", None, 3)


@pytest.mark.parametrize(
    ("passing", "error"),
    [
        (refused(500), "HTTP 500, 4 attempts"),
        (refused(429), "HTTP 429, 4 attempts"),
        (DROPPED, "RemoteProtocolError"),
    ],
)
def test_what_does_not_pass_is_given_up_after_the_attempts_allowed(passing: Reply, error: str) -> None:
    completion, sent = ask_one({}, passing, max_attempts=4)
    assert sent == 4 and completion.text is None
    assert completion.error is not None and completion.error.startswith(error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_is_refused_for_good_is_not_asked_again(status: int) -> None:
    completion, sent = ask_one({0: refused(status)})
    assert (completion.text, completion.error, sent) == (None, f"HTTP {status}", 1)


def test_a_redirect_is_not_followed_with_the_prompt() -> None:
    with ScriptedServer(lambda *_: answer("elsewhere")) as elsewhere:
        completion, sent = ask_one({0: refused(307, Location=f"{elsewhere.url}/chat/completions")})
    assert (completion.text, completion.error, sent) == (None, "HTTP 307", 1)
    assert elsewhere.bodies == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": {}}',
        b'{"choices": ["text"]}',
        b'{"choices": [{"text": "old style"}]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": [1]}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": "7"}',
        b"[" * 100_000,
    ],
)
def test_an_answer_in_another_shape_is_an_error_and_not_an_exception(body: bytes) -> None:
    completion, sent = ask_one({0: (200, {}, body)})
    assert (completion.text, completion.error, sent) == (None, "not an OpenAI-compatible answer", 1)


@pytest.mark.parametrize("content", [None, 5, ["top_up"], [{"type": "text", "text": "top_up"}], {"a": 1}])
def test_an_answer_without_text_is_an_error(content: Any) -> None:
    completion, _ = ask_one({0: answer(content)})
    assert (completion.text, completion.error) == (None, "an answer without text")


@pytest.mark.parametrize("finish", [None, "content_filter", "tool_calls", 3, ["stop"]])
def test_an_end_other_than_stop_and_length_is_unknown(finish: Any) -> None:
    completion, _ = ask_one({0: answer(finish=finish)})
    assert (completion.text, completion.finish_reason) == ("top_up", None)


def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    with ScriptedServer(
        lambda _, attempt: refused(429, **{"Retry-After": "0.2"}) if attempt == 0 else answer()
    ) as server:
        (completion,) = endpoint(server.url).complete(requests(1))
        (times,) = server.times.values()
    assert completion.text == "top_up" and len(times) == 2
    assert times[1] - times[0] >= 0.2


def test_after_the_last_attempt_nobody_waits() -> None:
    started = time.monotonic()
    completion, _ = ask_one({0: refused(429, **{"Retry-After": "60"})}, max_attempts=1)
    assert completion.error == "HTTP 429, 1 attempts" and time.monotonic() - started < 5


def test_pauses_grow() -> None:
    with ScriptedServer(lambda *_: refused(500)) as server:
        list(endpoint(server.url, pause_s=0.02, max_attempts=4).complete(requests(1)))
        (times,) = server.times.values()
    first, second, third = (later - earlier for earlier, later in itertools.pairwise(times))
    # Each is drawn from half to all of 0.04, 0.08 and 0.16 s.
    assert first >= 0.02 and second >= 0.04 and third >= 0.08


def test_a_server_that_is_silent_is_given_up_after_the_time_allowed() -> None:
    with ScriptedServer(lambda *_: answer(), hold_s=0.3) as server:
        (completion,) = endpoint(server.url, timeout_s=0.05, max_attempts=1).complete(requests(1))
    assert (completion.text, completion.error) == (None, "ReadTimeout, 1 attempts")


def test_a_server_that_is_not_there_is_an_error_and_not_an_exception() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        (completion,) = endpoint(url, max_attempts=2).complete(requests(1))
    assert (completion.text, completion.error) == (None, "ConnectError, 2 attempts")


@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_request_is_answered_once_and_never_more_at_once_than_allowed(concurrency: int) -> None:
    # Every third fails once on its way, every seventh is refused for good.
    def script(prompt: str, attempt: int) -> Reply:
        number = int(prompt.split()[-1])
        if number % 7 == 6:
            return refused(400)
        return refused(500) if number % 3 == 0 and attempt == 0 else answer(f"to {number}")

    with ScriptedServer(script, hold_s=0.002) as server:
        completions = list(endpoint(server.url, concurrency=concurrency).complete(requests(40)))
    assert Counter(each.record_id for each in completions) == {f"r{n}": 1 for n in range(40)}
    for each in completions:
        number = int(each.record_id[1:])
        assert each.text == (None if number % 7 == 6 else f"to {number}")
    assert server.most_at_once == concurrency
    expected = {f"{SECRET} {n}": 2 if n % 3 == 0 and n % 7 != 6 else 1 for n in range(40)}
    assert {prompt: len(times) for prompt, times in server.times.items()} == expected


def test_nothing_asked_is_nothing_answered() -> None:
    with ScriptedServer(lambda *_: answer()) as server:
        assert list(endpoint(server.url).complete([])) == []
    assert server.bodies == []


def test_a_caller_that_stops_early_leaves_no_queue_running() -> None:
    with ScriptedServer(lambda *_: answer()) as server:
        answers = endpoint(server.url, concurrency=2).complete(requests(50))
        next(answers)
        answers.close()
        asked = len(server.bodies)
        time.sleep(0.05)
        assert len(server.bodies) == asked <= 4


@pytest.mark.parametrize(
    "reply", [refused(400), refused(500), refused(429), DROPPED, (200, {}, SECRET.encode()), answer(None)]
)
def test_an_error_holds_no_text_of_the_prompt_or_the_answer(reply: Reply) -> None:
    completion, _ = ask_one({}, reply, max_attempts=2)
    assert completion.error and "Vance" not in repr(completion) and "{" not in completion.error


def test_neither_key_nor_text_shows_in_a_repr() -> None:
    assert "hush" not in repr(endpoint("http://127.0.0.1/v1", api_key="hush"))
    assert "Vance" not in repr(requests(1)) + repr(Completion("r", SECRET, "stop", "m"))


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_in_the_environment_carries_nothing(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with (
        ScriptedServer(lambda *_: answer("by proxy")) as proxy,
        ScriptedServer(lambda *_: answer()) as server,
    ):
        monkeypatch.setenv(variable, proxy.url.removesuffix("/v1"))
        (completion,) = endpoint(server.url).complete(requests(1))
    assert completion.text == "top_up" and proxy.bodies == []


# --- recorded answers -----------------------------------------------------------------------------------------------


def test_recorded_answers_are_given_as_they_are_and_missing_ones_are_errors() -> None:
    recorded = Recorded("people", {"r0": "Top up", "r1": ""})
    assert [
        (each.record_id, each.text, each.finish_reason, each.error) for each in recorded.complete(requests(3))
    ] == [
        ("r0", "Top up", "stop", None),
        ("r1", None, None, "not recorded"),
        ("r2", None, None, "not recorded"),
    ]


# --- log-probabilities ----------------------------------------------------------------------------------------------


def place(
    token: str, logprob: float, others: dict[str, float], told: list[int] | None = None
) -> dict[str, Any]:
    """One token of an answer, as an OpenAI-compatible server tells it."""
    own = {"bytes": told} if told is not None else {}
    return {
        "token": token,
        "logprob": logprob,
        **own,
        "top_logprobs": [{"token": other, "logprob": value} for other, value in others.items()],
    }


def with_logprobs(*places: Any) -> Reply:
    status, headers, body = answer("top")
    document = json.loads(body)
    document["choices"][0]["logprobs"] = {"content": list(places)}
    return status, headers, json.dumps(document).encode()


def test_the_likeliest_tokens_are_asked_for_by_id_where_the_server_has_that() -> None:
    for known, more in ((False, {}), (True, {"return_tokens_as_token_ids": True})):
        reply = with_logprobs(place("token_id:5" if known else "top", -0.5, {}))
        with ScriptedServer(lambda *_, reply=reply: reply) as server:
            list(endpoint(server.url, top_logprobs=20, token_ids=known).complete(requests(1)))
        assert {
            key: server.bodies[0][key] for key in server.bodies[0] if "log" in key or "token_ids" in key
        } == {
            "logprobs": True,
            "top_logprobs": 20,
            **more,
        }


def test_tokens_told_by_id_come_likeliest_first_and_no_more_than_asked_for() -> None:
    reply = with_logprobs(
        place("token_id:5", -1.0, {"token_id:5": -1.0, "token_id:9": -0.5, "token_id:3": -2.0}),
        place("token_id:2", 0.0, {"token_id:2": 0.0}),
    )
    completion, _ = ask_one({}, reply, top_logprobs=2, token_ids=True)
    assert completion.likeliest == TopTokens((5, 2), (((9, -0.5), (5, -1.0)), ((2, 0.0),)))


def test_a_token_that_was_said_is_among_its_places_likeliest_whatever_a_tie_did() -> None:
    reply = with_logprobs(place("token_id:5", -0.5, {"token_id:9": -0.5, "token_id:3": -0.5}))
    completion, _ = ask_one({}, reply, top_logprobs=2, token_ids=True)
    assert completion.likeliest is not None
    assert completion.likeliest.top == (((5, -0.5), (9, -0.5)),)


def test_tokens_told_as_text_are_kept_as_bytes_which_may_be_a_piece_of_a_character() -> None:
    reply = with_logprobs(place("\ufffd", -0.1, {}, told=[195]), place("ü", -0.2, {"ü": -0.2}))
    completion, _ = ask_one({}, reply, top_logprobs=1)
    assert completion.likeliest == TopTokens(("Ã", "Ã¼"), ((("Ã", -0.1),), (("Ã¼", -0.2),)))


@pytest.mark.parametrize(
    "reply",
    [
        answer("top"),
        answer("top", logprobs=None),
        with_logprobs({"token": "top"}),
        with_logprobs(place("top", -0.1, {})),
        with_logprobs("top"),
    ],
)
def test_an_answer_without_the_likeliest_tokens_is_an_error_where_they_were_asked_for(reply: Reply) -> None:
    completion, _ = ask_one({}, reply, top_logprobs=2, token_ids=True)
    assert completion.text is None and completion.error == "an answer without log-probabilities"
    assert ask_one({}, reply)[0].text == "top"


def test_a_server_that_tells_nothing_of_itself_is_not_known() -> None:
    with ScriptedServer(lambda *_: answer()) as server:
        assert ask_server(endpoint(server.url)) == Server(None, None, None, None)
    assert ask_server(endpoint("http://127.0.0.1:9/v1")) == Server(None, None, None, None)


def test_a_server_that_tells_all_is_asked_for_every_probe() -> None:
    card = {"id": "m", "owned_by": "vllm", "max_model_len": 2048}

    def routes(path: str, body: Any) -> Any:
        if path == "/v1/models":
            return {"data": [{"id": "other", "owned_by": "else"}, card]}
        assert path == "/tokenize" and body["model"] == "m"
        return {"tokens": [7] if body.get("messages") == CHAT_PROBE else [len(body["prompt"])]}

    with ScriptedServer(lambda *_: answer(), routes=routes) as server:
        told = ask_server(endpoint(server.url))
    assert told == Server("vllm", 2048, {text: [len(text)] for text in PROBES}, [7])
