"""What a customer's history promises, in memory and on DynamoDB."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from switchboard.adapters.dynamodb_history import DynamoDbHistory
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import epoch_s, utc_text
from switchboard.domain.customer import Customer
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.ports import Arrival, HistoryPage, HistoryPlace, InteractionLedger
from tests.ports.conftest import TableOf, WatchedClient

NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
ADA = Customer("sandbox", "C-1", "customer", "Ada Example")


@pytest.fixture
def interactions(table: TableOf) -> DynamoDbTable:
    return table("Interactions")


def contact(
    ledger: InteractionLedger, name: str, *, days_ago: float, customer: Customer | None = ADA
) -> None:
    at = NOW - timedelta(days=days_ago)
    event = TriggerEvent(
        name, TriggerKind.INTERACTION_ENDS, at, {"channel": "voice", "started_at": at.isoformat()}
    )
    ledger.merge(event, now=at, due_when=lambda _: NOW)
    if customer:
        ledger.note_arrival(name, Arrival("r", at, "known", customer=customer))


def other(connector: str = "erp", identifier: str = "7") -> Customer:
    return replace(ADA, connector=connector, id=identifier)


def also(ledger: InteractionLedger, name: str, key: str, *, days_ago: float) -> None:
    started_at = NOW - timedelta(days=days_ago)
    ledger.also_customer(name, key, started_at=started_at, now=NOW)


def page(
    ledger: InteractionLedger,
    key: str = ADA.key,
    *,
    limit: int = 20,
    after: HistoryPage | None = None,
) -> HistoryPage:
    return ledger.history_page(key, limit=limit, now=NOW, after=after.after if after else ())


def ids(page: HistoryPage) -> list[str]:
    return [row.interaction.id for row in page.rows]


def pages(ledger: InteractionLedger, key: str = ADA.key, *, limit: int) -> Iterator[list[str]]:
    seen = page(ledger, key, limit=limit)
    yield ids(seen)
    while seen.after:
        seen = page(ledger, key, limit=limit, after=seen)
        yield ids(seen)


def test_pages_follow_one_another_until_the_end(ledger: InteractionLedger) -> None:
    for number in range(7):
        contact(ledger, f"i-{number}", days_ago=number)

    assert list(pages(ledger, limit=3)) == [["i-0", "i-1", "i-2"], ["i-3", "i-4", "i-5"], ["i-6"]]
    assert page(ledger, limit=7).after == ()
    assert page(ledger, "sandbox:C-9") == HistoryPage(())


def test_what_comes_while_somebody_reads_on_neither_repeats_nor_hides_anything(
    ledger: InteractionLedger,
) -> None:
    for number in range(4):
        contact(ledger, f"i-{number}", days_ago=number + 1)
    first = page(ledger, limit=2)
    contact(ledger, "new", days_ago=0)

    assert ids(page(ledger, limit=2, after=first)) == ["i-2", "i-3"]


def test_many_of_one_moment_are_each_told_once(ledger: InteractionLedger) -> None:
    for number in range(9):
        contact(ledger, f"i-{number}", days_ago=1)

    told = [each for some in pages(ledger, limit=2) for each in some]

    assert sorted(told) == [f"i-{number}" for number in range(9)]


def test_an_interaction_stands_in_the_history_of_the_same_person_elsewhere(
    ledger: InteractionLedger,
) -> None:
    contact(ledger, "call", days_ago=2)
    contact(ledger, "mail", days_ago=1, customer=other())
    for _ in range(2):
        also(ledger, "call", "erp:7", days_ago=2)

    assert ids(page(ledger, "erp:7")) == ["mail", "call"]
    assert [row.interaction.id for row in ledger.history("erp:7", limit=5)] == ["mail", "call"]
    assert list(pages(ledger, "erp:7", limit=1))[:2] == [["mail"], ["call"]]
    assert ids(page(ledger)) == ["call"]


def test_a_link_to_what_is_the_customers_own_by_now_is_told_once(ledger: InteractionLedger) -> None:
    also(ledger, "call", ADA.key, days_ago=2)
    contact(ledger, "call", days_ago=2)

    assert ids(page(ledger)) == ["call"]


def test_a_link_to_what_is_gone_is_nothing(ledger: InteractionLedger) -> None:
    contact(ledger, "call", days_ago=2)
    also(ledger, "gone", ADA.key, days_ago=1)

    assert ids(page(ledger)) == ["call"]
    assert [row.interaction.id for row in ledger.history(ADA.key, limit=1)] == ["call"]


def test_a_survivor_has_the_history_of_the_records_merged_into_it(
    ledger: InteractionLedger,
) -> None:
    for number, identifier in enumerate(("C-3", "C-1", "C-2", "C-1", "C-3", "C-2")):
        contact(ledger, f"i-{number}", days_ago=number, customer=other("sandbox", identifier))
    ledger.note_merged("sandbox:C-2", ADA.key, now=NOW)
    ledger.note_merged("sandbox:C-3", "sandbox:C-2", now=NOW)

    told = [f"i-{number}" for number in range(6)]
    assert ids(page(ledger)) == told
    assert [each for some in pages(ledger, limit=2) for each in some] == told
    assert [row.interaction.id for row in ledger.history(ADA.key, limit=1)] == ["i-0"]
    assert ids(page(ledger, "sandbox:C-3")) == ["i-0", "i-4"]


def test_records_merged_in_a_circle_end(ledger: InteractionLedger) -> None:
    contact(ledger, "call", days_ago=1)
    ledger.note_merged("sandbox:C-2", ADA.key, now=NOW)
    ledger.note_merged(ADA.key, "sandbox:C-2", now=NOW)

    assert ids(page(ledger)) == ids(page(ledger, "sandbox:C-2")) == ["call"]


def test_an_interaction_without_a_customer_is_nobodys_until_it_has_one(
    ledger: InteractionLedger,
) -> None:
    contact(ledger, "call", days_ago=1, customer=None)
    assert ids(page(ledger)) == []

    ledger.note_arrival("call", Arrival("r", NOW, "known", customer=ADA))

    assert ids(page(ledger)) == ["call"]


# ── what only DynamoDB can get wrong ─────────────────────────────────────────────────────────


def test_what_has_expired_and_is_not_deleted_yet_is_hidden(
    dynamodb_ledger: DynamoDbInteractionLedger, interactions: DynamoDbTable
) -> None:
    for number in range(8):
        contact(dynamodb_ledger, f"i-{number}", days_ago=number)
    for number in (1, 2, 3, 5):
        item = interactions.get(f"i-{number}") or {}
        interactions.put({**item, "expires_at": epoch_s(NOW)})

    assert list(pages(dynamodb_ledger, limit=3)) == [["i-0", "i-4", "i-6"], ["i-7"]]


def test_a_stretch_of_expired_rows_ends_a_page_and_not_the_history(
    dynamodb_ledger: DynamoDbInteractionLedger, interactions: DynamoDbTable
) -> None:
    contact(dynamodb_ledger, "old", days_ago=40)
    for number in range(230):
        started_at = utc_text(NOW - timedelta(hours=number))
        interactions.put(
            {
                "id": f"x-{number}",
                "customer_key": ADA.key,
                "started_at": started_at,
                "expires_at": 1,
            }
        )

    first, second = pages(dynamodb_ledger, limit=5)

    assert (first, second) == ([], ["old"])


def test_places_of_another_customer_lead_nowhere(
    dynamodb_ledger: DynamoDbInteractionLedger,
) -> None:
    contact(dynamodb_ledger, "adas", days_ago=2)
    for number in range(2):
        contact(dynamodb_ledger, f"b-{number}", days_ago=3, customer=other("sandbox", "C-2"))
    bobs = page(dynamodb_ledger, "sandbox:C-2", limit=1)

    assert bobs.after != ()
    assert ids(page(dynamodb_ledger, after=bobs)) == ["adas"]


def test_a_place_that_nobody_was_ever_at_is_a_place_like_others(
    dynamodb_ledger: DynamoDbInteractionLedger,
) -> None:
    for number in range(3):
        contact(dynamodb_ledger, f"i-{number}", days_ago=number)
    (place,) = page(dynamodb_ledger, limit=1).after
    somewhere = HistoryPlace(place.record, utc_text(NOW - timedelta(days=1.5)), "never there")

    seen = dynamodb_ledger.history_page(ADA.key, limit=5, now=NOW, after=[somewhere])

    assert ids(seen) == ["i-2"]


def test_a_place_does_not_tell_whose_it_is(dynamodb_ledger: DynamoDbInteractionLedger) -> None:
    for number in range(2):
        contact(dynamodb_ledger, f"i-{number}", days_ago=number)

    assert ADA.id not in repr(page(dynamodb_ledger, limit=1).after)


def test_a_page_of_a_long_history_is_one_query(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    for number in range(60):
        contact(dynamodb_ledger, f"i-{number}", days_ago=number)
    dynamodb.calls.clear()

    first = page(dynamodb_ledger, limit=20)
    assert dynamodb.calls == ["query"]
    assert len(dynamodb_ledger.history(ADA.key, limit=20)) == 20
    assert dynamodb.calls == ["query"] * 2
    page(dynamodb_ledger, limit=20, after=first)
    assert dynamodb.calls == ["query"] * 4  # one more asks whether records were merged


def test_links_cost_one_read_for_all_of_them(
    dynamodb_ledger: DynamoDbInteractionLedger, dynamodb: WatchedClient
) -> None:
    for number in range(5):
        contact(dynamodb_ledger, f"i-{number}", days_ago=number)
        also(dynamodb_ledger, f"i-{number}", "erp:7", days_ago=number)
    dynamodb.calls.clear()

    assert len(dynamodb_ledger.history("erp:7", limit=20)) == 5
    assert dynamodb.calls == ["query", "batch_get_item"]


def test_links_are_in_no_list_but_the_history(
    dynamodb_ledger: DynamoDbInteractionLedger, interactions: DynamoDbTable
) -> None:
    contact(dynamodb_ledger, "call", days_ago=2)
    also(dynamodb_ledger, "call", "erp:7", days_ago=2)
    dynamodb_ledger.note_merged("sandbox:C-2", ADA.key, now=NOW)

    links = [item for item in interactions.scan("") if " " in str(item["id"])]

    assert len(links) == 2
    assert not [i for i in links if i.keys() & {"due_bucket", "day", "routing", "document"}]
    assert dynamodb_ledger.due(now=NOW + timedelta(days=1), limit=9) == ("call",)


def test_a_link_is_kept_as_long_as_a_row(interactions: DynamoDbTable) -> None:
    history = DynamoDbHistory(interactions, keep=timedelta(days=400))
    history.also_customer("call", "erp:7", started_at=NOW - timedelta(days=900), now=NOW)

    (link,) = interactions.scan("also ")

    assert link["expires_at"] == epoch_s(NOW + timedelta(days=400))
