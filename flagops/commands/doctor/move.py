"""A move of the database that somebody has begun and not ended."""

from collections.abc import Iterator
from typing import Final

from flagops.commands.doctor.model import DoctorFinding, Examination

MEANS: Final = {
    "prepared": "Flagsmith serves as before",
    "stopped": "the dashboard and the admin API answer 503, and tasks wait",
    "copying": "nothing can be written, the dashboard and the admin API answer 503, and tasks wait",
    "switching": "some pods may still read from the old database",
}


def unfinished_move(examination: Examination) -> Iterator[DoctorFinding]:
    """How far it is, what that means for users, and what goes on with it or takes it back."""
    instance = examination.instance
    postgres = instance.settings.postgres
    if postgres.move is None or postgres.move.step not in MEANS:
        return
    step, stack = postgres.move.step, instance.stack.name
    target = postgres.mode if step == "switching" else postgres.move.beside
    yield DoctorFinding(
        "move-unfinished",
        f"The database is being moved to {target}, and nobody has ended that.",
        (f"postgres.move.step is {step}: {MEANS[step]}",),
        f"ff db move {target} --stack {stack}   (goes on; ff db move --abort --stack {stack} takes it back)",
    )
