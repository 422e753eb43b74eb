"""`examples/react` in a real browser: the dashboard that the flag selects, in English and in Hebrew."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from flagops.commands.flags.catalogue.model import Catalogue
from tests.examples import browser as browsers
from tests.examples.browser import Page
from tests.examples.conftest import Faulty, FromGit, serving
from tests.fixtures_cluster import eventually
from tests.servers import free_port

TITLES = {
    "original_dashboard": ("Season overview", "סקירת העונה"),
    "new_dashboard_v1": ("Your season at a glance", "העונה שלך במבט אחד"),
    "new_dashboard_v2": ("Your season, match by match", "העונה שלך, משחק אחר משחק"),
}
ORIGINAL = "original_dashboard"
BETA = {"beta_participant": "true", "signup_date": "2024-05-01"}
SECONDS = 20
UNTIL_REPORTED = 30  # the SDK reports every ten seconds


@pytest.fixture(scope="module")
def service(catalogue: Catalogue) -> Iterator[FromGit]:
    with serving(catalogue) as made:
        yield made


@pytest.fixture(scope="module")
def address(service: FromGit) -> Iterator[str]:
    with browsers.previewed(service.url, service.client_key) as found:
        yield found


@pytest.mark.parametrize("variant", TITLES)
@pytest.mark.parametrize("language", ["en", "he"])
def test_the_dashboard_that_the_flag_selects(
    page: Page, service: FromGit, address: str, variant: str, language: str
) -> None:
    identity = service.identity_in(variant)
    page.open(address, user=identity, lang=language)
    assert page.variant() == variant
    assert page.language() == {"en": ("en", "ltr"), "he": ("he", "rtl")}[language]
    assert page.texts("h2") == [TITLES[variant][language == "he"]]
    assert page.texts("header p") == [f"{'שלום' if language == 'he' else 'Hello'}, {identity}"]
    assert page.texts("[role=alert]") == []
    assert page.said() == []


def test_hebrew_is_read_from_right_to_left(page: Page, service: FromGit, address: str) -> None:
    page.open(address, user=service.identity_in(ORIGINAL), lang="he")
    page.variant()
    first, *_, last = page.browser.find_elements(By.CSS_SELECTOR, "thead th")
    assert (first.text, last.text) == ("משחק", "הזדמנויות גדולות")
    assert first.location["x"] > last.location["x"]


def test_the_language_is_chosen_on_the_page(page: Page, address: str) -> None:
    page.open(address, user="anna", lang="en")
    page.wait("button[lang=he]").click()
    page.wait("html[dir=rtl] button[lang=he][aria-pressed=true]")
    assert page.language() == ("he", "rtl")
    page.browser.refresh()
    page.variant()
    assert page.language() == ("he", "rtl")
    page.wait("button[lang=en]").click()
    page.wait("html[dir=ltr] button[lang=en][aria-pressed=true]")


def test_without_its_flag_hebrew_is_not_offered(page: Page, catalogue: Catalogue) -> None:
    off = catalogue.flags["hebrew_ui_enabled"].model_copy(update={"enabled": False, "targeting": ()})
    flags = {**catalogue.flags, "hebrew_ui_enabled": off}
    with (
        serving(catalogue.model_copy(update={"flags": flags})) as service,
        browsers.previewed(service.url, service.client_key) as address,
    ):
        page.open(address, user="anna", lang="he")
        page.variant()
        assert page.language() == ("en", "ltr")
        assert page.texts("button") == []


def test_traits_decide(page: Page, address: str) -> None:
    page.open(address, user="somebody", lang="en")
    page.variant()
    assert page.texts(".live") == []
    page.open(address, user="a-beta-user", lang="en", **BETA)
    page.variant()
    assert page.texts(".live") == ["Live"]


def test_what_was_read_is_reported(page: Page, service: FromGit, address: str) -> None:
    page.open(address, user="anna", lang="en")
    page.variant()

    def usage_is_reported() -> bool:
        return "dashboard_ab_test" in service.used()

    eventually(usage_is_reported, seconds=UNTIL_REPORTED)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "The feature service does not answer. You see the standard dashboard."),
        ("he", "שירות התכונות אינו עונה. מוצג לוח הבקרה הרגיל."),
    ],
)
def test_nobody_listens(page: Page, tmp_path: Path, language: str, says: str) -> None:
    config = {"apiUrl": f"http://127.0.0.1:{free_port()}/api/v1/", "environmentKey": "made-up"}
    with browsers.copied(tmp_path, config) as address:
        page.open(address, user="anna", lang=language)
        assert page.variant() == ORIGINAL
        assert page.texts("[role=alert]") == [says]
        assert page.language()[0] == language


def test_nobody_answers(page: Page, broken: Faulty, tmp_path: Path) -> None:
    broken.flagsmith.hanging.add("/api/v1/")
    config = {"apiUrl": broken.url, "environmentKey": broken.client_key}
    with browsers.copied(tmp_path, config) as address:
        page.open(address, user="anna", lang="en")
        assert page.wait("[role=status]").text == "Loading your dashboard…"
        assert page.variant() == ORIGINAL
        assert page.texts("[role=alert]")[0].startswith("The feature service does not answer.")


def test_the_answer_is_an_error(page: Page, broken: Faulty, tmp_path: Path) -> None:
    broken.flagsmith.failing["/api/v1/"] = 503
    config = {"apiUrl": broken.url, "environmentKey": broken.client_key}
    with browsers.copied(tmp_path, config) as address:
        page.open(address, user="anna", lang="en")
        assert page.variant() == ORIGINAL
        assert page.texts("[role=alert]")[0].startswith("The feature service does not answer.")


def test_the_key_is_wrong(page: Page, service: FromGit, tmp_path: Path) -> None:
    with browsers.copied(tmp_path, {"apiUrl": service.url, "environmentKey": "wrong"}) as address:
        page.open(address, user="anna", lang="en")
        assert page.variant() == ORIGINAL
        assert page.texts("[role=alert]")[0].startswith("The feature service refuses this page's key.")


@pytest.mark.parametrize("config", [None, {"apiUrl": "http://localhost/api/v1/"}])
def test_nobody_said_where_flagsmith_is(page: Page, tmp_path: Path, config: dict[str, str] | None) -> None:
    with browsers.copied(tmp_path, config) as address:
        page.open(address, lang="en")
        assert "config.json does not say where Flagsmith is." in page.wait("[role=alert]").text


@pytest.mark.parametrize(
    ("url", "key", "says"),
    [
        ("", "", "Set FLAGSMITH_API_URL and FLAGSMITH_ENVIRONMENT_KEY"),
        ("http://localhost/api/v1/", "", "Set FLAGSMITH_ENVIRONMENT_KEY"),
        ("http://localhost/api/v1/", "ser.made-up", "FLAGSMITH_ENVIRONMENT_KEY is a server-side key: a browser gets"),
    ],
)
def test_it_is_not_served_with_wrong_variables(url: str, key: str, says: str) -> None:
    done = subprocess.run(
        browsers.vite("preview", "--port", str(free_port())),
        cwd=browsers.PAGE,
        env=browsers.variables(url, key),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert says in done.stdout + done.stderr
    assert not key or key not in done.stdout + done.stderr
