"""The console as an ASGI application and the server that runs it: `python -m ui.app`, which `stillhouse console` starts."""

from __future__ import annotations

import argparse
import importlib
import logging
import secrets
import sys
import traceback
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import bootstrap

from appliance.home import Home
from appliance.offline import go_offline
from appliance.people import sessions
from ui import login, parts, theme
from ui.gate import Gate

_SCRIPT = Path(__file__).with_name("console.py")
_OURS = ("appliance", "distill", "privacy", "ui")
_MAX_UPLOAD_MB = 512
_log = logging.getLogger("stillhouse.console")


def options(address: str, port: int) -> dict[str, Any]:
    """Streamlit's configuration: nothing is sent to anybody, nothing is shown of an error, the theme is ours."""
    return {
        "browser.gatherUsageStats": False,
        "browser.serverAddress": address,
        "server.address": address,
        "server.port": port,
        "server.headless": True,
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.enableXsrfProtection": True,
        "server.xsrfCookieSameSite": "strict",
        "server.maxUploadSize": _MAX_UPLOAD_MB,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "viewer",
        "logger.enableRich": False,
        "logger.hideWelcomeMessage": True,
        "runner.magicEnabled": False,
    } | theme.streamlit_options()


def application(home: Home, address: str, port: int, hosts: list[str], secure: bool, setup_code: str) -> Any:
    """The whole console. `hosts` are the names it answers to; `secure`: whether browsers reach it by TLS."""
    bootstrap.load_config_options(options(address, port))
    # A folder named `pages` would be run by Streamlit itself, past our own script, until that has run once.
    PagesManager.uses_pages_directory = False
    keep_messages_out_of_the_log()
    # Pages import it when they need it, several at once, and then some find it half made.
    importlib.import_module("pandas")
    return st.App(
        _SCRIPT,
        routes=login.routes(home, secure, setup_code),
        middleware=[Middleware(Gate, home=home, hosts=hosts, secure=secure)],
        on_script_error=_script_error,
    )


def keep_messages_out_of_the_log() -> None:
    """Streamlit logs an error's message, which may hold a record's text; `_script_error` logs what may be known.

    A filter, since uvicorn switches every logger on again that was switched off.
    """
    logging.getLogger("streamlit.error_util").addFilter(lambda record: False)


def _script_error(error: Exception) -> bool:
    """Our own errors are one sentence for whoever looks; of any other they see a number, and the log its type and frames."""
    if type(error).__module__.partition(".")[0] in _OURS:
        parts.problem(error)
        return True
    number = secrets.token_hex(3)
    frames = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-8:])
    )
    _log.error("error %s: %s at %s", number, type(error).__name__, frames)
    parts.problem(
        f"This did not work, and it is a mistake of the program: error {number}. "
        "Nothing was lost; reload the page, and give the number to your administrator if it comes again."
    )
    return True


def main(arguments: list[str]) -> None:
    asked = _arguments(arguments)
    home = Home.open()
    go_offline()
    secure = bool(asked.tls_cert) or asked.behind_proxy
    setup_code = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}"
    app = application(
        home, asked.address, asked.port, ["127.0.0.1", "localhost", "::1", *asked.host], secure, setup_code
    )
    where = f"{'https' if asked.tls_cert else 'http'}://{asked.host[0] if asked.host else asked.address}:{asked.port}"
    sys.stdout.write(f"console: {where}\n")
    if sessions.first_start(home):
        sys.stdout.write(
            f"first start: open it and make the first administrator; the setup code is {setup_code}\n"
        )
    sys.stdout.flush()
    uvicorn.run(
        app,
        host=asked.address,
        port=asked.port,
        ssl_certfile=asked.tls_cert,
        ssl_keyfile=asked.tls_key,
        proxy_headers=asked.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        server_header=False,
        access_log=False,
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=2**28,
        timeout_graceful_shutdown=3,
    )


def _arguments(arguments: list[str]) -> argparse.Namespace:
    """What `stillhouse console` hands on; it explains the options."""
    parser = argparse.ArgumentParser(prog="stillhouse console")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--host", action="append", default=[])
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--behind-proxy", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
