"""Why is my call not in the CRM? What is answered, for everything that can be the case."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.contracts.interaction_report import KNOWN_FIELDS, InteractionAnswer
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind, merge
from switchboard.domain.posting import Idempotency, Posting, PostingState, Try
from switchboard.domain.posting_filter import PostingFilter
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.posting_reasons import WORDS, resolved_reason
from switchboard.domain.posting_report import RecordTold, Report, Standing
from switchboard.errors import NotFound
from switchboard.ports import Arrival, LedgerRow, TriggerNote
from switchboard.use_cases.interaction_report import report_of, report_on
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.people import ADA, NOW, after, told

EVERYTHING = PostingProfile("sandbox", "everything")
UPSERTS = {"sandbox": Idempotency.UPSERT}
ENDED = merge(Interaction("i-1"), told(disposition_code="Resolved", remarks="canary"))
ENDS = TriggerNote(
    TriggerKind.INTERACTION_ENDS, NOW, 1, ("channel", "contact", "remarks"), "req-12345"
)
IN_CRM = Posting(
    "sandbox", PostingState.DONE, 1, record_id="A-17", tries=(Try(NOW, 1, "done", 84),)
)


def row(posting: Posting | None = None, **more: object) -> LedgerRow:
    postings = {posting.key: posting} if posting else {}
    usual = LedgerRow(
        ENDED, postings=postings, ended_at=NOW, started_at=NOW, first_at=NOW, triggers=(ENDS,)
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def report(
    of: LedgerRow,
    *profiles: PostingProfile,
    connected: dict[str, Idempotency | None] | None = None,
    at_s: float = 60,
) -> Report:
    return report_of(
        of,
        profiles=profiles or (EVERYTHING,),
        connected=UPSERTS if connected is None else connected,
        known_names=KNOWN_FIELDS,
        now=after(at_s),
    )


def only_record(of: LedgerRow, *profiles: PostingProfile) -> RecordTold:
    (record,) = report(of, *profiles).records
    return record


def test_what_is_in_the_crm_is_told_with_its_record_and_since_when() -> None:
    said = report(row(IN_CRM))

    assert said.answers == ("In the CRM sandbox as A-17 since 2026-03-04 17:00:00 UTC.",)
    assert said.records[0].standing is Standing.IN_CRM
    assert said.records[0].next == said.records[0].do == ""


def test_what_waits_for_a_crm_that_is_down_says_why_and_until_when() -> None:
    down = Posting(
        "sandbox",
        attempts=2,
        revision=1,
        due_at=after(300),
        reason="upstream_unavailable",
        tries=(Try(NOW, 1, "upstream_unavailable", 15_000),),
    )

    said = report(row(down, due_at=after(300)))

    assert said.answers == (
        "Not yet in the CRM sandbox: the CRM cannot be reached, or answers that it is out of "
        "order; it is tried again (2026-03-04 17:05:00 UTC).",
    )
    assert said.records[0].next_at == after(300)
    assert said.records[0].tries[0].took_ms == 15_000
    assert said.records[0].do


def test_what_waits_for_hours_names_the_command_for_when_it_is_mended() -> None:
    refused = Posting(
        "sandbox", attempts=1, revision=1, due_at=after(3_600), reason="credential_refused"
    )

    said = report(row(refused, due_at=after(3_600)))

    assert said.records[0].next == (
        "once that is mended, `switchboard connector resume sandbox` has it tried at once; "
        "else it is tried again"
    )
    assert said.records[0].next_at == after(3_600)


def test_a_command_that_would_change_nothing_is_not_named() -> None:
    asked_to_wait = Posting(
        "sandbox", attempts=1, revision=1, due_at=after(3_600), reason="upstream_throttled"
    )

    said = report(row(asked_to_wait, due_at=after(3_600)))

    assert said.records[0].next == "it is tried again"


def test_what_waits_for_a_person_comes_with_the_commands_for_it() -> None:
    lost = Posting("sandbox", PostingState.PARKED, 1, reason="outcome_unknown")

    said = report(row(lost))

    assert said.answers[0].startswith("Waits for a person (the CRM sandbox): an answer was lost")
    do = said.records[0].do
    assert "`switchboard parked retry i-1 --connector sandbox --unknown`" in do
    assert "`switchboard parked resolve i-1 --connector sandbox --record RECORD" in do


def test_a_parked_segment_is_named_in_the_commands() -> None:
    part = Posting("sandbox", PostingState.PARKED, 1, reason="invalid", part="seg-1")

    record = only_record(row(part), PostingProfile("other", is_per_segment=True))

    assert "parked retry i-1 --connector sandbox --part seg-1`" in record.do
    assert record.reference == "i-1:seg-1"


def test_what_a_person_decided_not_to_write_says_who_and_why() -> None:
    decided = Posting(
        "sandbox", PostingState.PARKED, 1, reason=resolved_reason("maya", "a test call")
    )

    assert report(row(decided)).answers == (
        "Not in the CRM sandbox: maya settled it by hand: a test call.",
    )


def test_what_no_profile_wants_says_which_filter_it_was() -> None:
    emails = PostingProfile("sandbox", "emails", only=PostingFilter(channels=("email",)))

    said = report(row(), emails)

    assert said.records == ()
    assert said.answers == (
        "Not wanted: no posting profile takes it (profile emails takes channel email only).",
    )
    assert [each.connector for each in said.unwanted] == ["sandbox"]


def test_without_any_profile_it_says_so() -> None:
    said = report_of(row(), profiles=(), connected={}, known_names=KNOWN_FIELDS, now=NOW)

    assert said.answers == ("Not wanted: no posting profile is published.",)


def test_an_arrival_without_triggers_is_not_taken_for_an_interaction() -> None:
    asked = Arrival("req-1", NOW, "known", "+14155550142", ADA, {"business_process": "Care"})

    said = report(LedgerRow(Interaction("i-1"), asked, started_at=NOW))

    assert said.answers == (
        "Not yet: no trigger of it reached us, only the question on its arrival.",
    )
    assert said.arrival is not None
    assert said.arrival.found_in == "sandbox"
    assert said.arrival.business_process == "Care"
    assert not said.has_ended


def test_one_that_has_not_ended_waits_for_its_end_or_does_without() -> None:
    going_on = merge(Interaction("i-1"), told(TriggerKind.INTERACTION_STARTS))

    record = only_record(row(interaction=going_on, ended_at=None, due_at=after(21_600)))

    assert "has not ended, as far as we were told" in record.next
    assert record.next_at == after(21_600)


def test_the_wait_for_a_disposition_is_told_with_its_end() -> None:
    patient = PostingProfile("sandbox", wrap_up_timeout_s=600)
    undisposed = merge(Interaction("i-1"), told())

    record = only_record(row(interaction=undisposed), patient)

    assert "waits for the disposition" in record.next
    assert record.next_at == after(600)


def test_a_worker_that_is_at_it_is_told_and_one_that_died_is_not() -> None:
    trying = Posting("sandbox", PostingState.ATTEMPTING, 1, attempted_at=NOW)
    held = row(trying, held_until=after(90), due_at=after(90))

    at_work, dead = report(held), report(held, at_s=120)

    assert at_work.records[0].standing is Standing.WRITING
    assert at_work.held_until == after(90)
    assert dead.records[0].standing is Standing.WAITING
    assert dead.held_until is None
    assert "2026-03-04 17:01:30 UTC" in dead.answers[0]


def test_what_came_later_is_told_apart_from_what_is_written() -> None:
    amended = merge(ENDED, told(at=after(5), remarks="more"))
    behind = row(IN_CRM, interaction=amended, due_at=after(90))

    said = report(behind)

    assert said.records[0].standing is Standing.AMENDING
    assert said.answers[0].startswith("In the CRM sandbox as A-17, without what came later:")


@pytest.mark.parametrize("way", [Idempotency.NONE, Idempotency.HEADER])
def test_a_crm_whose_records_cannot_be_amended_says_so(way: Idempotency) -> None:
    amended = merge(ENDED, told(at=after(5), remarks="more"))

    said = report(row(IN_CRM, interaction=amended), connected={"sandbox": way})

    assert said.records[0].standing is Standing.NOT_AMENDED
    assert "cannot be amended" in said.answers[0]


def test_an_amendment_that_was_refused_does_not_hide_the_record_that_is_there() -> None:
    refused = replace(IN_CRM, state=PostingState.PARKED, reason="invalid")

    (answer,) = report(row(refused)).answers

    assert answer.startswith("Waits for a person (the CRM sandbox, where an earlier A-17 stands)")


@pytest.mark.parametrize(
    ("connected", "why"),
    [({}, "is not published"), ({"sandbox": None}, "cannot write records")],
)
def test_a_connector_that_is_missing_or_cannot_write_is_named(
    connected: dict[str, Idempotency | None], why: str
) -> None:
    (answer,) = report(row(due_at=after(90)), connected=connected).answers

    assert f"the connector sandbox {why}" in answer


def test_what_was_begun_and_is_not_wanted_any_more_says_so() -> None:
    begun = Posting("old", attempts=1, revision=1, reason="upstream_unavailable")

    said = report(row(begun), connected={**UPSERTS, "old": Idempotency.UPSERT})

    records = {record.connector: record for record in said.records}
    assert records.keys() == {"sandbox", "old"}
    assert "no posting profile wants it any more" in records["old"].next


def test_a_record_without_a_customer_is_looked_at_again() -> None:
    lonely = replace(IN_CRM, reason="no_customer", due_at=after(900), looks=1)

    record = only_record(row(lonely, due_at=after(900)))

    assert record.standing is Standing.IN_CRM
    assert record.next == "whose record it is, is looked up again"
    assert record.next_at == after(900)


def test_of_several_crms_the_most_urgent_is_said_first() -> None:
    stuck = Posting("other", PostingState.PARKED, 1, reason="invalid")
    both = row(postings={"sandbox": IN_CRM, "other": stuck})

    answers = report(both, EVERYTHING, PostingProfile("other")).answers

    assert [answer.split()[0] for answer in answers] == ["Waits", "In"]


def test_what_nobody_is_going_to_look_at_says_what_brings_it() -> None:
    """Its profile was away when it was to be tried again, and is back."""
    left = Posting("sandbox", attempts=1, revision=1, due_at=NOW, reason="upstream_unavailable")

    record = only_record(row(left))

    assert "`switchboard reconcile --repair`" in record.next
    assert record.next_at is None


def test_every_trigger_is_told_and_what_it_changed() -> None:
    again = TriggerNote(TriggerKind.INTERACTION_ENDS, after(5), 0, (), "req-67890")

    said = report(row(IN_CRM, triggers=(ENDS, again)))

    assert [one.revision for one in said.triggers] == [1, 0]
    assert said.triggers[0].fields == ("channel", "contact", "remarks")
    by_name = {field.name: field.changes for field in said.fields}
    assert [change.revision for change in by_name["remarks"]] == [1]
    assert by_name["disposition_code"] == ()
    assert said.untold_triggers == 0


def test_a_refused_trigger_is_told_and_changed_nothing() -> None:
    refused = replace(ENDS, revision=0, fields=("channel",), refused="conflict")

    said = report(row(IN_CRM, triggers=(ENDS, refused)))

    assert (said.triggers[1].refused, said.triggers[1].fields) == ("conflict", ("channel",))
    by_name = {field.name: field.changes for field in said.fields}
    assert [change.revision for change in by_name["channel"]] == [1]


def test_it_says_how_many_triggers_there_were_beside_those_that_are_told() -> None:
    said = report(row(IN_CRM, untold_triggers=12))

    assert InteractionAnswer.of(said).untold_triggers == 12


def test_names_for_which_there_was_no_room_are_counted() -> None:
    said = report(row(IN_CRM, triggers=(replace(ENDS, fields=(), other_fields=40),)))

    assert said.triggers[0].other_fields == 40


def test_names_that_a_sender_chose_are_counted_and_not_repeated() -> None:
    broken_form = {"remarks": "call Ada", " Babbage rang 0142": "x"}
    event = TriggerEvent("i-1", TriggerKind.INTERACTION_ENDS, NOW, broken_form)
    interaction = merge(Interaction("i-1"), event)
    note = replace(ENDS, fields=(" Babbage rang 0142", "remarks"))

    said = report(row(interaction=interaction, triggers=(note,)))

    assert said.other_fields == said.triggers[0].other_fields == 1
    assert "Babbage" not in str(said)


def test_an_id_that_nobody_knows_is_told_what_that_can_mean() -> None:
    ledger = InMemoryInteractionLedger()

    with pytest.raises(NotFound) as refused:
        report_on("i-9", ledger=ledger, profiles=(), connected={}, known_names=set(), now=NOW)

    for hint in ("switchboard refused list", "composite-", "400 days"):
        assert hint in str(refused.value)


@pytest.mark.parametrize("asked", ["int:1", "int:1:seg-1"])
def test_the_key_of_a_segments_record_leads_to_its_interaction(asked: str) -> None:
    ledger = InMemoryInteractionLedger()
    ledger.merge(told(interaction_id="int:1"), now=NOW, due_when=lambda _: NOW)

    said = report_on(
        asked, ledger=ledger, profiles=(), connected={}, known_names=KNOWN_FIELDS, now=NOW
    )

    assert said.interaction_id == "int:1"


CANARY = "Ada Byron +14155550142 ada@example.com 0142-canary"
NAMES = sorted(KNOWN_FIELDS - {"interaction_id", "occurred_at"})
REASONS = [*WORDS, *(f"gave_up:{reason}" for reason in WORDS)]


@given(
    fields=st.dictionaries(st.sampled_from([*NAMES, CANARY]), st.just(CANARY), max_size=12),
    state=st.sampled_from(PostingState),
    reason=st.sampled_from(["", *REASONS]),
    is_held=st.booleans(),
    way=st.sampled_from([None, *Idempotency]),
    kind=st.sampled_from(TriggerKind),
)
def test_no_report_holds_anything_of_the_people_in_it(
    *,
    fields: dict[str, str],
    state: PostingState,
    reason: str,
    is_held: bool,
    way: Idempotency | None,
    kind: TriggerKind,
) -> None:
    interaction = merge(Interaction("i-1"), TriggerEvent("i-1", kind, NOW, fields))
    decision = {"business_process": "Care", "row": "high", "customer_name": CANARY}
    posting = Posting("sandbox", state, 1, reason=reason, customer_key=f"sandbox:{CANARY}")
    hostile = LedgerRow(
        interaction,
        Arrival("r-1", NOW, "known", CANARY, replace(ADA, name=CANARY, id=CANARY), decision),
        {"sandbox": posting},
        first_at=NOW,
        due_at=after(5),
        held_until=NOW + timedelta(hours=1) if is_held else None,
        customer_key=f"sandbox:{CANARY}",
        triggers=(TriggerNote(kind, NOW, 1, tuple(fields)),),
    )
    only = PostingProfile("mail", only=PostingFilter(channels=("email",), agents=("Somebody",)))

    said = report(hostile, EVERYTHING, only, connected={"sandbox": way})

    answer = InteractionAnswer.of(said, request_id="r-2").model_dump_json()
    assert said.answers
    for secret in ("Ada", "Byron", "4155550142", "example.com", "canary"):
        assert secret not in answer
