"""The keys of Flagsmith's environments: first for the bootstrap, then in Secrets for applications.

An environment that exists keeps its client key, which only it knows. So which environments have keys of the stack's own
is decided before any is made (`claimed`), and what the program says is held against the database by the bootstrap: the
Secrets are made after it, and never hold a key that Flagsmith does not know.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi

from components.kit import names
from components.kit.component import Component
from components.kit.secret_refs import SecretReference
from components.secrets.generated import generated_value, secret_of
from components.secrets.key_names import CLIENT, SERVER, server_key_name
from components.settings import Settings
from components.settings.sections.sdk_keys import SERVER_PREFIX
from components.text.object_names import in_a_name

# 22 letters and digits, as Flagsmith's own keys have: 130 bits.
KEY_LENGTH: Final = 22
ADDRESS: Final = "FLAGSMITH_API_URL"
APPLICATIONS: Final = "applications"
"""What the server-side key of an environment's own Secret is for."""


def claimed(settings: Settings, deployed: Callable[[], Collection[str] | None]) -> tuple[str, ...]:
    """The environments whose keys are the stack's own, of those that the settings name.

    `deployed` gives the names of the Secrets of the last deployment, None where there was none, and is asked only where
    the settings leave it open. What an earlier deployment made without keys has client keys of Flagsmith's own making.
    """
    wanted = settings.admin.environments
    taken: Collection[str] | None = settings.sdk_keys.environments
    if taken is None and set(wanted) != settings.declared_sdk_keys:
        secrets = deployed()
        taken = wanted if secrets is None else [name for name in wanted if names.sdk_keys(name) in secrets]
    return tuple(name for name in wanted if name in (taken or ()) or name in settings.declared_sdk_keys)


def unclaimed_warning(environments: Collection[str], stack: str) -> str:
    """What is said of environments whose client keys are not known."""
    return (
        f"These environments may be older than this release, and have no Secret with keys yet: "
        f"{', '.join(environments)}. `ff keys adopt --stack {stack}` reads their client keys from Flagsmith into the "
        "stack's file, and the next deployment makes the Secrets; no client key changes."
    )


@dataclass(frozen=True)
class GivenKey:
    """A key, and where the bootstrap finds it.

    Attributes:
        secret: the Secret.
        key: the key in it.
        value: the value; None where somebody else made it.
    """

    secret: SecretReference
    key: str
    value: pulumi.Output[str] | None = field(repr=False)


@dataclass(frozen=True)
class NamedKey(GivenKey):
    """A server-side key; `name` is what Flagsmith calls it and those that it takes the place of."""

    name: str


@dataclass(frozen=True)
class EnvironmentKeys:
    """The keys of one environment.

    Attributes:
        environment: its name.
        secret: the name of the Secret that applications use.
        client: the client key, which is public.
        servers: the server-side keys by what they are for; `applications` is always there.
    """

    environment: str
    secret: str
    client: GivenKey
    servers: Mapping[str, NamedKey]

    @property
    def is_generated(self) -> bool:
        """Whether the program makes the Secret for applications."""
        return self.servers[APPLICATIONS].value is not None


@dataclass(frozen=True, kw_only=True)
class SdkKeysArgs:
    """Which keys to make.

    Attributes:
        settings: the stack's.
        namespace: where the Secrets live.
        environments: the environments that get keys.
        further: further server-side keys of each environment, by what they are for: the Secret that will hold them.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    environments: tuple[str, ...]
    further: Mapping[str, str] = field(default_factory=dict)


class SdkKeys(Component):
    """The keys of each environment, and the Secret `flagsmith-bootstrap-keys`, from which the bootstrap writes them.

    Attributes:
        environments: the keys, by the environment's name.
    """

    environments: Mapping[str, EnvironmentKeys]

    def __init__(self, name: str, args: SdkKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:SdkKeys", name, opts)
        self._name, self._settings = name, args.settings
        made = {environment: self._values(environment, args.further) for environment in args.environments}
        data = {key: value for values in made.values() for key, value in values.items()}
        given: SecretReference | None = None
        if data:
            given = secret_of(
                f"{name}-given",
                name=names.BOOTSTRAP_KEYS,
                namespace=args.namespace,
                component="application",
                data=data,
                opts=self.child(protect=args.settings.protect),
            )
        self.environments = {
            environment: self._keys(environment, args.further, values, given) for environment, values in made.items()
        }
        self.register_outputs({"secrets": {name: keys.secret for name, keys in self.environments.items()}})

    def _values(self, environment: str, further: Mapping[str, str]) -> dict[str, pulumi.Output[str]]:
        """The generated keys of an environment, by their names in the Secret for the bootstrap."""
        settings, part = self._settings, in_a_name(environment)
        found: dict[str, pulumi.Output[str]] = {}
        if settings.foreign_sdk_secret(environment) is None:
            stated = settings.sdk_keys.client_keys.get(environment)
            found[f"{part}.client"] = (
                self._made(f"{part}-client", 0) if stated is None else pulumi.Output.from_input(stated)
            )
            found[f"{part}.{APPLICATIONS}"] = self._server(part, APPLICATIONS)
        return {**found, **{f"{part}.{purpose}": self._server(part, purpose) for purpose in further}}

    def _server(self, part: str, purpose: str) -> pulumi.Output[str]:
        value = self._made(f"{part}-{purpose}", self._settings.rotations.sdk)
        return value.apply(lambda random: f"{SERVER_PREFIX}{random}")

    def _made(self, what: str, rotation: int) -> pulumi.Output[str]:
        return generated_value(f"{self._name}-{what}", rotation, length=KEY_LENGTH, opts=self.child())

    def _keys(
        self,
        environment: str,
        further: Mapping[str, str],
        values: Mapping[str, pulumi.Output[str]],
        given: SecretReference | None,
    ) -> EnvironmentKeys:
        part, found_in = in_a_name(environment), self._settings.sdk_secret(environment)
        secret = found_in.name
        stack, namespace = pulumi.get_stack(), self._settings.namespace.name

        def key(name: str, purpose: str) -> GivenKey:
            known = f"{part}.{purpose}"
            if known in values and given is not None:
                return GivenKey(given, known, values[known])
            return GivenKey(SecretReference.existing(found_in), name, None)

        holders = {APPLICATIONS: secret, **further}
        servers: dict[str, NamedKey] = {}
        for purpose, holder in holders.items():
            found = key(SERVER, purpose)
            servers[purpose] = NamedKey(found.secret, found.key, found.value, server_key_name(stack, namespace, holder))
        return EnvironmentKeys(environment, secret, key(CLIENT, "client"), servers)


@dataclass(frozen=True, kw_only=True)
class SdkSecretsArgs:
    """The Secrets for applications.

    Attributes:
        settings: the stack's.
        namespace: where they live.
        keys: the keys, by the environment's name; the bootstrap has written them by now.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    keys: Mapping[str, EnvironmentKeys]


class SdkSecrets(Component):
    """The Secrets `flagsmith-sdk-keys-<environment>`, with what an SDK needs: both keys, and Flagsmith's address.

    Attributes:
        secrets: the Secrets, by the environment's name; also those that somebody else made.
    """

    secrets: Mapping[str, SecretReference]

    def __init__(self, name: str, args: SdkSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:SdkSecrets", name, opts)
        address = names.api_url(args.settings.namespace.name)
        self.secrets = {}
        for environment, keys in args.keys.items():
            client, server = keys.client.value, keys.servers[APPLICATIONS].value
            if client is None or server is None:
                self.secrets[environment] = SecretReference(name=keys.secret)
                continue
            self.secrets[environment] = secret_of(
                f"{name}-{in_a_name(environment)}",
                name=keys.secret,
                namespace=args.namespace,
                component="application",
                data={CLIENT: client, SERVER: server, ADDRESS: address},
                opts=self.child(protect=args.settings.protect),
            )
        self.register_outputs({"secrets": {name: secret.name for name, secret in self.secrets.items()}})
