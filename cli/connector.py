"""`switchboard connector`: write, check, try and document connector files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.connector_call import call, record
from cli.connector_differences import print_report
from cli.connector_docs import docs
from cli.connector_draft import new
from cli.connector_files import File, compiled, plain_console, read_document, stop
from cli.connector_resume import resume
from cli.connector_state import state
from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.connector.lint import Finding, findings
from switchboard.adapters.connector.samples import run_samples

app = typer.Typer(help="Write, check, try and document connector files.", no_args_is_help=True)

Files = Annotated[
    list[Path], typer.Argument(help="Connectors or ECS profiles, YAML", dir_okay=False)
]


@app.command()
def check(
    files: Files,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings are mistakes.")] = False,
) -> None:
    """Find mistakes: keys, expressions, lookups nobody reaches, secrets, samples that miss."""
    failed = [file for file in files if not _is_right(file, strict=strict, several=len(files) > 1)]
    if failed:
        raise typer.Exit(1)


@app.command("test")
def play(
    file: File,
    sample: Annotated[
        str | None, typer.Option(help="Only samples whose name contains this.")
    ] = None,
) -> None:
    """Play the file's samples through the real engine, offline."""
    document = read_document(file)
    definition, samples = compiled(document), document.get("samples") or []
    if not samples:
        stop([f"{file} has no samples to test it with"])
    chosen = [one for one in samples if sample is None or sample in str(one.get("name"))]
    if not chosen:
        names = ", ".join(repr(one.get("name")) for one in samples)
        stop([f"no sample's name contains {sample!r}; there are {names}"])
    reports = run_samples(definition, chosen)
    for report in reports:
        print_report(report)
    failed = sum(bool(report.differences) for report in reports)
    plain_console().print(f"{len(reports)} samples, {failed} failed")
    if failed:
        raise typer.Exit(1)


app.command()(new)
app.command()(call)
app.command()(record)
app.command()(docs)
app.command()(state)
app.command()(resume)


def _is_right(file: Path, *, strict: bool, several: bool) -> bool:
    document = read_document(file)
    try:
        found = findings(document)
    except ConnectorMistakes as mistakes:
        found = [_of_the_compiler(problem) for problem in mistakes.problems]
    console, before = plain_console(), f"{file}: " if several else ""
    for one in found:
        mark = "[red]mistake[/]" if one.is_mistake else "[yellow]warning[/]"
        console.print(f"{mark} {escape(f'{before}{one}')}")
    if any(one.is_mistake or strict for one in found):
        return False
    samples = len(document.get("samples") or [])
    console.print(f"[green]ok[/] {escape(str(document['id']))}: {samples} samples to test it with")
    return True


def _of_the_compiler(problem: str) -> Finding:
    place, _, said = problem.partition(": ")
    return Finding(place, said) if said else Finding("file", place)
