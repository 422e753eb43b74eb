"""The program as plain YAML files, for review and GitOps: one file a component, the same bytes every time."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.text.yaml_written import dumped
from flagops.commands.render.gitops import KUSTOMIZATION, annotated, kustomization
from flagops.commands.render.waves import sync_waves
from flagops.errors import BadInputError, NotDeployedError, NotFoundError, RefusedError
from flagops.evaluation.evaluate import evaluate
from flagops.evaluation.generated import Placeholders
from flagops.evaluation.policy_objects import of_program
from flagops.evaluation.policy_review import refuse_plain_secrets
from flagops.evaluation.program import KubeObject, Program
from flagops.files import make_directory, write_private
from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks.files import Stack

# What the program calls the annotation by which a pod notices a changed Secret.
CHECKSUM = "checksum/"
HEADER = "# Made by `ff render`: changes to this file are overwritten."
# Sorted first, since people apply files by name and all else needs the namespace.
FIRST = "00-"


def render(
    root: Path,
    stack: Stack,
    out_dir: Path,
    *,
    show_secrets: bool = False,
    api_versions: tuple[str, ...] = (),
    kubeconfig: Path | None = None,
    context: str = "",
) -> list[Path]:
    """Write the manifests of `stack` to `out_dir`; the files written, sorted.

    A Secret with generated values is a comment with `<generated: NAME>` in their place: applied, it would overwrite the
    values of a running stack. Every object carries its sync wave (see `waves.py`), a protected one that it is not
    to be pruned, and `kustomization.yaml` names the files in the order of the waves. Checksums of Secrets are left out,
    being those of the stand-ins. With `show_secrets` both are written with the values the direct engine has
    recorded in the cluster (`kubeconfig`, `context`), which is an error when they cannot be had. Files of an earlier
    render that are no longer part of the program are removed; a directory that holds anything else is refused, and so
    is a secret that the program writes out elsewhere than in a Secret.
    """
    placeholders = Placeholders()
    values: Mapping[str, str] = _recorded(root, stack, kubeconfig, context) if show_secrets else placeholders
    program = evaluate(root, stack, values, api_versions or None)
    refuse_plain_secrets(of_program(program, production=False, harmless=stack.harmless))
    if show_secrets:
        _refuse_missing(program, values, stack)
    stale = _earlier_files(out_dir)
    waves = sync_waves(program)
    by_file = _by_file(program)
    files = {name: _document(items, waves, placeholders) for name, items in by_file.items()}
    files[KUSTOMIZATION] = kustomization(_in_order(by_file, waves, files))
    make_directory(out_dir, hint="Name another directory with --out.")
    for path in stale:
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        path = out_dir / name
        content = f"{HEADER}\n# Stack: {stack.name}\n{text}"
        if show_secrets:
            write_private(path, content)
        else:
            path.write_text(content, encoding="utf-8")
    return sorted(out_dir / name for name in files)


def _recorded(root: Path, stack: Stack, kubeconfig: Path | None, context: str) -> dict[str, str]:
    # Pulumi takes half a second to import.
    from flagops.engines.direct.api import DirectEngine

    values = DirectEngine(root, stack, kubeconfig, context).generated()
    if not values:
        raise NotDeployedError(
            f"The direct engine has no record of stack {stack.name!r} in context {context!r}, so there are no secrets "
            "to show.",
            hint="Leave --show-secrets out, or deploy the stack first. The Pulumi engine keeps its secrets itself.",
        )
    return values


def _refuse_missing(program: Program, values: Mapping[str, str], stack: Stack) -> None:
    missing = sorted(set(program.generated) - set(values))
    if missing:
        raise NotFoundError(
            f"Stack {stack.name!r} is deployed without {', '.join(missing)}, so there are no values to show for them.",
            hint="Run up first, or leave --show-secrets out.",
        )


def _earlier_files(out_dir: Path) -> list[Path]:
    """The files of an earlier render; anything else in the directory is not ours to mix with."""
    if out_dir.is_file():
        raise BadInputError(f"{out_dir} is a file; --out names a directory.")
    files = sorted(out_dir.iterdir()) if out_dir.is_dir() else []
    foreign = [path.name for path in files if not _is_ours(path)]
    if foreign:
        raise RefusedError(
            f"{out_dir} holds files that `ff render` did not make: {', '.join(foreign)}.",
            hint="Name an empty or a new directory.",
        )
    return files


def _is_ours(path: Path) -> bool:
    if path.suffix != ".yaml" or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as lines:
        return lines.readline().rstrip("\n") == HEADER


def _by_file(program: Program) -> dict[str, list[KubeObject]]:
    """The objects by file name, in dependency order; a component's name that is taken gets its parents' too."""
    chains = {item.component for item in program.objects}
    groups: dict[tuple[str, ...], list[KubeObject]] = {}
    for item in program.objects:
        groups.setdefault(item.component, []).append(item)
    named: dict[str, list[KubeObject]] = {}
    for chain, items in groups.items():
        is_only = sum(other[-1:] == chain[-1:] for other in chains) == 1
        name = (chain[-1] if is_only else "-".join(chain)) if chain else program.project
        first = FIRST if any(item.ref.kind == "Namespace" for item in items) else ""
        named[f"{first}{name}.yaml"] = items
    return named


def _in_order(by_file: Mapping[str, list[KubeObject]], waves: Mapping[Ref, int], texts: Mapping[str, str]) -> list[str]:
    """The files by their first wave. One of comments alone is left out: kustomize takes no file without an object."""
    first = {name: min(waves[item.ref] for item in items) for name, items in by_file.items()}
    applied = [name for name in first if any(line[:1] not in ("", "#") for line in texts[name].splitlines())]
    return sorted(applied, key=lambda name: (first[name], name))


def _document(items: list[KubeObject], waves: Mapping[Ref, int], placeholders: Placeholders) -> str:
    return "".join(_text(annotated(item, waves[item.ref]), placeholders) for item in items)


def _text(manifest: Manifest, placeholders: Placeholders) -> str:
    plain = _decoded(_without_stand_in_checksums(manifest, placeholders))
    shown = _ordered(_replaced(plain, placeholders))
    text = dumped(shown, explicit_start=True, default_flow_style=False, width=120)
    if manifest["kind"] != "Secret" or _replaced(plain, placeholders) == plain:
        return text
    name = manifest["metadata"]["name"]
    note = f"# The Secret {name} is not applied: its values are generated, or yours to make, under these keys.\n"
    return note + "".join(f"# {line}\n" for line in text.splitlines())


def _without_stand_in_checksums(manifest: Manifest, placeholders: Placeholders) -> Manifest:
    template = manifest.get("spec", {}).get("template")
    if not placeholders or not isinstance(template, dict) or "annotations" not in template.get("metadata", {}):
        return manifest
    annotations = template["metadata"]["annotations"]
    kept = {key: value for key, value in annotations.items() if not key.startswith(CHECKSUM)}
    metadata = {**template["metadata"], "annotations": kept}
    return {**manifest, "spec": {**manifest["spec"], "template": {**template, "metadata": metadata}}}


def _decoded(manifest: Manifest) -> Manifest:
    """The manifest with a Secret's values as text where they are text."""
    if manifest["kind"] == "Secret" and manifest.get("data"):
        data, texts = {}, {}
        for key, encoded in manifest["data"].items():
            try:
                texts[key] = base64.b64decode(encoded).decode()
            except UnicodeDecodeError:
                data[key] = encoded
        rest = {key: value for key, value in manifest.items() if key != "data"}
        return {**rest, **({"data": data} if data else {}), **({"stringData": texts} if texts else {})}
    return manifest


def _replaced(value: Any, placeholders: Placeholders) -> Any:
    if isinstance(value, str):
        return placeholders.readable(value)
    if isinstance(value, dict):
        return {key: _replaced(item, placeholders) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, placeholders) for item in value]
    return value


def _ordered(manifest: Manifest) -> Manifest:
    """The keys in the order in which people write them; below the first level sorted."""
    first = [key for key in ("apiVersion", "kind", "metadata") if key in manifest]
    rest = sorted(key for key in manifest if key not in first)
    return {key: _sorted(manifest[key]) for key in [*first, *rest]}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value
