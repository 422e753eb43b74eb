"""The progress of a run, in a terminal and in a pipe."""

import io

from rich.console import Console

from flagops.commands.deploy.progress import RESERVED_LINES, Progress
from flagops.engines.events import Event, ResourceState


def shown(progress: Progress) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(progress.table())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_in_a_pipe_every_step_is_a_line_and_nothing_is_said_twice() -> None:
    text = io.StringIO()
    with Progress(Console(file=text, width=40), "Deploying") as progress:
        for state in (ResourceState.CREATING, ResourceState.CREATING, ResourceState.CREATED):
            progress(Event("flagsmith", "Deployment", state))
        progress(Event("flagsmith-redis", "Deployment", ResourceState.UNCHANGED))
    lines = text.getvalue().splitlines()
    assert [line.split()[2:] for line in lines[1:]] == [
        ["creating", "Deployment", "flagsmith"],
        ["created", "Deployment", "flagsmith"],
    ]


def test_a_message_is_printed_as_it_is() -> None:
    text = io.StringIO()
    with Progress(Console(file=text, width=40), "Deploying [local]") as progress:
        progress(Event("flagsmith", "Deployment", ResourceState.WAITING, "[1/2] replicas"))
    assert "Deploying [local]" in text.getvalue()
    assert "[1/2] replicas" in text.getvalue()


def test_the_table_has_a_row_a_resource_with_its_state_and_message() -> None:
    progress = Progress(Console(file=io.StringIO(), force_terminal=True, height=40), "Deploying")
    progress(Event("flagsmith", "Deployment", ResourceState.CREATING))
    progress(Event("flagsmith", "Deployment", ResourceState.WAITING, "2 of 3 replicas"))
    progress(Event("flagsmith", "Service", ResourceState.CREATED))
    table = shown(progress)
    assert "1 of 2 done" in table
    assert "2 of 3 replicas" in table
    assert "creating" not in table


def test_a_low_terminal_shows_what_failed_or_runs_before_what_ended() -> None:
    room = 5
    progress = Progress(Console(file=io.StringIO(), force_terminal=True, height=room + RESERVED_LINES), "Deploying")
    progress(Event("broken", "Job", ResourceState.FAILED, "it failed"))
    for number in range(20):
        progress(Event(f"done-{number}", "Service", ResourceState.CREATED))
    table = shown(progress)
    assert "broken" in table
    assert "done-19" in table
    assert "done-1 " not in table
    assert "20 of 21" not in table
    assert "21 of 21 done" in table


def test_in_a_terminal_the_last_state_stays() -> None:
    text = io.StringIO()
    with Progress(Console(file=text, force_terminal=True, width=100), "Deploying") as progress:
        progress(Event("flagsmith", "Deployment", ResourceState.CREATED))
    assert "1 of 1 done" in text.getvalue()
