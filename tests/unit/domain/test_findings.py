"""What a lookup reveals about a CRM's data, told to people and never acted on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.customer import Ambiguous, Customer, Degraded, Known, NotAsked, Unknown
from switchboard.domain.duplicates import count_of_different, plain_name
from switchboard.domain.findings import MOST_FINDINGS, Finding, FoundRecord, findings_of
from switchboard.domain.identity import AccountNumber, EmailAddress, Identity, PhoneNumber

NUMBER = PhoneNumber("+14155550142")
ADDRESS = EmailAddress("ada@example.com")
ADA = Customer("crm", "1", "contact", "Ada Byron", url="https://crm.example.com/1")
BOB = Customer("crm", "2", "contact", "Bob Example", url="https://crm.example.com/2")
EVE = Customer("crm", "3", "lead", "Eve Example")
FIRM = Customer("crm", "4", "account", "Analytical Engines Ltd")
RULES = AmbiguityRules()
MARKED = AmbiguityRules(shared_numbers=frozenset({NUMBER.e164}))


def found(
    *customers: Customer, asked: Identity = NUMBER, rules: AmbiguityRules = RULES
) -> tuple[Finding, ...]:
    match = Known(customers[0]) if len(customers) == 1 else Ambiguous(customers)
    return findings_of(match, asked, rules=rules)


def kinds(*customers: Customer, rules: AmbiguityRules = RULES) -> list[str]:
    return [finding.kind for finding in found(*customers, rules=rules)]


# Shared numbers


def test_a_number_of_three_people_looks_shared() -> None:
    assert found(ADA, BOB, EVE) == (Finding("shared_number", 3, number=NUMBER.e164),)


def test_a_number_of_two_may_be_a_couples() -> None:
    assert found(ADA, BOB) == ()


def test_a_deployment_says_from_how_many_a_number_looks_shared() -> None:
    assert kinds(ADA, BOB, rules=AmbiguityRules(suggest_shared_from=2)) == ["shared_number"]
    assert kinds(ADA, BOB, EVE, rules=AmbiguityRules(suggest_shared_from=4)) == []


def test_a_number_that_is_marked_is_not_suggested() -> None:
    assert found(ADA, BOB, EVE, rules=MARKED) == ()


def test_only_telephone_numbers_are_switchboards() -> None:
    assert found(ADA, BOB, EVE, asked=ADDRESS) == ()
    assert found(ADA, BOB, EVE, asked=AccountNumber("C1001")) == ()


def test_one_person_three_times_is_no_switchboard() -> None:
    assert "shared_number" not in kinds(ADA, replace(ADA, id="8"), replace(ADA, id="9"))


def test_one_person_in_three_crms_is_no_switchboard_and_no_duplicate() -> None:
    assert found(ADA, replace(ADA, connector="b"), replace(ADA, connector="c")) == ()


def test_records_without_a_name_are_not_counted_as_many_people() -> None:
    nameless = [replace(ADA, id=str(number), name="") for number in range(9)]

    assert found(*nameless) == ()
    assert count_of_different(nameless) == 1


# Duplicates


def test_two_records_of_one_name_are_reported_with_their_pages() -> None:
    twin = replace(ADA, id="9", kind="lead", url="https://crm.example.com/9")

    assert found(twin, ADA, BOB) == (
        Finding(
            "duplicate",
            2,
            records=(
                FoundRecord("crm:1", "https://crm.example.com/1"),
                FoundRecord("crm:9", "https://crm.example.com/9"),
            ),
        ),
    )


def test_it_is_the_same_finding_whoever_is_listed_first_and_by_whatever_it_was_found() -> None:
    twin = replace(ADA, id="9")

    (first,) = found(ADA, twin)
    (second,) = found(twin, ADA, asked=ADDRESS)

    assert first.subject == second.subject
    assert first.subject != found(ADA, replace(ADA, id="8"))[0].subject


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Byron", "ADA  BYRON"),
        ("Byron, Ada", "Ada Byron"),
        ("Zoë Müller", "Zoe Muller"),
        ("Sinéad O'Neill", "Sinead O\u2019Neill"),
        ("Anne-Marie Roux", "Anne Marie Roux"),
        ("\uff21\uff44\uff41 Byron", "Ada Byron"),
        ("STRAßE GmbH", "Strasse GmbH"),
    ],
)
def test_a_name_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other) != ""
    assert kinds(replace(ADA, name=one), replace(BOB, name=other)) == ["duplicate"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Byron", "Ada Bryon"),
        ("के शर्मा", "का शर्मा"),
        ("A. Byron", "Ada Byron"),
        ("Li 1", "Li 2"),
    ],
)
def test_names_that_differ_are_two(one: str, other: str) -> None:
    assert kinds(replace(ADA, name=one), replace(BOB, name=other)) == []


@pytest.mark.parametrize("nothing", ["", " ", "-", "?!", "'"])
def test_no_name_is_nobodys_twin(nothing: str) -> None:
    assert kinds(replace(ADA, name=nothing), replace(BOB, name=nothing)) == []


def test_a_company_is_no_duplicate_of_the_person_it_is_named_after() -> None:
    assert kinds(ADA, replace(FIRM, name="Ada Byron")) == []


def test_two_of_one_name_at_a_switchboard_may_be_two_people() -> None:
    twin = replace(ADA, id="9")
    assert kinds(ADA, twin, BOB, rules=MARKED) == []

    same_address = [
        replace(one, emails=(address,))
        for one, address in [(ADA, "ada@example.com"), (twin, " Ada@Example.com ")]
    ]
    assert kinds(*same_address, BOB, rules=MARKED) == ["duplicate"]
    no_address = [replace(one, emails=("",)) for one in (ADA, twin)]
    assert kinds(*no_address, rules=MARKED) == []


# Merged records


def test_a_merged_record_that_still_carries_the_number_is_reported() -> None:
    old = replace(BOB, merged_into="1", url=ADA.url)

    assert found(ADA, old) == (
        Finding("merged", 2, records=(FoundRecord("crm:2"), FoundRecord("crm:1", ADA.url))),
    )


def test_a_merged_record_alone_is_reported_too() -> None:
    (finding,) = found(replace(BOB, merged_into="77"))

    assert [record.key for record in finding.records] == ["crm:2", "crm:77"]


def test_a_merged_record_is_neither_a_duplicate_nor_one_of_many() -> None:
    old = replace(EVE, name=ADA.name, merged_into="1")

    assert kinds(ADA, BOB, old) == ["merged"]


# When there is nothing to report


def test_what_was_remembered_reveals_nothing_new() -> None:
    for source in ("cache", "stale"):
        assert findings_of(Ambiguous((ADA, BOB, EVE), source), NUMBER, rules=RULES) == ()


def test_where_nobody_was_found_there_is_nothing_to_report() -> None:
    for match in (Unknown(), NotAsked("withheld"), Degraded("timeout")):
        assert findings_of(match, NUMBER, rules=RULES) == ()
    assert found(ADA) == ()


def test_a_crm_in_disorder_does_not_make_a_lookup_write_for_ever() -> None:
    twins = [
        replace(ADA, id=f"{name}{n}", name=f"Ada {name}") for n in "12" for name in "abcdefghi"
    ]

    assert len(found(*twins)) == MOST_FINDINGS


def test_a_finding_never_prints_a_number() -> None:
    assert "0142" not in repr(found(ADA, BOB, EVE))


@given(
    st.lists(
        st.builds(
            Customer,
            connector=st.just("crm"),
            id=st.text(max_size=3),
            kind=st.sampled_from(["contact", "account"]),
            name=st.text(max_size=12),
            emails=st.lists(st.text(max_size=5), max_size=2).map(tuple),
            merged_into=st.text(max_size=3),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda record: record.key,
    ),
    st.sampled_from([RULES, MARKED]),
)
def test_whatever_a_crm_holds_findings_only_name_what_it_gave(
    records: list[Customer], rules: AmbiguityRules
) -> None:
    named = {record.key for record in records} | {f"crm:{r.merged_into}" for r in records}

    for finding in found(*records, rules=rules):
        assert {record.key for record in finding.records} <= named
        assert finding.count >= 2
        assert bool(finding.number) is (finding.kind == "shared_number")
