"""What the demo runs on: a copy of the catalogue, `ff flags serve` of it, and a Flagsmith's stand-in."""

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from selenium.common.exceptions import SessionNotCreatedException

from flagops.waiting import NotYet, until
from tests.demo import screens
from tests.demo.ending import Ending
from tests.demo.places import Place, Sdks
from tests.demo.programs import FF, Ran, environment, run, started
from tests.demo.screens import Screen
from tests.demo.telling import StepError, command
from tests.doubles.flagsmith import Flagsmith, serve
from tests.examples.browser import PAGE, previewed
from tests.recording import ROOT

CATALOGUE: Final = Path("flags", "catalogue.yaml")
COPIED: Final = (CATALOGUE, CATALOGUE.with_name("catalogue.schema.json"), Path("Pulumi.yaml"))
KEY: Final = "made-up-for-the-demo"
ENVIRONMENTS: Final = ("development", "staging", "production")
READY: Final = "serve.json"
SECONDS: Final = 60
"""How long `ff flags serve` may take until it answers."""
T = TypeVar("T")


@dataclass
class Stage:
    """What runs, as long as the demo does.

    Attributes:
        home: The copy, and everything else that is written.
        flagsmith: The stand-in.
        stack: Ends what was started.
        sdks: Who asks for flags.
    """

    ending: Ending
    home: Path
    flagsmith: Flagsmith
    stack: ExitStack
    sdks: Sdks

    def opened(self, what: AbstractContextManager[T]) -> T:
        """Start something that ends with the demo."""
        with self.ending.held():
            return self.stack.enter_context(what)

    @property
    def catalogue(self) -> Path:
        return self.home / CATALOGUE

    def run(self, *words: str, codes: Sequence[int] = (0,)) -> Ran:
        """Run `ff` on the copy, and show the command."""
        command(("ff", *words))
        return run(self.ending, (FF, *words), self.home, environment(self.home, FLAGSMITH_API_KEY=KEY), codes)

    def serve(self) -> Place:
        """Start `ff flags serve`, and the page in React for it."""
        words = ("flags", "serve", "--port", "0", "--ready-file", READY)
        command(("ff", *words))
        log, ready = self.home / "serve.log", self.home / READY
        with log.open("w") as lines:
            options = {"cwd": self.home, "env": environment(self.home), "stdout": lines, "stderr": lines}
            process = self.opened(started((FF, *words), **options))

        def answered() -> str | NotYet:
            if process.poll() is not None:
                said = log.read_text(encoding="utf-8").strip()
                raise StepError(f"`ff flags serve` ended with {process.returncode}: {said}")
            return ready.read_text(encoding="utf-8") if ready.exists() else NotYet()

        content = json.loads(until(answered, SECONDS, late="`ff flags serve` does not answer"))
        return self._place(content["url"], content["environments"]["development"]["client_side_key"])

    def production(self) -> Place:
        """The stand-in's environment for production, and the page in React for it."""
        row = self.flagsmith.database.one("environments", name="production")
        return self._place(f"{self.flagsmith.url}/", str(row["api_key"]))

    def _place(self, url: str, key: str) -> Place:
        is_there = screens.missing_node(PAGE) is None
        return Place(url, key, self.opened(previewed(f"{url}api/v1/", key)) if is_there else None)


@contextmanager
def stage(ending: Ending) -> Iterator[Stage]:
    """Set the stage, and clear it however the demo ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells each request of the stand-in's
    flagsmith = Flagsmith(project="FootAnalytics")
    flagsmith.database.api_keys.add(KEY)
    flagsmith.add_environments(*ENVIRONMENTS)
    stack = ExitStack()
    try:
        with ending.held():
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
            stack.enter_context(serve(flagsmith))
        _copy(ending, home)
        yield Stage(ending, home, flagsmith, stack, Sdks(ending, home, _screen(ending, stack, home / "browser")))
    finally:
        with ending.held():
            stack.close()


def _screen(ending: Ending, stack: ExitStack, home: Path) -> Screen | str:
    """A browser of the demo's own; or why there is none."""
    reason = screens.missing()
    if reason is not None:
        return reason
    try:
        with ending.held():
            return stack.enter_context(screens.screen(home))
    except SessionNotCreatedException:
        return "chromium does not start"


def _copy(ending: Ending, home: Path) -> None:
    """Copy the catalogue into a repository of its own, so that a plan can compare it with what was committed."""
    for path in COPIED:
        (home / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / path, home / path)
    author = ("-c", "user.name=Demo", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false")
    for words in (("init", "--quiet"), ("add", "."), (*author, "commit", "--quiet", "--message", "The flags")):
        run(ending, ("git", *words), home, environment(home, GIT_CONFIG_NOSYSTEM="1"))
