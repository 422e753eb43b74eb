"""What `--set` says: [ENVIRONMENT:]FLAG[@IDENTITY]=STATE."""

from dataclasses import replace

from components.text import quoting, yaml12
from flagops.commands.flags.catalogue.values import Plain, plain
from flagops.errors import BadInputError
from flagops.serving.model.overrides import Override

ON, OFF = "on", "off"
FORM = "[ENVIRONMENT:]FLAG[@IDENTITY]=STATE"
HINT = "For example banner=on, production:limit=5, 'banner@anna=off'; quotes keep text: 'limit=\"5\"'."


def override(text: str) -> Override:
    """The override that a text says. Raises OpsError for what is none.

    The state is `on`, `off`, or a value as YAML reads it, with which the flag is on; of a flag with variations the name
    of one. The first `=` ends what it is for, so that values may have more.
    """
    place, equals, state = text.partition("=")
    head, at, identity = place.partition("@")
    environment, colon, flag = head.rpartition(":")
    if not equals or not flag or (colon and not environment) or (at and not identity):
        raise BadInputError(f"--set {quoting.value(text)} must be {FORM}.", hint=HINT)
    made = Override(flag, enabled=state != OFF, environment=environment or None, identity=identity or None)
    return made if state in (ON, OFF) else replace(made, value=_value(text, state), keeps_value=False)


def _value(text: str, state: str) -> Plain:
    try:
        found = yaml12.read(state)
    except yaml12.YamlError:
        found = None
    if isinstance(found, bool | int | str | dict | list) and found != "":
        return plain(found)
    raise BadInputError(
        f"--set {quoting.value(text)}: the state must be on, off, true, false, a whole number, a text or JSON.",
        hint=HINT,
    )
