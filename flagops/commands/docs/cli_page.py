"""The generated page of the command: every `ff …` with its arguments and options, from the commands themselves."""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import groupby
from typing import Any, get_args

from typer.core import TyperArgument, TyperOption

from flagops.terminal.by_name import Typed, Words

PAGE = "docs/cli.md"

_HEAD = """\
<!-- Written by `ff docs` from the commands' own help: change that, not this page. -->
# The command `ff`

`ff` is in `.venv/bin` after `make setup`. It defines no resource: the Pulumi program says what is deployed, and `ff`
runs it and looks after it.

- `--stack NAME` chooses the stack. Its file `Pulumi.NAME.yaml` names the cluster and the namespace, whatever your
  current context is. The default is `local`.
- No command prints a secret, unless you ask for it with `--show-secrets`.
- `--json` is there wherever the output is data. Its keys are promised ([versioning.md](versioning.md)).
- Exit codes: 0 success; 1 failure, or trouble found; 2 wrong usage or, where the help says so, "something would
  change"; 3 where the help says so: somebody's change, or a guard, has stopped something; 130 interrupted with Ctrl-C.
- `kubectl flagsmith …` is the same command.

## The project

`ff` works on the project that you are in: it looks for `Pulumi.yaml` in the working directory, then in each folder
above it, as git and Pulumi do. Where `ff` is installed makes no difference.

| | |
|---|---|
| `ff --project DIR …` | names the project's folder. It stands before the command's word. |
| `FF_PROJECT=DIR` | names it for all commands of a shell. `--project` wins. |

- The nearest `Pulumi.yaml` decides. It is the project's if its `name` is `feature-flags`, its `runtime` is `python`,
  and it has no `main`. If it is another program's, or cannot be read, `ff` says so and stops: it does not go on to the
  folders above.
- A `Pulumi.yaml` above the working directory that belongs to another user is refused, since `ff` would run that user's
  program. Go to its folder, or name it.
- Stacks, `images.lock.yaml`, `policies/custom`, `policies/exceptions.yaml`, the versions in `tools/` and the default
  `flags/catalogue.yaml` are the project's. A path that you type counts from the working directory.
- Commands that evaluate the program (`ff render`, `ff policy check --stack`, `ff env`, the direct engine) use the
  components of this `ff`. If the project has others, they refuse: run the `ff` in the project's own `.venv/bin`.
- You can run what needs no project anywhere: the help, `ff completion`, `ff flags validate FILE`,
  `ff flags serve FILE`, `ff policy check FILE` and others.

## Completion in your shell

Press Tab after a part of a word, and your shell completes commands, options, stacks, environments, flags, segments,
secrets, caches, and the dumps that `ff db backups` showed last. `ff` must be on your `PATH`: in a clone,
`export PATH="$PWD/.venv/bin:$PATH"`.

- **bash**: the line `source <(ff completion bash)` in `~/.bashrc`. With the package `bash-completion` you can write a
  file in its place, once, so that a new shell need not start `ff`:
  `mkdir -p ~/.local/share/bash-completion/completions`, then
  `ff completion bash > ~/.local/share/bash-completion/completions/ff`.
- **zsh**: the line `source <(ff completion zsh)` in `~/.zshrc`, after `compinit`.
- **fish**: once, `ff completion fish > ~/.config/fish/completions/ff.fish`.

The names come from files: `ff` asks no cluster for them. Outside of a project you get commands, options, and what is
the same everywhere. After an upgrade of `ff` you need not set this up again.

`ff db backups` notes the names of up to 100 dumps of a stack, and Tab completes these names until you run it again. The
notes are files in `~/.local/state/feature-flags/listed-backups` (in `FF_STATE_DIR` if you set it). Only you can read
them. You can delete them at any time.
"""


def cli_page(root: Words) -> str:
    """Return the page `docs/cli.md` of all commands that `ff` has."""
    known = list(root.every())
    tables = (line for title, ones in groupby(known, lambda one: one.group) for line in _table(title, ones))
    return "\n".join([_HEAD, "## All commands\n", *tables, *map(_section, known)])


def _table(title: str, known: Iterable[Typed]) -> Iterator[str]:
    yield from (f"| {title} | |", "|---|---|")
    for one in known:
        name = " ".join(("ff", *one.words))
        yield f"| [`{name}`](#{name.replace(' ', '-')}) | {_cell(one.line)} |"
    yield ""


def _section(typed: Typed) -> str:
    name, command = " ".join(("ff", *typed.words)), typed.command
    arguments = [item for item in command.params if isinstance(item, TyperArgument)]
    options = [item for item in command.params if isinstance(item, TyperOption) and not item.hidden]
    words = [name, *map(_argument, arguments), *(["[OPTIONS]"] if options else [])]
    lines = [f"## {name}\n", f"```console\n$ {' '.join(words)}\n```\n", f"{(command.help or '').strip()}\n"]
    if command.params:
        lines += ["| | default | meaning |", "|---|---|---|"]
        lines += [f"| `{_cell(_argument(item))}` | {_default(item)} | {_cell(item.help or '')} |" for item in arguments]
        lines += [f"| {_option(item)} | {_default(item)} | {_cell(item.help or '')} |" for item in options]
        lines.append("")
    return "\n".join(lines)


def _argument(parameter: Any) -> str:
    shown = parameter.metavar or "|".join(_choices(parameter)) or str(parameter.name).upper()
    return shown if parameter.required or shown.startswith("[") else f"[{shown.strip('[]')}]"


def _option(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.is_flag:
        return names
    return f"{names} `{_cell(parameter.metavar or '|'.join(_choices(parameter)) or _kind(parameter))}`"


def _kind(parameter: Any) -> str:
    """What stands for the value: NUMBER, FILE or TEXT."""
    kinds = {_plain(kind) for kind in _annotations(parameter)}
    return "NUMBER" if kinds & {"int", "float"} else "PATH" if "Path" in kinds else "TEXT"


def _plain(kind: Any) -> str:
    return str(getattr(kind, "__name__", ""))


def _annotations(parameter: Any) -> tuple[Any, ...]:
    annotation = parameter.type_descriptor.annotation
    return (annotation, *get_args(annotation))


def _choices(parameter: Any) -> list[str]:
    for kind in _annotations(parameter):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return [str(choice.value) for choice in kind]
    return []


def _default(parameter: Any) -> str:
    if parameter.required:
        return "**required**"
    value = parameter.default
    if value is None or value is False or callable(value) or value == ():
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _cell(text: str) -> str:
    """Text that stands in one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
