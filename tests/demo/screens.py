"""Who looks at pages: a headless Chromium for the demo, and the desktop's own browser for you."""

import os
import shutil
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.demo.telling import StepError
from tests.examples.browser import PAGE, SECONDS, Page, chromium

PARTS = {
    "real_time_processing_enabled": (".live", "the label “Live”"),
    "advanced_analytics_enabled": (".advanced", "the part “Advanced analytics”"),
}
"""What the page of `examples/react` shows for who has a flag: where, and in words."""
redrawn = retry(
    stop=stop_after_delay(SECONDS), wait=wait_fixed(0.05), retry=retry_if_exception_type(StaleElementReferenceException)
)


def missing() -> str | None:
    """What it takes to look at pages and is not here; None if it is."""
    names = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not installed" if names else None


def missing_node(example: Path) -> str | None:
    """What it takes to run an example of Node's world and is not here; None if it is."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (example / "node_modules").is_dir() or (example == PAGE and not (PAGE / "dist" / "index.html").exists()):
        return "its packages are not installed by `make examples`"
    return None


def is_watched() -> bool:
    """Whether somebody sits at a terminal and reads along."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")


def show(address: str) -> bool:
    """Open a page in the desktop's browser, where somebody sits in front of one; whether it was opened."""
    has_desktop = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(is_watched() and has_desktop and webbrowser.open(address))


def of_user(address: str, user: str) -> str:
    """The address of the page in React for a user."""
    return f"{address}?{urlencode({'user': user, 'lang': 'en'})}"


@dataclass(frozen=True)
class Screen:
    """What the demo sees in its own browser."""

    page: Page

    def click_switch(self, served: str, flag: str) -> bool:
        """Click a flag's switch on the page of `ff flags serve`; whether the page then shows it on."""
        self.page.browser.get(served)
        before = self._checked(flag)
        self._click(flag)
        after = {"true": "false", "false": "true"}[before]
        self.page.wait(f'{_switch(flag)}[aria-checked="{after}"]')
        return after == "true"

    @redrawn
    def _checked(self, flag: str) -> str:
        return str(self.page.wait(_switch(flag)).get_attribute("aria-checked"))

    @redrawn
    def _click(self, flag: str) -> None:
        self.page.wait(_switch(flag)).click()

    def has(self, address: str, user: str, flag: str) -> bool:
        """Whether the page in React shows a user what belongs to a flag."""
        self.page.open(address, user=user, lang="en")
        self.page.variant()
        # What it kept of the last visit would be shown first.
        self.page.browser.execute_script("localStorage.clear()")
        self.page.browser.refresh()
        self.page.variant()
        alerts = self.page.texts("[role=alert]")
        if alerts:
            raise StepError(f"The page in React says: {alerts[0]}")
        return bool(self.page.browser.find_elements(By.CSS_SELECTOR, PARTS[flag][0]))


def _switch(flag: str) -> str:
    return f'#flags [data-flag="{flag}"] .switch'


@contextmanager
def screen(home: Path) -> Iterator[Screen]:
    """A browser of the demo's own; all of it is gone afterwards."""
    home.mkdir()
    with chromium(home) as browser:
        yield Screen(Page(browser))
