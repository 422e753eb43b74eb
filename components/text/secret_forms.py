"""What a secret looks like by itself, whatever it is called: the shapes of tokens, URLs with a log-in, headers.

Standard library only: the policy pack runs in an environment of its own. Each issuer's prefix is from its own pages on
tokens, as of November 2026.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


REFERENCE: Final = re.compile(r"\$\([A-Za-z_.-][A-Za-z0-9_.-]*\)")
"""Kubernetes' `$(NAME)`, which stands for another variable and holds nothing."""
VARIABLE: Final = re.compile(
    r"\$\{?(?:(?:arg|http|sent_http|upstream_http|upstream_cookie|cookie|jwt_claim|jwt_header|ssl_client)_[a-z0-9_]+"
    r"|host|hostname|scheme|uri|request_uri|escaped_request_uri|request_id|req_id|is_args|args|query_string|remote_addr"
    r"|remote_user|server_name|best_http_host|pass_access_scheme|service_name|namespace|ingress_name)\}?"
)
"""A variable of nginx (ngx_http_core_module and others; those of ingress-nginx), as in `?token=$arg_token`: what comes
with each request. Other texts that begin with `$` can be passwords."""
# What a shell or a template puts there: `$NAME`, `${NAME}`, `$(command)`, `{name}`, `%s`.
_FILLED_IN = re.compile(r"\$[A-Za-z_0-9({]|\{[A-Za-z_]|%[sr]")
_PREFIXED: Final = {
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\bAGE-SECRET-KEY-1[0-9A-Z]{10,}",
    "an access key of AWS": r"\b(AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(gh[pousr]_[0-9A-Za-z]{16,}|github_pat_\w{16,})",
    "a token of GitLab": r"\b(gl(pat|ptt|dt|rt|rtr|cbt|ft|soat|agent|imt|oas|ffct)|GR1348941)-[\w-]{16,}",
    "a token of Slack": r"\bx(ox[abceoprs]|app)[-_.][\w-]{10,}",
    "a webhook with its token": r"\bhooks\.slack\.com/(services|workflows|triggers)/[\w/-]+|"
    r"\bdiscord(app)?\.com/api/webhooks/\d[\w/-]+|\bwebhook\.office\.com/[\w/@-]+|\bapi\.telegram\.org/bot\d[\w:-]+",
    "a key of Stripe": r"\b([sr]k_(live|test)|whsec)_[0-9A-Za-z]{8,}",
    "a key of Google": r"\bAIza[\w-]{30,}|\bGOCSPX-[\w-]{16,}|\bya29\.[\w-]{16,}",
    "a server-side key of Flagsmith": r"(?<![\w.-])ser\.[A-Za-z0-9]{8,}(?![\w-])",
    "an organisation's key of Flagsmith": r"(?<![\w.-])[A-Za-z0-9]{8}\.(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{32}(?![\w.-])",
    "a JSON web token": r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "a token by its prefix": r"\b(npm_[0-9A-Za-z]{30,}|pypi-[\w-]{20,}|dckr_[po]at_[\w-]{16,}|do[opr]_v1_[0-9a-f]{32,}"
    r"|hv[sbr]\.[\w-]{20,}|hf_[0-9A-Za-z]{30,}|sk-[\w-]{20,}|gl(sa|c)_[\w=+/-]{20,}|pul-[0-9a-f]{40}|NRAK-[0-9A-Z]{20,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|sntr[yu]s?_[\w=+/.-]{20,}|lin_api_\w{20,}|dp\.[a-z]{2,5}\.[0-9A-Za-z]{20,}"
    r"|ATATT3\w{20,}|shp(at|ss|ca|pa)_[0-9a-f]{24,})",
}
_URL = re.compile(
    r"(?<![a-z0-9+.-])(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>((?!,[a-z]+://)[^\s'\"<>|\\`])+)", re.IGNORECASE
)
_QUERY = re.compile(
    r"[?&#;](?P<name>[\w.-]*(token|secret|passw(or)?d|pwd|signature|api[-_.]?key|access[-_.]?key|credential)|sig|key|code|"
    r"auth)=(?P<value>[^\s&#;'\"<>]+)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(?<![\w-])(bearer|basic|token|api-?key)[ \t]+(?P<value>[A-Za-z0-9._~+/=-]+)", re.IGNORECASE)
# `password=…`, `Pwd=…`, `AccountKey=…` within a connection string or a list of options.
_ASSIGNED = re.compile(
    r"(?<![\w:-])(?P<name>password|passwd|pwd|pass|passphrase|secret|token|[\w-]*[-_](password|passwd|secret|token)"
    r"|(api|account|access|secret|private|shared[-_]?access)[-_]?key|client[-_]?secret|sharedaccesssignature)"
    r"[ \t]*[=:][ \t]*(?P<quote>['\"]?)(?P<value>[^\s'\";,&)}\]]+)",
    re.IGNORECASE,
)
_USER_AT_HOST = re.compile(r"(?<![\w/.@:-])(?P<user>[\w.+-]+):(?P<password>[^\s@/:]+)@(?!sha256:)[\w\[(.-]")
_NO_USER: Final = frozenset({"mailto", "email", "contact", "sip", "support", "acct", "xmpp"})
_WORDS: Final = words(
    "token tokens auth authentication authorization scheme realm only required methods type format header headers is "
    "or and access refresh value based http name expired invalid missing lifetime expiry bearer credentials"
)
_LEAST_RANDOM: Final = 20
"""Letters from which on a text counts as made by chance: shorter ones are words, releases and names as well."""


# A program's texts are asked about by several rules, and again by each rule that is tried.
@lru_cache(maxsize=16_384)
def secret_form(text: str, *, is_script: bool = False) -> str | None:
    """What kind of secret is in `text` by its form; None for none.

    A script, such as a container's argument or a file, fills in its values as it runs: `password=$1` is none there.
    """
    for kind, found in _found(text):
        value = found["value"] if "value" in found.re.groupindex else None
        if value is not None and is_script and (_FILLED_IN.search(value) or not is_mixed(value)):
            continue
        return kind
    return next((kind for kind, _ in _logins(text, is_script=is_script)), None)


def masked(text: str, mask: str) -> str:
    """`text` with what has the form of a secret replaced; the names before it stay."""
    text = re.sub(r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(-----END|\Z)", rf"\1{mask}\2", text, flags=re.DOTALL)
    spans = [found.span("value" if "value" in found.re.groupindex else 0) for _, found in _found(text)]
    spans += [span for _, span in _logins(text, is_script=False)]
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + mask + text[end:]
    return text


def is_random(text: str) -> bool:
    """Whether a part of `text` looks made by chance: 20 characters or more, of several kinds and hardly repeated.

    A digest (`sha256:…`), which names content, a public key, a date and a path do not count.
    """
    plain = re.sub(
        r"sha(256|384|512)[:-][0-9A-Za-z+/=]+|\bssh-\w+ \S+|\becdsa-\S+ \S+|-----BEGIN PUBLIC[\s\S]*", "", text
    )
    return any(_is_chance(part) for part in re.split(r"[^A-Za-z0-9+/=_-]+", plain))


def _is_chance(part: str) -> bool:
    if len(part) < _LEAST_RANDOM:
        return False
    if re.fullmatch(r"[0-9a-fA-F-]+", part):
        return len(set(part)) >= 8 and len(part) >= 32
    pieces = re.split(r"[/_=-]", part)
    kinds = sum(bool(re.search(kind, part)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    # A path and a name of several words have short pieces, of which few mix letters and digits.
    mixed = sum(len(piece) for piece in pieces if is_mixed(piece))
    return kinds >= 2 and len(set(part)) >= 10 and mixed * 2 > len(part)


def is_mixed(text: str) -> bool:
    """Whether there are letters and digits."""
    return bool(re.search(r"[A-Za-z]", text) and re.search(r"[0-9]", text))


def _found(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """What has a form, with its match: its group `value` where it has one, else the whole."""
    for kind, pattern in _COMPILED.items():
        yield from ((kind, found) for found in pattern.finditer(text))
    for found in _QUERY.finditer(text) if "://" in text else ():
        if not _stands_for_another(found["value"]):
            yield "a URL with a token in its query", found
    for found in _HEADER.finditer(text):
        value = found["value"]
        if value.lower() not in _WORDS and (len(value) >= 6) and (found[1].lower() == "bearer" or is_mixed(value)):
            yield "the value of a header that logs in", found
    for found in _ASSIGNED.finditer(text):
        if not _says_nothing(found["value"]):
            yield "a password or key with its name", found


def _says_nothing(value: str) -> bool:
    """What follows a name and is no secret: a reference, a word, a number, a path, a call or a look-up."""
    return bool(
        REFERENCE.match(value)
        or VARIABLE.fullmatch(value)
        or value.lower() in _WORDS | {"true", "false", "none", "null", "yes", "no", "string", "str", "on", "off"}
        or re.fullmatch(
            r"\d{1,4}[a-z]?|/[\w./-]*|<[^>]*>?|[\[({].*|[A-Za-z_][\w.]*[(\[].*|\*+|%\(\w+.*|%[sdr]|…|\.\.\.", value
        )
    )


def _logins(text: str, *, is_script: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    """Log-ins before the `@` of a URL, or of `user:password@host`; each with what is to be hidden."""
    for found in _URL.finditer(text):
        login, at, _ = found["authority"].rpartition("@")
        start = found.start("authority")
        user, colon, password = login.partition(":")
        if not at or re.match(r"\d{1,5}/", password) or (not colon and "/" in login):
            continue
        if colon and not _is_left_open(password, is_script=is_script):
            yield "a URL with a password", (start + len(user) + 1, start + len(login))
        is_key = found["scheme"].lower() in ("http", "https") or is_random(login)
        if not colon and is_key and not _is_left_open(login, is_script=is_script):
            yield "a URL with a key before its host", (start, start + len(login))
    if not is_script:
        for found in _USER_AT_HOST.finditer(text):
            if found["user"].lower() not in _NO_USER and not _is_left_open(found["password"], is_script=False):
                yield "a password before a host", found.span("password")


def _is_left_open(value: str, *, is_script: bool) -> bool:
    """Whether a part of a URL is empty, or stands for a value that comes later."""
    return not value or _stands_for_another(value) or (is_script and bool(_FILLED_IN.search(value))) or value == "…"


def _stands_for_another(value: str) -> bool:
    """Whether a value is a variable's name alone, and holds nothing itself."""
    return bool(REFERENCE.fullmatch(value) or VARIABLE.fullmatch(value))


_COMPILED: Final = {kind: re.compile(pattern) for kind, pattern in _PREFIXED.items()}
