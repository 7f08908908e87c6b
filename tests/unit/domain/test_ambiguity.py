"""Several customers carry one number: rules and callers may decide, chance never does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.ambiguity import MOST_COMPARED, AmbiguityRules, Policy, resolve
from switchboard.domain.customer import (
    Ambiguous,
    Customer,
    CustomerMatch,
    Degraded,
    Known,
    NotAsked,
    Source,
    Unknown,
)
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber

NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
NUMBER = PhoneNumber("+14155550142")
SWITCHBOARD = PhoneNumber("+14155550100")
ADA = Customer("crm", "1", "contact", "Ada Byron", attributes={"owner": "maya", "tier": "high"})
BOB = Customer("crm", "2", "contact", "Bob Example", attributes={"owner": "", "tier": "low"})
EVE = Customer("crm", "3", "Lead", "Eve Example")
FIRM = Customer("crm", "4", "Account", "Analytical Engines Ltd")
OTHER_FIRM = Customer("other", "4", "company", "Difference Engines Ltd")
EVERYBODY = (ADA, BOB, EVE, FIRM, OTHER_FIRM)


def decided(
    *customers: Customer,
    asked: Identity = NUMBER,
    policy: Policy = "ask",
    chosen: str = "",
    last_contacts: dict[str, datetime] | None = None,
    business_process: str = "",
    rules: AmbiguityRules | None = None,
    source: Source = "live",
) -> CustomerMatch:
    """What becomes of these customers, all found by what was asked."""
    match = Known(customers[0], source) if len(customers) == 1 else Ambiguous(customers, source)
    return resolve(
        match,
        asked,
        rules=rules or AmbiguityRules(policy, shared_numbers=frozenset({SWITCHBOARD.e164})),
        business_process=business_process,
        chosen=chosen,
        last_contacts=last_contacts or {},
    )


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_the_only_one_is_known_and_nothing_had_to_decide() -> None:
    for policy in get_args(Policy):
        assert decided(ADA, policy=policy) == Known(ADA, among=1, resolved_by="")


@pytest.mark.parametrize(
    "match", [Unknown(), NotAsked("withheld"), Degraded("timeout"), Unknown("cache")]
)
def test_where_nobody_was_found_there_is_nothing_to_decide(match: CustomerMatch) -> None:
    for policy in get_args(Policy):
        rules = AmbiguityRules(policy)
        assert (
            resolve(
                match, NUMBER, rules=rules, business_process="", chosen=ADA.key, last_contacts={}
            )
            == match
        )


def test_several_stay_ambiguous_unless_something_decides() -> None:
    assert decided(ADA, BOB, FIRM) == Ambiguous((ADA, BOB, FIRM))


def test_where_the_answer_came_from_is_kept() -> None:
    assert decided(ADA, source="stale") == Known(ADA, "stale")
    assert decided(ADA, BOB, source="cache") == Ambiguous((ADA, BOB), "cache")
    assert decided(ADA, BOB, source="cache", policy="unknown") == Unknown("cache")


# What a caller chose


def test_the_customer_that_the_caller_chose_is_known() -> None:
    assert decided(ADA, BOB, EVE, chosen=BOB.key) == Known(BOB, among=3, resolved_by="choice")


def test_a_customer_who_does_not_carry_the_number_cannot_be_chosen() -> None:
    assert decided(ADA, BOB, chosen=FIRM.key) == Ambiguous((ADA, BOB))
    assert decided(ADA, chosen=BOB.key) == Known(ADA)


@pytest.mark.parametrize("chosen", ["1", "CRM:1", "crm:", "other:1", "crm:1:", "crm:1 OR 1=1"])
def test_only_the_whole_key_chooses(chosen: str) -> None:
    assert decided(ADA, BOB, chosen=chosen) == Ambiguous((ADA, BOB))


@pytest.mark.parametrize("policy", get_args(Policy))
def test_a_caller_knows_better_than_any_rule(policy: Policy) -> None:
    contacts = {ADA.key: ago(1)}

    said = decided(ADA, EVE, FIRM, policy=policy, chosen=EVE.key, last_contacts=contacts)

    assert said == Known(EVE, among=3, resolved_by="choice")


def test_a_flow_that_sends_back_what_a_rule_decided_chose_nothing() -> None:
    said = decided(ADA, FIRM, policy="account_first", chosen=FIRM.key)

    assert said == Known(FIRM, among=2, resolved_by="account_first")


# By when they were in contact


def test_the_latest_in_contact_is_known() -> None:
    contacts = {ADA.key: ago(3), BOB.key: ago(1)}

    said = decided(ADA, BOB, EVE, policy="latest", last_contacts=contacts)

    assert said == Known(BOB, among=3, resolved_by="latest")


def test_the_only_one_who_was_ever_in_contact_is_the_latest() -> None:
    said = decided(ADA, BOB, policy="latest", last_contacts={ADA.key: ago(300)})

    assert said == Known(ADA, among=2, resolved_by="latest")


def test_nobody_is_latest_when_nobody_was_in_contact_or_two_at_once() -> None:
    assert decided(ADA, BOB, policy="latest") == Ambiguous((ADA, BOB))
    contacts = {ADA.key: ago(1), BOB.key: ago(1), EVE.key: ago(2)}
    said = decided(ADA, BOB, EVE, policy="latest", last_contacts=contacts)
    assert said == Ambiguous((ADA, BOB, EVE))


def test_a_stranger_who_was_in_contact_later_is_not_chosen() -> None:
    contacts = {ADA.key: ago(5), FIRM.key: ago(1)}

    assert decided(ADA, BOB, policy="latest", last_contacts=contacts) == Known(
        ADA, among=2, resolved_by="latest"
    )


def test_a_contact_with_a_merged_record_was_one_with_its_survivor() -> None:
    old = replace(EVE, merged_into=ADA.id)
    contacts = {ADA.key: ago(9), old.key: ago(1), BOB.key: ago(3)}

    said = decided(ADA, BOB, old, policy="latest", last_contacts=contacts)

    assert said == Known(ADA, among=2, resolved_by="latest")


def by_attribute(*written: object) -> CustomerMatch:
    customers = [
        replace(ADA, id=str(number), attributes={"seen": value})  # type: ignore[dict-item]
        for number, value in enumerate(written)
    ]
    return decided(
        *customers,
        rules=AmbiguityRules("latest", latest_attribute="seen"),
        # The attribute is what counts where one is named.
        last_contacts={customers[0].key: NOW},
    )


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-03-03", "2026-03-04"),
        ("2026-03-04T10:00:00", "2026-03-04T10:00:01"),
        ("2026-03-04T10:00:00+02:00", "2026-03-04T09:00:00Z"),
        ("1772600000000", "1772600000001"),
        (1772600000, "2027-03-04T09:00:00Z"),
        (None, "2020-01-01"),
        ("", "2020-01-01"),
    ],
)
def test_a_crm_may_say_who_was_latest(earlier: object, later: object) -> None:
    for written, expected in [((earlier, later), "1"), ((later, earlier), "0")]:
        said = by_attribute(*written)
        assert isinstance(said, Known)
        assert (said.customer.id, said.resolved_by) == (expected, "latest")


@pytest.mark.parametrize(
    "written",
    [
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04", "2026-03-04T09:00:00Z"),  # which came first, nobody can say
        ("2026-03-04T23:00:00", "2026-03-04T22:30:00Z"),  # in whose zone?
        ("03/04/2026", "2026-03-05"),  # April or March?
        ("last week", "2026-03-05"),
        (None, None),
        ("", ""),
    ],
)
def test_moments_that_cannot_be_compared_decide_nothing(written: tuple[object, ...]) -> None:
    assert isinstance(by_attribute(*written), Ambiguous)


def test_last_contacts_are_only_asked_for_where_they_decide() -> None:
    rules = AmbiguityRules("ask", {"Billing": "latest"})
    several = Ambiguous((ADA, BOB))

    assert rules.needs_last_contacts(several, "Billing")
    assert not rules.needs_last_contacts(several, "Sales")
    assert not rules.needs_last_contacts(Known(ADA), "Billing")
    assert not rules.needs_last_contacts(Unknown(), "Billing")
    merged = Ambiguous((ADA, replace(BOB, merged_into=ADA.id)))
    assert not rules.needs_last_contacts(merged, "Billing")
    named = replace(rules, latest_attribute="seen")
    assert not named.needs_last_contacts(several, "Billing")


def test_a_number_of_very_many_is_not_looked_up_for_each_of_them() -> None:
    rules = AmbiguityRules("latest")
    many = tuple(replace(ADA, id=str(number)) for number in range(MOST_COMPARED + 1))

    assert rules.needs_last_contacts(Ambiguous(many[:-1]), "")
    assert not rules.needs_last_contacts(Ambiguous(many), "")


# By owner, and by kind


def test_the_only_record_that_somebody_owns_is_known() -> None:
    rules = AmbiguityRules("owner", owner_attribute="owner")

    assert decided(ADA, BOB, EVE, rules=rules) == Known(ADA, among=3, resolved_by="owner")


@pytest.mark.parametrize("nobody", [None, "", "  ", False, 0])
def test_two_owned_records_or_none_decide_nothing(nobody: str | bool | int | None) -> None:
    rules = AmbiguityRules("owner", owner_attribute="owner")
    owned, orphan = replace(BOB, attributes={"owner": "li"}), replace(ADA, id="9")
    orphan = replace(orphan, attributes={"owner": nobody})

    assert decided(ADA, owned, rules=rules) == Ambiguous((ADA, owned))
    assert decided(orphan, EVE, rules=rules) == Ambiguous((orphan, EVE))


def test_the_one_account_comes_before_its_contacts() -> None:
    said = decided(ADA, BOB, FIRM, policy="account_first")

    assert said == Known(FIRM, among=3, resolved_by="account_first")


def test_two_accounts_or_none_decide_nothing() -> None:
    assert decided(FIRM, OTHER_FIRM, policy="account_first") == Ambiguous((FIRM, OTHER_FIRM))
    assert decided(ADA, BOB, policy="account_first") == Ambiguous((ADA, BOB))


def test_a_deployment_says_what_it_calls_an_account() -> None:
    rules = AmbiguityRules("account_first", account_kinds=frozenset({"lead"}))

    assert decided(ADA, FIRM, EVE, rules=rules) == Known(EVE, among=3, resolved_by="account_first")


def test_several_may_count_as_nobody() -> None:
    assert decided(ADA, BOB, policy="unknown") == Unknown()


def test_a_business_process_has_a_policy_of_its_own() -> None:
    rules = AmbiguityRules("ask", {"Customer Care": "unknown", "Billing": "account_first"})

    assert decided(ADA, FIRM, rules=rules, business_process="customer care ") == Unknown()
    assert isinstance(decided(ADA, FIRM, rules=rules, business_process="Billing"), Known)
    assert isinstance(decided(ADA, FIRM, rules=rules, business_process="Sales"), Ambiguous)
    assert isinstance(decided(ADA, FIRM, rules=rules), Ambiguous)


# Behind a shared number


@pytest.mark.parametrize("policy", ["ask", "latest", "owner", "account_first"])
def test_a_person_is_not_known_by_a_number_that_many_share(policy: Policy) -> None:
    said = decided(
        ADA, asked=SWITCHBOARD, policy=policy, chosen=ADA.key, last_contacts={ADA.key: NOW}
    )

    assert said == Ambiguous((ADA,), by_shared_number=True)


def test_the_company_may_be_known_by_its_switchboard() -> None:
    assert decided(FIRM, asked=SWITCHBOARD) == Known(FIRM)
    assert decided(ADA, FIRM, BOB, asked=SWITCHBOARD) == Known(
        FIRM, among=3, resolved_by="account_first"
    )


def test_of_two_companies_at_one_switchboard_the_caller_may_choose() -> None:
    said = decided(ADA, FIRM, OTHER_FIRM, asked=SWITCHBOARD)
    assert said == Ambiguous((ADA, FIRM, OTHER_FIRM), by_shared_number=True)

    chosen = decided(ADA, FIRM, OTHER_FIRM, asked=SWITCHBOARD, chosen=OTHER_FIRM.key)
    assert chosen == Known(OTHER_FIRM, among=3, resolved_by="choice")


def test_a_person_cannot_be_chosen_at_a_switchboard() -> None:
    said = decided(ADA, FIRM, OTHER_FIRM, asked=SWITCHBOARD, chosen=ADA.key)

    assert said == Ambiguous((ADA, FIRM, OTHER_FIRM), by_shared_number=True)


def test_a_person_behind_a_switchboard_is_known_by_an_address() -> None:
    assert decided(ADA, asked=EmailAddress("ada@example.com")) == Known(ADA)


# Merged records


def test_a_merged_record_is_nobody_beside_its_survivor() -> None:
    merged = replace(BOB, merged_into=ADA.id)

    assert decided(ADA, merged) == Known(ADA, among=1)
    assert decided(merged, ADA, EVE) == Ambiguous((ADA, EVE))


def test_a_merged_record_alone_stands_for_its_survivor() -> None:
    merged = replace(BOB, merged_into="77")

    assert decided(merged) == Known(replace(BOB, id="77"), among=1)


def test_who_chose_a_record_that_was_merged_since_chose_its_survivor() -> None:
    merged = replace(BOB, merged_into=ADA.id)

    said = decided(ADA, merged, EVE, chosen=BOB.key)

    assert said == Known(ADA, among=2, resolved_by="choice")


# Whatever comes

_records = st.builds(
    Customer,
    connector=st.sampled_from(["crm", "other"]),
    id=st.sampled_from("12345"),
    kind=st.sampled_from(["contact", "lead", "account", "Company", ""]),
    name=st.sampled_from(["Ada Byron", "Bob", ""]),
    attributes=st.fixed_dictionaries(
        {
            "owner": st.sampled_from([None, "", "maya", 0]),
            "seen": st.sampled_from(
                [None, "", "2026-03-04", "2026-03-04T10:00:00", "9999-12-31T23:59:59-12:00",
                 "0001-01-01T00:00:00+12:00", "soon", 1772600000, float("inf")]
            ),
        }
    ),
    merged_into=st.sampled_from(["", "", "", "1", "2", "9"]),
)  # fmt: skip
_groups = st.lists(_records, min_size=1, max_size=6, unique_by=lambda record: record.key)
_keys = st.sampled_from(["", "crm:1", "crm:2", "other:1", "crm:9", "nobody:1"])
_contacts = st.dictionaries(_keys, st.sampled_from([ago(1), ago(2)]))
_rules = st.builds(
    AmbiguityRules,
    policy=st.sampled_from(get_args(Policy)),
    owner_attribute=st.just("owner"),
    latest_attribute=st.sampled_from(["", "seen"]),
    shared_numbers=st.sampled_from([frozenset(), frozenset({SWITCHBOARD.e164})]),
)


@given(_groups, _rules, _keys, _contacts, st.sampled_from([NUMBER, SWITCHBOARD]))
def test_nobody_is_ever_known_who_was_not_verified(
    group: list[Customer],
    rules: AmbiguityRules,
    chosen: str,
    contacts: dict[str, datetime],
    asked: PhoneNumber,
) -> None:
    said = decided(*group, asked=asked, rules=rules, chosen=chosen, last_contacts=contacts)

    # A record that was merged speaks for its survivor.
    verified = {c.key for c in group} | {f"{c.connector}:{c.merged_into}" for c in group}
    match said:
        case Known(customer, among=among, resolved_by=by):
            assert customer.key in verified
            assert 1 <= among <= len(group)
            assert bool(by) is (among > 1)
            assert by != "choice" or chosen
            assert rules.is_account(customer) or not rules.is_shared(asked)
        case Ambiguous(customers):
            assert {customer.key for customer in customers} <= verified
            assert len(customers) > 1 or rules.is_shared(asked)
        case other:
            assert isinstance(other, Unknown)
            assert rules.policy == "unknown"


@given(_groups, _rules, _keys, _contacts, st.sampled_from([NUMBER, SWITCHBOARD]), st.randoms())
def test_the_order_in_which_a_crm_lists_people_never_decides(
    group: list[Customer],
    rules: AmbiguityRules,
    chosen: str,
    contacts: dict[str, datetime],
    asked: PhoneNumber,
    chance: Random,
) -> None:
    shuffled = chance.sample(group, len(group))

    first, second = (
        decided(*rows, asked=asked, rules=rules, chosen=chosen, last_contacts=contacts)
        for rows in (group, shuffled)
    )

    assert type(first) is type(second)
    if isinstance(first, Known) and isinstance(second, Known):
        assert first.customer.key == second.customer.key
        assert first.resolved_by == second.resolved_by
