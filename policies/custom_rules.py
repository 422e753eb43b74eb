"""Rules of the operator's own: Python files, each with a list `RULES` of the same form as the platform's."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from policies.model import Rule
from policies.rules import RULES

CUSTOM: Final = Path(__file__).parent / "custom"
"""Where the policy pack looks for them: Pulumi runs the one of the project."""


class PolicyError(Exception):
    """Rules or exceptions that cannot be used; the message says which file, and why."""


def all_rules(directory: Path | None) -> tuple[Rule, ...]:
    """The platform's rules, then those of the files in `directory`, if one is given, by name.

    Raises PolicyError for a file that cannot be run, one without `RULES`, and a rule's id that is taken.
    """
    files = sorted(directory.glob("*.py")) if directory else []
    rules = [*RULES, *(rule for path in files for rule in _rules_of(path))]
    ids: set[str] = set()
    for rule in rules:
        if rule.id in ids:
            raise PolicyError(f"Two rules have the id {rule.id!r}; a rule in {directory} needs one of its own.")
        ids.add(rule.id)
    return tuple(rules)


def _rules_of(path: Path) -> Sequence[Rule]:
    name = f"policies_custom_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PolicyError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their own module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise PolicyError(f"{path} cannot be used: {type(error).__name__}: {error}") from error
    rules = getattr(module, "RULES", None)
    if not isinstance(rules, list | tuple) or not all(isinstance(rule, Rule) for rule in rules):
        raise PolicyError(f"{path} has no list RULES of policies.model.Rule; docs/policy.md has an example.")
    return rules
