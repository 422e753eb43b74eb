"""Nothing that is shipped leads people to an ingress controller that gets no fixes."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = (*ROOT.glob("*.yaml"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md"))
# The page that says what to do about it, in the section of its name, and the history of the project.
PAGE = ROOT / "docs" / "ingress.md"
HISTORY = ROOT / "CHANGELOG.md"


def _names_it(text: str) -> bool:
    return any(word in text for word in ("ingress-nginx", "className: nginx\n", "nginx.ingress.kubernetes.io"))


def test_no_page_and_no_stack_names_a_controller_that_was_retired() -> None:
    assert len(SHIPPED) > 40
    assert [path for path in SHIPPED if path not in (PAGE, HISTORY) and _names_it(path.read_text("utf-8"))] == []
    before, heading, after = PAGE.read_text(encoding="utf-8").partition("\n## ingress-nginx")
    assert heading
    assert not _names_it(before)
    assert "\n## " not in after
