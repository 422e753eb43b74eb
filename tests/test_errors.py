"""Errors are told apart by their types: none is the root itself, and nothing is decided by what a text says."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from flagops import errors
from flagops.errors import OpsError
from flagops.kubernetes.refusals import ApiError, DeniedError, ImmutableError, refusal
from tests.recording import ROOT

FILES = [
    path
    for folder in ("flagops", "components", "policies")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {".venv", "in_pod"} & set(path.parts)
]
# What holds a text that says what went wrong, as attribute, key, parameter or variable.
TEXTS = frozenset({"message", "detail", "hint", "stderr", "stdout", "strerror"})
WORDS = (ast.Constant, ast.Tuple, ast.Set, ast.Name)
LOOKS = frozenset({"startswith", "endswith", "find", "index", "count", "search", "match", "fullmatch", "findall"})
# Others' programs that give a text and no code: it is read once, where it comes in.
EDGES = {
    ("flagops/kubernetes/refusals.py", "_kind_of"): "Kubernetes has no reason of its own for a field that is immutable",
    ("flagops/kubernetes/scheduling.py", "why_unscheduled"): "the scheduler writes one sentence about all nodes",
    ("flagops/engines/pulumi_cli/events.py", "add_error"): "events of the Pulumi engine have a text and no code",
    ("flagops/local_cluster/docker.py", "_reason"): "`docker` ends with 1 whatever is wrong",
    ("flagops/local_cluster/kind.py", "_run"): "what kind says of its steps is shown, and decides nothing else",
    ("flagops/local_cluster/build.py", "_go"): "`go version` is for people; a version is read, and no failure",
    ("flagops/commands/images/credentials.py", "_from_helper"): "Docker's protocol for helpers: a text for no log-in",
}


Trees = Mapping[str, ast.AST]


@pytest.fixture(scope="module")
def trees() -> Trees:
    """What is in each file."""
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def test_no_error_is_the_root_itself(trees: Trees) -> None:
    raised = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("OpsError", "Exception")
    ]
    assert raised == []


def test_each_type_of_error_says_when_it_is_raised() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OpsError)]
    assert len(kinds) > 10
    assert [kind.__name__ for kind in kinds if not (kind.__doc__ or "").strip()] == []


# What takes the name of something of Flagsmith's or of a store: people, and who writes there, call these as they like.
TYPED = re.compile(r"(--(project|take-back|only|from-stack) |-e |ff flags [a-z]+ )$")


def unquoted(tree: ast.AST) -> Iterator[int]:
    """The lines on which a command to be typed has such a name as it is, not quoted for the shell."""
    for text in ast.walk(tree):
        if not isinstance(text, ast.JoinedStr):
            continue
        for before, part in pairwise(text.values):
            is_typed = isinstance(before, ast.Constant) and TYPED.search(str(before.value))
            if is_typed and isinstance(part, ast.FormattedValue) and "quote(" not in ast.unparse(part.value):
                yield text.lineno


def test_a_name_in_a_command_to_be_typed_is_quoted_for_the_shell(trees: Trees) -> None:
    assert list(unquoted(ast.parse('f"or --take-back {name}"'))) == [1]
    assert [f"{name}:{line}" for name, tree in trees.items() for line in unquoted(tree)] == []


def unbounded(tree: ast.AST) -> Iterator[int]:
    """The lines on which a program is run for a limited time, where nothing says what became of it."""
    caught = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        and any("TimeoutExpired" in ast.unparse(handler.type) for handler in node.handlers if handler.type)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "subprocess.run" and node not in caught:
            yield from (node.lineno for keyword in node.keywords if keyword.arg == "timeout")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("subprocess.run([], timeout=3)", [1]),
        ("try:\n    subprocess.run([], timeout=3)\nexcept OSError:\n    pass", [2]),
        ("try:\n    subprocess.run([], timeout=3)\nexcept (OSError, subprocess.TimeoutExpired):\n    pass", []),
        ("subprocess.run([])", []),
    ],
)
def test_a_program_that_is_left_alone_with_its_time_is_found(text: str, found: list[int]) -> None:
    assert list(unbounded(ast.parse(text))) == found


def test_a_program_that_takes_too_long_is_an_error_in_words(trees: Trees) -> None:
    assert [f"{name}:{line}" for name, tree in trees.items() for line in unbounded(tree)] == []


def looks(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each place where something is decided by a text about a failure: the function, and the line."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            caught = {node.name for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) and node.name}
            texts = _tainted(function, caught)
            for node in ast.walk(function):
                if isinstance(node, ast.expr) and _decides(node, texts, caught):
                    yield function.name, node.lineno


def _tainted(function: ast.AST, caught: set[str]) -> set[str]:
    """The names of variables that hold such a text."""
    texts = set(TEXTS)
    for _ in range(3):  # a variable made of a variable
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_text(value, texts, caught):
                    texts.add(name)
                case (
                    ast.comprehension(target=ast.Name(id=name), iter=value)
                    | ast.For(target=ast.Name(id=name), iter=value)
                ) if _is_text(value, texts, caught):
                    texts.add(name)
    return texts


def _is_text(node: ast.AST, texts: set[str], caught: set[str]) -> bool:
    """Whether it is made of such a text by nothing but methods of texts."""
    match node:
        case ast.Name(id=name):
            return name in texts
        case ast.Attribute(attr=name):
            return name in TEXTS
        case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=name)]):
            return name in caught
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return _is_text(inner, texts, caught)
        case (
            ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=key), *_])
            | ast.Subscript(slice=ast.Constant(value=key))
        ):
            return key in TEXTS
        case ast.Call(func=ast.Attribute(value=inner)) | ast.Subscript(value=inner):
            return _is_text(inner, texts, caught)
        case ast.BoolOp(values=values):
            return any(_is_text(value, texts, caught) for value in values)
    return False


def _decides(node: ast.AST, texts: set[str], caught: set[str]) -> bool:
    match node:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
            # A name in a text; not a text in a collection, such as a message that was said before.
            sides = ((left, right), (right, left))
            return any(isinstance(words, WORDS) and _is_text(text, texts, caught) for words, text in sides)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(value=str())]):
            return _is_text(left, texts, caught)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=args) if name in LOOKS:
            return _is_text(value, texts, caught) or any(_is_text(arg, texts, caught) for arg in args)
    return False


@pytest.mark.parametrize(
    "source",
    [
        'try: a()\n    except E as error:\n        if "is not deployed" in error.message: b()',
        'try: a()\n    except E as error:\n        if str(error).startswith("x"): b()',
        "try: a()\n    except E as error:\n        text = str(error).lower()\n        if WORDS in text: b()",
        'if done.stderr.strip().endswith("x"): b()',
        "if re.search(PATTERN, error.detail): b()",
        'if condition.get("message", "").find("volume") >= 0: b()',
        "for line in done.stdout.splitlines():\n        if PATTERN.match(line): b()",
    ],
)
def test_a_decision_by_a_text_is_seen(source: str) -> None:
    assert list(looks(ast.parse(f"def f():\n    {source}")))


def test_nothing_is_decided_by_what_an_error_says(trees: Trees) -> None:
    found = {(name, function): line for name, tree in trees.items() for function, line in looks(tree)}
    assert {place: line for place, line in found.items() if place not in EDGES} == {}
    assert set(EDGES) <= set(found), "an exception is no longer needed"


def test_an_error_that_is_reworded_keeps_its_type_and_what_it_knows() -> None:
    error = DeniedError(403, "Forbidden", "no", "Cannot read it")
    said = error.reworded("Something else", hint="Do that.")
    assert (type(said), said.status, said.reason, said.detail) == (DeniedError, 403, "Forbidden", "no")
    assert (said.message, said.hint, str(said)) == ("Something else", "Do that.", "Something else")
    assert (error.message, error.hint) == ("Cannot read it: no", None)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (422, 'Job.batch "m" is invalid: spec.template: Invalid value: {}: field is immutable', ImmutableError),
        (422, 'Secret "s" is invalid: data: Forbidden: field is immutable when `immutable` is set', ImmutableError),
        (422, "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden", ImmutableError),
        (422, 'Deployment.apps "d" is invalid: spec.replicas: Invalid value: -1', ApiError),
        (500, "field is immutable", ApiError),
        (403, "field is immutable", DeniedError),
    ],
)
def test_what_kubernetes_says_of_an_immutable_field_becomes_a_type(
    status: int, message: str, kind: type[ApiError]
) -> None:
    data = json.dumps({"reason": "Invalid", "message": message}).encode()
    assert type(refusal(status, data, "Cannot apply Job m")) is kind
