"""A bucket that the backups' Jobs know, and that fails as a test wants it."""

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.backup.containers import PIPES, SCRIPTS
from tests.components.backup.conftest import HOST, Jobs
from tests.components.backup.running import Container, pod
from tests.doubles.bucket import KEYS, Double, Environ, made, serving

MIB = 1024 * 1024
PREFIX = f"flagsmith/{HOST}/"
OLD = "flagsmith-20260101T020000Z"
SECOND = "flagsmith-20260101T000000Z"


class Store:
    """A bucket that the Jobs know, what is in it, and how it answers."""

    def __init__(self, double: Double, bucket: Any) -> None:
        self.double, self.bucket = double, bucket

    def objects(self) -> set[str]:
        return {item.key.removeprefix(PREFIX) for item in self.bucket.objects.all()}

    def uploads(self) -> set[str]:
        """What was begun and neither ended nor taken back."""
        return {item.object_key.removeprefix(PREFIX) for item in self.bucket.multipart_uploads.all()}

    def begin(self, name: str) -> None:
        self.bucket.Object(PREFIX + name).initiate_multipart_upload()

    def answer(self, status: str, when: Callable[[Environ], bool], times: int = 1000) -> None:
        """Answer `status` to the first `times` requests of a kind."""
        left = [times]

        def hook(environ: Environ, start: Any) -> Any:
            if not when(environ) or not left[0]:
                return None
            left[0] -= 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start(status, [("Content-Type", "application/xml")])
            code = {"403": "AccessDenied", "500": "InternalError"}[status[:3]]
            return [f"<Error><Code>{code}</Code><Message>of the test</Message></Error>".encode()]

        self.double.hook = hook

    def pieces(self) -> None:
        """Give each piece of 8 MiB of a large object from a copy: moto reads the whole object for each.

        What begins beyond the end, and who asks for the object as it was before a change, has moto's own answer.
        """
        client = self.bucket.meta.client
        copies: dict[tuple[str, str], bytes] = {}

        def hook(environ: Environ, start: Any) -> Any:
            if "HTTP_RANGE" not in environ:
                return None
            key = environ["PATH_INFO"].removeprefix("/backups/")
            tag = client.head_object(Bucket="backups", Key=key)["ETag"]
            if environ.get("HTTP_IF_MATCH", tag) != tag:
                return None
            if (key, tag) not in copies:
                copies[key, tag] = client.get_object(Bucket="backups", Key=key, IfMatch=tag)["Body"].read()
            whole = copies[key, tag]
            begin, _, end = environ["HTTP_RANGE"].removeprefix("bytes=").partition("-")
            first = int(begin)
            if first >= len(whole):
                return None
            piece = whole[first : int(end) + 1 if end else None]
            place = f"bytes {first}-{first + len(piece) - 1}/{len(whole)}"
            headers = [("Content-Length", str(len(piece))), ("Content-Range", place), ("ETag", tag)]
            start("206 Partial Content", headers)
            return [piece]

        self.double.hook = hook


def is_part(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "PUT" and "partNumber=" in environ["QUERY_STRING"]


def is_end(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "POST" and "uploadId=" in environ["QUERY_STRING"]


def is_search(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "GET" and "uploads" in environ["QUERY_STRING"]


def is_fetch(environ: Environ) -> bool:
    return environ["REQUEST_METHOD"] == "GET" and ".dump" in environ["PATH_INFO"]


@pytest.fixture
def store(jobs: Jobs) -> Iterator[Store]:
    with serving() as double:
        address = f"http://127.0.0.1:{double.port}"
        bucket = made(address)
        for upload in bucket.multipart_uploads.all():
            upload.abort()
        jobs.environment |= {**KEYS, "S3_PATH_STYLE": "true", "STORE": "s3://backups/flagsmith", "S3_ENDPOINT": address}
        yield Store(double, bucket)


def instead(jobs: Jobs, program: str, script: str) -> str:
    """A PATH on which a program is another one."""
    programs = jobs.home / "instead"
    shutil.rmtree(programs, ignore_errors=True)
    programs.mkdir()
    (programs / program).write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    (programs / program).chmod(0o755)
    return f"{programs}:{jobs.programs}:/usr/bin:/bin"


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def said(*containers: Container) -> str:
    done = pod(*containers)
    assert done.returncode != 0
    return done.stderr


def dumped(jobs: Jobs, content: str, database: int) -> Container:
    """What a dump would write into the pipe."""
    name = SECOND
    said = f'{{"name": "{name}", "file": "{name}.dump", "label": "", "started": "", "rows": {{}}}}'
    source = (SCRIPTS / PIPES).read_text("utf-8")
    source += f"open_pipe dump writer; echo {name}.dump {database} >&7; {content} >&7; echo '{said}' >$WORK/{name}.json"
    return jobs.start(["bash", "-c", source], {}, None)
