"""`switchboard connector`: check a connector file or ECS profile, and play its samples."""

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.markup import escape

from switchboard.adapters.connector.compile import ConnectorMistakes, compile_connector
from switchboard.adapters.connector.samples import SampleReport, run_samples

app = typer.Typer(help="Check and test connector files.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A connector or ECS profile, YAML", dir_okay=False)]


@app.command()
def check(file: File) -> None:
    """Find mistakes: unknown keys, expressions that do not compile, names declared nowhere."""
    document = _document(file)
    definition = _definition(document)
    samples = len(document.get("samples") or [])
    Console().print(f"[green]ok[/] {escape(definition['id'])}: {samples} samples to test it with")


@app.command()
def test(file: File) -> None:
    """Play the file's samples through the real engine, offline."""
    document = _document(file)
    definition, samples = _definition(document), document.get("samples") or []
    if not samples:
        raise _stop([f"{file} has no samples to test it with"])
    reports = run_samples(definition, samples)
    for report in reports:
        _print(report)
    failed = sum(bool(report.differences) for report in reports)
    Console().print(f"{len(reports)} samples, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _document(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _stop([f"{file} cannot be read: {error.strerror}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _stop([f"{file} is no YAML: {error}"]) from None
    if not isinstance(document, dict):
        raise _stop([f"{file} holds no connector"])
    return document


def _definition(document: dict[str, Any]) -> dict[str, Any]:
    try:
        return compile_connector(document)
    except ConnectorMistakes as mistakes:
        raise _stop(list(mistakes.problems)) from None


def _print(report: SampleReport) -> None:
    console = Console(soft_wrap=True, highlight=False)
    mark = "[red]FAIL[/]" if report.differences else "[green]ok[/]"
    console.print(f"{mark} {escape(report.name)}")
    for difference in report.differences:
        console.print(f"     {escape(difference)}")


def _stop(problems: list[str]) -> typer.Exit:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in problems:
        console.print(escape(problem))
    return typer.Exit(1)
