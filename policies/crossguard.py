"""The rules as policies of Pulumi CrossGuard: only the pack imports this, in its own environment."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi.runtime import config as runtime
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from components.text.plain_secrets import harmless
from policies.check import Report, check
from policies.exceptions import exceptions
from policies.model import Object, Objects, Rule, Scope, named
from policies.unknown import Unknown, unknowns, watched

LATER: Final = "judged-at-the-deployment"
"""The name of the policies that say what a preview cannot judge."""

ReportViolation = Callable[..., None]


def policies_of(rules: Iterable[Rule]) -> list[Policy]:
    """Each rule as a policy. One that looks at single objects is asked before each is made, others at the end.

    Two more, which are advisory, say what the rules cannot judge in a preview.
    """
    every = list(rules)
    single = [rule for rule in every if rule.scope is Scope.OBJECT]
    whole = [rule for rule in every if rule.scope is Scope.STACK]
    return [
        *(_of_object(rule) if rule.scope is Scope.OBJECT else _of_stack(rule) for rule in every),
        ResourceValidationPolicy(validate=_later_of_object(single), **_said_later("")),
        StackValidationPolicy(validate=_later_of_stack(whole), **_said_later("-of-several")),
    ]


def _of_object(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        found = _checked([item for item in [_object(args)] if item], [rule])
        for said in (*found.violations, *found.failures):
            report(str(said))

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _of_stack(rule: Rule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        pairs = [(item, resource.urn) for resource in args.resources if (item := _object(resource))]
        urns = {id(item): urn for item, urn in pairs}
        found = _checked([item for item, _ in pairs], [rule])
        for violation in found.violations:
            report(str(violation), urns[id(violation.finding.object)])
        for failure in found.failures:
            report(str(failure), urns.get(id(failure.object)))

    return StackValidationPolicy(validate=validate, **_described(rule))


def _later_of_object(rules: list[Rule]) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        found = _object(args)
        for said in _later([found], rules) if found else ():
            report(said)

    return validate


def _later_of_stack(rules: list[Rule]) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for said in _later([item for resource in args.resources if (item := _object(resource))], rules):
            report(said)

    return validate


def _later(items: list[Object], rules: list[Rule]) -> list[str]:
    """One line for each object: what of it is not known, and which rules wait for it."""
    waiting: dict[str, dict[str, None]] = {}
    paths: dict[str, dict[str, None]] = {}
    for entry in _checked(items, rules).unjudged:
        waiting.setdefault(entry.owner, {})[entry.rule.id] = None
        paths.setdefault(entry.owner, {})[entry.path] = None
    return [f"{owner}: {_are(sorted(paths[owner]))}, which judges {', '.join(waiting[owner])}." for owner in waiting]


def _are(paths: list[str]) -> str:
    return f"{', '.join(paths)} {'is' if len(paths) == 1 else 'are'} known only at the deployment"


def _said_later(suffix: str) -> dict[str, Any]:
    return {
        "name": f"{LATER}{suffix}",
        "description": "What a preview cannot judge, since only the deployment makes it",
        "enforcement_level": EnforcementLevel.ADVISORY,
    }


def _checked(items: list[Object], rules: list[Rule]) -> Report:
    # Only the program's own word counts: Pulumi's SDK would ask the environment of whoever deploys first.
    configured = runtime.CONFIG.get() | runtime.get_config_env()
    prefix = f"{pulumi.get_project()}:"
    values = {key.removeprefix(prefix): value for key, value in configured.items() if key.startswith(prefix)}
    objects = Objects(tuple(items), production=values.get("production") == "true", harmless=harmless(values))
    return check(objects, rules, exceptions())


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(rule.enforcement.value),
        "remediation_steps": rule.remedy,
    }


def _object(resource: ResourceValidationArgs | PolicyResource) -> Object | None:
    """The Kubernetes object of a resource; None for another resource, and for a patch, which is no whole object."""
    if not resource.resource_type.startswith("kubernetes:") or resource.resource_type.endswith("Patch"):
        return None
    manifest = _plain(resource.props, "")
    if not manifest.get("kind"):
        return None
    metadata = manifest.setdefault("metadata", {})
    if isinstance(metadata, dict):
        metadata.setdefault("name", resource.name)
    owner = named(manifest, resource.name)
    for unknown in unknowns(manifest):
        unknown.owner = owner
    return Object(watched(manifest), resource.opts.protect, resource.name)


def _plain(value: Any, path: str) -> Any:
    """The SDK's guarded view of a value as Python's own types; whole numbers come as floats."""
    if isinstance(value, Mapping):
        return {key: _item(value, key, f"{path}.{key}" if path else str(key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, index, f"{path}[{index}]") for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _item(container: Any, key: Any, path: str) -> Any:
    try:
        return _plain(container[key], path)
    except UnknownValueError:
        return Unknown("", path)
