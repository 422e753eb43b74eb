"""Runs the Pulumi program in this process and returns what it wants, touching no cluster."""

import asyncio
import contextlib
import json
import logging
import re
import runpy
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flagops.errors import BadInputError, FailedError, OpsError, UnsupportedError
from flagops.evaluation.own_code import refuse_other_code
from flagops.evaluation.program import Program
from flagops.program import DIRECTORY, MAIN
from flagops.stacks.files import Stack
from flagops.stacks.pulumi_values import text_handed_over

# `group/version` or `v1`, with an optional `/Kind` as Helm's option of the same name has it.
API_VERSION = re.compile(r"([a-z0-9.-]+/)?v[0-9]+((alpha|beta)[0-9]+)?(/[A-Z][A-Za-z0-9]*)?")

_one_at_a_time = threading.Lock()  # the working directory and sys.path belong to the whole process


# Served where nobody asked the cluster: a stack that names a secret store says itself that there is its operator, and
# one with a Gateway that the cluster knows the Gateway API.
IMPLIED = {
    "secretStore": ("external-secrets.io/v1/ExternalSecret",),
    "gateway": ("gateway.networking.k8s.io/v1/Gateway", "gateway.networking.k8s.io/v1/HTTPRoute"),
}


def evaluate(
    root: Path,
    stack: Stack,
    generated: Mapping[str, str],
    api_versions: tuple[str, ...] | None = None,
    environments: tuple[str, ...] | None = None,
) -> Program:
    """Run `__main__.py` of `root` for `stack` on a recording monitor.

    `generated` gives generated values by resource name; what it lacks is made anew and is in the result's
    `generated`. `api_versions` is what the cluster serves, where the stack's own file does not say it; None if nobody
    asked. `environments` are those whose keys are the stack's own, where its file does not say it; None, if nobody
    asked, for all. The program's own errors, one that is not this `ff`'s, encrypted configuration and unsupported
    resources are an OpsError.
    """
    for version in api_versions or ():
        if not API_VERSION.fullmatch(version):
            raise BadInputError(
                f"--api-versions {version!r} is not an API version; write group/version, for example "
                "monitoring.coreos.com/v1, or group/version/Kind."
            )
    refuse_other_code(root)
    import pulumi.runtime  # noqa: F401 - first imported here, so that its defaults are set in the caller's context

    config = config_strings(stack)
    # Who deploys has compared it with the cluster; the program would ask the cluster by itself.
    config.pop(f"{stack.project}:clusterUid", None)
    if api_versions or api_versions_key(stack) not in config:
        config[api_versions_key(stack)] = json.dumps(_unasked(stack) if api_versions is None else api_versions)
    config |= _with_environments(stack, environments)
    outcome: list[Program | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(_run(root, stack, config, generated, api_versions or ())))
        except BaseException as error:  # noqa: BLE001 - handed to the calling thread
            outcome.append(error)

    # A thread of its own has a context of its own: Pulumi's settings, configuration and root stack, which are all
    # context variables, and the event loop end with it.
    with _one_at_a_time, contextlib.chdir(root), _importable(root):
        thread = threading.Thread(target=work, name="pulumi-program")
        thread.start()
        thread.join()
    result = outcome[0]
    if isinstance(result, Program):
        return result
    raise _explained(result, root) from (None if isinstance(result, OpsError) else result)


def _with_environments(stack: Stack, environments: tuple[str, ...] | None) -> dict[str, str]:
    """The key that says whose keys are the stack's own, which the program would ask the cluster by itself."""
    # The settings' model takes a second to import.
    from components.settings import SettingsError

    try:
        settings = stack.settings
    except SettingsError:
        return {}  # The program says it.
    if settings.is_edge or settings.sdk_keys.environments is not None:
        return {}
    key = f"{stack.project}:sdkKeys"
    stated = stack.values.get(key)
    own = json.loads(stated) if isinstance(stated, str) else stated or {}
    taken = settings.admin.environments if environments is None else environments
    return {key: json.dumps({**own, "environments": list(taken)})}  # type: ignore[dict-item]


def _unasked(stack: Stack) -> list[str]:
    return [kind for key, kinds in IMPLIED.items() if f"{stack.project}:{key}" in stack.values for kind in kinds]


def api_versions_key(stack: Stack) -> str:
    """The key of the configuration that says what the cluster serves."""
    return f"{stack.project}:apiVersions"


def config_strings(stack: Stack) -> dict[str, str]:
    """The stack's configuration as Pulumi hands it to a program: strings, objects as JSON."""
    if stack.encrypted_keys:
        raise UnsupportedError(
            f"{', '.join(stack.encrypted_keys)} of {stack.path.name} is encrypted (`secure:`); only the Pulumi CLI can "
            "decrypt it.",
            hint="Use the Pulumi engine, or name an existing Secret of the cluster instead.",
        )
    for key, value in stack.values.items():
        if value is None:
            raise BadInputError(f"{key} in {stack.path.name} is null; leave the key out.")
    return {key: text_handed_over(value) for key, value in stack.values.items()}


async def _run(
    root: Path, stack: Stack, config: dict[str, str], generated: Mapping[str, str], api_versions: tuple[str, ...]
) -> Program:
    # Pulumi takes half a second to import.
    import pulumi.runtime.config
    import pulumi.runtime.settings
    import pulumi.runtime.stack

    from flagops.evaluation.graph import build
    from flagops.evaluation.monitor import RecordingMonitor

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # errors are raised, once; not logged as well
    monitor, log = RecordingMonitor(generated), _Log()
    pulumi.runtime.settings.configure(
        pulumi.runtime.settings.Settings(
            project=stack.project,
            stack=stack.name,
            monitor=monitor,
            engine=log,
            dry_run=False,
            organization="organization",  # what the CLI says for backends that have none
            root_directory=str(root),
        )
    )
    pulumi.runtime.config.set_all_config(config, [])

    async def program() -> None:
        _run_file(root / MAIN)
        await _settled(pulumi.runtime.settings.SETTINGS.outputs)

    await pulumi.runtime.stack.run_in_stack(program)
    if log.errors:
        raise FailedError("\n".join(log.errors))
    return build(monitor, stack, tuple(log.warnings), api_versions)


async def _settled(outputs: set[asyncio.Task[Any]]) -> None:
    """Wait for all values that resources give. One that fails is left to Pulumi, which raises its error.

    Pulumi waits for the first of all that are left, again and again: for two hundred resources, a quarter of the time.
    """
    while pending := [output for output in outputs if not output.done()]:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        if any(output.cancelled() or output.exception() for output in done):
            return


def _run_file(path: Path) -> None:
    runpy.run_path(str(path), run_name="__main__")


class _Log:
    """Pulumi's engine as far as a program talks to it: messages. (The method's name is the protocol's.)"""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.errors: list[str] = []

    def Log(self, request: Any) -> None:  # noqa: N802
        """Keep warnings and errors for people."""
        # Pulumi takes half a second to import.
        from pulumi.runtime.proto import engine_pb2

        if request.severity == engine_pb2.WARNING:
            self.warnings.append(request.message)
        elif request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        else:
            logging.getLogger(__name__).debug("program: %s", request.message)


@contextlib.contextmanager
def _importable(root: Path) -> Iterator[None]:
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(root))


def _explained(error: BaseException, root: Path) -> BaseException:
    """The program's own errors as their message; a defect of the program with the place it happened."""
    # Pulumi takes half a second to import.
    import pulumi

    if isinstance(error, OpsError):
        return error
    if isinstance(error, pulumi.RunError):
        return BadInputError(str(error))
    if isinstance(error, KeyboardInterrupt):
        return error
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_own(f.filename, root)]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return FailedError(f"The program failed{place}: {type(error).__name__}: {error}")


def _is_own(filename: str, root: Path) -> bool:
    path = Path(filename)
    # An environment is often within the project, and the program itself within an environment.
    return any(
        path.is_relative_to(place) and "site-packages" not in path.relative_to(place).parts
        for place in (root, DIRECTORY)
    )
