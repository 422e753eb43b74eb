"""A headless Chromium, and the servers of the page that it opens; all of it is gone afterwards."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import psutil
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.examples.conftest import EXAMPLES, node
from tests.servers import LOOPBACK, free_port

PAGE = EXAMPLES / "react"
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # In a container /dev/shm is too small for it.
    "--disable-dev-shm-usage",
    "--window-size=1000,800",
)
SECONDS = 20


@contextmanager
def chromium(home: Path) -> Iterator[webdriver.Chrome]:
    """A browser without a past, which writes nowhere but to `home`; skips the test where there is none."""
    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium", "chromium")
    for option in (*OPTIONS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
    # The terminal's Ctrl-C is for who started it, who ends it.
    apart = {"start_new_session": True}
    service = Driver(_program("chromedriver", "chromium-driver"), env=environment, popen_kw=apart)
    browser = webdriver.Chrome(options=options, service=service)
    started = psutil.Process(service.process.pid)
    processes = [started, *started.children(recursive=True)]
    try:
        yield browser
        processes += started.children(recursive=True)
    finally:
        browser.quit()
        _, left = psutil.wait_procs(processes, timeout=SECONDS)
        for process in left:
            process.kill()
        shutil.rmtree(home)
    assert left == []


def _program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: sudo apt-get install {package}")
    return path


def vite(*arguments: str) -> list[str]:
    """Vite itself: npm would be a process more, which passes no signal on."""
    program = node("react")
    if not (PAGE / "dist" / "index.html").exists():
        pytest.skip("the page is not built: make examples")
    return [program, "node_modules/vite/bin/vite.js", *arguments]


def variables(url: str, key: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "FLAGSMITH_API_URL": url, "FLAGSMITH_ENVIRONMENT_KEY": key}


@contextmanager
def previewed(url: str, key: str) -> Iterator[str]:
    """The built page, served as `npm start` does for these two variables; its address."""
    port = free_port()
    command = vite("preview", "--host", LOOPBACK, "--port", str(port), "--strictPort")
    process = subprocess.Popen(
        command, cwd=PAGE, env=variables(url, key), stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _answers(port)
        yield f"http://{LOOPBACK}:{port}/"
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _answers(port: int) -> None:
    attempts = Retrying(
        stop=stop_after_delay(SECONDS), wait=wait_fixed(0.05), retry=retry_if_exception_type(httpx.TransportError)
    )
    attempts(httpx.get, f"http://{LOOPBACK}:{port}/")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def copied(home: Path, config: dict[str, str] | None) -> Iterator[str]:
    """The same build, copied below a path of a web server of one's own with a `config.json` beside it; its address."""
    vite()
    place = home / "below" / "a-path"
    shutil.copytree(PAGE / "dist", place)
    if config is not None:
        (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
    handler = functools.partial(_Quiet, directory=str(home))
    with http.server.ThreadingHTTPServer((LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}/below/a-path/"
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    browser: webdriver.Chrome

    def open(self, address: str, **query: str) -> None:
        self.browser.get(f"{address}?{urlencode(query)}")

    def wait(self, selector: str) -> WebElement:
        waiting: WebDriverWait[webdriver.Chrome] = WebDriverWait(self.browser, SECONDS, poll_frequency=0.05)
        return waiting.until(lambda browser: browser.find_element(By.CSS_SELECTOR, selector))

    def texts(self, selector: str) -> list[str]:
        return [found.text for found in self.browser.find_elements(By.CSS_SELECTOR, selector)]

    def variant(self) -> str | None:
        """The dashboard that is shown, once it is."""
        return self.wait("section[data-variant]").get_attribute("data-variant")

    def said(self) -> list[object]:
        """What the browser's console was told since it was last asked."""
        return list(self.browser.get_log("browser"))  # type: ignore[no-untyped-call]

    def language(self) -> tuple[str, str]:
        """The language that the page says it is in, and the direction that the browser computed."""
        root = self.wait("html")
        return str(root.get_attribute("lang")), self.wait("main, [role]").value_of_css_property("direction")
