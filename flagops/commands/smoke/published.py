"""What must not be published: Flagsmith's own numbers, which it gives to anybody who reaches its port."""

from collections.abc import Mapping
from functools import partial
from ipaddress import ip_address

import httpx

from flagops.commands.smoke import routes
from flagops.commands.smoke.http import REQUEST_SECONDS
from flagops.commands.smoke.in_time import bounded
from flagops.commands.smoke.model import CheckFailedError, CheckSkippedError
from flagops.commands.smoke.visit import Visit
from flagops.flagsmith_api.loopback import SUFFIX
from flagops.trust import authorities, how_to_trust, untrusted

PATHS = ("/metrics", "/metrics/")
LIVENESS = "/health/liveness/"
# How the text of Prometheus' format begins, and where Flagsmith leads whoever leaves out the slash.
OURS = ("# HELP ", "# TYPE ")


def unpublished(visit: Visit) -> str:
    """The public address does not give out `/metrics`.

    Which status refuses it differs: 404, 500 or 503 by a Gateway, 502 by an Ingress. So it is asked for what it must
    not be: 200, or anything of Flagsmith's.
    """
    if visit.place.public_url is None:
        raise CheckSkippedError("no public address")
    url = httpx.URL(visit.place.public_url)
    if _is_of_this_machine(url.host):
        raise CheckSkippedError("an address of this machine, where a port leads to Flagsmith itself")
    return ", ".join(f"{path}: {_refused(visit, url.join(path))}" for path in PATHS)


def further_names(visit: Visit) -> str:
    """Each further name leads to Flagsmith, which takes it for its own, with a certificate that is good for it.

    Of an edge alone it leads to the proxies, which are asked for flags: nothing else is published there.
    """
    if visit.place.public_url is None or not visit.place.further:
        raise CheckSkippedError("no further names")
    base = httpx.URL(visit.place.public_url)
    path, headers = LIVENESS, {}
    if visit.place.is_edge:
        path, headers = routes.FLAGS, {"X-Environment-Key": visit.keys.client_side}
    urls = [base.copy_with(host=host).join(path) for host in visit.place.further]
    for url in urls:
        left = min(REQUEST_SECONDS, visit.deadline.left)
        answer = bounded(f"the answer to {url}", partial(_asked, url, headers), left)
        if answer.status_code != httpx.codes.OK:
            raise CheckFailedError(
                f"{url} is answered with status {answer.status_code}: the way in does not lead there, or Flagsmith "
                "does not know the name (400)"
            )
    return ", ".join(url.host for url in urls)


def _refused(visit: Visit, url: httpx.URL) -> int:
    # Not through the transport of the other checks, whose ledger takes a 502 for an error of Flagsmith's.
    answer = bounded(f"the answer to {url}", lambda: _asked(url), min(REQUEST_SECONDS, visit.deadline.left))
    said = answer.text
    leads_on = answer.is_redirect and httpx.URL(answer.headers.get("Location", "")).path in PATHS
    if answer.is_success or leads_on or any(mark in said for mark in OURS):
        raise CheckFailedError(
            f"{url} is answered with status {answer.status_code}{' by Flagsmith' if leads_on else ''}: anybody reads "
            "which routes are used, how often, and how they fail. Do not route /metrics"
        )
    return answer.status_code


def _asked(url: httpx.URL, headers: Mapping[str, str] | None = None) -> httpx.Response:
    try:
        return httpx.get(url, headers=headers, timeout=REQUEST_SECONDS, verify=authorities(), trust_env=False)
    except httpx.RequestError as error:
        refused = untrusted(error)
        if refused is not None:
            said = f"{url}: the certificate is not trusted: {refused.verify_message}"
            raise CheckFailedError(f"{said}. {how_to_trust()}") from None
        raise CheckFailedError(f"{url}: {error or type(error).__name__}") from None


def _is_of_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == SUFFIX.removeprefix(".") or host.endswith(SUFFIX)
