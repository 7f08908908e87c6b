"""Is every acknowledged interaction in every CRM, once? Nothing lost, doubled, foreign or undone.

    python -m bench.posting_proof                   10,000 interactions; run nothing beside it
    python -m bench.posting_proof --short --check   what CI runs; fails when anything is wrong

docs/proof.md says what is simulated, what is real, and what the words mean.
"""

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress as Bar

from bench.posting_proof import report
from bench.posting_proof.checker import Verdict
from bench.posting_proof.known_bad import run_known_bad
from bench.posting_proof.naive import DESIGNS
from bench.posting_proof.promises import broken, too_good
from bench.posting_proof.run import Outcome, Terms, run_product

_PRODUCT: Final = "switchboard"
_SHORT: Final = {"interactions": 150, "kills": 8, "pauses": 4}
# These fail soon, and all the sooner the more there are.
_MOST_OF_KNOWN_BAD: Final = 1_000


def main() -> None:
    asked = _asked()
    console, terms = Console(width=118), _terms(asked)
    home = Path(tempfile.mkdtemp(prefix="posting-proof-"))
    console.print(f"seed {terms.seed}; everything that happens is kept in {home} while it lasts")
    outcome, known_bad = _run(asked.design, terms, home, console)
    wrong = [*(broken(outcome) if outcome else ()), *too_good(known_bad)]
    if outcome:
        report.show(outcome, console)
        if outcome.wrong:
            console.print(f"look into {report.keep_wrong(outcome, home / _PRODUCT)}")
    if known_bad:
        report.show_known_bad(known_bad, console)
    for each in wrong:
        console.print(f"[red]wrong[/]: {each}")
    if wrong:
        console.print(f"again: {report.command_of(terms)}")
        sys.exit(1 if asked.check else 0)
    shutil.rmtree(home)


def _run(
    design: str, terms: Terms, home: Path, console: Console
) -> tuple[Outcome | None, dict[str, Verdict]]:
    outcome, known_bad = None, {}
    names = (_PRODUCT, *DESIGNS) if design == "all" else (design.replace("-", "_"),)
    for name in names:
        place = home / name
        place.mkdir()
        with Bar(console=console, transient=True) as bar:
            task = bar.add_task(name, total=1.0)

            def progress(share: float, what: str) -> None:
                bar.update(task, completed=share, description=f"{name}: {what}")  # noqa: B023

            if name == _PRODUCT:
                outcome = run_product(terms, place, progress)
            else:
                few = min(terms.interactions, _MOST_OF_KNOWN_BAD)
                fewer = Terms(few, 0, 0, terms.faults, terms.seed)
                known_bad[name] = run_known_bad(name, fewer, place, progress)
    return outcome, known_bad


def _terms(asked: argparse.Namespace) -> Terms:
    chosen = {**vars(asked), **(_SHORT if asked.short else {})}
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)  # noqa: S311
    return Terms(chosen["interactions"], chosen["kills"], chosen["pauses"], asked.faults, seed)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.posting_proof", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--interactions", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=120, help="kill -9 of workers")
    parser.add_argument("--pauses", type=int, default=60, help="SIGSTOP, longer than a lease")
    parser.add_argument("--faults", type=float, default=0.2, help="share of all CRM calls")
    parser.add_argument("--seed", type=int)
    designs = (_PRODUCT, *(name.replace("_", "-") for name in DESIGNS), "all")
    parser.add_argument("--design", choices=designs, default="all")
    parser.add_argument("--short", action="store_true", help="about a minute")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
