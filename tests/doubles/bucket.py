"""A bucket of S3's protocol (moto), by HTTP or HTTPS, and who gives out credentials for it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from tests.serving import serving as answering

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
Environ = dict[str, Any]
Answer = Iterable[bytes]
Application = Callable[[Environ, Any], Answer]
Hook = Callable[[Environ, Any], Answer | None]
# What moto keeps outlives its servers, and to make its paths anew takes a tenth of a second.
APPLICATION = DomainDispatcherApplication(create_backend_app)


@dataclass
class Double:
    """The server.

    Attributes:
        port: where it listens.
        hook: sees each request first, and may answer it in the bucket's place.
        seen: the method, path and query of every request, and the host that was asked for.
    """

    port: int = 0
    hook: Hook | None = None
    seen: list[tuple[str, str, str, str]] = field(default_factory=list)


@contextmanager
def serving(ssl: Any = None) -> Iterator[Double]:
    """The double, on a port of this machine, with an empty bucket `backups`; `ssl` is what werkzeug takes."""
    double = Double()

    def answered(environ: Environ, start: Any) -> Answer:
        asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], environ["HTTP_HOST"])
        double.seen.append(asked)
        given = double.hook(environ, start) if double.hook else None
        return APPLICATION(environ, start) if given is None else given

    with answering(answered, ssl) as double.port:
        yield double


@cache
def session() -> boto3.Session:
    """Whoever looks into buckets from outside; it keeps what it has read of the protocol."""
    return boto3.Session(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")


def made(url: str, verify: str | None = None) -> Any:
    """The bucket `backups` behind an address, empty: what moto keeps outlives its servers."""
    bucket = session().resource("s3", endpoint_url=url, verify=verify).Bucket("backups")
    bucket.create()
    bucket.objects.delete()
    return bucket
