"""What the Kubernetes API answers in place of what was asked for, as errors that callers tell apart by type."""

import json

from flagops.errors import AnswerError, NoAccessError, NotFoundError

DENIED_STATUSES = (401, 403)
# What the validation of Kubernetes (k8s.io/apimachinery, and apps and core of its API server) says of such fields.
IMMUTABLE = ("field is immutable", "immutable when `immutable` is set", "updates to statefulset spec for fields")


class ApiError(AnswerError):
    """The API server refused a request. `status` is the HTTP status, `reason` Kubernetes' word for it."""

    def __init__(self, status: int, reason: str, message: str, what: str) -> None:
        super().__init__(f"{what}: {message}")
        self.status = status
        self.reason = reason
        self.detail = message


class DeniedError(ApiError, NoAccessError):
    """Who asks is not known to the API server (401), or may not do this (403)."""


class ImmutableError(ApiError):
    """The object is there, and a field of it cannot be changed: it would have to be deleted and made anew."""


class UnknownKindError(NotFoundError):
    """The cluster does not know a kind of object."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(
            f"The cluster knows no kind {kind} in {api_version}.",
            hint="Install what defines it (its custom resource definitions), or leave out what needs it.",
        )


def refusal(status: int, data: bytes, what: str) -> ApiError:
    """The error for an answer with such a status; `what` says what was tried."""
    try:
        answer = json.loads(data)
        reason, message = answer.get("reason") or "", answer.get("message") or ""
    except (ValueError, AttributeError):
        reason, message = "", data.decode(errors="replace")[:200]
    return _kind_of(status, message)(status, reason, message or f"HTTP status {status}", what)


def _kind_of(status: int, message: str) -> type[ApiError]:
    if status in DENIED_STATUSES:
        return DeniedError
    # Kubernetes has a status (422 Invalid) and no reason of its own for this: the causes say FieldValueInvalid or
    # FieldValueForbidden, as for any value that is wrong. So its texts are read, here and nowhere else.
    if status == 422 and any(text in message for text in IMMUTABLE):
        return ImmutableError
    return ApiError
