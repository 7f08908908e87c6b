"""Every trigger that came is told, however it raced with others; at the least it is counted."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.trigger_notes import LARGEST_TRAIL, MOST_NOTES
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.errors import NotNoted, RequestTooLarge, StateConflict, StateUnavailable
from switchboard.ports import InteractionLedger, LedgerRow, TriggerNote
from tests.ports.conftest import TableOf, WatchedClient
from tests.ports.test_ledger import NOW, SOON, at, event, known

STARTS, ENDS = TriggerKind.INTERACTION_STARTS, TriggerKind.INTERACTION_ENDS


def comes(
    ledger: InteractionLedger, said: TriggerEvent, second: float = 0, request_id: str = ""
) -> LedgerRow | None:
    """The trigger, so many seconds after the first."""
    return ledger.merge(said, now=later(second), due_when=at(SOON), request_id=request_id)


def saying(names: Sequence[str], text: str, minute: int) -> TriggerEvent:
    return TriggerEvent(
        "int-1", STARTS, NOW + timedelta(minutes=minute), dict.fromkeys(names, text)
    )


def later(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def noted(ledger: InteractionLedger) -> list[tuple[datetime, int, str]]:
    return [(n.received_at, n.revision, n.refused) for n in known(ledger).triggers]


def test_a_trigger_that_contradicts_is_told_with_what_it_contradicts(
    ledger: InteractionLedger,
) -> None:
    comes(ledger, event(channel="voice"))

    with pytest.raises(StateConflict):
        comes(ledger, event(kind=ENDS, channel="email", remarks="not mine"), 1, "req-2")

    refused = TriggerNote(ENDS, later(1), 0, ("channel",), "req-2", refused="conflict")
    assert known(ledger).triggers[1:] == (refused,)
    assert known(ledger).interaction.fields == {"channel": "voice"}


def test_a_trigger_that_outgrows_the_row_is_told(ledger: InteractionLedger) -> None:
    comes(ledger, event(half="x" * 200_000))

    with pytest.raises(RequestTooLarge):
        comes(ledger, event(other_half="x" * 100_000), 1)

    assert noted(ledger) == [(NOW, 1, ""), (later(1), 0, "request_too_large")]


def test_a_trigger_that_is_brought_twice_is_told_once(ledger: InteractionLedger) -> None:
    """An answer of the table may be lost, and then the trigger comes once more from the spill."""
    for _ in range(2):
        comes(ledger, event(channel="voice"))
        comes(ledger, event(channel="voice"), 1)
        with pytest.raises(StateConflict):
            comes(ledger, event(channel="email"), 2)

    assert noted(ledger) == [(NOW, 1, ""), (later(1), 0, ""), (later(2), 0, "conflict")]


def test_a_trigger_that_was_kept_elsewhere_for_a_while_is_told_where_it_came(
    ledger: InteractionLedger,
) -> None:
    comes(ledger, event(kind=ENDS, minute=1, remarks="yes"), 60)
    comes(ledger, event(channel="voice"))
    comes(ledger, event(channel="voice"), 30)

    assert noted(ledger) == [(NOW, 2, ""), (later(30), 0, ""), (later(60), 1, "")]


def test_of_more_than_a_hundred_the_others_are_counted(ledger: InteractionLedger) -> None:
    for second in range(60):
        comes(ledger, event(channel="voice"), second)
        comes(ledger, event(minute=1, n=str(second)), second + 0.5)
    with pytest.raises(StateConflict):
        comes(ledger, event(channel="email"), 60)

    row = known(ledger)
    assert (len(row.triggers), row.untold_triggers) == (MOST_NOTES, 21)
    assert row.interaction.get("n") == "9"


def test_twenty_repeats_at_once_are_all_told(ledger: InteractionLedger) -> None:
    comes(ledger, event(channel="voice"))

    with ThreadPoolExecutor(20) as pool:
        became = list(pool.map(lambda s: comes(ledger, event(channel="voice"), s), range(1, 21)))

    assert became == [None] * 20
    assert noted(ledger) == [(NOW, 1, ""), *((later(s), 0, "") for s in range(1, 21))]


def test_repeats_and_news_and_contradictions_at_once_are_all_told(
    ledger: InteractionLedger,
) -> None:
    comes(ledger, event(channel="voice"))

    def one(second: int) -> None:
        said = [event(channel="voice"), event(n=str(second), minute=second), event(channel="fax")]
        try:
            comes(ledger, said[second % 3], second)
        except StateConflict:
            assert second % 3 == 2

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(1, 25)))

    told = known(ledger).triggers
    assert [n.received_at for n in told] == [later(s) for s in range(25)]
    assert [bool(n.refused) for n in told[1:]] == [s % 3 == 2 for s in range(1, 25)]


# ── what only DynamoDB can get wrong ─────────────────────────────────────────────────────────


def a_repeat(ledger: InteractionLedger) -> None:
    comes(ledger, event(channel="voice"), 1)


def a_contradiction(ledger: InteractionLedger) -> None:
    with pytest.raises(StateConflict):
        comes(ledger, event(channel="email"), 1)


@pytest.mark.parametrize("other", [a_repeat, a_contradiction])
def test_what_comes_between_read_and_write_of_a_merge_is_told(
    dynamodb_ledger: DynamoDbInteractionLedger,
    dynamodb: WatchedClient,
    other: Callable[[InteractionLedger], None],
) -> None:
    ledger = dynamodb_ledger
    comes(ledger, event(channel="voice"))

    dynamodb.before_next("update_item", lambda: other(ledger))
    comes(ledger, event(kind=ENDS, remarks="yes"), 2)

    assert [n.received_at for n in known(ledger).triggers] == [NOW, later(1), later(2)]


def test_a_repeat_is_told_however_often_the_row_grows_meanwhile(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    ledger = dynamodb_ledger
    comes(ledger, event(channel="voice"))
    seconds = iter(range(2, 12))

    def it_grows() -> None:
        for second in seconds:
            # Whoever writes next finds somebody faster, too.
            dynamodb.before_next("update_item", it_grows)
            comes(ledger, event(n=str(second), minute=second), second)

    dynamodb.before_next("update_item", it_grows)
    a_repeat(ledger)

    assert [n.received_at for n in known(ledger).triggers] == [later(s) for s in range(12)]


def test_the_first_two_triggers_contradict_each_other_at_once(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    faster = event(channel="voice")
    dynamodb.before_next("update_item", lambda: comes(dynamodb_ledger, faster))

    a_contradiction(dynamodb_ledger)

    assert noted(dynamodb_ledger) == [(NOW, 1, ""), (later(1), 0, "conflict")]


@pytest.mark.parametrize(
    ("said", "trouble"),
    [(event(channel="voice"), NotNoted), (event(channel="email"), StateUnavailable)],
)
def test_what_cannot_be_told_now_is_said_and_told_when_it_comes_again(
    dynamodb_ledger: DynamoDbInteractionLedger,
    dynamodb: WatchedClient,
    said: TriggerEvent,
    trouble: type[StateUnavailable],
) -> None:
    comes(dynamodb_ledger, event(channel="voice"))

    dynamodb.before_next("update_item", lambda: setattr(dynamodb, "is_down", True))
    with pytest.raises(trouble):
        comes(dynamodb_ledger, said, 1)
    dynamodb.is_down = False
    try:
        comes(dynamodb_ledger, said, 1)
    except StateConflict:
        assert trouble is StateUnavailable

    assert [n.received_at for n in known(dynamodb_ledger).triggers] == [NOW, later(1)]


def test_a_repeat_is_none_to_refuse_although_the_row_is_larger_than_it_may_be_now(
    dynamodb_ledger: DynamoDbInteractionLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes(dynamodb_ledger, event(remarks="x" * 2000))
    monkeypatch.setattr("switchboard.adapters.dynamodb_ledger.LARGEST_DOCUMENT", 1000)

    assert comes(dynamodb_ledger, event(remarks="x" * 2000), 1) is None
    assert noted(dynamodb_ledger) == [(NOW, 1, ""), (later(1), 0, "")]


def test_an_ordinary_trigger_costs_one_write_and_a_repeat_no_more(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    for second in range(2):
        dynamodb.calls.clear()
        comes(dynamodb_ledger, event(channel="voice"), second)
        assert dynamodb.calls == ["get_item", "update_item"]


def test_a_row_that_expires_under_a_repeat_begins_anew(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient, table: TableOf
) -> None:
    comes(dynamodb_ledger, event(channel="voice"))

    dynamodb.before_next("update_item", lambda: table("Interactions").delete("int-1"))

    assert comes(dynamodb_ledger, event(channel="voice"), 1)
    assert noted(dynamodb_ledger) == [(later(1), 1, "")]


def test_names_for_which_there_is_no_room_are_counted(
    dynamodb_ledger: DynamoDbInteractionLedger,
) -> None:
    names = [f"a_field_of_which_every_trigger_says_more_{n}" for n in range(250)]
    for second in range(3):
        comes(dynamodb_ledger, saying(names, str(second), second), second)

    told = [(len(n.fields), n.other_fields) for n in known(dynamodb_ledger).triggers]
    assert told == [(250, 0), (0, 250), (0, 250)]


def test_notes_take_no_more_than_their_room(
    dynamodb_ledger: DynamoDbInteractionLedger, table: TableOf
) -> None:
    names = [f"a_field_of_which_every_trigger_says_more_{n}" for n in range(100)]
    for second in range(60):
        request_id = f"{second:0>200}"
        comes(dynamodb_ledger, saying(names, str(second), 1), second, request_id)
        comes(dynamodb_ledger, event(minute=0), second + 0.5, request_id)

    item = table("Interactions").get("int-1") or {}
    kept = "".join(str(text) for name, text in item.items() if name.startswith(("trail", "note#")))
    row = known(dynamodb_ledger)
    assert len(kept.encode()) <= LARGEST_TRAIL
    assert len(row.triggers) + row.untold_triggers == 120
