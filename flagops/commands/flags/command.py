"""`ff flags`: the flags that are declared in git, those that are served, and what code makes of them."""

import typer

from flagops.commands.flags.catalogue import command as catalogue
from flagops.commands.flags.code import command as code
from flagops.commands.flags.explain import command as explain
from flagops.commands.flags.reconcile import command as reconcile
from flagops.commands.flags.report import command as report
from flagops.commands.flags.served import command as served
from flagops.commands.flags.transfer import command as transfer
from flagops.commands.flags.usage import command as usage

app = typer.Typer(no_args_is_help=True, help="The flags: what is declared in git, and what is served.")
app.command()(catalogue.validate)
app.command()(catalogue.schema)
app.command()(reconcile.plan)
app.command()(reconcile.apply)
app.command()(transfer.export)
app.command()(transfer.diff)
app.command()(transfer.promote)
app.command()(served.get)
app.command()(explain.explain)
app.command()(usage.usage)
app.command()(report.report)
app.command()(code.codegen)
app.command()(code.references)
