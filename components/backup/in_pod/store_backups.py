"""Keeps backups in a directory or in an S3-compatible bucket. Runs in Flagsmith's image, which has boto3.

Arguments: `put` stores what dump-database.sh left in $WORK and removes the oldest; `fetch` brings the one that BACKUP
names into $WORK (`latest`: the newest without a label; `upload`: a file that somebody copies there); `list` prints all.
A backup is its file and NAME.json, which is written last: what lacks it is not complete, and never used.

STORE is a directory, or s3://BUCKET/PREFIX with S3_ENDPOINT and AWS_*; KEEP is how many are kept of each label.
STACK is the host of the stack, which stands in each backup and, in a bucket, follows the prefix: stacks may share one.
FROM_STACK is the host of the stack whose backups are listed or fetched, where that is another; `unknown` for those in
a bucket that were made before backups said whose they are, and lie below the prefix itself.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
CHUNK = 1024 * 1024
MANIFEST_BYTES = CHUNK  # a manifest has a line for each table
UPLOAD_SECONDS = 900
UPLOADED = "uploaded"
UNKNOWN = "unknown"
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

    def put(self, source: Path) -> None:
        """Store a file, under its own name, in one step."""
        partial = self.path / f".{source.name}.partial"
        shutil.copyfile(source, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(self.path / source.name)

    def get(self, name: str, target: Path) -> None:
        """Bring a file."""
        shutil.copyfile(self.path / name, target)

    def read(self, name: str) -> bytes:
        """A small file's content; of one that is not small, the beginning."""
        with (self.path / name).open("rb") as file:
            return file.read(MANIFEST_BYTES)

    def remove(self, name: str) -> None:
        """Delete a file."""
        (self.path / name).unlink(missing_ok=True)


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

    def put(self, source: Path) -> None:
        """Store a file, under its own name."""
        self.bucket.upload_file(str(source), self.prefix + source.name)

    def get(self, name: str, target: Path) -> None:
        """Bring a file."""
        self.bucket.download_file(self.prefix + name, str(target))

    def read(self, name: str) -> bytes:
        """A small file's content; of one that is not small, the beginning."""
        content: bytes = self.bucket.Object(self.prefix + name).get()["Body"].read(MANIFEST_BYTES)
        return content

    def remove(self, name: str) -> None:
        """Delete a file."""
        self.bucket.Object(self.prefix + name).delete()


Store = Directory | Bucket


def open_store(owner: str) -> Store:
    """The store that STORE names, with the backups of one stack."""
    place = os.environ["STORE"]
    if not place.startswith("s3://"):
        return Directory(place)
    return Bucket(place, "" if owner == UNKNOWN else owner)


def checksum(path: Path) -> str:
    """A file's SHA-256."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


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


def put(work: Path, store: Store, stack: str) -> None:
    """Store the new backup, look at what arrived, and remove those of its label that are too many."""
    (path,) = work.glob("flagsmith-*.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["name"] != path.stem or not is_file_of(manifest):
        raise SystemExit(f"{path.name} is not of the backup that it says: {manifest['name']!r}, {manifest['file']!r}.")
    file = work / manifest["file"]
    manifest.update(stack=stack, bytes=file.stat().st_size, sha256=checksum(file))
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    store.put(file)
    arrived = work / "arrived"
    store.get(file.name, arrived)
    if checksum(arrived) != manifest["sha256"]:
        raise SystemExit(f"What arrived of {file.name} is not what was sent: its checksum differs.")
    store.put(path)
    removed = remove_oldest(store, stack, manifest["label"], int(os.environ["KEEP"]))
    print(json.dumps({"stored": {key: value for key, value in manifest.items() if key != "rows"}, "removed": removed}))


def remove_oldest(store: Store, stack: str, label: str, keep: int) -> list[str]:
    """Remove the stack's backups of a label but the newest `keep`, and what incomplete ones left for over a day."""
    too_many = [item for item in mine(store, stack) if item["label"] == label][keep:]
    for item in too_many:
        # First what makes it count, so that a half-removed one is never chosen.
        store.remove(f"{item['name']}.json")
        store.remove(item["file"])
    complete = {item["file"] for item in manifests(store, stack)}
    for name in store.names():
        is_ours = re.fullmatch(rf"\.?({NAME.pattern})\.dump(\.enc)?(\.partial)?", name)
        if is_ours and name not in complete and is_old(name):
            store.remove(name)
    return [item["name"] for item in too_many]


def is_old(name: str) -> bool:
    """Whether a file's name is of more than a day ago; not of a day that never was."""
    try:
        made = datetime.strptime(name.lstrip(".").split("-")[1][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return (datetime.now(UTC) - made).days >= 1


def fetch(work: Path, wanted: str, stack: str, owner: str) -> None:
    """Bring a backup of the stack `owner`, and check that it is what was stored."""
    if wanted == "upload":
        uploaded(work)
        return
    store = open_store(owner)
    found = manifests(store, owner)
    chosen = [item for item in found if item["name"] == wanted or (wanted == "latest" and not item["label"])]
    if wanted == "latest":
        chosen = [item for item in chosen if item["stack"] == owner]
    if not chosen:
        known = ", ".join(item["name"] for item in found[:10]) or "none"
        raise SystemExit(f"There is no backup {wanted!r} of the stack {owner}; there are: {known}")
    if chosen[0]["stack"] != owner:
        raise SystemExit(
            f"The backup {wanted} is of the stack {chosen[0]['stack']}, and this is {stack}: "
            f"`ff db restore {wanted} --from-stack {chosen[0]['stack']}` takes it all the same."
        )
    manifest = chosen[0]
    target = work / manifest["file"]
    store.get(manifest["file"], target)
    if checksum(target) != manifest["sha256"]:
        raise SystemExit(f"The backup {manifest['name']} is damaged: its checksum is not the one of when it was made.")
    (work / "fetched.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    print(f"Fetched {manifest['file']}: {manifest['bytes']} bytes, checksum as when it was made.")


def uploaded(work: Path) -> None:
    """Wait for a file that is copied here; the empty file `uploaded` says that all of it has come."""
    ends = time.monotonic() + UPLOAD_SECONDS
    while not (work / UPLOADED).exists():
        if time.monotonic() > ends:
            raise SystemExit(f"Nobody copied a file into {work} within {UPLOAD_SECONDS} s.")
        time.sleep(0.5)
    file = (work / UPLOADED).read_text(encoding="utf-8").strip()
    (work / "fetched.json").write_text(json.dumps({"name": file, "file": file, "started": ""}), encoding="utf-8")
    print(f"Took over {file}: {(work / file).stat().st_size} bytes.")


def main() -> None:
    """Do what the arguments say."""
    work, action, stack = Path(os.environ.get("WORK", "/work")), sys.argv[1], os.environ["STACK"]
    owner = os.environ.get("FROM_STACK") or stack
    try:
        if action == "put":
            put(work, open_store(stack), stack)
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
