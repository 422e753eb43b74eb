"""The public way in by the Gateway API: routes, and a Gateway of the stack's own where none is shared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.exposure.gateway_kinds import COMPONENT, GATEWAY, ROUTE
from components.exposure.listeners import HTTP, HTTPS, listener, parents, redirected
from components.exposure.routes import PublicPath, public_paths
from components.kit import names
from components.kit.capabilities import GATEWAY_API_VERSION, Capabilities
from components.kit.component import Component, name_of
from components.settings import Settings
from components.settings.sections.gateway import ParentReference

GROUP: Final = "gateway.networking.k8s.io"
MOVED_PERMANENTLY: Final = 301
# A cloud makes a load balancer for a Gateway, which takes minutes.
TIMEOUT_SECONDS: Final = 600
# What was said of an older form of the object counts for nothing. Conformant implementations say which form they mean
# (conformance/utils/kubernetes, ConditionsHaveLatestObservedGeneration).
_OF_NOW: Final = "@.observedGeneration==$.metadata.generation"
# Without blanks: with them, the provider's parser (theory/jsonpath 0.9.0) refuses whatever has three parts.
_AND: Final = "&&"


@dataclass(frozen=True, kw_only=True)
class PublicGatewayArgs:
    """The routes.

    Attributes:
        settings: the stack's.
        namespace: where they live.
    """

    settings: Settings
    namespace: pulumi.Input[str]


def public_gateway_args(
    settings: Settings, namespace: pulumi.Input[str], capabilities: Capabilities
) -> PublicGatewayArgs:
    """The routes. Raises pulumi.RunError where the cluster does not know the Gateway API: nothing takes its place."""
    kinds = [ROUTE, *([GATEWAY] if settings.gateway.is_own else [])]
    missing = [kind for kind in kinds if not capabilities.serves(GATEWAY_API_VERSION, kind)]
    if missing:
        raise pulumi.RunError(
            f"feature-flags:gateway: the cluster does not serve {' and '.join(missing)} ({GATEWAY_API_VERSION}), so "
            "that nothing leads to Flagsmith. Install the Gateway API's standard channel, 1.2 or newer, and an "
            "implementation of it (docs/worlds.md names some); where --api-versions or apiVersions is given, add "
            f"{GATEWAY_API_VERSION}."
        )
    return PublicGatewayArgs(settings=settings, namespace=namespace)


def gateway_spec(settings: Settings) -> dict[str, Any]:
    """The spec of the stack's own Gateway: HTTPS where TLS ends there, and plain HTTP to redirect or to serve."""
    gateway = settings.gateway
    listeners = []
    for index, host in enumerate(settings.hosts):
        if gateway.redirect or not gateway.ends_tls:
            listeners.append(listener(host, HTTP, index, gateway.http_port))
        if gateway.ends_tls:
            secured = listener(host, HTTPS, index, gateway.https_port)
            secret = settings.gateway_tls_secret_name
            if secret is not None:
                reference = {"group": "", "kind": "Secret", "name": secret}
                secured["tls"] = {"mode": "Terminate", "certificateRefs": [reference]}
            listeners.append(secured)
    return {"gatewayClassName": gateway.class_name, "listeners": listeners}


def route_spec(settings: Settings) -> dict[str, Any]:
    """The spec of the route: a rule for each public path. The more specific one wins, whatever their order."""
    rules = [_rule(public, settings.gateway.hsts_seconds) for public in public_paths(settings)]
    return _spec(settings, parents(settings), rules)


def redirect_spec(settings: Settings) -> dict[str, Any]:
    """The spec of the route from plain HTTP to HTTPS, at HTTPS' own port."""
    to_https = {"scheme": "https", "statusCode": MOVED_PERMANENTLY}
    rule = {**_matches("/"), "filters": [{"type": "RequestRedirect", "requestRedirect": to_https}]}
    return _spec(settings, redirected(settings), [rule])


def _spec(
    settings: Settings, attached: Sequence[ParentReference], rules: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "parentRefs": [_reference(parent) for parent in attached],
        "hostnames": list(settings.hosts),
        "rules": list(rules),
    }


def _reference(parent: ParentReference) -> dict[str, Any]:
    # What the API server would add is written down: otherwise a GitOps controller sees a difference for ever.
    return {"group": GROUP, "kind": GATEWAY, **parent.model_dump(by_alias=True, exclude_none=True)}


def _rule(public: PublicPath, hsts_seconds: int | None) -> dict[str, Any]:
    """A rule without a backend forwards nothing: there is no filter that refuses."""
    matches = _matches(public.path, kind="Exact" if public.exact else "PathPrefix")
    if public.to is None:
        return matches
    header = {"name": "Strict-Transport-Security", "value": f"max-age={hsts_seconds}"}
    said = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}]
    return {
        **matches,
        **({"filters": said} if hsts_seconds is not None else {}),
        "backendRefs": [
            {"group": "", "kind": "Service", "name": public.to.name, "port": public.to.port, "weight": 1},
        ],
    }


def _matches(path: str, *, kind: str = "PathPrefix") -> dict[str, Any]:
    return {"matches": [{"path": {"type": kind, "value": path}}]}


def awaited_gateway() -> str:
    """What Pulumi waits for with a Gateway: that its data plane has it."""
    return _wait_for(f"{{.status.conditions[?@.type=='Programmed'{_AND}{_OF_NOW}].status}}")


def awaited_route(attached: Sequence[ParentReference]) -> str:
    """What Pulumi waits for with a route: that each of its own parents took it, and found what it leads to."""
    return _wait_for(
        *(
            f"{{.status.parents[?{_is_of(parent)}].conditions[?@.type=='{condition}'{_AND}{_OF_NOW}].status}}"
            for parent in attached
            for condition in ("Accepted", "ResolvedRefs")
        )
    )


def _is_of(parent: ParentReference) -> str:
    """A filter of `status.parents`, which Pulumi splits at each single `=`, and of which it takes the first match."""
    stated = parent.model_dump(by_alias=True, exclude_none=True)
    return _AND.join(f"@.parentRef.{key}=={_literal(value)}" for key, value in stated.items())


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"


def _wait_for(*paths: str) -> str:
    expressions = [f"jsonpath={path}=True" for path in paths]
    return expressions[0] if len(expressions) == 1 else json.dumps(expressions)


class PublicGateway(Component):
    """The HTTPRoute `flagsmith`, the one that redirects, and a Gateway `flagsmith` where none is shared.

    Attributes:
        routes: the names of the routes.
    """

    routes: list[pulumi.Output[str]]

    def __init__(self, name: str, args: PublicGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:PublicGateway", name, opts)
        settings, gateway = args.settings, args.settings.gateway
        own: list[pulumi.Resource] = []
        if gateway.is_own:
            annotations = {**gateway.annotations, **gateway.tls.annotations}
            spec = gateway_spec(settings)
            own.append(self._made(args, f"{name}-gateway", GATEWAY, names.API, spec, annotations, awaited_gateway()))
        self.routes = [
            name_of(self._made(args, f"{name}-{route}", ROUTE, object_name, spec, annotations, awaited, *own))
            for route, object_name, spec, annotations, awaited in self._wanted(args)
        ]
        self.register_outputs({"routes": self.routes})

    @staticmethod
    def _wanted(args: PublicGatewayArgs) -> Iterator[tuple[str, str, dict[str, Any], dict[str, str], str]]:
        settings, gateway = args.settings, args.settings.gateway
        # Of a Gateway of somebody else's only the route can say who ends TLS.
        said = {} if gateway.is_own else gateway.tls.annotations
        yield "route", names.API, route_spec(settings), said, awaited_route(parents(settings))
        if redirected(settings):
            yield "redirect", names.REDIRECT, redirect_spec(settings), {}, awaited_route(redirected(settings))

    def _made(
        self,
        args: PublicGatewayArgs,
        name: str,
        kind: str,
        object_name: str,
        spec: Mapping[str, Any],
        annotations: Mapping[str, str],
        awaited: str,
        *after: pulumi.Resource,
    ) -> CustomResource:
        waits = (
            {"pulumi.com/waitFor": awaited, "pulumi.com/timeoutSeconds": str(TIMEOUT_SECONDS)}
            if args.settings.gateway.await_conditions
            else {"pulumi.com/skipAwait": "true"}
        )
        return CustomResource(
            name,
            api_version=GATEWAY_API_VERSION,
            kind=kind,
            metadata=ObjectMetaArgs(
                name=object_name,
                namespace=args.namespace,
                labels=names.labels(COMPONENT),
                annotations={**annotations, **waits},
            ),
            spec=dict(spec),
            opts=self.child(*after),
        )
