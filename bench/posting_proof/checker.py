"""Is every acknowledged interaction in every CRM, once, and as it was said last?

Judged from two things alone: what was acknowledged, and what was really done in the CRMs. What
the product's own ledger says of itself is not asked.

    lost         acknowledged, and not in the CRM, or not its newest acknowledged fields
    duplicated   more than one record of one interaction
    unexpected   a record, or a value, that nobody sent
    stale        what stands there last is older than what stood there before
    recovered    outcome unknown to whoever sent it, and yet in the CRM once
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.posting_proof.effects import Effect
from bench.posting_proof.history import History
from bench.posting_proof.story import CHECKED

WRONG: Final = ("lost", "duplicated", "unexpected", "stale")
# A record that cannot be amended holds what was known when its first attempt was made.
_KNOWN_BEFORE_S: Final = 120.0


@dataclass(frozen=True)
class Wrong:
    """One interaction that is not as it should be in one CRM."""

    kind: str
    crm: str
    interaction_id: str
    why: str


@dataclass
class Verdict:
    """Of one CRM. `operations`: records brought to a revision, each counted once."""

    crm: str
    interactions: int = 0
    recovered: int = 0
    operations: int = 0
    repeated: int = 0
    wrong: list[Wrong] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(each.kind == kind for each in self.wrong)


def judge(
    history: History, effects: Iterable[Effect], crms: Sequence[str], *, amends: Mapping[str, bool]
) -> list[Verdict]:
    """`amends` says of a CRM whether a record in it can be changed at all."""
    by_crm: dict[str, dict[str, list[Effect]]] = {crm: defaultdict(list) for crm in crms}
    for effect in effects:
        by_crm[effect.crm][effect.reference].append(effect)
    return [_of_crm(crm, history, by_crm[crm], can_amend=amends[crm]) for crm in crms]


def _of_crm(
    crm: str, history: History, done: Mapping[str, list[Effect]], *, can_amend: bool
) -> Verdict:
    verdict = Verdict(crm, interactions=len(history.of))
    for reference, effects in done.items():
        written = Counter(effect.revision for effect in effects)
        verdict.operations += len(written)
        verdict.repeated += written.total() - len(written)
        verdict.recovered += any(effect.fault for effect in effects)
        if reference not in history.of:
            verdict.wrong.append(Wrong("unexpected", crm, reference, "nobody sent it"))
    for interaction_id in history.of:
        found = _wrong_with(interaction_id, history, done.get(interaction_id, []), can_amend)
        verdict.wrong += [Wrong(kind, crm, interaction_id, why) for kind, why in found]
    return verdict


def _wrong_with(
    interaction_id: str, history: History, effects: Sequence[Effect], can_amend: bool
) -> Iterator[tuple[str, str]]:
    if not effects:
        if history.is_acknowledged(interaction_id):
            yield "lost", "acknowledged, and not there"
        return
    records = {effect.record: effect for effect in effects}
    if len(records) > 1:
        yield "duplicated", f"{len(records)} records: {', '.join(sorted(records))}"
    for record in records:
        yield from _going_back(record, [e for e in effects if e.record == record])
    last = effects[-1]
    before = float("inf") if can_amend else effects[0].at - _KNOWN_BEFORE_S
    yield from _lacking(last, history.least(interaction_id, before=before), history)


def _going_back(record: str, effects: Sequence[Effect]) -> Iterator[tuple[str, str]]:
    newest = max(effect.revision for effect in effects)
    if effects[-1].revision < newest:
        yield "stale", f"{record} had revision {newest} and has {effects[-1].revision}"


def _lacking(last: Effect, least: Mapping[str, int], history: History) -> Iterator[tuple[str, str]]:
    sent = history.numbers(last.reference)
    for name in CHECKED:
        stands = last.body.get(name) or ""
        if stands and stands not in sent[name]:
            yield "unexpected", f"nobody sent this {name}"
            continue
        number = sent[name][stands] if stands else -1
        if number < least.get(name, -1):
            yield "lost", f"{name} of trigger {least[name]} was acknowledged, and {number} stands"
