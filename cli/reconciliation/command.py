"""`switchboard reconcile`: is everything where it should be, and what is to be done about it?"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.reconciliation import with_crms, with_report
from cli.reconciliation.connected import crms_of, ledgers_of, profiles_of
from cli.reconciliation.outcome import Differences, answer_json, show
from cli.reconciliation.refused_ids import refused_ids
from cli.reconciliation.report_file import report_file
from cli.reconciliation.with_crms import Asked, CrmReconciliation
from cli.reconciliation.with_report import ReportReconciliation
from cli.rules.period import Period, read_period
from switchboard.domain.report_csv import NoReport
from switchboard.errors import Misconfigured, StateUnavailable, SwitchboardError
from switchboard.use_cases.comparison import CannotGoOn

_DIFFERENT: Final = 1
_WRONGLY_ASKED: Final = 2
_UNFINISHED: Final = 3
_INTERRUPTED: Final = 130
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")


def reconcile(
    first: Annotated[
        str | None, typer.Option("--from", help="First day, as 2026-11-01; else yesterday.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last day, itself included; else the first.")
    ] = None,
    connector: Annotated[list[str] | None, typer.Option(help="Only this CRM; repeatable.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Compare with this CSV of interactions, not with CRMs.")
    ] = None,
    columns: Annotated[
        str,
        typer.Option(help='The report\'s columns, as id="Interaction ID",started=Start or a YAML.'),
    ] = "",
    time_zone: Annotated[
        str, typer.Option(help="Of the report's times and days, as America/New_York; else UTC.")
    ] = "",
    tolerance: Annotated[
        int, typer.Option(min=0, help="Seconds between two starts of one interaction without id.")
    ] = 60,
    region: Annotated[str, typer.Option(help="Where the report's numbers are dialled.")] = "US",
    sample: Annotated[
        str, typer.Option(help="Compare a share of the interactions, as 5%; always the same ones.")
    ] = "100%",
    rate: Annotated[
        float, typer.Option(min=0.01, help="Questions a second to one CRM, at most.")
    ] = 10.0,
    repair: Annotated[
        bool, typer.Option("--repair", help="Have what is missing written again.")
    ] = False,
    unknown: Annotated[
        bool,
        typer.Option("--unknown", help="With --repair: also where a second record could be made."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what --repair would do, and do nothing.")
    ] = False,
    after: Annotated[
        str, typer.Option(help="Go on behind this interaction of the first day.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON.")] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write every difference into this file.")
    ] = None,
    stack: Stack = None,
) -> None:
    """Compare the ledger with the CRMs, or with a report of the contact centre.

    Ends with 0 when nothing differs, 1 when something does, 3 when it could not be finished.
    """
    share, now = _share(sample), datetime.now(UTC)
    is_repair = repair and not dry_run
    if report:
        _with_report(
            report,
            columns,
            period=(first, last, time_zone),
            region=region,
            tolerance=timedelta(seconds=tolerance),
            is_repair=is_repair,
            as_json=as_json,
            csv=csv,
            stack=stack,
            now=now,
        )
        return
    if columns:
        _refuse("--columns is for --report; there is no report to read")
    period = _period(first, last, "UTC", now)
    asked = Asked(
        period.first,
        period.last,
        frozenset(connector or ()),
        share,
        rate,
        after,
        repairs=is_repair,
        allow_risky=unknown,
    )
    _with_crms(asked, shows_repair=repair or dry_run, as_json=as_json, csv=csv, stack=stack)


def _with_crms(
    asked: Asked, *, shows_repair: bool, as_json: bool, csv: Path | None, stack: str | None
) -> None:
    where = target(stack)
    columns = with_crms.COLUMNS if shows_repair else with_crms.COLUMNS[:-1]
    with ExitStack() as closing, _answering():
        crms = crms_of(where, stack, closing)
        if missing := sorted(asked.connectors - crms.keys()):
            _refuse(f"no connector {missing[0]} is published; there are {', '.join(crms)}")
        profiles = profiles_of(where)
        differences = closing.enter_context(Differences(columns, csv, keeps_all=as_json))
        run = CrmReconciliation(
            asked,
            ledgers=ledgers_of(where),
            crms=crms,
            profiles=profiles,
            differences=differences,
        )
        code = _ran(run, asked, stack)
        if as_json:
            answer_json({**run.as_json(), "finished": code == 0})
        else:
            _show_crms(run, differences, asked, shows_repair=shows_repair)
    raise typer.Exit(code or (_DIFFERENT if run.has_differences else 0))


def _ran(run: CrmReconciliation, asked: Asked, stack: str | None) -> int:
    """0, or the code with which it ends early; then it is said how to go on."""
    try:
        run.run()
    except CannotGoOn as stopped:
        _say(f"Stopped: {stopped}.")
        code = _UNFINISHED
    except StateUnavailable as error:
        _say(f"Stopped: our own tables do not answer ({error}).")
        code = _UNFINISHED
    except KeyboardInterrupt:
        _say("Interrupted.")
        code = _INTERRUPTED
    else:
        return 0
    reached = run.reached
    where = f"behind {reached.after}" if reached.after else "at its beginning"
    _say(
        f"It was at {reached.day}, {where}, after {reached.interactions:,} interactions. "
        f"What was compared until then is below. Go on with:\n  {_again(run, asked, stack)}"
    )
    return code


def _again(run: CrmReconciliation, asked: Asked, stack: str | None) -> str:
    parts = [
        "switchboard reconcile",
        f"--from {run.reached.day} --to {asked.last}",
        f"--after {_quoted(run.reached.after)}" if run.reached.after else "",
        *(f"--connector {name}" for name in sorted(asked.connectors)),
        f"--sample {asked.share:.4%}" if asked.share < 1 else "",
        "--repair" if asked.repairs else "",
        "--unknown" if asked.allow_risky else "",
        f"--stack {stack}" if stack else "",
    ]
    return " ".join(part for part in parts if part)


def _show_crms(
    run: CrmReconciliation, differences: Differences, asked: Asked, *, shows_repair: bool
) -> None:
    notes = [
        f"{name} cannot be asked: {why}." for name, why in run.comparison.cannot_be_asked().items()
    ]
    notes += [f"{number:,} not wanted: {why}" for why, number in sorted(run.unwanted.items())]
    if shows_repair:
        verb = "Repair" if asked.repairs else "A repair would"
        notes += [f"{verb}: {number:,} {what}" for what, number in sorted(run.mended.items())]
    elif run.has_differences:
        notes.append("What --repair would do about it: the same with --dry-run.")
    show(
        differences,
        title=f"Ledger and CRMs, {asked.first} to {asked.last} (UTC)",
        rows=list(run.summary()),
        notes=notes,
        columns=differences.columns,
    )


def _with_report(
    file: Path,
    columns: str,
    *,
    period: tuple[str | None, str | None, str],
    region: str,
    tolerance: timedelta,
    is_repair: bool,
    as_json: bool,
    csv: Path | None,
    stack: str | None,
    now: datetime,
) -> None:
    with _answering(), ExitStack() as closing:
        read, where = report_file(file, columns, period[2]), target(stack)
        days = _period(period[0], period[1], read.zone.key, now)
        missing = file.with_name(f"{file.stem}.missing.jsonl") if is_repair else None
        differences = closing.enter_context(
            Differences(with_report.COLUMNS, csv, keeps_all=as_json)
        )
        run = ReportReconciliation(
            read,
            days,
            ledgers_of(where),
            differences,
            default_region=region,
            tolerance=tolerance,
            missing=missing,
            is_refused=refused_ids(where),
        )
        code = _ran_report(run, file)
        if as_json:
            answer_json({**run.as_json(), "finished": code == 0})
        else:
            _show_report(run, differences, missing)
    raise typer.Exit(code or (_DIFFERENT if run.has_differences else 0))


def _ran_report(run: ReportReconciliation, file: Path) -> int:
    try:
        run.run()
    except KeyboardInterrupt:
        _say(f"Interrupted at line {run.line} of {file}; nothing was changed. Run it again.")
        return _INTERRUPTED
    return 0


def _show_report(run: ReportReconciliation, differences: Differences, missing: Path | None) -> None:
    notes = []
    if missing:
        notes.append(f"Rows that are missing here: {missing}; then `switchboard backfill`.")
    show(
        differences,
        title=f"Ledger and {run.report.file.name}, {run.period}",
        rows=list(run.summary()),
        notes=notes,
        columns=differences.columns,
    )


@contextmanager
def _answering() -> Iterator[None]:
    """What cannot be read ends the command with what to do."""
    try:
        yield
    except NoReport as error:
        _refuse(f"The report cannot be read: {error}")
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}")
    except Misconfigured as error:
        _refuse(str(error))
    except SwitchboardError as error:
        _say(f"Stopped: {error}")
        raise typer.Exit(_UNFINISHED) from None


def _period(first: str | None, last: str | None, time_zone: str, now: datetime) -> Period:
    if first is None and last is None:
        # Today's are still under way.
        first = last = (now - timedelta(days=1)).date().isoformat()
    try:
        return read_period(first or last, last or first, time_zone=time_zone, now=now)
    except ValueError as error:
        _refuse(str(error))


def _share(text: str) -> float:
    found = _SHARE.fullmatch(text.strip())
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        _refuse(f"--sample {text!r} is no share; write it as 5%")
    return share


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w.:-]+", text) else "'" + text.replace("'", "'\\''") + "'"


def _say(message: str) -> None:
    typer.secho(message, fg="red", err=True)


def _refuse(message: str) -> NoReturn:
    _say(message)
    raise typer.Exit(_WRONGLY_ASKED)
