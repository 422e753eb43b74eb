"""`examples/react` after a log-in: `identify()` with traits, the new design, and what is kept for an outage."""

from collections.abc import Iterator

import httpx
import pytest
from selenium.webdriver.common.by import By

from flagops.commands.flags.catalogue.model import Catalogue
from tests.examples import browser as browsers
from tests.examples.browser import Page
from tests.examples.conftest import FromGit, serving
from tests.fixtures_cluster import eventually

ADVANCED = "advanced_analytics_enabled"


@pytest.fixture
def service(catalogue: Catalogue) -> Iterator[FromGit]:
    """Only premium users have advanced analytics."""
    premium = catalogue.flags["gpu_optimization_enabled"].targeting
    flag = catalogue.flags[ADVANCED].model_copy(update={"rollout": None, "targeting": premium})
    flags = {**catalogue.flags, ADVANCED: flag}
    with serving(catalogue.model_copy(update={"flags": flags})) as made:
        yield made


@pytest.fixture
def address(service: FromGit) -> Iterator[str]:
    with browsers.previewed(service.url, service.client_key) as found:
        yield found


def log_in(page: Page, name: str, *, premium: bool) -> None:
    page.wait("form input[name=name]").send_keys(name)
    if premium:
        page.wait("form input[name=premium]").click()
    page.wait("form button").click()


def test_after_the_log_in_the_user_s_own_flags_count(page: Page, service: FromGit, address: str) -> None:
    identity = service.identity_in("new_dashboard_v2")
    page.open(address, lang="en")
    page.variant()
    assert page.texts(".advanced") == []
    log_in(page, identity, premium=True)
    page.wait(".advanced")
    assert (page.variant(), page.texts("header p")) == ("new_dashboard_v2", [f"Hello, {identity}"])
    assert page.texts("form") == []
    kept = httpx.get(
        f"{service.url}identities/", params={"identifier": identity}, headers={"X-Environment-Key": service.client_key}
    )
    assert {row["trait_key"]: row["trait_value"] for row in kept.json()["traits"]} == {
        "plan": "premium",
        "country": "IL",
    }


def test_who_comes_again_is_known_with_the_traits(page: Page, service: FromGit, address: str) -> None:
    page.open(address, lang="en")
    log_in(page, "anna", premium=True)
    page.wait(".advanced")
    before = service.asked("POST", "/api/v1/identities/")
    page.browser.refresh()
    page.wait(".advanced")
    eventually(lambda: service.asked("POST", "/api/v1/identities/") > before, seconds=10)
    page.wait(".advanced")
    assert page.texts("header p") == ["Hello, anna"]
    page.open(address, user="ben", lang="en", plan="free")
    page.variant()
    assert page.texts(".advanced") == []


def test_half_of_the_users_have_the_new_design_once_it_is_on(page: Page, service: FromGit, address: str) -> None:
    page.open(address, user="anna", lang="en")
    page.wait("main[data-design=old]")
    for variation, design in (("new_design", "new"), ("control", "old")):
        service.set("new_dashboard_enabled", enabled=True, value=variation)
        page.browser.refresh()
        page.wait(f"main[data-design={design}]")


def test_in_an_outage_the_last_answer_stays(page: Page, service: FromGit, address: str) -> None:
    identity = service.identity_in("new_dashboard_v1")
    page.open(address, user=identity, lang="en")
    assert page.variant() == "new_dashboard_v1"
    service.stop()
    page.browser.refresh()
    said = page.wait("[role=alert]").text
    assert said == "The feature service does not answer. You see what it said last."
    assert page.variant() == "new_dashboard_v1"


def test_what_is_kept_of_one_user_is_for_nobody_else(page: Page, service: FromGit, address: str) -> None:
    page.open(address, user=service.identity_in("new_dashboard_v1"), lang="en")
    page.variant()
    service.stop()
    page.open(address, user="somebody-else", lang="en")
    assert page.wait("[role=alert]").text == "The feature service does not answer. You see the standard dashboard."
    assert page.variant() == "original_dashboard"
    assert page.browser.find_elements(By.CSS_SELECTOR, "form") == []
