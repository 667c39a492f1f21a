"""What a page's error shows and logs: our own sentence, or a number; never a message that may hold a record's text."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from appliance.home import HomeError
from ui import app, parts

SECRET = "Anna Kowalska, 44 1234"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(parts, "problem", lambda error: said.append(str(error)))
    return said


def failing(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_an_error_of_ours_is_its_one_sentence(shown: list[str]) -> None:
    assert app._script_error(failing(HomeError("the home is full: free some space")))
    assert shown == ["the home is full: free some space"]


def test_another_error_is_a_number_and_its_message_is_nowhere(
    shown: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert app._script_error(failing(KeyError(SECRET)))
    assert SECRET not in shown[0] + caplog.text
    number = shown[0].partition("error ")[2][:6]
    assert f"error {number}: KeyError at test_errors.py" in caplog.text


AFTER_UVICORN = """
import logging.config
from streamlit import config
from streamlit.error_util import handle_user_script_exception
from uvicorn.config import LOGGING_CONFIG
from ui import app

config.set_option("logger.enableRich", app.options("127.0.0.1", 1)["logger.enableRich"])
app.keep_messages_out_of_the_log()
logging.config.dictConfig(LOGGING_CONFIG)
logging.getLogger("uvicorn.error").error("uvicorn is heard")
handle_user_script_exception(KeyError({secret!r}), lambda error: True)
"""


def test_streamlit_does_not_log_the_message_even_after_uvicorn_has_set_logging_up() -> None:
    # A process of its own: setting logging up anew closes every handler there is, and absl's handler then
    # closes the stream it writes to, which in here is pytest's.
    code = AFTER_UVICORN.format(secret=SECRET)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "uvicorn is heard" in ran.stdout + ran.stderr
    assert SECRET not in ran.stdout + ran.stderr


def test_what_is_shown_keeps_its_signs_and_sets_code_apart() -> None:
    assert parts.plain("a_b *c* `x_y`") == r"a\_b \*c\* `x_y`"
    assert parts.plain("odd ` tick") == r"odd \` tick"
    assert parts.in_html("<b> `a<c`") == "&lt;b&gt; <code>a&lt;c</code>"
