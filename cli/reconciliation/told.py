"""What a comparison came to, or how far it came and how to go on."""

import re
from pathlib import Path

from cli.reconciliation.asked import INTERRUPTED, UNFINISHED, say
from cli.reconciliation.outcome import Differences, show
from cli.reconciliation.with_crms import Asked, CrmReconciliation
from cli.reconciliation.with_report import ReportReconciliation
from switchboard.errors import StateUnavailable
from switchboard.use_cases.asked_crm import CannotGoOn


def ran_with_crms(run: CrmReconciliation, asked: Asked, stack: str | None) -> int:
    """0, or the code with which it ends early; then it is said how to go on."""
    try:
        run.run()
    except CannotGoOn as stopped:
        say(f"Stopped: {stopped}.")
        code = UNFINISHED
    except StateUnavailable as error:
        say(f"Stopped: our own tables do not answer ({error}).")
        code = UNFINISHED
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


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w.:-]+", text) else "'" + text.replace("'", "'\\''") + "'"
