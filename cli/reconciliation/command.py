"""`switchboard reconcile`: is everything where it should be, and what is to be done about it?"""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.deployment import target
from cli.exit_codes import LOOK, cannot
from cli.operate import Stack
from cli.reconciliation import with_crms, with_report
from cli.reconciliation.asked import answering, patience_of, period_of, share_of
from cli.reconciliation.connected import crms_of, ledgers_of, profiles_of
from cli.reconciliation.outcome import Differences, answer_json
from cli.reconciliation.refused_ids import refused_ids
from cli.reconciliation.report_file import report_file
from cli.reconciliation.told import (
    ran_with_crms,
    ran_with_report,
    show_crms,
    show_report,
)
from cli.reconciliation.with_crms import Asked, CrmReconciliation
from cli.reconciliation.with_report import ReportReconciliation


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
    patience: Annotated[
        str,
        typer.Option(
            help="What is younger may be under way and is no difference; less to try it out, as 0s."
        ),
    ] = "1h",
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

    Ends with 0 when nothing differs, 1 when something does, 2 when it could not begin or finish.
    """
    share, waits, now = share_of(sample), patience_of(patience), datetime.now(UTC)
    is_repair = repair and not dry_run
    if report:
        _with_report(
            report,
            columns,
            period=(first, last, time_zone),
            region=region,
            tolerance=timedelta(seconds=tolerance),
            patience=waits,
            is_repair=is_repair,
            as_json=as_json,
            csv=csv,
            stack=stack,
            now=now,
        )
        return
    if columns:
        cannot("--columns is for --report; there is no report to read")
    period = period_of(first, last, "UTC", now)
    asked = Asked(
        period.first,
        period.last,
        frozenset(connector or ()),
        share,
        rate,
        after,
        repairs=is_repair,
        allow_risky=unknown,
        patience=waits,
    )
    _with_crms(asked, shows_repair=repair or dry_run, as_json=as_json, csv=csv, stack=stack)


def _with_crms(
    asked: Asked, *, shows_repair: bool, as_json: bool, csv: Path | None, stack: str | None
) -> None:
    where = target(stack)
    columns = with_crms.COLUMNS if shows_repair else with_crms.COLUMNS[:-1]
    with ExitStack() as closing, answering():
        crms = crms_of(where, stack, closing)
        if missing := sorted(asked.connectors - crms.keys()):
            cannot(f"no connector {missing[0]} is published; there are {', '.join(crms)}")
        profiles = profiles_of(where)
        differences = closing.enter_context(Differences(columns, csv, keeps_all=as_json))
        run = CrmReconciliation(
            asked,
            ledgers=ledgers_of(where),
            crms=crms,
            profiles=profiles,
            differences=differences,
        )
        code = ran_with_crms(run, asked, stack)
        if as_json:
            answer_json({**run.as_json(), "finished": code == 0})
        else:
            show_crms(run, differences, asked, shows_repair=shows_repair)
    raise typer.Exit(code or (LOOK if run.has_differences else 0))


def _with_report(
    file: Path,
    columns: str,
    *,
    period: tuple[str | None, str | None, str],
    region: str,
    tolerance: timedelta,
    patience: timedelta,
    is_repair: bool,
    as_json: bool,
    csv: Path | None,
    stack: str | None,
    now: datetime,
) -> None:
    with answering(), ExitStack() as closing:
        read, where = report_file(file, columns, period[2]), target(stack)
        days = period_of(period[0], period[1], read.zone.key, now)
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
            patience=patience,
            missing=missing,
            is_refused=refused_ids(where),
        )
        code = ran_with_report(run, file)
        if as_json:
            answer_json({**run.as_json(), "finished": code == 0})
        else:
            show_report(run, differences, missing)
    raise typer.Exit(code or (LOOK if run.has_differences else 0))
