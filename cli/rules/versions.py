"""`switchboard rules versions`: which rulesets were active, since when, by whom and why."""

from typing import Annotated

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import publications_of
from cli.rules.named_ruleset import KIND
from cli.rules.telling import refusing, when_and_by_whom


def list_versions(
    most: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1)] = 20,
    stack: Stack = None,
) -> None:
    """List what was active, newest first; the first line is active now.

    The last 200 changes are kept. A version that is older than that still exists, and can be
    named by its digest.
    """
    with refusing():
        versions = publications_of(target(stack)).versions(KIND)
    if not versions:
        typer.echo("No ruleset was ever published here; `switchboard rules publish` does.")
        return
    for number, version in enumerate(versions[:most]):
        sign = "*" if number == 0 else " "
        typer.echo(f"{sign} {version.digest or 'withdrawn':<16}  {when_and_by_whom(version)}")
    if len(versions) > most:
        typer.echo(f"  and {len(versions) - most} before; --limit shows more")
