"""`ff init`: makes a project of one's own, and brings it to a newer release."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from components.text import quoting
from flagops import project
from flagops.commands.init.choices import (
    EXAMPLE_CONTROLLER,
    EXAMPLE_ISSUER,
    EXAMPLE_NAME,
    PULUMI_CLOUD,
    Cloud,
    Pipeline,
    Template,
)
from flagops.console import output, progress
from flagops.errors import BadInputError, NotConfirmedError
from flagops.terminal.confirm import agree, answer, is_terminal
from flagops.terminal.stack_options import YesOption

if TYPE_CHECKING:
    # The settings' model, by which answers are checked, takes a second to import.
    from flagops.commands.init.answers import Answers
    from flagops.commands.init.upgrade import FileChange

ASKED = {
    "host": ("The public name of Flagsmith in production", "flags.example.com"),
    "context": ("The cluster, a name of `kubectl config get-contexts`", ""),
    "controller": ("The ingress controller, a name of `kubectl get ingressclass`", EXAMPLE_CONTROLLER),
}
"""The questions, by the option that answers them, and what is offered."""

Value = str | None


def init(
    *,
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The folder: new, or empty but for `.git`.")
    ] = Path(),
    host: Annotated[Value, typer.Option("--host", help="The public name in production. Asked for.")] = None,
    context: Annotated[
        Value, typer.Option("--context", metavar="NAME", help="The cluster: a context of the kubeconfig. Asked for.")
    ] = None,
    controller: Annotated[
        Value, typer.Option("--controller", metavar="CLASS", help="The ingress controller: an IngressClass. Asked for.")
    ] = None,
    template: Annotated[
        Template, typer.Option("--template", help="full: with a nightly check, updates and a rule of your own too.")
    ] = Template.MINIMAL,
    ci: Annotated[Pipeline, typer.Option("--ci", help="Whose workflows to write.")] = Pipeline.GITHUB,
    backend: Annotated[
        str,
        typer.Option(
            "--backend", metavar="URL", help=f"Where Pulumi's state is: {PULUMI_CLOUD}, or a bucket's address."
        ),
    ] = PULUMI_CLOUD,
    cloud: Annotated[
        Cloud,
        typer.Option(
            "--cloud", help="Whose log-in by OpenID Connect the workflows use; none: a kubeconfig as a secret."
        ),
    ] = Cloud.NONE,
    staging_host: Annotated[
        Value, typer.Option("--staging-host", help="Default: flags.staging.example.com for flags.example.com.")
    ] = None,
    staging_context: Annotated[
        Value, typer.Option("--staging-context", metavar="NAME", help="Staging's cluster. Default: production's.")
    ] = None,
    controller_namespace: Annotated[
        Value,
        typer.Option("--controller-namespace", metavar="NAME", help="Its pods' namespace. Default: the usual one."),
    ] = None,
    controller_networks: Annotated[
        list[str] | None,
        typer.Option(
            "--controller-networks", metavar="CIDR", help="If it has no pods: the networks it sends from; repeat."
        ),
    ] = None,
    issuer: Annotated[
        str, typer.Option("--issuer", metavar="NAME", help="cert-manager's ClusterIssuer for certificates.")
    ] = EXAMPLE_ISSUER,
    name: Annotated[str, typer.Option("--name", help="The organisation and its project in Flagsmith.")] = EXAMPLE_NAME,
    team: Annotated[
        Value,
        typer.Option("--team", metavar="NAME", help="A team with its own instance: part of each stack's name."),
    ] = None,
    platform: Annotated[
        Value,
        typer.Option(
            "--platform",
            metavar="REQUIREMENT",
            help="Where pip gets the platform: a git address with a tag, a wheel. Default: where this ff is from.",
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Bring the project to this ff's release: show what changes, then ask.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Make a project of your own: stacks, flags, workflows, and a README that says how to go on."""
    from_options = {
        "host": host,
        "context": context,
        "controller": controller,
        "template": template if template is not Template.MINIMAL else None,
        "ci": ci if ci is not Pipeline.GITHUB else None,
        "backend": backend if backend != PULUMI_CLOUD else None,
        "cloud": cloud if cloud is not Cloud.NONE else None,
        "staging_host": staging_host,
        "staging_context": staging_context,
        "controller_namespace": controller_namespace,
        "controller_networks": controller_networks or None,
        "issuer": issuer if issuer != EXAMPLE_ISSUER else None,
        "name": name if name != EXAMPLE_NAME else None,
        "team": team,
    }
    given = {key: value for key, value in from_options.items() if value is not None}
    if upgrade:
        _upgrade(directory, given, platform, yes=yes)
    else:
        _make(directory, given, platform)


def _make(directory: Path, given: dict[str, Any], platform: str | None) -> None:
    # The settings' model, by which answers are checked, takes a second to import.
    from flagops.commands.init.answers import answers, staging_host
    from flagops.commands.init.files import files
    from flagops.commands.init.new import make, require_empty
    from flagops.commands.init.record import FILE, record
    from flagops.commands.init.source import given as given_source
    from flagops.commands.init.source import own, require_own_release, today

    require_empty(directory)
    source = own() if platform is None else given_source(platform)
    require_own_release(source)
    for key in ASKED:
        if key not in given:
            given[key] = _asked(key)
    given.setdefault("staging_host", staging_host(given["host"]))
    given.setdefault("staging_context", given["context"])
    found = answers({**given, "made": today()})
    written = files(found, source)
    make(directory, {**written, FILE: record(found, written)})
    _tell(directory, found, len(written) + 1, source.requirement)


def _asked(key: str) -> str:
    question, offered = ASKED[key]
    if not is_terminal():
        raise NotConfirmedError(
            f"--{key} is needed, and there is no terminal to ask on.", hint=f"{question}: --{key} NAME"
        )
    default = offered if key == "controller" else None
    shown = f"{question} ({offered})" if offered and default is None else question
    return answer(shown, default)


def _tell(directory: Path, found: "Answers", count: int, requirement: str) -> None:
    # The settings' model, by which a project is checked, takes a second to import.
    from flagops.commands.init.new import repository_above

    output().print(quoting.printable(str(directory / "README.md")), markup=False)
    said = progress()
    place = quoting.printable(str(directory.absolute()))
    said.print(f"{count} files for {found.host} are in {place}.", style="green", markup=False)
    said.print(f"The platform comes from: {requirement}", markup=False, soft_wrap=True)
    above = None if found.ci is Pipeline.NONE else repository_above(directory)
    if above is not None:
        said.print(
            f"It is within the repository {quoting.printable(str(above))}, and workflows are looked for at the top of "
            "one alone: move them there, with this folder as their working directory, or give the project a repository "
            "of its own.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    said.print("Next, in that folder (README.md says more):", markup=False)
    stack = found.staging
    for line in (f"ff render --stack {stack} --out out", "ff cluster up", "ff up --stack local"):
        said.print(f"  {line}", markup=False)


def _upgrade(directory: Path, given: dict[str, Any], platform: str | None, *, yes: bool) -> None:
    # The settings' model, by which answers are checked, takes a second to import.
    from flagops.commands.init.files import files
    from flagops.commands.init.lock import VERSIONS
    from flagops.commands.init.record import FILE, read, record
    from flagops.commands.init.source import given as given_source
    from flagops.commands.init.source import own, refuse_older, require_own_release
    from flagops.commands.init.upgrade import BESIDE, changes, leaves_versions, write
    from flagops.pin import pinned
    from flagops.version import release

    if given:
        options = ", ".join(f"--{key.replace('_', '-')}" for key in given)
        raise BadInputError(
            f"With --upgrade there is no {options}: the answers are in {FILE}.",
            hint=f"Change them in {FILE}, and run it.",
        )
    place = directory if directory != Path() else (project.root_or_none() or directory)
    before = read(place)
    refuse_older(before.release, pinned(place))
    source = own() if platform is None else given_source(platform)
    require_own_release(source)
    wanted = files(before.answers, source)
    found = changes(place, before, wanted)
    if not found:
        if before.release != release():
            write(place, before, [], record(before.answers, wanted))
        progress().print(f"Nothing changes: the project is of {release()}.", markup=False)
        return
    for change in found:
        _show(change)
    agree("Changing the project", f"Write this into {place.absolute()}?", yes=yes)
    write(place, before, found, record(before.answers, wanted))
    if leaves_versions(found):
        progress().print(
            f"The release was tested with the versions in {VERSIONS}{BESIDE}. Take them over into {VERSIONS} before "
            "you install: pip would keep to the other ones, or refuse.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    progress().print(f"The project is of {release()}. Look at it with `git diff`, and commit it.", style="green")


def _show(change: "FileChange") -> None:
    # The settings' model, by which answers are checked, takes a second to import.
    from flagops.commands.init.upgrade import BESIDE, FileFate

    said = {
        FileFate.NEW: "is new",
        FileFate.CHANGED: "changes",
        FileFate.REMOVED: "goes",
        FileFate.EDITED: f"is yours, or has your edits: it is left; the new text goes beside it, {change.name}{BESIDE}",
        FileFate.KEPT: "is no longer part of a project, has your edits and is left",
        FileFate.DELETED: "changes, but you deleted it: it stays away",
    }[change.kind]
    output().print(f"{quoting.printable(change.name)} {said}.", markup=False)
    if change.kind in (FileFate.CHANGED, FileFate.EDITED):
        shown = change.diff.rstrip("\n") or "What differs in it are hashes, or it is no text."
        output().out(quoting.lines(shown), highlight=False)
