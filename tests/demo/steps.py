"""The steps, in their order: each shows one thing, says what you see, and fails where it is not seen."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.demo import screens
from tests.demo.places import USERS, Place
from tests.demo.screens import Screen
from tests.demo.stage import CATALOGUE, Stage
from tests.demo.telling import StepError, command, quote, say

SWITCHED: Final = "real_time_processing_enabled"
ROLLED_OUT: Final = "advanced_analytics_enabled"
BEFORE, AFTER = "    rollout: 25\n", "    rollout: 50\n"
USER: Final = "anna"
NOTES: Final = "notes.json"
REPORT: Final = "report.html"
CHANGES: Final = 2
"""What `ff flags plan` ends with when there are changes."""


@dataclass
class Show:
    """The stage, and what later steps know of earlier ones.

    Attributes:
        had: Who had the feature before its rollout was raised.
        gained: Somebody who has it since.
    """

    stage: Stage
    had: frozenset[str] = frozenset()
    gained: str = ""
    _places: tuple[Place, ...] = ()

    @property
    def served(self) -> Place:
        """Where `ff flags serve` answers."""
        return self._places[0]

    @property
    def production(self) -> Place:
        """Where the stand-in answers."""
        return self._places[1]

    def add(self, place: Place) -> Place:
        """Keep a place that answers now."""
        self._places = (*self._places, place)
        return place

    def see(self, place: Place, user: str, flag: str, *, wanted: bool) -> None:
        """Ask all SDKs."""
        self.stage.sdks.see(place, user, flag, wanted=wanted)

    def apply(self) -> list[str]:
        """Bring the stand-in to the catalogue; the lines that say how it went."""
        done = self.stage.run("flags", "apply", "--url", self.stage.flagsmith.url, "--notes", NOTES, "--yes")
        return done.lines("Applied", f"= flag {ROLLED_OUT}", "Nothing to do")


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        title: What it shows.
        do: Does it, and says what is seen. Raises StepError where something else is.
    """

    title: str
    do: Callable[[Show], None]


def serve(show: Show) -> None:
    """The flags are up: the page with switches, and the page in React."""
    say("All flags are in one file, in git. One command serves them to Flagsmith's own SDKs.")
    place = show.add(show.stage.serve())
    say(f"It has a page with a switch for each flag: {place.url}")
    pages = [place.url]
    if place.page is not None:
        pages.append(screens.of_user(place.page, USER))
        say(f"And this page in React reads the flags: {pages[-1]}")
    opened = [screens.show(page) for page in pages]
    say("Your browser opens them." if all(opened) else "You can open them in a browser, as long as the demo runs.")
    for item in show.stage.sdks.left_out():
        say(f"Not shown here is {item}.")


def switch(show: Show) -> None:
    """A flag is toggled on the page, and all SDKs see it."""
    say(f"First, what {USER.title()} has, in three programs, each with an SDK of its own.")
    show.see(show.served, USER, SWITCHED, wanted=False)
    screen = show.stage.sdks.screen
    if isinstance(screen, Screen):
        say(f"Now the switch of {SWITCHED} is clicked, on the page with the switches.")
        if not screen.click_switch(show.served.url, SWITCHED):
            raise StepError(f"The switch of {SWITCHED} was on already.")
    else:
        say("Now the flag is set by the request that the switch on the page sends.")
        body = f'{{"flag": "{SWITCHED}", "environment": "development", "enabled": true}}'
        command(("curl", "-d", body, f"{show.served.url}_ff/set"))
        show.served.post("_ff/set", body)
    say("The same programs, once more.")
    show.see(show.served, USER, SWITCHED, wanted=True)


def first_apply(show: Show) -> None:
    """A Flagsmith gets the flags of the file."""
    say("A real Flagsmith runs in a cluster, and there is none here.")
    say("So this is a stand-in: a program in memory, the one that this project is tested with.")
    say("It answers what a real Flagsmith answered when it was recorded.")
    quote(show.apply())
    say("It now has the flags, the segments and the groups of the file.")
    place = show.add(show.stage.production())
    show.had = place.who_has(ROLLED_OUT)
    say(f"{ROLLED_OUT} is for 25 percent of all users.")
    say(f"In production, {len(show.had)} of {len(USERS)} made-up users have it.")


def plan(show: Show) -> None:
    """A change is proposed, and the plan says who is affected."""
    path = show.stage.catalogue
    path.write_text(path.read_text(encoding="utf-8").replace(BEFORE, AFTER), encoding="utf-8")
    say(f"The rollout of {ROLLED_OUT} is to go from 25 to 50 percent: one line of {CATALOGUE}.")
    say("Before it counts, its pull request says who is affected. That needs no access to a Flagsmith.")
    done = show.stage.run("flags", "plan", "--against", "HEAD", "--who", codes=(CHANGES,))
    said = done.lines(f"{ROLLED_OUT} in ", "about ")
    quote(said)
    if [line for line in said if line.startswith("about ") and "gain it, none lose it" not in line]:
        raise StepError(f"The plan does not say that nobody loses {ROLLED_OUT}.")
    say("Nobody loses the feature. And the stand-in is as it was.")


def raise_rollout(show: Show) -> None:
    """The rollout is raised, and all SDKs see it."""
    say("The change is merged, and applied.")
    quote(show.apply())
    now = show.production.who_has(ROLLED_OUT)
    gained, lost = sorted(now - show.had), show.had - now
    if lost or not gained:
        raise StepError(f"{len(gained)} users gained {ROLLED_OUT}, and {len(lost)} lost it.")
    say(f"Now {len(now)} of {len(USERS)} users have it. {len(gained)} gained it, and none lost it.")
    show.gained = gained[0]
    say(f"One who gained it is {show.gained}. The programs now ask the stand-in, for production.")
    show.see(show.production, show.gained, ROLLED_OUT, wanted=True)
    if show.production.page is not None:
        screens.show(screens.of_user(show.production.page, show.gained))


def kill(show: Show) -> None:
    """A kill switch with a hold, which apply respects."""
    say("It is night, and the new pages are slow. Whoever is on call switches the feature off.")
    words = ("flags", "set", ROLLED_OUT, "--off", "--environment", "production", "--hold", "24h")
    more = ("--reason", "The new pages are slow", "--url", show.stage.flagsmith.url, "--yes")
    quote(show.stage.run(*words, *more).lines("production:", "Held:"))
    show.see(show.production, show.gained, ROLLED_OUT, wanted=False)
    say("The file in git still says 50 percent. In the morning something else is merged, and apply runs.")
    said = show.apply()
    quote(said)
    if not any(f"{ROLLED_OUT} is held until" in line for line in said):
        raise StepError(f"`ff flags apply` does not say that {ROLLED_OUT} is held.")
    say("Apply keeps away from the flag, and says until when, and why. It is still off.")
    show.see(show.production, show.gained, ROLLED_OUT, wanted=False)


def report(show: Show) -> None:
    """The report of all flags, on one page."""
    say("Last, one page with all flags, for people who do not use a terminal.")
    done = show.stage.run("flags", "report", "--url", show.stage.flagsmith.url, "--out", REPORT)
    quote(done.lines(REPORT))
    path = show.stage.home / REPORT
    row = re.search(rf'<tr id="{ROLLED_OUT}">.*?</tr>', path.read_text(encoding="utf-8"), re.DOTALL)
    # Owner and expiry, then the environments in their order, then the last change.
    environments = re.findall(r"<td>(.*?)</td>", row[0], re.DOTALL)[1:4] if row else []
    bars = [re.findall(r'class="share" style="width: (\d+)%"', cell) for cell in environments]
    if bars != [["50"], ["50"], []]:
        raise StepError(f"The report should show {ROLLED_OUT} at 50 percent but in production; it has {bars}.")
    say(f"It shows {ROLLED_OUT} at 50 percent in development and staging, and off in production.")
    if screens.show(path.as_uri()):
        say("Your browser opens it. The file goes when the demo ends.")


STEPS: Final = (
    Step("The flags are served", serve),
    Step("A switch, and three SDKs that see it", switch),
    Step("A Flagsmith gets the flags", first_apply),
    Step("A plan says who is affected", plan),
    Step("The rollout is raised", raise_rollout),
    Step("A kill switch, held for a day", kill),
    Step("The report", report),
)
