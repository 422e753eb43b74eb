"""What the Secrets of a namespace hold, those that somebody else made too: what a container there could print."""

import base64
import time
from collections.abc import Collection, Iterable, Iterator
from threading import Lock

from flagops.kubernetes.client import Client
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import ApiError

# What Secrets hold beside secrets: names that messages may well say.
# Among them what the operators of databases put beside a password.
PUBLIC_KEYS = frozenset(
    {"email", "username", "user", "host", "port", "dbname", "tls.crt", "ca.crt", "FLAGSMITH_API_URL"}
)
AGAIN_SECONDS = 5.0


def decoded(secret: Manifest) -> dict[str, str]:
    """A Secret's values by their keys."""
    data = secret.get("data") or {}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}


def secret_values(secrets: Iterable[Manifest]) -> Iterator[str]:
    """Every secret value of these Secrets."""
    for secret in secrets:
        yield from (value for key, value in decoded(secret).items() if key not in PUBLIC_KEYS)


class NamespaceMasker(Masker):
    """Takes out known secrets, and what the Secrets of namespaces hold, which are read where there is a text to mask.

    They are read again every few seconds, since a deployment makes some, and people make others while it waits. Who may
    not read them sees the text without the known secrets.
    """

    def __init__(self, client: Client, namespaces: Collection[str], known: Collection[str]) -> None:
        super().__init__(known)
        self._client, self._namespaces, self._known = client, sorted(namespaces), known
        self._read, self._read_at, self._lock = Masker(known), float("-inf"), Lock()

    def __call__(self, text: str) -> str:
        """`text` without the secrets."""
        return self._live()(text) if text.strip() else text

    def _live(self) -> Masker:
        with self._lock:
            if time.monotonic() - self._read_at > AGAIN_SECONDS:
                self._read = Masker([*self._known, *self._values()])
                self._read_at = time.monotonic()
            return self._read

    def _values(self) -> Iterator[str]:
        for namespace in self._namespaces:
            try:
                yield from secret_values(self._client.list("v1", "Secret", namespace))
            except ApiError:
                continue
