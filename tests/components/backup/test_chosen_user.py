"""A drill as a user whom the cluster chose, and who has no name: what makes its server is given one."""

import subprocess
from pathlib import Path

import pytest

from components.backup.containers import SCRIPTS

SCRIPT = (SCRIPTS / "drill-backup.sh").read_text(encoding="utf-8")
NAMED = SCRIPT[SCRIPT.index("named() {") : SCRIPT.index("open_pipe")]
SHOWN = "named bash -c 'echo $LD_PRELOAD; cat $NSS_WRAPPER_PASSWD $NSS_WRAPPER_GROUP; exit 3'"


def run(tmp_path: Path, *, known: bool, wrapper: bool) -> subprocess.CompletedProcess[str]:
    """The function with a user database that knows the user, or not, and the library of the image, or not."""
    library = tmp_path / "x86_64-linux-gnu" / "libnss_wrapper.so"
    library.parent.mkdir()
    if wrapper:
        library.write_text("a library", encoding="utf-8")
    source = NAMED.replace("/usr/lib/", f"{tmp_path}/")
    assert source != NAMED
    looked = f"getent() {{ return {0 if known else 2}; }}\nid() {{ [ $1 = -u ] && echo 1000680000 || echo 0; }}\n"
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{looked}{source}\n{SHOWN}"],
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "NSS_WRAPPER_PASSWD": "", "NSS_WRAPPER_GROUP": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_user_without_a_name_gets_one(tmp_path: Path) -> None:
    done = run(tmp_path, known=False, wrapper=True)
    assert f"{tmp_path}/x86_64-linux-gnu/libnss_wrapper.so" in done.stdout
    assert "postgres:x:1000680000:0:" in done.stdout
    assert "postgres:x:0:" in done.stdout
    assert done.returncode == 3, "how the program ended"


@pytest.mark.parametrize(("known", "wrapper"), [(True, True), (False, False)])
def test_all_else_is_run_as_it_is(tmp_path: Path, known: bool, wrapper: bool) -> None:
    done = run(tmp_path, known=known, wrapper=wrapper)
    assert done.stdout == "\n"
    assert done.returncode == 3


def test_what_makes_the_server_is_named() -> None:
    assert "\nnamed initdb --pgdata=" in SCRIPT
    assert SCRIPT.count("initdb --") == 1
