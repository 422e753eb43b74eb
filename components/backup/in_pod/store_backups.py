"""Keeps backups in a directory or in an S3-compatible bucket. Runs in Flagsmith's image, which has boto3.

Arguments: `put` stores what dump-database.sh dumps and removes the oldest; `fetch` gives the one that BACKUP names to
unpack-dump.sh, twice (`latest`: the newest without a label; `upload`: a file that somebody sends here); `list` prints
all.
A backup is its file and NAME.json, which is written last: what lacks it is not complete, and never used.

No file of a dump is ever in the pod: it runs through pipes in $WORK, as pipes.sh says, between containers that are side
by side. Each says in a pipe what comes, and an end that is not the end that was agreed on is no backup.

STORE is a directory, or s3://BUCKET/PREFIX with S3_ENDPOINT and AWS_*; KEEP is how many are kept of each label, and
SPARED the name of one that stays beyond that.
STACK is the host of the stack, which stands in each backup and, in a bucket, follows the prefix: stacks may share one.
FROM_STACK is the host of the stack whose backups are listed or fetched, where that is another; `unknown` for those in
a bucket that were made before backups said whose they are, and lie below the prefix itself.
"""

import hashlib
import json
import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
Write = Callable[[bytes], None]
MIB, GIB = 1024**2, 1024**3
CHUNK = MIB
MANIFEST_BYTES = CHUNK  # a manifest has a line for each table
PEER_SECONDS = 900  # as in pipes.sh: a node may have to load the other container's image first
UPLOAD_SECONDS = 900
INCOMING = "incoming"
UNKNOWN = "unknown"
# S3 takes 10,000 parts of an object at most. A part is in memory while it is sent, so it is as small as the database
# allows; a dump is smaller than its database, whose rows it holds compressed and without indexes, and twice is safe.
PARTS = 10_000
PART_BYTES = 64 * MIB
MOST_PART_BYTES = 128 * MIB
# Longer than any Job of these may take: what is that old and has no NAME.json belongs to one that was killed.
ABANDONED = timedelta(hours=6)
# As dump-database.sh names them.
NAME = re.compile(r"flagsmith-\d{8}T\d{6}Z(-[a-z0-9-]+)?")
KINDS = (".dump", ".dump.enc")


class Directory:
    """A mounted volume."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def names(self) -> list[str]:
        """The files in it."""
        return [item.name for item in self.path.iterdir() if item.is_file()]

    def put(self, dump: "Dump") -> None:
        """Store what comes, in one step."""
        partial = self.path / f".{dump.name}.partial"
        # Not one that another Job writes, which has begun in the same second.
        with partial.open("xb") as file:
            try:
                self._alone(dump.name)
                while chunk := dump.read(CHUNK):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
                self._named(partial, dump.name)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise

    def _alone(self, name: str) -> None:
        """SystemExit where another Job of the same second has ended: to be asked with a partial file of one's own."""
        if (self.path / name).exists():
            raise same_second(name)

    def write(self, name: str, content: bytes) -> None:
        """Store a small file, in one step."""
        partial = self.path / f".{name}.partial"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._named(partial, name)

    def _named(self, partial: Path, name: str) -> None:
        """Give a file its name, so that it has it after a loss of power too."""
        partial.rename(self.path / name)
        directory = os.open(self.path, os.O_RDONLY)
        try:
            # Some file systems of a network know no such thing.
            with suppress(OSError):
                os.fsync(directory)
        finally:
            os.close(directory)

    def send(self, name: str, write: Write) -> None:
        """Hand a file on, piece by piece."""
        with (self.path / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                write(chunk)

    def read(self, name: str) -> bytes:
        """A small file's content; of one that is not small, the beginning."""
        with (self.path / name).open("rb") as file:
            return file.read(MANIFEST_BYTES)

    def remove(self, name: str) -> None:
        """Delete a file."""
        (self.path / name).unlink(missing_ok=True)

    def abandon(self) -> None:
        """Nothing: what a killed Job leaves on a volume is a file, and goes with the oldest."""


class Bucket:
    """A bucket of S3, or of what speaks its protocol."""

    def __init__(self, url: str, below: str = "") -> None:
        import boto3
        from botocore.config import Config

        name, _, prefix = url.removeprefix("s3://").partition("/")
        self.prefix = "".join(f"{part.strip('/')}/" for part in (prefix, below) if part.strip("/"))
        style = "path" if os.environ.get("S3_PATH_STYLE") == "true" else "auto"
        config = Config(s3={"addressing_style": style}, retries={"max_attempts": 5, "mode": "standard"})
        resource = boto3.resource("s3", endpoint_url=os.environ.get("S3_ENDPOINT") or None, config=config)
        self.bucket = resource.Bucket(name)

    def names(self) -> list[str]:
        """The objects directly below the prefix."""
        pages = self.bucket.meta.client.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket.name, Prefix=self.prefix, Delimiter="/")
        return [item["Key"].removeprefix(self.prefix) for page in found for item in page.get("Contents", [])]

    def put(self, dump: "Dump") -> None:
        """Store what comes, part by part. What is not whole is never an object."""
        client, part_bytes = self.bucket.meta.client, part_size(dump.database_bytes)
        target = {"Bucket": self.bucket.name, "Key": self.prefix + dump.name}
        upload = {**target, "UploadId": client.create_multipart_upload(**target)["UploadId"]}
        parts: list[dict[str, Any]] = []
        try:
            self._alone(upload)
            while part := dump.read(part_bytes):
                number = len(parts) + 1
                answer = client.upload_part(**upload, PartNumber=number, Body=part)
                # A part that was sent with a checksum has to be named with it.
                sums = {key: answer[key] for key in answer if re.fullmatch(r"Checksum(CRC|SHA)\w+", key)}
                parts.append({"PartNumber": number, "ETag": answer["ETag"], **sums})
            client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        except BaseException:
            # What went wrong is what is to be told, not that this could not be done either: the next run does it.
            with suppress(Exception):
                client.abort_multipart_upload(**upload)
            raise

    def _alone(self, upload: dict[str, str]) -> None:
        """SystemExit where another Job of the same second is there: one would take the other's dump for its own.

        Each looks when its own upload can be seen, so that one of two always sees the other; both may.
        """
        from botocore.exceptions import ClientError

        key, found = upload["Key"], self.bucket.objects.filter(Prefix=upload["Key"])
        there = any(item.key == key for item in found)
        with suppress(ClientError):  # who may not look at uploads still sees what is whole
            begun = self.bucket.multipart_uploads.filter(Prefix=key)
            there |= any(item.object_key == key and item.id != upload["UploadId"] for item in begun)
        if there:
            raise same_second(key.removeprefix(self.prefix))

    def write(self, name: str, content: bytes) -> None:
        """Store a small file."""
        self.bucket.put_object(Key=self.prefix + name, Body=content)

    def send(self, name: str, write: Write) -> None:
        """Hand a file on, piece by piece and in order; what breaks off is asked for again from there."""
        from boto3.s3.transfer import TransferConfig

        self.bucket.download_fileobj(self.prefix + name, Receiver(write), Config=TransferConfig(use_threads=False))

    def read(self, name: str) -> bytes:
        """A small file's content; of one that is not small, the beginning."""
        content: bytes = self.bucket.Object(self.prefix + name).get()["Body"].read(MANIFEST_BYTES)
        return content

    def remove(self, name: str) -> None:
        """Delete a file."""
        self.bucket.Object(self.prefix + name).delete()

    def abandon(self) -> None:
        """End the uploads below the prefix that a killed Job left: nobody sees them, and they are paid for."""
        from botocore.exceptions import ClientError

        client = self.bucket.meta.client
        pages = client.get_paginator("list_multipart_uploads")
        try:
            for page in pages.paginate(Bucket=self.bucket.name, Prefix=self.prefix):
                for item in page.get("Uploads", []):
                    name = item["Key"].removeprefix(self.prefix)
                    if is_unfinished(name) and is_old(name):
                        found = {"Bucket": self.bucket.name, "Key": item["Key"], "UploadId": item["UploadId"]}
                        client.abort_multipart_upload(**found)
                        print(f"Ended the upload of {name}, which a Job had left.")
        except ClientError as error:
            print(f"Uploads that a killed Job left could not be looked for: {error}")


Store = Directory | Bucket


def same_second(name: str) -> SystemExit:
    """Why a backup is not made that another Job makes, or has made, by the same name."""
    return SystemExit(
        f"Another Job began {name} in the same second. Nothing of this one is kept: make the backup again."
    )


class Receiver:
    """A file that is only written to."""

    def __init__(self, write: Write) -> None:
        self.write = write


def part_size(database: int) -> int:
    """How large the parts of the dump of a database are, in bytes."""
    size = max(PART_BYTES, -(-2 * database // PARTS // MIB) * MIB)
    if size > MOST_PART_BYTES:
        most = MOST_PART_BYTES * PARTS // 2 // GIB
        raise SystemExit(
            f"The database has {database // GIB} GiB, and of one of more than {most} GiB no dump goes into a bucket: "
            "it has outgrown dumps. Take base backups of it (postgres.cluster.backup), or your provider's own."
        )
    return size


@contextmanager
def pipe(path: Path, end: str) -> Iterator[int]:
    """One end of a pipe between two containers, `reader` or `writer`, once the other one is there: as in pipes.sh."""
    other, one_way = ("writer", os.O_RDONLY) if end == "reader" else ("reader", os.O_WRONLY)
    with suppress(FileExistsError):
        os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    try:
        path.with_name(f"{path.name}.{end}").touch()
        ends = time.monotonic() + PEER_SECONDS
        while not path.with_name(f"{path.name}.{other}").exists():
            if time.monotonic() > ends:
                raise SystemExit(f"The container at the other end of {path.name} has not begun in {PEER_SECONDS} s.")
            time.sleep(0.1)
        opened = os.open(path, one_way)
    finally:
        os.close(held)
    try:
        yield opened
    finally:
        os.close(opened)


def write_all(opened: int, chunk: bytes) -> None:
    """Write into a pipe, which may take less at once."""
    left = memoryview(chunk)
    while left:
        left = left[os.write(opened, left) :]


class Counted:
    """Counts what passes, knows its SHA-256, and hands it on into `opened`, if there is one."""

    def __init__(self, opened: int | None = None) -> None:
        self.bytes = 0
        self._found = hashlib.sha256()
        self._opened = opened

    def add(self, chunk: bytes) -> None:
        """Take note of what passes."""
        self.bytes += len(chunk)
        self._found.update(chunk)
        if self._opened is not None:
            write_all(self._opened, chunk)

    @property
    def sha256(self) -> str:
        """Of all that has passed."""
        return self._found.hexdigest()


class Dump:
    """What dump-database.sh writes: a line with the file's name and the database's bytes, then the file.

    It writes NAME.json before it closes the pipe. An end without that is of a container that failed or was killed.
    """

    def __init__(self, work: Path, opened: int) -> None:
        self.passed = Counted()
        self._file = os.fdopen(opened, "rb", buffering=CHUNK, closefd=False)
        said = self._file.readline(CHUNK).decode().split()
        if len(said) != 2 or not said[1].isdigit():
            raise SystemExit("The dump ended before it began; its own container says why.")
        self.name, self.database_bytes = said[0], int(said[1])
        stem = self.name.partition(".")[0]
        if not NAME.fullmatch(stem) or self.name.removeprefix(stem) not in KINDS:
            raise SystemExit(f"{self.name!r} is no name of a backup.")
        self._manifest = work / f"{stem}.json"

    def read(self, count: int) -> bytes:
        """The next `count` bytes, fewer at its end. Raises SystemExit at an end that is none."""
        chunk = self._file.read(count)
        if len(chunk) < count and not self._manifest.exists():
            raise SystemExit(f"The dump {self.name} broke off; its own container says why. Nothing of it is kept.")
        self.passed.add(chunk)
        return chunk

    def manifest(self) -> Manifest:
        """What is in it, by who made it."""
        found: Manifest = json.loads(self._manifest.read_text(encoding="utf-8"))
        if found["name"] != self._manifest.stem or found["file"] != self.name:
            raise SystemExit(f"{self._manifest.name} is not of {self.name}: {found['name']!r}, {found['file']!r}.")
        return found


def open_store(owner: str) -> Store:
    """The store that STORE names, with the backups of one stack."""
    place = os.environ["STORE"]
    if not place.startswith("s3://"):
        return Directory(place)
    return Bucket(place, "" if owner == UNKNOWN else owner)


def manifests(store: Store, owner: str) -> list[Manifest]:
    """All complete backups, the newest first. What a backup does not say itself is said by where it lies."""
    files = store.names()
    found: list[Manifest] = []
    for name in files:
        if not name.endswith(".json") or not NAME.fullmatch(name.removesuffix(".json")):
            continue
        manifest = understood(store.read(name), name)
        if manifest is not None:
            found.append({"stack": owner, **manifest})
    return sorted(found, key=lambda item: item["name"], reverse=True)


def understood(text: bytes, name: str) -> Manifest | None:
    """A manifest; None for a file of somebody else's that has such a name."""
    try:
        manifest: Manifest = json.loads(text)
        is_ours = f"{manifest['name']}.json" == name and is_file_of(manifest)
        return manifest if is_ours and isinstance(manifest["label"], str) and manifest["sha256"] is not None else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def is_file_of(manifest: Manifest) -> bool:
    """Whether the file is called as the backup is: what a manifest names is read, sent and deleted."""
    return manifest["file"] in [manifest["name"] + kind for kind in KINDS]


def mine(store: Store, stack: str) -> list[Manifest]:
    """The stack's own backups; a directory may hold those of the name that the stack had before."""
    return [item for item in manifests(store, stack) if item["stack"] == stack]


def put(work: Path, stack: str) -> None:
    """Store the new backup, look at what arrived, and remove those of its label that are too many."""
    with pipe(work / "dump", "reader") as opened:
        store = open_store(stack)
        store.abandon()
        dump = Dump(work, opened)
        store.put(dump)
    arrived = Counted()
    store.send(dump.name, arrived.add)
    if arrived.sha256 != dump.passed.sha256:
        store.remove(dump.name)
        raise SystemExit(f"What arrived of {dump.name} is not what was sent: its checksum differs. It is removed.")
    manifest = dump.manifest()
    manifest.update(stack=stack, bytes=arrived.bytes, sha256=arrived.sha256)
    store.write(f"{manifest['name']}.json", json.dumps(manifest, ensure_ascii=False).encode())
    removed = remove_oldest(store, stack, manifest, int(os.environ["KEEP"]))
    print(json.dumps({"stored": {key: value for key, value in manifest.items() if key != "rows"}, "removed": removed}))


def remove_oldest(store: Store, stack: str, made: Manifest, keep: int) -> list[str]:
    """Remove the stack's backups of a label but the newest `keep`, and what Jobs left that were killed.

    The one that was just made stays, also where the clock that named it is behind that of others; and SPARED, which is
    to be restored next.
    """
    stay = (made["name"], os.environ.get("SPARED"))
    same = [item for item in mine(store, stack) if item["label"] == made["label"] and item["name"] not in stay]
    too_many = same[keep - 1 :]
    for item in too_many:
        # First what makes it count, so that a half-removed one is never chosen.
        store.remove(f"{item['name']}.json")
        store.remove(item["file"])
    complete = {item["file"] for item in manifests(store, stack)}
    for name in store.names():
        if is_unfinished(name) and name not in complete and is_old(name):
            store.remove(name)
    return [item["name"] for item in too_many]


def is_unfinished(name: str) -> bool:
    """Whether a file is called as a dump is, or as what there is of one before it is whole."""
    return re.fullmatch(rf"\.?({NAME.pattern})\.dump(\.enc)?(\.partial)?", name) is not None


def is_old(name: str) -> bool:
    """Whether the Job of a file of that name has long ended; not of a day that never was."""
    try:
        made = datetime.strptime(name.lstrip(".").split("-")[1][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return datetime.now(UTC) - made > ABANDONED


def fetch(work: Path, wanted: str, stack: str, owner: str) -> None:
    """Give a backup of the stack `owner` to unpack-dump.sh, and say each time whether it is what was stored."""
    if wanted == "upload":
        os.mkfifo(work / INCOMING)
    with pipe(work / "stored", "writer") as opened:
        if wanted == "upload":
            uploaded(work, opened)
            return
        store = open_store(owner)
        manifest = chosen(store, wanted, stack, owner)
        given(work, opened, manifest, lambda write: store.send(manifest["file"], write))
        print(f"Fetched {manifest['file']}: {manifest['bytes']} bytes, checksum as when it was made.")


def chosen(store: Store, wanted: str, stack: str, owner: str) -> Manifest:
    """The backup that `wanted` is; SystemExit where there is none, or it is another stack's."""
    found = manifests(store, owner)
    named = [item for item in found if item["name"] == wanted or (wanted == "latest" and not item["label"])]
    if wanted == "latest":
        named = [item for item in named if item["stack"] == owner]
    if not named:
        known = ", ".join(item["name"] for item in found[:10]) or "none"
        raise SystemExit(f"There is no backup {wanted!r} of the stack {owner}; there are: {known}")
    if named[0]["stack"] != owner:
        raise SystemExit(
            f"The backup {wanted} is of the stack {named[0]['stack']}, and this is {stack}: "
            f"`ff db restore {wanted} --from-stack {named[0]['stack']}` takes it all the same."
        )
    return named[0]


def given(work: Path, opened: int, manifest: Manifest, send: Callable[[Write], None]) -> None:
    """Write a backup into the pipe twice: to be looked at before anything is changed, and to be used.

    A line with the file's name and bytes comes before it, and `whole` after it if its checksum is the manifest's.
    """
    (work / "fetched.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    try:
        for _ in range(2):
            write_all(opened, f"{manifest['file']} {manifest['bytes']}\n".encode())
            passed = Counted(opened)
            send(passed.add)
            if passed.sha256 != manifest["sha256"]:
                reason = "its checksum is not the one of when it was made"
                raise SystemExit(f"The backup {manifest['name']} is damaged: {reason}.")
            write_all(opened, b"whole\n")
    except BrokenPipeError:
        raise SystemExit("The container that unpacks the backup has ended, and says why.") from None


def uploaded(work: Path, opened: int) -> None:
    """Hand on a file that somebody sends into the pipe `incoming`, twice; UPLOAD_* say what it is."""
    file, size = os.environ["UPLOAD_FILE"], int(os.environ["UPLOAD_BYTES"])
    # Open for both, so that it has no end between the two times that it is sent.
    incoming = os.open(work / INCOMING, os.O_RDWR)

    def receive(write: Write) -> None:
        left = size
        while left:
            if not select.select([incoming], [], [], UPLOAD_SECONDS)[0]:
                raise SystemExit(f"{left} of {size} bytes of the file have not come in {UPLOAD_SECONDS} s.")
            chunk = os.read(incoming, min(left, CHUNK))
            left -= len(chunk)
            write(chunk)

    manifest = {"name": file, "file": file, "started": "", "bytes": size, "sha256": os.environ["UPLOAD_SHA256"]}
    given(work, opened, manifest, receive)
    print(f"Took over {file}: {size} bytes.")


def ended(*_: object) -> None:
    """End as for any other error, so that what is half done is taken back: by itself, a container's first program does
    not end by this signal at all."""
    raise SystemExit("The Job was ended.")


def main() -> None:
    """Do what the arguments say."""
    work, action, stack = Path(os.environ.get("WORK", "/work")), sys.argv[1], os.environ["STACK"]
    signal.signal(signal.SIGTERM, ended)
    owner = os.environ.get("FROM_STACK") or stack
    try:
        if action == "put":
            put(work, stack)
        elif action == "fetch":
            fetch(work, os.environ.get("BACKUP", "latest"), stack, owner)
        else:
            found = manifests(open_store(owner), owner)
            if owner == stack and os.environ["STORE"].startswith("s3://"):
                found += manifests(open_store(UNKNOWN), UNKNOWN)
            kept = [{key: value for key, value in item.items() if key != "rows"} for item in found]
            print(json.dumps({"backups": kept}))
    except OSError as error:
        raise SystemExit(f"The backups' store cannot be used: {error}") from None
    except Exception as error:
        # boto3's errors have no common base class; their messages name bucket and reason, and no secret.
        if type(error).__module__.split(".")[0] in ("botocore", "boto3", "s3transfer"):
            raise SystemExit(f"The backups' store cannot be used: {error}") from None
        raise


main()
