"""Turns a live project into a catalogue; what no catalogue can say is left out and told."""

from dataclasses import dataclass, field
from typing import Any

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.catalogue.naming import NameStyle, fits, style_of
from flagops.commands.flags.server.snapshot import RemoteSegment, Snapshot
from flagops.commands.flags.transfer.export_flag import CannotSayError, ExportedFlag
from flagops.commands.flags.transfer.export_limits import limits_content
from flagops.commands.flags.transfer.export_parts import hidden_fields, is_rollout
from flagops.commands.flags.transfer.export_rollouts import Guards
from flagops.commands.flags.transfer.export_segments import segment_content


@dataclass
class Exported:
    """A catalogue's content, what is not in it, and what is in it otherwise than it is, in words."""

    content: dict[str, Any]
    left_out: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


def export(found: Snapshot, project: str, like: Catalogue | None = None) -> Exported:
    """The catalogue of a live project.

    Args:
        found: The project.
        project: Its name.
        like: A catalogue to take from what only git knows: owners, kinds, expiry, and the style of names. Flags that
            it does not have are operational ones that nobody owns yet. Without it, the style is that of all names.
    """
    flags_of = {flag.id: name for name, flag in found.flags.items()}
    segments = {
        name: item
        for name, item in found.segments.items()
        if not is_rollout(item, flags_of.get(item.feature or 0), found)
    }
    style = (
        like.names if like else style_of([*segments, *(name for name, of in found.flags.items() if not of.is_archived)])
    )
    own_style = {} if style is NameStyle.SNAKE else {"names": str(style)}
    head = {"project": project, **own_style, "environments": list(found.environments)}
    done = Exported(head | limits_content(found), hidden_fields(found))
    content = {
        name: segment_content(item, flags_of.get(item.feature or 0), found, like.segments.get(name) if like else None)
        for name, item in segments.items()
        if _can_say(name, item, found, done, style)
    }
    flags: dict[str, Any] = {}
    guards = Guards(like)
    for name, flag in found.flags.items():
        if flag.is_archived:
            done.left_out.append(f"flag {name}: it is archived")
            continue
        if not fits(name, style):
            done.left_out.append(f"flag {name}: its name is not {style}")
            continue
        try:
            flags[name] = ExportedFlag(flag, found, content, like, done.left_out, guards).content()
        except CannotSayError as error:
            archived = " (the next apply would archive it)" if flag.is_managed else ""
            done.left_out.append(f"flag {name}: {error}{archived}")
    hiding = {name: item.hides_disabled for name, item in found.environments.items() if item.hides_disabled is not None}
    if found.hides_disabled or hiding:
        own = {"project": True} if found.hides_disabled else {}
        done.content["hide_disabled"] = own | ({"environments": hiding} if hiding else {})
    done.content |= {"segments": content, **guards.content(), "flags": flags}
    if like is not None:
        kept = like.model_dump(mode="json", exclude_unset=True)
        done.content |= {key: kept[key] for key in ("access", "keys") if key in kept}
    return done


def _can_say(name: str, segment: RemoteSegment, found: Snapshot, done: Exported, style: NameStyle) -> bool:
    reasons = {
        f"its name is not {style}": not fits(name, style),
        "there are several of its name": name in found.ambiguous,
        "it has a kind of rule that this release does not know": segment.rules is None,
    }
    reason = next((text for text, holds in reasons.items() if holds), None)
    if reason:
        done.left_out.append(f"segment {name}: {reason}")
    return reason is None
