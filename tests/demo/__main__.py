"""`make demo`, which is `python -m tests.demo`: runs the steps, and ends with 0 if everything was seen."""

import signal
import sys
import time
from typing import Final

from tests.demo import screens
from tests.demo.ending import Ending, EndingError
from tests.demo.stage import CATALOGUE, stage
from tests.demo.steps import BEFORE, STEPS, Show
from tests.demo.telling import StepError, pause, say, title
from tests.recording import ROOT

SECONDS: Final = 270
"""How long it may take: five minutes, with what it takes to end."""
READING, LAST_LOOK = 12, 45
"""How many seconds somebody at a terminal has to look, after a step and at the end."""


def main(seconds: float = SECONDS) -> int:
    """Run the demo; the exit code: 0, 1 for a failed step, 128 and the signal's number when it was stopped."""
    ending, where, began = Ending(), ["the beginning"], time.monotonic()
    try:
        with ending.watched(seconds):
            left_out = _steps(ending, where)
    except EndingError as error:
        if error.number == signal.SIGALRM:
            return _failed(where[-1], f"it took longer than {seconds:g} s, and was ended.")
        print(f"\nStopped at {where[-1]}. Everything has ended, and the copy is removed.", file=sys.stderr)
        return 128 + error.number
    except StepError as error:
        return _failed(where[-1], str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, people get one message
        first = next(iter(str(error).splitlines()), "")
        return _failed(where[-1], f"{type(error).__name__}: {first}")
    title(f"The end, after {time.monotonic() - began:.0f} seconds.")
    say("Everything that was started has ended, and the copy is removed.")
    for item in left_out:
        say(f"Not shown was {item}.")
    return 0


def _steps(ending: Ending, where: list[str]) -> list[str]:
    title("Flags in git, in less than five minutes")
    say("This runs by itself, on your machine alone. Ctrl-C ends it at any time.")
    say(f"It works on a copy of {CATALOGUE}, and removes what it made.")
    if (ROOT / CATALOGUE).read_text(encoding="utf-8").count(BEFORE) != 1:
        raise StepError(
            f"{CATALOGUE} is not the example any more, which the demo shows. Run it in a clone that has it."
        )
    with stage(ending) as made:
        show = Show(made)
        for number, step in enumerate(STEPS, 1):
            where.append(f"step {number}, “{step.title}”")
            title(f"{number}. {step.title}")
            step.do(show)
            if screens.is_watched():
                pause(READING if number < len(STEPS) else LAST_LOOK)
        return list(made.sdks.left_out())


def _failed(where: str, message: str) -> int:
    print(f"\nThe demo failed at {where}: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
