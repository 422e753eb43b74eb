"""Reads the body of a request, within bounds, and refuses it as Flagsmith does."""

import json
from collections.abc import Mapping
from typing import Any, Final

from components.text import bounds
from flagops.serving.http.message import JSON, RefusalError, Request

MOST_BYTES: Final = 1024**2
"""Of a body; SDKs send some kilobytes."""


def body_of(request: Request) -> Any:
    """The value of a body in JSON; an empty mapping of none. Raises RefusalError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not request.body:
        return {}
    if kind and kind != JSON:
        raise RefusalError(415, {"detail": f'Unsupported media type "{kind}" in request.'})
    try:
        return bounds.json_of(request.body.decode())
    except UnicodeDecodeError as error:
        raise _no_json(error) from None
    except json.JSONDecodeError as error:
        raise _no_json(error) from None
    except bounds.BoundsError as error:
        raise RefusalError(400, {"detail": f"The body {error}."}) from None


def mapping_of(request: Request) -> Mapping[str, Any]:
    """The same of a body that must be a mapping."""
    found = body_of(request)
    if not isinstance(found, dict):
        kind = type(found).__name__
        raise RefusalError(400, {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]})
    return found


def too_large() -> RefusalError:
    """What somebody is told whose body is larger than is read."""
    said = f"The body has more than {bounds.size(MOST_BYTES)}, which is the most that is read."
    return RefusalError(413, {"detail": said})


def _no_json(error: Exception) -> RefusalError:
    return RefusalError(400, {"detail": f"JSON parse error - {error}"})
