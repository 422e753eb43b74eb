"""What browsers need: the pages of the user interface, and headers that let an application's page ask."""

import re

from flagops.commands.smoke import routes
from flagops.commands.smoke.http import HTML, Question
from flagops.commands.smoke.responses import require
from flagops.commands.smoke.visit import Visit

SCRIPT = re.compile(r'<script[^>]+src="([^"]+)"')
SENT = ("x-environment-key", "content-type")  # the headers of an SDK in a browser, which need a permission


def browsers(visit: Visit) -> str:
    """A page of another origin may ask: the browser's question beforehand is answered, and so is the real one."""
    origin, key = visit.place.origin, visit.keys.client_side
    user = routes.some_user()
    for question in (routes.flags(key), routes.by_get(user, key), routes.by_post(user, key)):
        method = question.what.partition(" ")[0]  # GET or POST, which need no permission of their own
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ",".join(SENT)}
        preflight = Question(
            path=question.path, statuses=(200, 204), kind="", method="OPTIONS", headers={"Origin": origin, **asked}
        )
        headers = visit.probe.ask(preflight).headers
        what = f"a browser may not ask {question.what} from {origin}: the answer to OPTIONS"
        _allows_origin(headers.get("Access-Control-Allow-Origin"), origin, what)
        allowed = _named(headers.get("Access-Control-Allow-Headers", ""))
        missing = [name for name in SENT if name not in allowed and "*" not in allowed]
        require(not missing, f"{what} does not allow the header {', '.join(missing)}")
        answer = visit.probe.ask(
            Question(path=question.path, key=key, body=question.body, headers={"Origin": origin})
        ).headers
        what = f"a browser keeps the answer to {question.what} from a page of {origin}: it"
        _allows_origin(answer.get("Access-Control-Allow-Origin"), origin, what)
    return f"pages of {origin} may ask"


def _allows_origin(found: str | None, origin: str, what: str) -> None:
    wanted = "Access-Control-Allow-Origin"
    require(found is not None, f"{what} has no {wanted}")
    require(found in ("*", origin), f"{what} has {wanted}: {found}")


def _named(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


def user_interface(visit: Visit) -> str:
    """The log-in page comes, and so do its scripts."""
    page = visit.probe.ask(Question(path="/login", kind=HTML)).text
    require("flagsmith" in page.lower(), "/login is not Flagsmith's page")
    scripts = [path for path in SCRIPT.findall(page) if path.startswith("/")]
    for path in scripts:
        _is_script(visit, path)
    return f"log-in page and {len(scripts)} scripts"


def _is_script(visit: Visit, path: str) -> None:
    found = visit.probe.ask(Question(path=path, kind="text/javascript", or_kind="application/javascript"))
    require(bool(found.content), f"{path} is empty")
