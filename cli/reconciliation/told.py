"""What a comparison came to, or how far it came and how to go on."""

import re
from pathlib import Path
from typing import Final

from cli.exit_codes import CANNOT, INTERRUPTED
from cli.reconciliation.asked import say
from cli.reconciliation.outcome import Differences, show
from cli.reconciliation.with_crms import Asked, CrmReconciliation
from cli.reconciliation.with_report import ReportReconciliation
from cli.unused_columns import columns_told
from switchboard.domain.compared_record import IN_FLIGHT
from switchboard.domain.durations import duration_text
from switchboard.errors import StateUnavailable
from switchboard.use_cases.asked_crm import CannotGoOn

_LINES_SHOWN: Final = 20


def ran_with_crms(run: CrmReconciliation, asked: Asked, stack: str | None) -> int:
    """0, or the code with which it ends early; then it is said how to go on."""
    try:
        run.run()
    except CannotGoOn as stopped:
        say(f"Stopped: {stopped}.")
        code = CANNOT
    except StateUnavailable as error:
        say(f"Stopped: our own tables do not answer ({error}).")
        code = CANNOT
    except KeyboardInterrupt:
        say("Interrupted.")
        code = INTERRUPTED
    else:
        return 0
    reached = run.reached
    where = f"behind {reached.after}" if reached.after else "at its beginning"
    say(
        f"It was at {reached.day}, {where}, after {reached.interactions:,} interactions. "
        f"What was compared until then is below. Go on with:\n  {_again(run, asked, stack)}"
    )
    return code


def _again(run: CrmReconciliation, asked: Asked, stack: str | None) -> str:
    is_short = asked.patience != IN_FLIGHT
    parts = [
        "switchboard reconcile",
        f"--from {run.reached.day} --to {asked.last}",
        f"--after {_quoted(run.reached.after)}" if run.reached.after else "",
        *(f"--connector {name}" for name in sorted(asked.connectors)),
        f"--sample {asked.share:.4%}" if asked.share < 1 else "",
        f"--patience {duration_text(asked.patience.total_seconds())}" if is_short else "",
        "--repair" if asked.repairs else "",
        "--unknown" if asked.allow_risky else "",
        f"--stack {stack}" if stack else "",
    ]
    return " ".join(part for part in parts if part)


def show_crms(
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


def ran_with_report(run: ReportReconciliation, file: Path) -> int:
    try:
        run.run()
    except KeyboardInterrupt:
        say(f"Interrupted at line {run.line} of {file}; nothing was changed. Run it again.")
        return INTERRUPTED
    return 0


def show_report(run: ReportReconciliation, differences: Differences, missing: Path | None) -> None:
    notes = list(columns_told((), run.report.unused))
    if run.not_read:
        lines = ", ".join(map(str, run.not_read[:_LINES_SHOWN]))
        more = ", …" if len(run.not_read) > _LINES_SHOWN else ""
        notes.append(
            f"Not read, as they are no interactions: line {lines}{more}. They say neither who nor "
            "when, and have no id, as a line of totals."
        )
    if missing:
        notes.append(f"Rows that are missing here: {missing}; then `switchboard backfill`.")
    show(
        differences,
        title=f"Ledger and {run.report.file.name}, {run.period}",
        rows=list(run.summary()),
        notes=notes,
        columns=differences.columns,
    )


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w.:-]+", text) else "'" + text.replace("'", "'\\''") + "'"
