"""Inputs that an attacker, or an accident, would hand over; by name, with words that the answer has to have."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HEAD = "project: FootAnalytics\nenvironments: [staging, production]\n"
NAMES = "abcdefghij"


@dataclass(frozen=True)
class Bad:
    """An input.

    Attributes:
        name: What is bad about it.
        content: The file.
        words: What the answer has to say.
    """

    name: str
    content: bytes
    words: tuple[str, ...]


def bad(name: str, content: str | bytes, *words: str) -> Bad:
    return Bad(name, content if isinstance(content, bytes) else content.encode(), words)


def laughs() -> str:
    """Ten of ten of ten …: a billion values in ten lines."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in pairwise(NAMES)]
    return "\n".join(lines)


def merges(count: int) -> str:
    """Maps that each take in all of the one before."""
    return "a0: &a0 {k0: 1}\n" + "".join(
        f"a{number}: &a{number} {{<<: [*a{number - 1}, *a{number - 1}], k{number}: 1}}\n" for number in range(1, count)
    )


def chain(count: int) -> str:
    """Maps that each take in the one before."""
    return "a0: &a0 {k0: 1}\n" + "".join(
        f"a{number}: &a{number} {{<<: *a{number - 1}, k{number}: 1}}\n" for number in range(1, count)
    )


def of_any_yaml() -> Iterator[Bad]:
    """What no file in YAML may be."""
    yield bad("a billion laughs", laughs(), "more than 250,000 values", "aliases")
    yield bad("a merge bomb", merges(60), "more than 250,000 values", "aliases")
    yield bad("a long chain of merges", chain(300), "100 levels", "aliases")
    yield bad("an alias in what it names", "a: &a [*a, *a]\n", "line 1", "an alias names what it is in")
    yield bad("an alias in a map that it names", "a: &a {b: {c: *a}}\n", "an alias names what it is in")
    yield bad("an alias of nothing", "a: *b\n", "line 1", "undefined alias")
    yield bad("5,000 brackets", "a: " + "[" * 5000, "line 1", "a:", "100 levels")
    yield bad("a million brackets", "a: " + "[" * 1_000_000, "100 levels")
    yield bad("closed brackets", "a: " + "[" * 5000 + "]" * 5000, "100 levels")
    yield bad("braces", "{a: " * 5000, "100 levels")
    yield bad("deep indentation", "".join(" " * level + f"k{level}:\n" for level in range(300)), "100 levels", "k100")
    yield bad("dashes", "- " * 100_000, "100 levels")
    yield bad("question marks", "? " * 100_000, "100 levels")
    yield bad("many values", "a: [" + "x," * 400_000 + "]", "250,000 values")
    yield bad("many keys", "".join(f"k{number}: 1\n" for number in range(140_000)), "250,000 values")
    yield bad("many documents", "---\n" * 400_000, "250,000 values")
    yield bad("many directives", "".join(f"%TAG !{number}! x\n" for number in range(50_000)) + "---\na: 1\n", "%")
    yield bad("3 MB", "a: " + "x" * 3_000_000, "more than")
    yield bad("50 MB", "a: b\n" * 10_000_000, "more than")
    yield bad("NUL", b"a: b\0c\n", "line 1", "a:", "\\x00")
    yield bad("NUL as an escape", 'a:\n  b: "x\\0y"\n', "line 2", "b:", "\\x00")
    yield bad("a bell", b"a: b\x07\n", "line 1", "a:", "\\x07")
    yield bad("half a surrogate", 'a:\n  b: "\\ud800"\n', "line 2", "b:", "\\ud800", "no character")
    yield bad("UTF-16", "a: b\n".encode("utf-16"), "UTF-8")
    yield bad("UTF-16 without a mark", "a: b\n".encode("utf-16-le"), "\\x00")
    yield bad("no UTF-8", b"a: \xff\xfe\n", "UTF-8")
    yield bad("Latin", "a: Zürich\n".encode("latin-1"), "UTF-8")
    yield bad("a tab", "a:\n\tb: c\n", "line 2")
    yield bad("a list as a key", "[a, b]: c\n", "key", "list")
    yield bad("a map as a key", "{a: b}: c\n", "key", "map")
    yield bad("a key twice", "a: 1\nb: 1\na: 2\n", "twice", "first at line 1")
    yield bad("a key with escapes twice", '"a\\n\\e[31m": 1\n"a\\n\\e[31m": 2\n', "twice", "first at line 1")
    yield bad("several documents", "a: 1\n---\nb: 1\n", "line 3", "second document")
    yield bad("no YAML", "a: [b\nc: d\n", "line 2")
    yield bad("an unknown escape", 'a: "\\q"\n', "line 1", "a:", "\\q")


STACK = (
    "config:\n  feature-flags:host: flags.example.com\n  feature-flags:context: cluster\n"
    "  feature-flags:ingress:\n    className: traefik\n    tls:\n      from: issuer\n      clusterIssuer: letsencrypt\n"
    "  feature-flags:networkPolicy:\n    ingressNamespace: traefik\n"
)


def put_stack(root: Path, content: str | bytes) -> None:
    """A project whose stack `blue` has this file."""
    root.mkdir(exist_ok=True)
    (root / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n", encoding="utf-8")
    (root / "Pulumi.blue.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())


def of_stacks() -> Iterator[Bad]:
    """What no stack's file may be, beside what no YAML may be: what is added to one that is right."""

    def more(name: str, lines: str, *words: str) -> Bad:
        return bad(name, STACK + "".join(f"  {line}\n" for line in lines.splitlines()), *words)

    for quantity in ("99999999999999999999Ei", "9" * 30, "9" * 5000 + "Gi", "8Ei", "1e99", "9223372036854775808"):
        lines = f"feature-flags:postgres:\n  storage:\n    size: {quantity}"
        yield more(
            f"a volume of {quantity[:20]} {len(quantity)}",
            lines,
            "postgres.storage.size",
            "more than Kubernetes counts" if len(quantity) < 1000 else "at most 1000",
        )
    for quantity in ("-1Gi", "1e", "1Zi", "Gi", "\uff11Gi", "1Gi ", "0x10", "1_000Mi", ".", "1ee3", "1e999", "1E-99"):
        lines = f"feature-flags:postgres:\n  storage:\n    size: '{quantity}'"
        yield more(f"a volume of {quantity!r}", lines, "postgres.storage.size")
    for cpu in ("99999999999999999999", "1e30", "-1", "1e-400", "9" * 5000):
        lines = (
            f"feature-flags:resources:\n  requests: {{cpu: '{cpu}', memory: 1Gi}}\n  limits: {{cpu: 1, memory: 1Gi}}"
        )
        yield more(
            f"a CPU of {cpu[:20]} {len(cpu)}", lines, "resources.requests.cpu", cpu[:20] if len(cpu) < 400 else "5000"
        )
    for count in ("99999999999", "1e300", "9" * 5000, "2147483648", "-2147483649", "1e400", ".inf", "1.5"):
        yield more(f"replicas {count[:20]} {len(count)}", f"feature-flags:replicas: {count}", "replicas")
    for name, text in (("NUL", "x\\0y"), ("a bell", "x\\ay"), ("an escape", "x\\e[31my"), ("a delete", "x\\x7fy")):
        yield more(f"{name} in a variable", f'feature-flags:env:\n  NAME: "{text}"')
        yield more(f"{name} in a text", f'feature-flags:clusterIdentifier: "{text}"', "clusterIdentifier")
    yield more("a line break in a text", 'feature-flags:clusterIdentifier: "a\\nb"', "clusterIdentifier", "one line")
    yield more(
        "a text of 10,000 letters", f"feature-flags:clusterIdentifier: {'x' * 10_000}", "clusterIdentifier", "10000"
    )
    yield more("a key of 900 letters", f"feature-flags:{'k' * 900}: 1", "kkk…", "not a known key")
    yield more("a key with escapes", '"feature-flags:a\\n\\e[2J": 1', "a key that looks like a secret")
    yield more("a key twice in two forms", "host: a.example.com", "host", "twice")
    yield more("many unknown keys", "\n".join(f"feature-flags:k{number}: 1" for number in range(4000)), "more")
    yield more("JSON with a key twice", 'feature-flags:redis: \'{"mode": "none", "mode": "none"}\'', "redis", "twice")
    yield more("JSON of brackets", f"feature-flags:redis: '{'[' * 100_000}'", "redis", "100 levels")
    yield more("JSON of few brackets", f"feature-flags:redis: '{'[' * 5000}'", "redis", "100 levels")
    yield more(
        "JSON with 5,000 digits", f"feature-flags:gunicorn: '{{\"workers\": {'9' * 5000}}}'", "gunicorn", "5000 digits"
    )
    yield more("JSON with 400 digits", f"feature-flags:tracing: '{{\"ratio\": {'9' * 400}}}'", "tracing", "400 digits")
    yield more("JSON with 1e400", "feature-flags:gunicorn: '{\"workers\": 1e400}'", "gunicorn", "1e400")
    yield more("JSON with NaN", "feature-flags:gunicorn: '{\"workers\": NaN}'", "gunicorn", "NaN")
    yield more("JSON with half a surrogate", 'feature-flags:env: \'{"A": "\\ud800"}\'', "env", "\\ud800")
    yield more("JSON with NUL", 'feature-flags:env: \'{"A": "\\u0000"}\'', "env.A", "\\x00")
    yield more("no JSON", "feature-flags:env: '{'", "env", "JSON")
    path = "feature-flags:tracing:\n  endpoint: http://otel.example.com:4318\n  excludedPaths: ['(a+)+$']"
    yield more("an endless expression", path, "tracing.excludedPaths[0]", "for some texts")
    yield bad("200 KiB", STACK + "# " + "x" * 200 * 1024 + "\n", "128 KiB")
    yield bad("an empty file", "", "host")
    yield bad("a comment", "# nothing\n", "host")
    yield bad("a list", "- a\n", "mapping")
    yield bad("a list as its configuration", "config: [a]\n", "config", "mapping")


def catalogue(flags: str = "", segments: str = "") -> str:
    """A catalogue that is right but for these lines."""
    return f"{HEAD}segments:\n{segments or '  {}'}\nflags:\n{flags or '  {}'}\n"


def flag(lines: str, name: str = "banner") -> str:
    rest = "".join(f"    {line}\n" for line in lines.splitlines())
    return catalogue(
        f"  {name}:\n    description: A banner.\n    owner: web\n    kind: ops\n    enabled: false\n{rest}"
    )


def condition(text: str) -> str:
    return catalogue(segments=f"  beta:\n    description: The beta.\n    all:\n      - {text}")


def of_catalogues() -> Iterator[Bad]:
    """What no catalogue may be, beside what no YAML may be."""
    place = "segments.beta.all[0]"
    for value, said in (
        ("0|0", "divided by 0"),
        ("0.0|1", "divided by 0"),
        ("2|5", "less than the divisor"),
        ("2", "DIVISOR|REMAINDER"),
        ("-2|1", "DIVISOR|REMAINDER"),
        ("1e5|1", "DIVISOR|REMAINDER"),
        ("nan|0", "DIVISOR|REMAINDER"),
        ("9" * 5000 + "|0", "DIVISOR|REMAINDER"),
    ):
        text = condition(f"{{trait: age, operator: MODULO, value: '{value}'}}")
        yield bad(f"MODULO {value[:9]}", text, f"{place}.value", value[:20], said)
    for value in ("(a+)+$", "(a*)*b", "(a|aa)+$", r"(\w+\s?)+$", "(x+x+)+y", "(.*a){12}", "a?" * 30 + "a" * 30):
        text = condition(f"{{trait: name, operator: REGEX, value: '{value}'}}")
        yield bad(f"REGEX {value[:9]}", text, f"{place}.value", value[:20], "for some texts")
    for value, said in (
        ("(", "no regular expression"),
        ("(?<name>a)", "no regular expression"),
        (r"\p{L}+", "no regular expression"),
        ("[[:alpha:]]", "other languages"),
        (r"(a)\1", "refers back"),
        ("a{99999999999999999999}", "too large a number"),
        ("(" * 100 + ")" * 100, "groups deep"),
        ("(" * 490 + ")" * 490, "too deep"),
        ("x" * 1001, "has 1001 characters"),
    ):
        text = condition(f"{{trait: name, operator: REGEX, value: '{value}'}}")
        yield bad(f"REGEX {value[:9]} {len(value)}", text, f"{place}.value", value[:20], said)
    for value, said in (
        ("[]", "for IN"),
        ("[a, b]", "for IN"),
        ("'[]'", "an empty list"),
        ("' [] '", "an empty list"),
        ("'[[1]]'", "texts and numbers"),
        ("'" + "[" * 900 + "'", "levels deep"),
        ("'[1" + "1" * 900 + "]'", "digits"),
        ("{a: b}", "for IN"),
    ):
        yield bad(f"IN {value[:9]}", condition(f"{{trait: a, operator: IN, value: {value}}}"), f"{place}.value", said)
    for value in (".nan", ".inf", "-1", "100.5", "'50'", "true"):
        text = condition(f"{{operator: PERCENTAGE_SPLIT, value: {value}}}")
        said = f"is {value[1:]}: must be" if value.startswith(".") else "percentage from 0 to 100"
        yield bad(f"a share of {value}", text, f"{place}.value", said)
    for value in ("'soon:semver'", "'1.2:semver'", "':semver'", "'01.2.3:semver'"):
        text = condition(f"{{trait: v, operator: LESS_THAN, value: {value}}}")
        yield bad(f"a version {value}", text, f"{place}.value", "a version such as")
    for value in (".nan", ".inf"):
        text = condition(f"{{trait: v, operator: GREATER_THAN, value: {value}}}")
        yield bad(f"more than {value}", text, f"{place}.value")
    yield bad("a trait of 10,000 letters", condition(f"{{trait: {'t' * 10_000}, operator: IS_SET}}"), "10000", "ttt'…")
    yield bad("a number of 5,000 digits", flag(f"value: {'9' * 25_000}\nversion: {'9' * 5000}"), "version", "999'…")
    yield bad("a share of 1e400", flag("rollout: 1e400"), "rollout", "1e400")
    yield bad("an endless share", flag("rollout: .inf"), "rollout", "inf")
    yield bad("an emoji as a name", flag("", "flag_\U0001f600"), "snake_case")
    yield bad("a name of 10,000 letters", flag("", f"? {'f' * 10_000}\n  "), "fff…", "10000 characters")
    yield bad("a line break in a key", flag("", '"a\\nb"'), "flags.a\\nb", "nobody sees")
    yield bad("escape codes in a key", flag("", '"\\e[2J"'), "\\x1b[2J")
    yield bad("escape codes in an owner", flag("").replace("web", '"\\e]0;x\\a"'), "owner", "\\x1b")
    yield bad("a bidi mark in a key", flag("", '"a\\u202eb"'), "\\u202e")
    yield bad("a list as a key below", flag("? [a]\n: b"), "flags.banner", "a list where a key must be")
    yield bad(
        "a large map as a value", flag("expires: {" + ",".join(f"k{n}: 1" for n in range(50_000)) + "}"), "expires"
    )
    yield bad("an empty file", "", "must be a mapping")
    yield bad("a comment", "# nothing\n", "must be a mapping")
    yield bad("many problems", catalogue("".join(f"  F{n}: {{}}\n" for n in range(20_000))), "more")
    names = ", ".join(f"e{number}" for number in range(60_000))
    yield bad("many environments", catalogue("  a: {environments: 1}").replace("staging, production", names), "flags.a")
    right = "{description: A., owner: web, kind: ops, enabled: true}"
    many = catalogue("".join(f"  f{n}: {right}\n" for n in range(2000)))
    wide = many.replace("staging, production", ", ".join(f"e{n}" for n in range(2000)))
    yield bad("too many states", wide, "environments", "4,000,000 states")
    patterns = "".join(f"      - {{trait: a, operator: REGEX, value: 'a{n}.*b'}}\n" for n in range(20_000))
    yield bad("many expressions", condition("{trait: a, operator: IS_SET}\n" + patterns), "300 expressions")
