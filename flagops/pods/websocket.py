"""Websockets of the API server: the way into containers, without kubectl."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from flagops.errors import AnswerError, NoAccessError, OpsError, UnreachableError
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance

ADDRESS = re.compile(r"(https?://[^\s\"?]+)\?[^\s\"]*")
Query = Sequence[tuple[str, str]]


def subresource(pod: Manifest, verb: str, query: Query) -> str:
    """The path of a pod's `exec`, `attach` or `portforward`."""
    metadata = pod["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/{verb}?{urlencode(query)}"


def without_query(message: str) -> str:
    """The message with its addresses cut: the API server names them with all of a command's words."""
    return ADDRESS.sub(r"\1", message)


def headers(instance: Instance, path: str) -> dict[str, str]:
    """What says who is asking."""
    found: dict[str, str] = {}
    instance.api.update_params_for_auth(found, [], ["BearerToken"], path, "GET", None)
    return found


@contextmanager
def explained(instance: Instance, what: str) -> Iterator[None]:
    """Turns what can go wrong while a websocket is opened into an OpsError that begins with `what`."""
    # It comes with the Kubernetes SDK, which takes half a second to import.
    from urllib3.exceptions import HTTPError
    from websocket import WebSocketBadStatusException, WebSocketException

    try:
        yield
    except WebSocketBadStatusException as error:
        raise _refusal(what, error) from None
    except (WebSocketException, HTTPError, OSError) as error:
        raise UnreachableError(
            f"{what}: the cluster at {instance.client.host} cannot be reached: {error}",
            hint="Does a proxy between here and the cluster let websockets through?",
        ) from None


def lost() -> tuple[type[Exception], ...]:
    """What is raised when a websocket that was open is no longer: the other side, or the way to it, is gone."""
    # It comes with the Kubernetes SDK, which takes half a second to import.
    from websocket import WebSocketException

    return (WebSocketException, OSError)


def _refusal(what: str, error: Any) -> OpsError:
    status = error.status_code
    try:
        message = json.loads(error.resp_body)["message"]
    except (TypeError, ValueError, KeyError):
        message = (error.resp_body or b"").decode(errors="replace")[:200] if error.resp_body else ""
    text = f"{what}: {without_query(message) or f'the API server answers with status {status}'}"
    if status in (401, 403):
        return NoAccessError(
            text, hint="Your role needs the verbs `get` and `create` on pods/exec and pods/portforward."
        )
    return AnswerError(text)
