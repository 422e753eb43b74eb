"""What `ff flags set` says."""

from collections.abc import Sequence
from shlex import quote

from flagops.commands.flags.switch.several import Outcome
from flagops.commands.flags.switch.wanted import Wanted
from flagops.console import progress
from flagops.errors import FailedError

LATER = (
    "SDKs that evaluate locally see it at their next refresh: 60 s after the last one by default, 10 s for the Edge "
    "Proxy, and what the document's cache adds."
)


def show(flag: str, wanted: Wanted, item: Outcome) -> None:
    """What became of one environment."""
    place, done = item.environment.name, item.done
    if item.problem is not None:
        what = "NOT switched" if done is None else "written" if item.is_whole else "written in part"
        progress().print(f"{place}: {what}. {item.problem.message}", style="bold red", markup=False, soft_wrap=True)
        if item.problem.hint:
            progress().print(f"  {item.problem.hint}", style="dim", markup=False, soft_wrap=True)
    if done is None:
        return
    if item.problem is None:
        how = f"served after {item.seconds:.1f} s" if item.is_seen else f"written; {item.unseen}, so nothing shows it"
        progress().print(f"{place}: {flag} is {wanted}, {how}.", style="green", markup=False, soft_wrap=True)
    if item.is_off and wanted.enabled is None:
        progress().print(
            f"  It is off in {place}: users get it as off, whatever its value.", style="yellow", markup=False
        )
    if done.overrides:
        progress().print(f"  {done.overrides} segments have another state or value, by overrides.", style="yellow")
    if done.users:
        end = "" if wanted.enabled else " To end that: the same without --keep-users."
        progress().print(
            f"  {done.users} users have another state or value, by overrides of their own.{end}",
            style="yellow" if wanted.enabled else "bold red",
            soft_wrap=True,
        )


def show_hold(flag: str, tag: str, longer: Sequence[str] = ()) -> None:
    """Until when it is held, by which other holds that end later, and how that ends before."""
    progress().print(f"Held: the tag {tag} keeps every apply away until then.", style="cyan", markup=False)
    if longer:
        said = f"It is held longer by others, and stays so: {', '.join(longer)}."
        progress().print(said, style="yellow", markup=False)
    progress().print(f"To end it earlier: ff flags release {quote(flag)}", style="dim", markup=False)


def show_release(flag: str, tags: Sequence[str], left: Sequence[str]) -> None:
    """Which holds have ended, and which began meanwhile."""
    gone = f"{', '.join(tags)} {'is' if len(tags) == 1 else 'are'} gone"
    if left:
        begun = f"{flag} is held still: {', '.join(left)} began meanwhile" + (f"; {gone}." if tags else ".")
        progress().print(begun, style="yellow", markup=False)
        return
    said = f"{flag} is not held any more: {gone}." if tags else f"{flag} is not held."
    progress().print(said, style="green", markup=False)
    if tags:
        progress().print("The next apply names what differs from the catalogue, and undoes nothing by itself.")


def show_end(*, kept: Sequence[str], versioned: bool) -> None:
    """Who sees it later, and where the reason is kept."""
    progress().print(LATER, style="dim", soft_wrap=True)
    places = [*kept, *(["the flag's version"] if versioned else [])]
    where = f"The reason is kept in {', '.join(places)}." if places else "The reason is kept nowhere but here."
    progress().print(where, style="dim", markup=False, soft_wrap=True)


def require_all(flag: str, said: Sequence[Outcome], problems: Sequence[str]) -> None:
    """Raise OpsError where not everything is as it was asked for: what is done, and what is not."""
    failed = [item.environment.name for item in said if item.done is None]
    partly = [item.environment.name for item in said if item.done is not None and not item.is_whole]
    unseen = [item.environment.name for item in said if item.done and item.is_whole and item.problem is not None]
    good = [item.environment.name for item in said if item.problem is None]
    parts = [
        f"{flag} is not switched in {', '.join(failed)}" if failed else "",
        f"{flag} is written in part in {', '.join(partly)}" if partly else "",
        f"written and not seen in {', '.join(unseen)}" if unseen else "",
        f"done in {', '.join(good)}" if good and (failed or partly or unseen) else "",
    ]
    text = "; ".join(filter(None, parts))
    lines = [*([f"{text}."] if failed or partly or unseen else []), *problems]
    if lines:
        raise FailedError("\n".join(lines), hint="Run it again: what is as it should be is not written twice.")
