"""The `switchboard` command: run it here, try it, publish to it, ask it why."""

from typing import Final

import typer

from cli import (
    calls,
    connector,
    deadletters,
    do_not_pair,
    findings,
    lookup,
    operate,
    parked,
    refused,
    run,
    switches,
)
from cli.backfill import backfill
from cli.explain import explain
from cli.handover.command import handover
from cli.history import history
from cli.posting import command as posting
from cli.reconciliation.command import reconcile
from cli.rules import command as rules

HELP: Final = "Switchboard, the CRM side of an ECS contact centre."

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False)
app.command("run")(run.run)
app.command("call")(calls.call)
app.command("email")(calls.email)
app.command("logs")(operate.logs)
app.command("publish")(operate.publish_configuration)
app.command("explain")(explain)
app.command("findings")(findings.findings)
app.command("history")(history)
app.command("backfill")(backfill)
app.command("do-not-call")(operate.do_not_call)
app.command("handover")(handover)
app.command("reconcile")(reconcile)
app.add_typer(operate.keys, name="keys")
app.add_typer(parked.app, name="parked")
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(refused.app, name="refused")
app.add_typer(rules.app, name="rules")
app.add_typer(switches.app, name="switch")
app.add_typer(do_not_pair.app, name="do-not-pair")
app.add_typer(lookup.app, name="lookup")
app.add_typer(connector.app, name="connector")
app.add_typer(posting.app, name="posting")
