"""`switchboard rules` and its commands."""

from typing import Final

import typer

from cli.rules import (
    challenge,
    check,
    diff,
    edit,
    explain,
    export,
    import_,
    publish,
    recorded,
    replay,
    rollback,
    simulate,
    versions,
)

app: Final = typer.Typer(help="Routing rulesets.", no_args_is_help=True)
app.command("check")(check.check_rules)
app.command("explain")(explain.explain_rules)
app.command("diff")(diff.differ)
app.command("publish")(publish.publish_rules)
app.command("versions")(versions.list_versions)
app.command("rollback")(rollback.roll_back)
app.command("challenge")(challenge.challenge)
app.command("export")(export.export_rules)
app.command("import")(import_.import_rules)
app.command("edit")(edit.edit)
app.command("recorded")(recorded.recorded)
app.command("replay")(replay.replay_rules)
app.command("simulate")(simulate.simulate)
