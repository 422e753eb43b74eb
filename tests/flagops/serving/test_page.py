"""The page of `ff flags serve` in a real browser: what it shows, what it sets, and that it hears of changes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException as Stale
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.examples import browser as browsers
from tests.flagops.serving.support import SECONDS, Served, wait_until

FLAG = "ml_model_v2_enabled"
SPLIT = "dashboard_ab_test"
T = TypeVar("T")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browsers.chromium(tmp_path_factory.mktemp("browser")) as started:
        yield started


class Page:
    """The page, as somebody uses it."""

    def __init__(self, browser: webdriver.Chrome, served: Served) -> None:
        self.browser, self.served = browser, served
        browser.get(served.url)
        self.wait(f"[data-flag={FLAG}]")

    def wait(self, selector: str) -> WebElement:
        waiting: WebDriverWait[webdriver.Chrome] = WebDriverWait(self.browser, SECONDS, poll_frequency=0.05)
        return waiting.until(lambda browser: browser.find_element(By.CSS_SELECTOR, selector))

    @retry(stop=stop_after_delay(SECONDS), wait=wait_fixed(0.05), retry=retry_if_exception_type(Stale))
    def flag(self, name: str, part: str, use: Callable[[WebElement], T]) -> T:
        """Use a part of a flag's row, which may be drawn anew meanwhile."""
        return use(self.wait(f"#flags [data-flag={name}] {part}"))

    def switch(self, name: str) -> None:
        self.flag(name, ".switch", lambda found: found.click())

    def is_on(self, name: str) -> bool:
        return self.flag(name, ".switch", lambda found: found.get_attribute("aria-checked")) == "true"

    def text(self, selector: str) -> str:
        """The text of an element, which may be drawn anew meanwhile."""
        return str(
            self.browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
        )

    def choose(self, environment: str) -> None:
        for button in self.browser.find_elements(By.CSS_SELECTOR, "#environments button"):
            if button.text == environment:
                button.click()
                return
        raise AssertionError(environment)

    def console(self) -> list[Any]:
        """What scripts and the policy said; refused requests are shown on the page."""
        found: list[Any] = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [item for item in found if item["source"] != "network"]


@pytest.fixture
def page(browser: webdriver.Chrome, service: Served) -> Iterator[Page]:
    made = Page(browser, service)
    yield made
    assert made.console() == []
    browser.get("about:blank")
    wait_until(lambda: len(service.state.changes) == 0)


def test_it_shows_the_flags_of_each_environment_with_their_keys(page: Page) -> None:
    assert "local-development" in page.text("#keys")
    assert not page.is_on(FLAG)
    page.choose("staging")
    assert "ser.local-staging" in page.text("#keys")
    assert page.is_on(FLAG)
    assert page.text(f"#flags [data-flag={FLAG}] .about") == "Predictions come from the second model. · ml-team"
    page.wait("#search").send_keys("hebrew")
    assert len(page.browser.find_elements(By.CSS_SELECTOR, "#flags .flag")) == 1


def test_a_switch_is_served_and_can_be_taken_back(page: Page) -> None:
    page.switch(FLAG)
    wait_until(lambda: page.served.flags()[FLAG][0] is True)
    wait_until(lambda: page.is_on(FLAG))
    assert page.served.flags("production")[FLAG][0] is False
    page.flag(FLAG, ".is-set button", lambda found: found.click())
    wait_until(lambda: page.served.flags()[FLAG][0] is False)


def test_a_value_and_a_variation_are_set(page: Page) -> None:
    page.flag("hebrew_ui_enabled", "input", lambda found: found.send_keys("17", Keys.TAB))
    wait_until(lambda: page.served.flags()["hebrew_ui_enabled"] == (True, 17))
    page.switch("hebrew_ui_enabled")
    wait_until(lambda: page.served.flags()["hebrew_ui_enabled"] == (False, 17))
    page.flag(SPLIT, "select", lambda found: Select(found).select_by_value("variant_b"))
    wait_until(lambda: page.served.flags(identity="anybody")[SPLIT] == (True, "new_dashboard_v2"))


def test_what_is_being_typed_is_not_taken_away(page: Page) -> None:
    page.flag("hebrew_ui_enabled", "input", lambda found: found.send_keys("unfin"))
    body = {"flag": FLAG, "environment": "development", "enabled": True}
    assert page.served.ask("POST", "_ff/set", json=body).status_code == 200
    page.browser.switch_to.active_element.send_keys("ished", Keys.TAB)
    wait_until(lambda: page.served.flags()["hebrew_ui_enabled"] == (True, "unfinished"))
    wait_until(lambda: page.is_on(FLAG))


def test_the_keyboard_keeps_its_place(page: Page, catalogue: Path) -> None:
    def focused() -> tuple[str, str]:
        found = page.browser.switch_to.active_element
        return found.tag_name, found.get_attribute("aria-label") or found.text

    page.flag(FLAG, ".switch", lambda found: found.send_keys(Keys.SPACE))
    wait_until(lambda: page.is_on(FLAG))
    assert focused() == ("button", FLAG)
    page.flag(FLAG, ".is-set button", lambda found: found.send_keys(Keys.ENTER))
    wait_until(lambda: not page.is_on(FLAG))
    assert focused() == ("button", FLAG)
    page.flag("hebrew_ui_enabled", "input", lambda found: found.send_keys("17", Keys.ENTER))
    wait_until(lambda: page.served.flags()["hebrew_ui_enabled"] == (True, 17))
    wait_until(lambda: focused() == ("input", "value of hebrew_ui_enabled"))
    good = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(good.replace("enabled: false", "enabled: true", 1), encoding="utf-8")
    wait_until(lambda: page.is_on(FLAG))
    assert focused() == ("input", "value of hebrew_ui_enabled")
    page.wait("#environments button:nth-child(2)").send_keys(Keys.ENTER)
    wait_until(lambda: "ser.local-staging" in page.text("#keys"))
    assert focused() == ("button", "staging")


def test_it_is_readable_on_a_telephone(page: Page) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert page.browser.execute_script("return document.documentElement.scrollWidth") <= size["width"]
        for selector in ("#flags .name", "#flags input", "#flags select", "#search"):
            assert page.wait(selector).size["width"] > 150, selector
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_says_who_gets_what_and_why(page: Page) -> None:
    page.choose("production")
    page.wait("#identity").send_keys("anna")
    page.wait("#traits").send_keys("plan=premium\ncountry=IL")
    page.wait("#who button").click()
    row = "#answers [data-flag=gpu_optimization_enabled]"
    page.wait(f"{row} summary").click()
    wait_until(lambda: page.text("#answers details[open] .decides") == "segment premium_users matches: on")
    assert page.text(f"{row} .state") == "on"
    assert page.text(f"{row} .reason") == "TARGETING_MATCH; segment=premium_users"
    assert "✓ plan EQUAL premium (plan is premium)" in page.text("#answers details[open] .steps")
    page.wait("#traits").clear()
    page.wait("#traits").send_keys("nonsense")
    page.wait("#who button").click()
    wait_until(lambda: page.text("#said") == "--trait 'nonsense' must be NAME=VALUE.")


def test_an_edit_a_broken_edit_and_what_sdks_do_are_shown_as_they_happen(page: Page, catalogue: Path) -> None:
    good = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(good.replace("enabled: false", "enabled: true", 1), encoding="utf-8")
    wait_until(lambda: page.is_on(FLAG))
    catalogue.write_text(good.replace("owner: ml-team", "owner: [1]", 1), encoding="utf-8")
    wait_until(lambda: "flags.ml_model_v2_enabled.owner" in page.text("#problem"))
    catalogue.write_text(good, encoding="utf-8")
    wait_until(lambda: not page.wait("#problem").is_displayed())
    page.served.ask(
        "POST",
        "api/v1/analytics/flags/",
        page.served.key("staging"),
        json={FLAG: 41},
        headers={"User-Agent": "<b>my app</b>"},
    )
    wait_until(lambda: f"{FLAG} (staging)" in page.text("#reads"))
    assert "41" in page.text("#reads")
    assert "<b>my app</b>" in page.text("#clients")
    assert "POST /api/v1/analytics/flags/" in page.text("#requests")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_by_day_and_by_night(page: Page, scheme: str) -> None:
    page.browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    back = page.wait("body").value_of_css_property("background-color")
    text = page.wait("body").value_of_css_property("color")
    assert contrast(back, text) > 7
    quiet = page.wait(".about").value_of_css_property("color")
    assert contrast(page.wait(".card").value_of_css_property("background-color"), quiet) > 4.5


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, as the WCAG counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
