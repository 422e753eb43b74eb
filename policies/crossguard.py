"""The rules as policies of Pulumi CrossGuard: only the pack imports this, in its own environment."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import pulumi
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

from policies.check import check
from policies.exceptions import exceptions
from policies.model import Object, Objects, Rule, Scope

UNKNOWN: Final = "$(known after deployment)"
"""Stands in a preview for a value that only the deployment makes; rules take it for a reference."""

ReportViolation = Callable[..., None]


def policies_of(rules: Iterable[Rule]) -> list[Policy]:
    """Each rule as a policy. One that looks at single objects is asked before each is made, others at the end."""
    return [_of_object(rule) if rule.scope is Scope.OBJECT else _of_stack(rule) for rule in rules]


def _of_object(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        found = _object(args)
        for violation in check(_objects([found] if found else []), [rule], exceptions()).violations:
            report(str(violation))

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _of_stack(rule: Rule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        pairs = [(item, resource.urn) for resource in args.resources if (item := _object(resource))]
        urns = {id(item): urn for item, urn in pairs}
        for violation in check(_objects([item for item, _ in pairs]), [rule], exceptions()).violations:
            report(str(violation), urns[id(violation.finding.object)])

    return StackValidationPolicy(validate=validate, **_described(rule))


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(rule.enforcement.value),
        "remediation_steps": rule.remedy,
    }


def _objects(items: list[Object]) -> Objects:
    return Objects(tuple(items), production=pulumi.Config().get_bool("production") or False)


def _object(resource: ResourceValidationArgs | PolicyResource) -> Object | None:
    """The Kubernetes object of a resource; None for another resource, and for a patch, which is no whole object."""
    if not resource.resource_type.startswith("kubernetes:") or resource.resource_type.endswith("Patch"):
        return None
    manifest = _plain(resource.props)
    if not manifest.get("kind"):
        return None
    metadata = manifest.setdefault("metadata", {})
    metadata.setdefault("name", resource.name)
    return Object(manifest, resource.opts.protect)


def _plain(value: Any) -> Any:
    """The SDK's guarded view of a value as Python's own types; whole numbers come as floats."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, index) for index in range(len(value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _item(container: Any, key: Any) -> Any:
    try:
        return _plain(container[key])
    except UnknownValueError:
        return UNKNOWN
