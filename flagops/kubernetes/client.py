"""The Kubernetes API as the engine uses it: plain REST on the client library's authenticated connection."""

import json
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flagops.errors import NoAccessError, UnreachableError
from flagops.kubernetes import masking
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError, UnknownKindError, refusal

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

FIELD_MANAGER = "ff-direct"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
RETRIED_STATUSES = (429, 502, 503, 504)
NO_LOG_YET = (400, 404)  # of a container that waits to start, or whose earlier run is gone


class Client:
    """One cluster. Safe to use from several threads at a time."""

    def __init__(self, api: "ApiClient") -> None:
        # It comes with the Kubernetes SDK, which takes half a second to import.
        from urllib3 import Retry, Timeout

        self._api = api
        self._timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        # Every request here can be repeated: applies and deletes are idempotent, creates are told apart by 409.
        self._retry = Retry(
            total=4,
            connect=2,
            redirect=0,
            backoff_factor=0.2,
            status_forcelist=RETRIED_STATUSES,
            allowed_methods=None,
            raise_on_status=False,
        )
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}
        self._discovery = Lock()

    @property
    def host(self) -> str:
        """The API server's URL, for messages."""
        return str(self._api.configuration.host)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def get(self, ref: Ref) -> Manifest | None:
        """The live object, or None when there is none (nor its namespace, nor its kind)."""
        try:
            return masking.learnt(self._json("GET", self._path(ref), f"Cannot read {ref}"))
        except (UnknownKindError, ApiError) as error:
            if isinstance(error, UnknownKindError) or error.status == 404:
                return None
            raise

    def fetch(self, path: str) -> Manifest | None:
        """What a path of the API holds, or None when there is none."""
        try:
            return self._json("GET", path, f"Cannot read {path}")
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str, **selectors: str) -> list[Manifest]:
        """Objects of a kind in a namespace (empty: in the whole cluster); `selectors` are query parameters."""
        path = self._collection(api_version, kind, namespace)
        found = self._json("GET", path, f"Cannot list {kind} in {namespace}", selectors).get("items") or []
        return [masking.learnt(item, kind) for item in found]

    def apply(self, manifest: Manifest, *, force: bool, dry_run: bool = False) -> Manifest:
        """Server-side apply with strict field validation; `force` takes fields over from other managers."""
        ref = Ref.of(manifest)
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        return self._json("PATCH", self._path(ref), f"Cannot apply {ref}", query, manifest, APPLY)

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Create an object; ApiError with status 409 when it exists."""
        ref = Ref.of(manifest)
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        path = self._collection(ref.api_version, ref.kind, ref.namespace)
        return self._json("POST", path, f"Cannot create {ref}", query, manifest)

    def replace(self, manifest: Manifest) -> Manifest:
        """Replace an object; ApiError with status 409 when its resourceVersion is no longer the live one."""
        ref = Ref.of(manifest)
        return self._json("PUT", self._path(ref), f"Cannot write {ref}", {"fieldManager": FIELD_MANAGER}, manifest)

    def merge(self, ref: Ref, change: Manifest, *, subresource: str = "") -> Manifest:
        """Change fields of an object or subresource, as another manager; a stale resourceVersion is ApiError 409."""
        query = {"fieldManager": "ff", "fieldValidation": "Strict"}
        path = f"{self._path(ref)}/{subresource}" if subresource else self._path(ref)
        return self._json("PATCH", path, f"Cannot change {ref}", query, change, MERGE)

    def delete(self, ref: Ref, *, uid: str | None = None, dependents_first: bool = False) -> None:
        """Ask for the object's deletion; one that is gone already is fine.

        With `uid` only that very object is deleted, not a successor of the same name. With `dependents_first` the
        object stays until the cluster has deleted all that it owns; without, it is gone at once.
        """
        policy = "Foreground" if dependents_first else "Background"
        options: Manifest = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            self._json("DELETE", self._path(ref), f"Cannot delete {ref}", body=options)
        except UnknownKindError:
            return
        except ApiError as error:
            if error.status != 404:
                raise

    def log(
        self, namespace: str, pod: str, container: str, *, lines: int, previous: bool = False, since: int | None = None
    ) -> str:
        """The last lines of a log, none older than `since` seconds; empty where it is not there. Or ApiError."""
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        query |= {} if since is None else {"sinceSeconds": str(since)}
        status, body = self._request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log", query)
        if status in NO_LOG_YET:
            return ""
        if status != 200:
            raise refusal(status, body, f"Cannot read the log of {pod}/{container}")
        return body.decode(errors="replace")

    def follow(self, namespace: str, pod: str, container: str, *, lines: int) -> Iterator[str]:
        """A container's last lines, and then each new one until the container ends."""
        # It comes with the Kubernetes SDK, which takes half a second to import.
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        query = {"container": container, "tailLines": str(lines), "follow": "true"}
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log?{urlencode(query)}"
        headers = dict(self._api.default_headers)
        self._api.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
        try:
            with self._api.rest_client.pool_manager.request(
                "GET",
                self.host + path,
                headers=headers,
                preload_content=False,
                timeout=Timeout(connect=CONNECT_SECONDS, read=None),
            ) as response:
                if response.status >= 400:
                    raise refusal(response.status, response.read(), f"Cannot read the log of {pod}/{container}")
                rest = b""
                for chunk in response.stream(amt=None):
                    *complete, rest = (rest + chunk).split(b"\n")
                    yield from (line.decode(errors="replace") for line in complete)
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None

    def _path(self, ref: Ref) -> str:
        return f"{self._collection(ref.api_version, ref.kind, ref.namespace)}/{ref.name}"

    def _collection(self, api_version: str, kind: str, namespace: str) -> str:
        plural, namespaced = self._kind(api_version, kind)
        base = _base(api_version)
        return f"{base}/namespaces/{namespace}/{plural}" if namespaced and namespace else f"{base}/{plural}"

    def _kind(self, api_version: str, kind: str) -> tuple[str, bool]:
        with self._discovery:
            known = self._kinds.get(api_version)
            if known is None or kind not in known:
                known = self._kinds[api_version] = self._discover(api_version)
        if kind not in known:
            raise UnknownKindError(api_version, kind)
        return known[kind]

    def _discover(self, api_version: str) -> dict[str, tuple[str, bool]]:
        try:
            found = self._json("GET", _base(api_version), f"Cannot discover {api_version}")
        except ApiError as error:
            if error.status == 404:
                return {}
            raise
        resources = [item for item in found["resources"] if "/" not in item["name"]]
        return {item["kind"]: (item["name"], item["namespaced"]) for item in resources}

    def _json(
        self,
        method: str,
        path: str,
        what: str,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> Manifest:
        status, data = self._request(method, path, query, body, content_type)
        if status >= 400:
            raise refusal(status, data, what)
        try:
            content: Manifest = json.loads(data)
        except ValueError:
            raise NoAccessError(
                f"{what}: what answers at {self.host} is not a Kubernetes API: {data.decode(errors='replace')[:80]!r}",
                hint="Is a proxy in between, or is the kubeconfig's server another one?",
            ) from None
        return content

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> tuple[int, bytes]:
        # It comes with the Kubernetes SDK, which takes half a second to import.
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json", "Content-Type": content_type, **self._api.default_headers}
        self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = self.host + path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body)
        pool = self._api.rest_client.pool_manager
        try:
            response = pool.request(
                method, url, body=data, headers=headers, timeout=self._timeout, retries=self._retry, redirect=False
            )
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None
        return response.status, response.data

    def _unreachable(self, error: Exception) -> UnreachableError:
        reason = getattr(error, "reason", None) or error
        return UnreachableError(
            f"The cluster at {self.host} cannot be reached: {_plain(reason)}",
            hint="Is the cluster running, and is the kubeconfig's context the right one?",
        )


def _base(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _plain(reason: object) -> str:
    """The part of urllib3's message that says something to people."""
    return str(reason).rpartition(">: ")[2] or type(reason).__name__
