"""`ff flags`: the flags that are declared in git, those that are served, and what code makes of them."""

import typer

from ops.commands.flags import catalogue, code, look, reconcile, served, transfer

app = typer.Typer(no_args_is_help=True, help="The flags: what is declared in git, and what is served.")
app.command()(catalogue.validate)
app.command()(catalogue.schema)
app.command()(reconcile.plan)
app.command()(reconcile.apply)
app.command()(transfer.export)
app.command()(transfer.diff)
app.command()(transfer.promote)
app.command()(served.get)
app.command()(look.explain)
app.command()(look.usage)
app.command()(look.report)
app.command()(code.codegen)
app.command()(code.references)
