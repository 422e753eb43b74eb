"""The one detector of secrets that are written out where everybody reads: by their form, or by the name before them.

The settings, `ff env`, `ff render`, `ff doctor` and the policy pack all ask it. Standard library only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from components.text import bounds
from components.text.secret_forms import REFERENCE, is_random, secret_form, words

__all__ = [
    "BY_NAME",
    "dotted",
    "harmless",
    "is_called_secret",
    "secret_form",
    "secret_in",
    "texts_of",
    "values_at",
]

# The last word of a name whose value logs somebody in: PASSWORD_FILE, SECRET_NAME and TOKEN_EXPIRY end otherwise.
_LAST = words(
    "PASSWORD PASSWORDS PASSWD PASSPHRASE PASSCODE PASS PW PWD PSK SECRET SECRETS TOKEN TOKENS CREDENTIAL CREDENTIALS "
    "CREDS CRED APIKEY APIKEYS DSN SIGNING PRIVATE PAT JWT SALT PEPPER OTP PEM BEARER"
)
# What stands before KEY in such a name; a key of a cache, or a public one, is none.
_KEYS = words(
    "API ACCESS SECRET PRIVATE SIGNING ENCRYPTION MASTER SERVER CLIENT LICENSE LICENCE AUTH SHARED SESSION ACCOUNT "
    "STORAGE SERVICE HMAC MAC JWT COOKIE DEPLOY INGEST WRITE ADMIN APP"
)
# Words after it that change nothing: DB_PASSWORD_1, TOKEN_PROD, KEY_BASE64.
_AFTER = words(
    "PROD PRODUCTION STAGING DEV DEVELOPMENT TEST OLD NEW NEXT PREVIOUS CURRENT PRIMARY SECONDARY BASE64 B64 HEX "
    "VALUE STRING TEXT PLAIN RAW DEFAULT A B"
)
# Somewhere in a name: then a value that looks made by chance is a secret.
_ANYWHERE = _LAST | words("KEY KEYS AUTH AUTHORIZATION LICENSE LICENCE")
# What a name says that Flagsmith hands to every browser (`config/project-overrides`, read at 2.265.0).
_PUBLIC = words(
    "AMPLITUDE_API_KEY CRISP_CHAT_API_KEY FLAGSMITH_ON_FLAGSMITH_API_KEY GOOGLE_ANALYTICS_API_KEY HEADWAY_API_KEY "
    "REO_API_KEY SENTRY_API_KEY"
)
# A person chooses the value of these: a number or a word is one too.
_CHOSEN = words("PASSWORD PASSWORDS PASSWD PASSPHRASE PASSCODE PASS PW PWD")
_NOTHING = words("true false none null") | {""}
_HARMLESS = _NOTHING | words("yes no on off enabled disabled required optional default")
# What refers to a value: no secret under any name.
_REFERS = re.compile(r"(~|\.{1,2})?(/[\w.@+-]+){2,}/?|/[\w-]+\.\w{1,5}|vault:\S+#\S+")
# Names that clouds give: they say which key or secret it is, and anybody may know them.
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:[\w+=,.@:/-]+")
# What stands after KEY_ID: identifiers of a key of AWS (one, and one of several regions), of Azure and of Google.
_KEY_ID = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}|alias/[\w/-]+"
    r"|https://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+(/[0-9a-f]{32})?"
    r"|projects/[a-z0-9-]+/locations/[a-z0-9-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+(/cryptoKeyVersions/\d+)?",
    re.IGNORECASE,
)
# What says how long, how often or how much, or names a module.
_SAYS_HOW = re.compile(
    r"\d{1,4}(\.\d+)?|\d{1,6} ?(ms|s|m|h|d|w|/(s|sec|second|m|min|minute|h|hour|d|day))"
    r"|[A-Za-z_]\w*(\.[A-Za-z_]\w*){2,}"
)
_OBJECT = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)?")
BY_NAME: Final = "the value of what is called like a secret"


def secret_in(name: str, value: Any) -> str | None:
    """What kind of secret the value of a variable, an annotation, a label or a setting is; None for none."""
    if not isinstance(value, str):
        value = "" if value is None or isinstance(value, bool) else str(value)
    text = value.strip()
    form = secret_form(text)
    if form is not None:
        return form
    parts = name_words(name)
    if name in _PUBLIC or _identifies(parts, text) or _says_no_secret(text, is_chosen=_is_chosen(parts)):
        return None
    if _logs_in(parts) and not _is_name_of_secret(name, parts, text):
        is_address = re.match(r"[a-z][a-z0-9+.-]*://", text) is not None or (parts[-1:] == ["DSN"] and "=" in text)
        return BY_NAME if not is_address or is_random(text) else None
    return BY_NAME if not _ANYWHERE.isdisjoint(parts) and "PUBLIC" not in parts and is_random(text) else None


def name_words(name: str) -> list[str]:
    """The parts of a name, in capitals: those of `dbPassword`, `db-password` and `DB_PASSWORD` are the same."""
    apart = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word for word in re.split(r"[^A-Za-z0-9]+", apart.upper()) if word]


def is_called_secret(name: str) -> bool:
    """Whether a name says that what it names logs somebody in."""
    return name not in _PUBLIC and _logs_in(name_words(name))


def harmless(values: Mapping[str, Any]) -> frozenset[str]:
    """The texts that a stack's configuration says are no secrets, by its key `notSecret`."""
    keys = _structured(values.get("notSecret"))
    return values_at(values, keys) if isinstance(keys, list | tuple) else frozenset()


def values_at(values: Mapping[str, Any], keys: Iterable[Any]) -> frozenset[str]:
    """The texts that settings have at these keys, as refusals write them: `env.NAME`, `ingress.annotations.NAME`.

    A map or list may be given as JSON, as Pulumi hands it over.
    """
    wanted = frozenset(map(str, keys))
    whole = {key: _structured(value) for key, value in values.items()}
    return frozenset(str(value) for path, value in texts_of(whole) if dotted(path) in wanted)


def texts_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every single value in maps and lists, with the keys that lead to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_of(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from texts_of(item, (*path, index))
    else:
        yield path, value


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: `env.NAME`, `imagePullSecrets[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _structured(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return bounds.json_of(value)
        except ValueError:
            return value
    return value


def _says_no_secret(text: str, *, is_chosen: bool) -> bool:
    if text.lower() in (_NOTHING if is_chosen else _HARMLESS) or REFERENCE.fullmatch(text):
        return True
    says = _REFERS.fullmatch(text) or (not is_chosen and _SAYS_HOW.fullmatch(text))
    return bool(says and not is_random(text)) or bool(
        re.match(r"-----BEGIN (PUBLIC KEY|CERTIFICATE|RSA PUBLIC KEY)-----|ssh-(rsa|ed25519|dss) |ecdsa-sha2-", text)
        or re.fullmatch(r"(\S+@)?sha(256|384|512):[0-9a-f]{64,128}", text)
    )


def _identifies(parts: list[str], text: str) -> bool:
    """Whether a value is the identifier of a key or a secret, and not what is in it.

    Not under other names with ID: Vault's SECRET_ID is a UUID that logs in.
    """
    if _ARN.fullmatch(text):
        return True
    return _telling(parts)[-2:] in (["KEY", "ID"], ["KEY", "IDS"]) and _KEY_ID.fullmatch(text) is not None


def _telling(parts: list[str]) -> list[str]:
    """The parts of a name without what comes after its last telling word, which is without its number."""
    while len(parts) > 1 and (parts[-1] in _AFTER or parts[-1].isdigit()):
        parts = parts[:-1]
    return [*parts[:-1], parts[-1].rstrip("0123456789") or parts[-1]] if parts else []


def _is_chosen(parts: list[str]) -> bool:
    last = "".join(_telling(parts)[-1:])
    return last in _CHOSEN or last.endswith(("PASSWORD", "PASSWD"))


def _logs_in(parts: list[str]) -> bool:
    parts = _telling(parts)
    if not parts or "PUBLIC" in parts:
        return False
    last = parts[-1]
    return (
        last in _LAST
        or last.endswith(("PASSWORD", "PASSWD", "SECRETKEY", "PRIVATEKEY", "ACCESSKEY"))
        or (last in ("KEY", "KEYS") and len(parts) > 1 and parts[-2] in _KEYS)
    )


def _is_name_of_secret(name: str, parts: list[str], text: str) -> bool:
    """An annotation such as `nginx.ingress.kubernetes.io/auth-secret` names a Secret of the cluster."""
    return "/" in name and parts[-1] == "SECRET" and bool(_OBJECT.fullmatch(text)) and not is_random(text)
