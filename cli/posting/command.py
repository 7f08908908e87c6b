"""`switchboard posting`."""

import typer

from cli.posting.check import check
from cli.posting.preview import preview

app = typer.Typer(help="What is written into which CRM, when and how.", no_args_is_help=True)
app.command()(check)
app.command()(preview)
