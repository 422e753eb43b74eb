"""What Flagsmith answers: to its probes, to the question for its version, and to the environments' keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.commands.doctor.sdk_keys import edge_server_keys, sdk_keys
from flagops.errors import OpsError
from flagops.flagsmith_api.client import FlagsmithClient, FlagsmithError
from flagops.flagsmith_api.deployed import environments, log_in
from flagops.pods.pods import PodComponent
from flagops.pods.port_forward import forward
from flagops.trust import no_authorities

SECONDS = 5.0
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


@dataclass(frozen=True)
class ContainerProbe:
    """A probe of the API's container, as the kubelet sends it."""

    kind: str
    path: str
    host: str


def flagsmith_api(examination: Examination) -> Iterator[DoctorFinding]:
    """Ask as the kubelet does, and as applications do."""
    with forward(examination.instance, PodComponent.API, names.API_PORT) as port:
        url = f"http://127.0.0.1:{port}"
        probes = list(_probed(examination, url))
        yield from probes
        if not probes:
            yield from _version(examination, url)
            refused = list(_keys(examination, url))
            yield from refused
            # Where even Flagsmith's own keys are refused, or flags fail, the keys in Secrets say nothing new.
            if not refused or examination.environment_key is not None:
                yield from sdk_keys(examination, url)
                yield from edge_server_keys(examination, url)


def _probed(examination: Examination, url: str) -> Iterator[DoctorFinding]:
    seen: set[tuple[str, str]] = set()
    for probe in _probes(examination):
        if (probe.path, probe.host) in seen:
            continue
        seen.add((probe.path, probe.host))
        # In place of the kubelet's */*, for which the readiness page comes as HTML too.
        headers = {"Accept": "application/json", **({"Host": probe.host} if probe.host else {})}
        try:
            answer = httpx.get(
                url + probe.path, headers=headers, timeout=SECONDS, trust_env=False, verify=no_authorities()
            )
        except httpx.TransportError as error:
            yield DoctorFinding(
                "api-hangs" if isinstance(error, httpx.TimeoutException) else "api-unreachable",
                f"The API does not answer its {probe.kind}.",
                (f"GET {probe.path}: {error or type(error).__name__} (waited {SECONDS:.0f} s)",),
                f"ff logs --stack {examination.instance.stack.name} --component api",
            )
            return
        yield from _judged(examination, probe, answer)


def _judged(examination: Examination, probe: ContainerProbe, answer: httpx.Response) -> Iterator[DoctorFinding]:
    stack = examination.instance.stack.name
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    seen = f"GET {probe.path} with Host {probe.host or 'of the pod'}: {answer.status_code} {kind}"
    if answer.status_code == 400:
        yield DoctorFinding(
            "probe-host-not-allowed",
            f"Flagsmith refuses its {probe.kind}: the Host it sends is not in DJANGO_ALLOWED_HOSTS.",
            (seen,),
            f"ff env --stack {stack} | grep DJANGO_ALLOWED_HOSTS; ff up --stack {stack} sets it from `host`",
        )
    elif answer.is_success and kind == "text/html":
        yield DoctorFinding(
            "probe-passes-on-ui",
            f"The {probe.kind} asks a path that does not exist; the user interface's page makes it pass always.",
            (seen,),
            f"ff up --stack {stack}   (sets the path that the release has)",
        )
    elif not answer.is_success:
        yield DoctorFinding(
            "probe-failing",
            f"The API answers its {probe.kind} with an error.",
            (seen, examination.mask(answer.text.strip()[:200])),
            f"ff logs --stack {stack} --component api",
        )


def _probes(examination: Examination) -> Iterator[ContainerProbe]:
    for deployment in examination.deployments:
        if deployment["metadata"]["name"] != "flagsmith":
            continue
        (container, *_) = deployment["spec"]["template"]["spec"]["containers"]
        for kind in PROBES:
            asked: dict[str, Any] = (container.get(kind) or {}).get("httpGet") or {}
            if asked:
                hosts = [item["value"] for item in asked.get("httpHeaders") or [] if item["name"] == "Host"]
                yield ContainerProbe(kind, asked["path"], hosts[0] if hosts else "")


def _version(examination: Examination, url: str) -> Iterator[DoctorFinding]:
    wanted, stack = examination.instance.settings.version, examination.instance.stack.name
    with FlagsmithClient(url) as client:
        found = client.get("/version/").get("image_tag")
    if found != wanted:
        yield DoctorFinding(
            "another-version",
            f"Flagsmith {found} is running, and the settings say {wanted}.",
            (f"GET /version/: image_tag {found}",),
            f"ff upgrade {wanted} --stack {stack}   (or set the settings back to {found})",
        )


def _keys(examination: Examination, url: str) -> Iterator[DoctorFinding]:
    with FlagsmithClient(url) as client:
        for name, key in _tried(examination, client):
            try:
                client.get("/api/v1/flags/", key=key)
            except FlagsmithError as error:
                if error.status == 403:
                    yield DoctorFinding(
                        "key-rejected",
                        f"Flagsmith refuses {name}.",
                        ("GET /api/v1/flags/: status 403",),
                        "take the key of the environment from the UI (Environment settings), or see "
                        f"ff flags get --environment NAME --stack {examination.instance.stack.name}",
                    )
                else:
                    yield DoctorFinding(
                        "flags-failing",
                        f"Flags cannot be read with {name}.",
                        (examination.mask(error.message),),
                        f"ff logs --stack {examination.instance.stack.name} --component api",
                    )


def _tried(examination: Examination, client: FlagsmithClient) -> list[tuple[str, str]]:
    if examination.environment_key is not None:
        return [("the given environment key", examination.environment_key)]
    try:
        log_in(examination.instance, client)
        return [(f"the key of {item.name}", item.key) for item in environments(examination.instance, client)]
    except OpsError:
        return []  # somebody changed the administrator's password, as people may
