"""Where a project gets its platform from: a line of its requirements, which pins what this `ff` was installed from."""

import datetime
import json
import re
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from components.text import bounds, quoting
from flagops.errors import BadInputError, RefusedError
from flagops.files import reading
from flagops.pin import Pin, parse
from flagops.version import DISTRIBUTION, describe, release

REPOSITORY: Final = "https://github.com/footanalytics/feature-flags"
"""Where the platform is published."""
VENDOR: Final = "vendor"
"""The folder of a project for a wheel that is a file."""
SAY_IT: Final = "Say where your team installs it from: --platform REQUIREMENT"
WHEEL_BYTES: Final = 64 * 1024**2
_TAG: Final = re.compile(r"v?\d+(\.\d+)+[\w.+-]*")


@dataclass(frozen=True)
class PlatformSource:
    """Where a project gets its platform from.

    Attributes:
        requirement: The line of requirements.txt.
        wheel: The file that the project brings along for it, if it is one of this machine.
    """

    requirement: str
    wheel: Path | None = None


def given(requirement: str) -> PlatformSource:
    """What `--platform` says: a requirement that pins a release, or a wheel. Raises BadInputError for anything else."""
    text = requirement.strip()
    if text.endswith(".whl") and "@" not in text and "://" not in text:
        return _vendored(Path(text))
    if "\n" in text or parse(text) is None or text.startswith((".", "/")):
        raise BadInputError(
            f"--platform {quoting.value(requirement)} is not a requirement of {DISTRIBUTION}.",
            hint=f"Write `{DISTRIBUTION} @ git+{REPOSITORY}@v{release()}`, or the path of a wheel.",
        )
    if urlsplit(text.partition("@")[2].strip()).password is not None:
        raise BadInputError(
            "--platform holds a password, which would be committed.", hint="Leave it out of the address."
        )
    return PlatformSource(text)


def require_own_release(source: PlatformSource) -> None:
    """Raise RefusedError for a platform of another release than this `ff`, whose files and checks are of its own."""
    pin = parse(source.requirement)
    if pin is not None and not pin.is_met():
        raise RefusedError(
            f"--platform names {pin.name}, and this command is {describe()}: it would refuse the project that it "
            "makes. Nothing was written.",
            hint="Install that release's ff, and run this again.",
        )


def own() -> PlatformSource:
    """What this `ff` was installed from. Raises BadInputError where nobody else could install from there."""
    text = distribution(DISTRIBUTION).read_text("direct_url.json")
    if text is None:
        return PlatformSource(f"{DISTRIBUTION}=={release()}")  # from an index, which only the installer knows
    found: dict[str, Any] = json.loads(text)
    url = _without_password(str(found["url"]))
    if "vcs_info" in found:
        vcs = found["vcs_info"]
        asked = str(vcs.get("requested_revision", ""))
        revision = asked if _TAG.fullmatch(asked) else vcs["commit_id"]  # a branch would be another commit tomorrow
        below = f"#subdirectory={found['subdirectory']}" if "subdirectory" in found else ""
        return PlatformSource(f"{DISTRIBUTION} @ {vcs['vcs']}+{url}@{revision}{below}")
    if "dir_info" in found:
        return PlatformSource(
            f"{DISTRIBUTION} @ git+{REPOSITORY}@v{release()}"
        )  # a checkout, of which others have the tag
    if urlsplit(url).scheme == "file":
        return _vendored(Path(unquote(urlsplit(url).path)))
    sums = (found.get("archive_info") or {}).get("hashes") or {}
    pinned = f"#sha256={sums['sha256']}" if "sha256" in sums and "#" not in url else ""
    return PlatformSource(f"{DISTRIBUTION} @ {url}{pinned}")


def _vendored(wheel: Path) -> PlatformSource:
    if not wheel.is_file():
        raise BadInputError(
            f"The wheel {wheel} is not there, from which the project would get its platform.", hint=SAY_IT
        )
    requirement = f"./{VENDOR}/{wheel.name}"
    if wheel.suffix != ".whl" or parse(requirement) is None:
        raise BadInputError(f"{wheel} is not a wheel of {DISTRIBUTION}.", hint=SAY_IT)
    return PlatformSource(requirement, wheel)


def today() -> datetime.date:
    """The day, by UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def refuse_older(project: str, pin: Pin | None = None) -> None:
    """Raise RefusedError if this `ff` is older than the release that a project is of, or that it pins since."""
    versions = [project, *([pin.version] if pin is not None and pin.version is not None else [])]
    newest = max(versions, key=_numbers)
    if _numbers(newest) > _numbers(release()):
        raise RefusedError(
            f"The project is of {newest}, which is newer than this ff ({release()}). Nothing was changed.",
            hint="Install the newer ff, or run the project's own: .venv/bin/ff",
        )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3]]


def content(wheel: Path) -> bytes:
    """The bytes of a wheel that the project brings along."""
    with reading(wheel):
        return bounds.bytes_of(wheel, WHEEL_BYTES)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
