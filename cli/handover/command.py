"""`switchboard handover`: the sheet for one stage, in three formats."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from cli.deployment import target
from cli.handover.markdown import markdown
from cli.handover.page import page
from cli.handover.sheet import sheet
from cli.handover.stage import NO_ADDRESS, Stage, is_public_address, of_folder, of_target
from switchboard.errors import Misconfigured, StateUnavailable

NAME: Final = "handover"
_LOCAL: Final = "local"
_NO_LIBRARY: Final = (
    "A PDF needs the package reportlab, which is not installed: `make` installs it with the other "
    "development dependencies. `--no-pdf` does without."
)


def _checked_address(base_url: str) -> str:
    """The key would travel in the clear, or nowhere, to anything else."""
    if base_url and not is_public_address(base_url):
        raise typer.BadParameter("write it as https://host, with nothing behind it but a path")
    return base_url


def handover(
    out: Annotated[Path, typer.Option(help="A folder for the sheet.")],
    stack: Annotated[
        str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Read this configuration folder instead of what a stack published."),
    ] = None,
    base_url: Annotated[
        str,
        typer.Option(
            help="Where ECS reaches it, if that is not the stack's own address; https.",
            callback=_checked_address,
        ),
    ] = "",
    stage: Annotated[
        str, typer.Option(help="What the sheet calls it; the stack's name if nothing is said.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when the sheet is not current.")
    ] = False,
    with_pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="The PDF as well.")] = True,
) -> None:
    """Write what Evolve IP needs to program ECS: each method, with samples, for one stage.

    The functions run here, on fictional people; nothing is called and no key is read.
    """
    try:
        files = _files(_stage(stack, config, base_url, stage), with_pdf=with_pdf)
    except (Misconfigured, StateUnavailable) as error:
        _fail(str(error))
    if check:
        _check(files, out)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
        typer.echo(out / name)


def _stage(stack: str | None, config: Path | None, base_url: str, name: str) -> Stage:
    name = name or stack or _LOCAL
    if config:
        return of_folder(config, name=name, base_url=base_url or NO_ADDRESS)
    return of_target(target(stack), name=name, base_url=base_url)


def _files(stage: Stage, *, with_pdf: bool) -> dict[str, bytes]:
    document = sheet(stage).document
    text = markdown(document)
    files = {f"{NAME}.md": text.encode(), f"{NAME}.html": page(document).encode()}
    if with_pdf:
        try:
            from cli.handover.pdf import pdf
        except ModuleNotFoundError as missing:
            if missing.name != "reportlab":
                raise
            _fail(_NO_LIBRARY)
        files[f"{NAME}.pdf"] = pdf(document, made_from=text)
    return files


def _check(files: Mapping[str, bytes], out: Path) -> None:
    """A PDF is compared by what it says it was made from: compression differs between machines."""
    old = [name for name, content in files.items() if not _is_current(out / name, content)]
    if old:
        _fail(
            f"{', '.join(old)} in {out} not current; write the sheet again with the same options, "
            "without --check"
        )
    typer.echo(f"ok {out}: {', '.join(files)}")


def _is_current(file: Path, content: bytes) -> bool:
    if not file.is_file():
        return False
    written = file.read_bytes()
    if file.suffix != ".pdf":
        return written == content
    from cli.handover.pdf import mark_of

    return mark_of(written) == mark_of(content)


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)
