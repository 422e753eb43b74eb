"""The package's provider: what Pulumi asks for the schema, and to make an instance."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Final

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from components.package.component import FeatureFlags, settings_of
from components.settings import PROJECT, Settings, SettingsError

NAMESPACE: Final = "footanalytics"
"""Before the package's name in imports: else Pulumi takes the owner of a git address, and another one for a path."""
PARENT: Final[ContextVar[str]] = ContextVar("parent", default="")
"""The URN of the parent of the instance that is asked for."""
_OWN_PROVIDER: Final = (
    "providers: the package makes its own Kubernetes provider, of the argument context, since it asks that cluster "
    "before it changes it. Leave the provider out, here and at the component's parents, and name the cluster's context"
)


class PackageProvider(ComponentProvider):
    """Makes instances of `FeatureFlags`. What is wrong with the arguments is said without a stack trace."""

    def __init__(self, version: str, transformations: Sequence[pulumi.ResourceTransformation] = ()) -> None:
        """Serve the package as this version, X.Y.Z, with these transformations of all that an instance makes."""
        super().__init__([FeatureFlags], PROJECT, NAMESPACE, version)
        self._transformed = pulumi.ResourceOptions(transformations=list(transformations))
        self._places: dict[tuple[str, ...], tuple[str, str]] = {}

    def map_inputs(self, inputs: pulumi.Inputs, _component_def: ComponentDefinition) -> pulumi.Inputs:
        """The arguments as they are: Pulumi's own way would drop what it does not know, without a word."""
        return inputs

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Make an instance.

        Raises:
            pulumi.RunError: the arguments are wrong, or the cluster is.
        """
        try:
            self._refuse(name, settings_of(inputs), options)
            transformed = pulumi.ResourceOptions.merge(options, self._transformed)
            return super().construct(name, resource_type, inputs, transformed)
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.RunError):
                raise error.inner from None
            raise

    def _refuse(self, name: str, settings: Settings, options: pulumi.ResourceOptions | None) -> None:
        """Refuse another provider, and a second instance in one namespace."""
        providers = None if options is None else options.providers
        if isinstance(providers, dict) and "kubernetes" in providers:
            raise SettingsError([_OWN_PROVIDER])
        namespace = settings.namespace.name
        place = (pulumi.get_project(), pulumi.get_stack(), settings.context, namespace)
        # A name can be there twice, below parents of different types.
        parent, other = self._places.setdefault(place, (PARENT.get(), name))
        if (parent, other) != (PARENT.get(), name):
            below = f", below {parent.rpartition('::')[2]!r}," if other == name else ""
            taken = f"is the namespace of {other!r}{below} already, and each instance has one of its own: name another"
            raise SettingsError([f'namespace.name = "{namespace}": {taken}'])
