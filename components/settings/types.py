"""The types of single values: what each accepts, and the words that refuse the rest.

A validator raises ValueError with a sentence that starts with "must" or "is": the key and the value are put before it.
"""

import re
import sys
import unicodedata
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from components.settings import quantities

LONGEST_TEXT = 1000
"""Characters of a text that is no variable, label or annotation."""
LEAST_VOLUME = 256 * quantities.MI
"""An empty PostgreSQL takes 40 MiB, and its log grows to twice its `min_wal_size` of 80 MiB before it is used again."""
LARGEST_WHOLE = 2**31 - 1
"""Kubernetes counts pods, ports and seconds in 32 bits."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_EMAIL_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_SECRET_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Kind:
    """Names a type for people, in the generated configuration page."""

    text: str


def _text(value: object) -> object:
    match value:
        case bool():
            raise ValueError("must be text: write it in quotes")
        case float():
            raise ValueError("must be text: write it in quotes, or its last zeros are lost")
        case int():
            return str(value)
        case _:
            return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty: give a value, or leave the key out to get the default")
    if value != value.strip():
        raise ValueError("must not start or end with a space: remove it")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"must be at most {LONGEST_TEXT} characters long; it has {len(value)}")
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in value):
        raise ValueError("must be on one line, without invisible characters")
    return value


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value)


def _whole(value: object) -> object:
    number: int | None = None
    match value:
        case bool():
            pass
        case int():
            number = value
        case float() if value.is_integer():
            number = int(value)
        case str() if re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            number = int(value)
    if number is None:
        raise ValueError("must be a whole number such as 3")
    if abs(number) > LARGEST_WHOLE:
        raise ValueError(f"must be at most {LARGEST_WHOLE}")
    return number


def decimal(value: object) -> object:
    """Take a number, also as text, as a finite float. ValueError if it is none."""
    match value:
        case bool():
            pass
        case int() | float() if abs(value) <= sys.float_info.max:
            return float(value)
        case str() if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            return float(value)
    raise ValueError("must be a number such as 0.1")


def _boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError("must be true or false")


def is_dns_name(value: str) -> bool:
    """Tell whether the value is a lower-case DNS name (RFC 1123 subdomain): at most 253 letters, labels of 63."""
    return len(value) <= 253 and all(_LABEL.fullmatch(label) for label in value.split("."))


def _object_name(value: str) -> str:
    if not is_dns_name(value):
        raise ValueError("must be the name of a Kubernetes object: lower-case letters, digits, '-' and '.'")
    return value


def _other_namespace(value: str) -> str:
    if "." in value or not is_dns_name(value):
        raise ValueError("must be a namespace's name: at most 63 lower-case letters, digits and hyphens")
    return value


def _secret_key(value: str) -> str:
    if not _SECRET_KEY.fullmatch(value):
        raise ValueError("must be a key in a Secret: letters, digits, '-', '_' and '.'")
    return value


def _env_name(value: str) -> str:
    if not _ENV_NAME.fullmatch(value):
        raise ValueError("must be a variable's name: letters, digits and '_', not starting with a digit")
    return value


def _qualified_name(value: str) -> str:
    prefix, slash, name = value.rpartition("/")
    if not _QUALIFIED.fullmatch(name) or (slash and not is_dns_name(prefix)):
        raise ValueError("must be a label or annotation key such as example.com/name")
    return value


def _label_value(value: str) -> str:
    if value and not _QUALIFIED.fullmatch(value):
        raise ValueError("must be a label's value: at most 63 letters, digits, '-', '_' and '.'")
    return value


def _email(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not at or not _EMAIL_LOCAL.fullmatch(local) or "." not in domain or not is_dns_name(domain.lower()):
        raise ValueError("must be an e-mail address such as admin@example.com")
    return value


def _number_to_text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _cpu(value: str) -> str:
    try:
        millicores = quantities.parse_cpu(value)
    except ValueError:
        millicores = 0
    if millicores <= 0 or value.endswith("i"):
        raise ValueError("must be a Kubernetes quantity of CPU above zero such as 500m or 2")
    if millicores > quantities.LARGEST:
        raise ValueError(f"is more than Kubernetes counts, {quantities.LARGEST}m: must be a quantity such as 500m or 2")
    return quantities.canonical_cpu(value)


def _memory(value: str) -> str:
    if re.fullmatch(r"[\d.]+m", value):
        raise ValueError(f"is in thousandths of a byte: must be a quantity such as {value[:-1]}Mi")
    try:
        amount = quantities.parse_memory(value)
    except ValueError:
        amount = 0
    if amount <= 0:
        raise ValueError("must be a Kubernetes quantity such as 20Gi")
    if amount > quantities.LARGEST:
        raise ValueError(f"is more than Kubernetes counts, {quantities.LARGEST} bytes: must be a quantity such as 20Gi")
    if amount < quantities.MI:
        raise ValueError("is less than 1Mi: give the unit, such as 512Mi or 20Gi")
    return quantities.canonical_memory(value)


def _volume(value: str) -> str:
    if quantities.parse_memory(value) < LEAST_VOLUME:
        raise ValueError("is too little for a database or its backups: must be at least 256Mi")
    return value


def secret_name(value: object) -> str:
    """Take the name of a Secret, which stands for the Secret. ValueError if it is none."""
    text = _text(value)
    if not isinstance(text, str):
        raise ValueError("must be the name of a Secret, or a map with its name")  # noqa: TRY004 - what pydantic takes
    return _object_name(_filled(text))


Text = Annotated[str, BeforeValidator(_text), AfterValidator(_filled), Kind("text")]
PlainText = Annotated[str, BeforeValidator(_plain), Kind("text")]
Boolean = Annotated[bool, BeforeValidator(_boolean), Kind("true or false")]
WholeNumber = Annotated[int, BeforeValidator(_whole), Kind("whole number")]
Count = Annotated[WholeNumber, Field(ge=1), Kind("whole number, at least 1")]
Seconds = Annotated[WholeNumber, Field(ge=1, le=3600), Kind("seconds, 1 to 3600")]
Port = Annotated[WholeNumber, Field(ge=1, le=65535), Kind("port, 1 to 65535")]
ObjectName = Annotated[Text, AfterValidator(_object_name), Kind("Kubernetes name")]
OtherNamespace = Annotated[Text, AfterValidator(_other_namespace), Kind("namespace")]
SecretName = Annotated[Text, AfterValidator(_object_name), Kind("name of a Secret")]
SecretDataKey = Annotated[Text, AfterValidator(_secret_key), Kind("key in a Secret")]
EnvName = Annotated[Text, AfterValidator(_env_name), Kind("variable name")]
QualifiedName = Annotated[Text, AfterValidator(_qualified_name), Kind("key")]
LabelValue = Annotated[PlainText, AfterValidator(_label_value), Kind("label value")]
EMail = Annotated[Text, AfterValidator(_email), Kind("e-mail address")]
Cpu = Annotated[str, BeforeValidator(_number_to_text), AfterValidator(_filled), AfterValidator(_cpu), Kind("CPU")]
Memory = Annotated[
    str, BeforeValidator(_number_to_text), AfterValidator(_filled), AfterValidator(_memory), Kind("quantity")
]
VolumeSize = Annotated[Memory, AfterValidator(_volume), Kind("quantity, at least 256Mi")]
