"""Asks a registry what a tag is, by the distribution API (OCI Distribution Specification 1.1, Docker Registry v2)."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from flagops.commands.images.authorization import authorization
from flagops.commands.images.credentials import Login
from flagops.commands.images.names import ImageAddress, is_loopback
from flagops.errors import AnswerError, LoginRefusedError, NotFoundError, OpsError
from flagops.trust import authorities, how_to_trust, untrusted

CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
ATTEMPTS = 4
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds
TRANSIENT = frozenset({429, 500, 502, 503, 504})
# The least that the specification wants a registry to take of a manifest, and more than any has.
LARGEST: Final = 4 * 1024 * 1024
INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
HEADER: Final = "Docker-Content-Digest"
# What describes the bytes on the wire, not those that were read.
FRAMING: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class _RegistryBusyError(AnswerError):
    """Worth another attempt, not before `wait` seconds if the registry named a time."""

    def __init__(self, message: str, *, wait: float = 0) -> None:
        super().__init__(
            message, hint="Nothing was changed: try again, from where it answers, or at a mirror with --from-mirror."
        )
        self.wait = wait


@dataclass(frozen=True)
class Resolved:
    """What a tag is: its digest, of the index if it has one, and the platforms, as `linux/amd64`."""

    digest: str
    platforms: tuple[str, ...]


class Registry:
    """One registry. Transport errors, 429 and 5xx are tried again with growing pauses, or the one it names."""

    def __init__(
        self,
        place: ImageAddress,
        login: Callable[[str], Login | None],
        *,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        """The registry of `place`; `login` finds the log-in for a host, when one is wanted."""
        self.host, self._login, self._longest_wait = place.registry, login, longest_wait
        # No proxy has a way to this machine itself.
        self._http = httpx.Client(
            base_url=place.api,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=authorities(),
            follow_redirects=True,
            trust_env=not is_loopback(place.registry),
        )
        self._authorizations: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def digest(self, place: ImageAddress) -> str | None:
        """What the registry says the tag's digest is, unverified; None when it does not say. Costs no pull."""
        response = self._manifest("HEAD", place)
        found = response.headers.get(HEADER, "")
        return found if DIGEST.fullmatch(found) else None

    def resolve(self, place: ImageAddress) -> Resolved:
        """What the tag is, its digest computed from what it stands for.

        Raises OpsError when there is no such tag, it may not be read, or the registry does not tell the truth.
        """
        response = self._manifest("GET", place)
        digest = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
        said = response.headers.get(HEADER)
        if said not in (None, digest):
            raise AnswerError(
                f"{self.host} says that {place} is {said}, and sends something else, {digest}.",
                hint="Something between here and there changes answers, or the registry is broken: do not use it.",
            )
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        manifest = _json(response, place)
        if kind in INDEXES:
            platforms = [_platform(item.get("platform", {})) for item in manifest.get("manifests", [])]
        elif kind in MANIFESTS:
            platforms = [_platform(self._config(place, manifest))]
        else:
            raise AnswerError(f"{self.host} has {place} as {kind or 'something unnamed'}, which no container can run.")
        # Attestations are listed beside the images, for a platform that does not exist.
        found = tuple(sorted({item for item in platforms if item and "unknown" not in item}))
        if not found:
            raise AnswerError(f"{place} at {self.host} names no platform that it runs on.")
        return Resolved(digest, found)

    def _manifest(self, method: str, place: ImageAddress) -> httpx.Response:
        response = self._ask(method, f"/v2/{place.repository}/manifests/{place.tag}", place)
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotFoundError(
                f"{self.host} has no {place}.", hint="Is the tag right, and does the mirror have this image already?"
            )
        if not response.is_success:
            raise AnswerError(f"{self.host} answers {response.status_code} for {place}.")
        return response

    def _config(self, place: ImageAddress, manifest: dict[str, Any]) -> dict[str, Any]:
        """The configuration of an image of one platform, which names that."""
        digest = str(manifest.get("config", {}).get("digest"))
        response = self._ask("GET", f"/v2/{place.repository}/blobs/{digest}", place)
        if not response.is_success or f"sha256:{hashlib.sha256(response.content).hexdigest()}" != digest:
            raise AnswerError(f"{self.host} does not give the configuration {digest} of {place}.")
        return _json(response, place)

    def _ask(self, method: str, path: str, place: ImageAddress) -> httpx.Response:
        """The answer, after the log-in that the registry asks for."""
        response = self._send(self._request(method, path, place))
        if response.status_code == httpx.codes.UNAUTHORIZED and place.repository not in self._authorizations:
            header = authorization(response, self._login(self.host), self._send)
            if header is not None:
                self._authorizations[place.repository] = header
                response = self._send(self._request(method, path, place))
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise LoginRefusedError(
                f"{self.host} does not let you read {place.repository} (status {response.status_code}), "
                "or has no such repository.",
                hint=f"Is the name right? Otherwise `docker login {self.host}` with an account that may pull it.",
            )
        return response

    def _request(self, method: str, path: str, place: ImageAddress) -> httpx.Request:
        headers = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
        if place.repository in self._authorizations:
            headers["Authorization"] = self._authorizations[place.repository]
        return self._http.build_request(method, path, headers=headers)

    def _send(self, request: httpx.Request) -> httpx.Response:
        attempts = Retrying(
            retry=retry_if_exception_type(_RegistryBusyError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._pause,
            reraise=True,
        )
        return attempts(self._once, request)

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = error.wait if isinstance(error, _RegistryBusyError) else 0.0
        grown = wait_exponential_jitter(multiplier=FIRST_WAIT, max=self._longest_wait, jitter=FIRST_WAIT)(state)
        return min(max(named, grown), self._longest_wait)

    def _once(self, request: httpx.Request) -> httpx.Response:
        host = request.url.netloc.decode()
        try:
            answer = self._http.send(request, stream=True)
            try:
                content = _bounded(answer, host)
            finally:
                answer.close()
        except httpx.TransportError as error:
            raise _unreachable(host, error) from None
        if answer.status_code in TRANSIENT:
            raise _RegistryBusyError(f"{host} answers {answer.status_code}.", wait=_retry_after(answer))
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in FRAMING]
        return httpx.Response(answer.status_code, headers=headers, content=content, request=request)


def _bounded(answer: httpx.Response, host: str) -> bytes:
    content = bytearray()
    for part in answer.iter_bytes():
        content += part
        if len(content) > LARGEST:
            raise AnswerError(f"{host} sends more than {LARGEST} bytes for {answer.request.url.path}.")
    return bytes(content)


def _unreachable(host: str, error: httpx.TransportError) -> OpsError:
    refused = untrusted(error)
    if refused is not None:
        return AnswerError(
            f"The certificate of {host} is not trusted: {refused.verify_message}",
            hint=how_to_trust(),
        )
    return _RegistryBusyError(f"{host} cannot be asked: {error or type(error).__name__}")


def _json(response: httpx.Response, place: ImageAddress) -> dict[str, Any]:
    try:
        found = json.loads(response.content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise AnswerError(f"{response.request.url.netloc.decode()} does not answer with JSON for {place}.")
    return found


def _platform(described: dict[str, Any]) -> str:
    parts = (described.get("os"), described.get("architecture"), described.get("variant"))
    return "/".join(str(part) for part in parts if part)


def _retry_after(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", 0))
    except ValueError:
        return 0.0
