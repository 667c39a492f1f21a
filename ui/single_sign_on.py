"""Single sign-on where the site has it: OpenID Connect by Authlib, from the section [auth] of the home's `sign_on.toml`
(`docs/console.md`).

The provider says who it is, by an address that it has verified; the account with that address says what they may. Streamlit's
own `st.login` is not used: its cookie lives 30 days, and would open new sessions past our limits.
"""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from appliance.home import Home, HomeError
from appliance.people import sessions

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

FILE = "sign_on.toml"
_KEYS = frozenset({"client_id", "client_secret", "server_metadata_url", "redirect_uri"})


class SignOnRefused(Exception):
    """One sentence for whoever comes back from the provider."""


@dataclass(frozen=True, slots=True)
class SignOn:
    """A provider's client, as Authlib has it, and where the provider sends people back to."""

    client: Any
    redirect_uri: str


def sign_on(home: Home) -> SignOn | None:
    """As the home's file says; None where there is none. Raises HomeError in one line."""
    path = home.root / FILE
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8")).get("auth")
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise HomeError(f"{path} is no TOML: mend it, or take it away") from None
    if not isinstance(told, dict) or set(told) != _KEYS or not all(isinstance(x, str) for x in told.values()):
        raise HomeError(f"{path}: the section [auth] has {', '.join(sorted(_KEYS))}, and nothing else")
    if path.stat().st_mode & 0o077:
        raise HomeError(f"{path} holds a secret and others can read it: run `chmod 600 {path}`")
    from authlib.integrations.starlette_client import OAuth  # type: ignore[import-untyped]

    oauth = OAuth()
    oauth.register(
        "site",
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        server_metadata_url=told["server_metadata_url"],
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )
    return SignOn(oauth.create_client("site"), told["redirect_uri"])


async def begin(site: SignOn, request: Request) -> Response:
    """Sends the browser to the provider."""
    try:
        response: Response = await site.client.authorize_redirect(request, site.redirect_uri)
    except Exception as error:  # of whatever asks for the provider's settings over the network
        raise _unreachable(error) from None
    return response


async def finish(site: SignOn, request: Request, home: Home, peer: str) -> str:
    """The token of the session that the provider's answer opens. Raises SignOnRefused or LogInRefused."""
    from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
    from joserfc.errors import JoseError

    try:
        answer = await site.client.authorize_access_token(request)
    except (AuthlibBaseError, JoseError):
        raise SignOnRefused("The single sign-on did not vouch for you: try again.") from None
    except Exception as error:  # as above
        raise _unreachable(error) from None
    told = answer.get("userinfo") or {}
    address = told.get("email")
    if not isinstance(address, str) or told.get("email_verified") is not True:
        raise SignOnRefused(
            "The single sign-on names no address that it has verified: ask its administrator."
        )
    return await run_in_threadpool(sessions.log_in_by_email, home, address, time.time(), peer)


def _unreachable(error: Exception) -> SignOnRefused:
    return SignOnRefused(
        f"The single sign-on cannot be reached ({type(error).__name__}): sign in with a password, or ask its administrator."
    )
