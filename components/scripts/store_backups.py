"""Keeps backups in a directory or in an S3-compatible bucket. Runs in Flagsmith's image, which has boto3.

Arguments: `put` stores what dump-database.sh left in $WORK and removes the oldest; `fetch` brings the one that BACKUP
names into $WORK (`latest`: the newest without a label; `upload`: a file that somebody copies there); `list` prints all.
A backup is its file and NAME.json, which is written last: what lacks it is not complete, and never used.

STORE is a directory, or s3://BUCKET/PREFIX with S3_ENDPOINT and AWS_*; KEEP is how many are kept of each label.
"""

import hashlib
import json
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

CHUNK = 1024 * 1024
UPLOAD_SECONDS = 900
UPLOADED = "uploaded"


class Directory:
    """A mounted volume."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def names(self):
        """What is there."""
        return [item.name for item in self.path.iterdir() if item.is_file()]

    def put(self, source):
        """Store a file, under its own name, in one step."""
        partial = self.path / f".{source.name}.partial"
        shutil.copyfile(source, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(self.path / source.name)

    def get(self, name, target):
        """Bring a file."""
        shutil.copyfile(self.path / name, target)

    def read(self, name):
        """A small file's content."""
        return (self.path / name).read_text(encoding="utf-8")

    def remove(self, name):
        """Delete a file."""
        (self.path / name).unlink(missing_ok=True)


class Bucket:
    """A bucket of S3, or of what speaks its protocol."""

    def __init__(self, url):
        import boto3
        from botocore.config import Config

        name, _, prefix = url.removeprefix("s3://").partition("/")
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        style = "path" if os.environ.get("S3_PATH_STYLE") == "true" else "auto"
        config = Config(s3={"addressing_style": style}, retries={"max_attempts": 5, "mode": "standard"})
        resource = boto3.resource("s3", endpoint_url=os.environ.get("S3_ENDPOINT") or None, config=config)
        self.bucket = resource.Bucket(name)

    def names(self):
        """What is there."""
        found = self.bucket.objects.filter(Prefix=self.prefix)
        return [item.key.removeprefix(self.prefix) for item in found]

    def put(self, source):
        """Store a file, under its own name."""
        self.bucket.upload_file(str(source), self.prefix + source.name)

    def get(self, name, target):
        """Bring a file."""
        self.bucket.download_file(self.prefix + name, str(target))

    def read(self, name):
        """A small file's content."""
        return self.bucket.Object(self.prefix + name).get()["Body"].read().decode()

    def remove(self, name):
        """Delete a file."""
        self.bucket.Object(self.prefix + name).delete()


def open_store():
    """The store that STORE names."""
    place = os.environ["STORE"]
    return Bucket(place) if place.startswith("s3://") else Directory(place)


def checksum(path):
    """A file's SHA-256."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def manifests(store):
    """All complete backups, the newest first."""
    found = [json.loads(store.read(name)) for name in store.names() if name.endswith(".json")]
    return sorted(found, key=lambda item: item["name"], reverse=True)


def put(work, store):
    """Store the new backup, look at what arrived, and remove those of its label that are too many."""
    (path,) = work.glob("flagsmith-*.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    file = work / manifest["file"]
    manifest.update(bytes=file.stat().st_size, sha256=checksum(file))
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    store.put(file)
    arrived = work / "arrived"
    store.get(file.name, arrived)
    if checksum(arrived) != manifest["sha256"]:
        raise SystemExit(f"What arrived of {file.name} is not what was sent: its checksum differs.")
    store.put(path)
    removed = remove_oldest(store, manifest["label"], int(os.environ["KEEP"]))
    print(json.dumps({"stored": {key: value for key, value in manifest.items() if key != "rows"}, "removed": removed}))


def remove_oldest(store, label, keep):
    """Remove the backups of a label but the newest `keep`, and what incomplete ones have left for more than a day."""
    too_many = [item for item in manifests(store) if item["label"] == label][keep:]
    for item in too_many:
        # First what makes it count, so that a half-removed one is never chosen.
        store.remove(f"{item['name']}.json")
        store.remove(item["file"])
    complete = {item["file"] for item in manifests(store)}
    for name in store.names():
        is_ours = name.startswith(("flagsmith-", ".flagsmith-")) and not name.endswith(".json")
        if is_ours and name not in complete and is_old(name):
            store.remove(name)
    return [item["name"] for item in too_many]


def is_old(name):
    """Whether a file's name is of more than a day ago."""
    made = datetime.strptime(name.lstrip(".").split("-")[1][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return (datetime.now(UTC) - made).days >= 1


def fetch(work, store, wanted):
    """Bring a backup, and check that it is what was stored."""
    if wanted == "upload":
        uploaded(work)
        return
    found = manifests(store)
    chosen = [item for item in found if item["name"] == wanted or (wanted == "latest" and not item["label"])]
    if not chosen:
        known = ", ".join(item["name"] for item in found[:10]) or "none"
        raise SystemExit(f"There is no backup {wanted!r}; there are: {known}")
    manifest = chosen[0]
    target = work / manifest["file"]
    store.get(manifest["file"], target)
    if checksum(target) != manifest["sha256"]:
        raise SystemExit(f"The backup {manifest['name']} is damaged: its checksum is not the one of when it was made.")
    (work / "fetched.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    print(f"Fetched {manifest['file']}: {manifest['bytes']} bytes, checksum as when it was made.")


def uploaded(work):
    """Wait for a file that is copied here; the empty file `uploaded` says that all of it has come."""
    ends = time.monotonic() + UPLOAD_SECONDS
    while not (work / UPLOADED).exists():
        if time.monotonic() > ends:
            raise SystemExit(f"Nobody copied a file into {work} within {UPLOAD_SECONDS} s.")
        time.sleep(0.5)
    file = (work / UPLOADED).read_text(encoding="utf-8").strip()
    (work / "fetched.json").write_text(json.dumps({"name": file, "file": file, "started": ""}), encoding="utf-8")
    print(f"Took over {file}: {(work / file).stat().st_size} bytes.")


def main():
    """Do what the arguments say."""
    work, action = Path(os.environ.get("WORK", "/work")), sys.argv[1]
    try:
        store = open_store()
        if action == "put":
            put(work, store)
        elif action == "fetch":
            fetch(work, store, os.environ.get("BACKUP", "latest"))
        else:
            kept = [{key: value for key, value in item.items() if key != "rows"} for item in manifests(store)]
            print(json.dumps({"backups": kept}))
    except OSError as error:
        raise SystemExit(f"The backups' store cannot be used: {error}") from None
    except Exception as error:
        # boto3's errors have no common base class; their messages name bucket and reason, and no secret.
        if type(error).__module__.split(".")[0] in ("botocore", "boto3", "s3transfer"):
            raise SystemExit(f"The backups' store cannot be used: {error}") from None
        raise


main()
