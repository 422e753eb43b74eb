"""What to do after the Pulumi CLI has failed, and what it said last."""

from collections.abc import Iterable

SHOWN_LINES = 20
# What Pulumi says of a passphrase that is missing or wrong has no code, so its text is read: here, and nowhere else.
LOCKED = "passphrase"


def what_to_do(errors: Iterable[str], *, has_begun: bool) -> str:
    """How to go on.

    Args:
        errors: What failed.
        has_begun: Whether anything was made, changed or deleted before, which a second run does not do again.
    """
    if not has_begun and any(LOCKED in error for error in errors):
        return (
            "Nothing was changed. Put the stack's passphrase into PULUMI_CONFIG_PASSPHRASE, or the name of a file that "
            "holds it into PULUMI_CONFIG_PASSPHRASE_FILE."
        )
    if has_begun:
        return "Correct the cause and run again: Pulumi goes on where this run ended."
    return "Correct the cause and run again."


def last_lines(text: str) -> str:
    """What the CLI said last, for a failure that came without a diagnosis of its own."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith((" code:", " stdout:"))]
    return "\n".join(line.removeprefix(" stderr: ").removeprefix("error: ") for line in lines[-SHOWN_LINES:])
