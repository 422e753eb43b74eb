"""Python scripts that run in a pod of Flagsmith's image, with that pod's own connections and libraries."""

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flagops.errors import FailedError
from flagops.pods.exec import run
from flagops.pods.pods import PodComponent, running
from flagops.stacks.deployed import Instance


class ScriptError(FailedError):
    """What a script asked could not be answered; the message says why."""


def packed(source: str) -> str:
    """A short line that runs `source`. A command travels in an address, whose length proxies limit, often to 8 KiB."""
    data = base64.urlsafe_b64encode(zlib.compress(source.encode(), level=9)).decode()
    return f"import base64, zlib; exec(zlib.decompress(base64.urlsafe_b64decode('{data}')))"


def run_python(
    instance: Instance,
    script: Path,
    arguments: Sequence[str] = (),
    *,
    what: str,
    stdin: str | None = None,
    seconds: float = 60,
    component: PodComponent = PodComponent.API,
) -> Any:
    """Run a script in a pod; the JSON document it prints last.

    The script sees the container's environment, and so the database and Redis that the API itself uses, embedded or
    external. One that cannot do its work prints `{"error": …}`, with a `hint` where there is one.

    Args:
        instance: Where.
        script: The file.
        arguments: The script's arguments; no secrets, since others can see them.
        what: What cannot be done if it fails, for messages, such as "The connections cannot be listed".
        stdin: What it reads.
        seconds: After how long it counts as hung.
        component: Whose pod.

    Raises:
        ScriptError: The script says what is wrong.
        OpsError: It could not run, or failed otherwise.
    """
    command = ["python", "-c", packed(script.read_text(encoding="utf-8")), *arguments]
    given = None if stdin is None else stdin.encode()
    done = run(instance, running(instance, component), command, stdin=given, seconds=seconds)
    try:
        answer = json.loads((done.out.strip().splitlines() or [""])[-1])
    except ValueError:
        answer = None
    if isinstance(answer, dict) and "error" in answer:
        raise ScriptError(instance.masker()(f"{what}: {answer['error']}"), hint=answer.get("hint"))
    if done.code or answer is None:
        tail = "\n".join(f"  {line}" for line in (done.err or done.out).strip().splitlines()[-5:])
        raise FailedError(
            instance.masker()(f"{what}: {script} failed in a pod of {component} (exit code {done.code}):\n{tail}")
        )
    return answer
