"""How a registry wants to be asked: the challenge of an unauthorized answer, and what satisfies it."""

import base64
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import httpx

from flagops.commands.images.credentials import Login
from flagops.commands.images.names import is_loopback
from flagops.errors import AnswerError, LoginRefusedError, RefusedError

CLIENT: Final = "feature-flags"
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')
Send = Callable[[httpx.Request], httpx.Response]


def authorization(response: httpx.Response, login: Login | None, send: Send) -> str | None:
    """The header `Authorization` that a 401's `WWW-Authenticate` asks for; None when there is none to send.

    Args:
        response: The unauthorized answer.
        login: The log-in for the registry; without one a token is asked for anonymously.
        send: Sends the request for a token.

    Raises:
        OpsError: The registry asks for something unknown, or gives no token.
    """
    challenges = {header.partition(" ")[0].lower(): header for header in response.headers.get_list("WWW-Authenticate")}
    if "bearer" in challenges:
        return f"Bearer {_token(_parameters(challenges['bearer']), login, send)}"
    if "basic" in challenges:
        return f"Basic {_basic(login)}" if login is not None and login.user else None
    asked = ", ".join(challenges) or "nothing that is known"
    raise AnswerError(f"{response.request.url.netloc.decode()} asks for {asked} to log in, which ff does not know.")


def _parameters(header: str) -> dict[str, str]:
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(header)}


def _basic(login: Login) -> str:
    return base64.b64encode(f"{login.user}:{login.password}".encode()).decode()


def _token(asked: dict[str, str], login: Login | None, send: Send) -> str:
    realm = asked.get("realm", "")
    place = urlsplit(realm)
    if place.scheme != "https" and not (place.scheme == "http" and is_loopback(place.netloc)):
        raise RefusedError(f"The registry sends to {realm!r} for a token, which is not HTTPS: nothing was sent there.")
    about = {key: asked[key] for key in ("service", "scope") if asked.get(key)}
    if login is not None and login.identity_token:
        form = {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": login.identity_token, **about}
        request = httpx.Request("POST", realm, data=form)
    else:
        headers = {"Authorization": f"Basic {_basic(login)}"} if login is not None else {}
        request = httpx.Request("GET", httpx.URL(realm).copy_merge_params(about), headers=headers)
    response = send(request)
    try:
        answer = response.json() if response.is_success else {}
        token = answer.get("token") or answer.get("access_token")
    except (ValueError, AttributeError):
        token = None
    if not token:
        who = "the log-in that Docker keeps for it" if login else "somebody without a log-in"
        raise LoginRefusedError(
            f"{place.netloc} gives {who} no token for {about.get('scope', 'the image')} "
            f"(status {response.status_code}).",
            hint="`docker login` with an account that may pull it.",
        )
    return str(token)
