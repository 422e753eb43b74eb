"""The options of `ff flags rollout`: whom the guards ask, and why somebody does something."""

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from components.rollouts.in_pod.prometheus import Prometheus
from flagops.errors import BadInputError

TOKEN = "FF_PROMETHEUS_TOKEN"  # noqa: S105 - a variable's name

PrometheusOption = Annotated[
    str | None,
    typer.Option(
        "--prometheus",
        help=f"The address of the Prometheus that guards ask; its token, if it needs one, in {TOKEN}.",
        show_default=False,
        envvar="FF_PROMETHEUS_URL",
    ),
]
AuthorityOption = Annotated[
    Path | None,
    typer.Option(
        "--prometheus-ca", help="A file with the authorities that signed its certificate.", show_default=False
    ),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why, for those who find it later. Needed.", show_default=False)
]


def prometheus_at(url: str | None, authority: Path | None) -> Prometheus | None:
    """The Prometheus at an address; None without one. Raises BadInputError for what is not an address."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address:
        raise BadInputError(f"--prometheus {url!r} is not an address.", hint="Write http://host:port, or https://…")
    if parts.username or parts.password:
        raise BadInputError(
            "--prometheus has a password in it, which lists of processes show.", hint=f"Give a token in {TOKEN}."
        )
    if authority is not None and not authority.is_file():
        raise BadInputError(f"There is no file {authority}.", hint="--prometheus-ca is a file of certificates.")
    return Prometheus(url, token=os.environ.get(TOKEN, ""), authority=str(authority) if authority else None)


def require_reason(reason: str) -> str:
    """The reason. Raises BadInputError for none."""
    if not reason.strip():
        raise BadInputError(
            "The reason is missing: whoever finds the change later needs it.", hint="Give --reason TEXT."
        )
    return " ".join(reason.split())
