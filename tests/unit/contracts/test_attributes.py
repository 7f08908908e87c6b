"""What a person may write of attributes; a slip of the pen is named with a way out."""

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from switchboard.contracts.answers import RouteAnswer
from switchboard.contracts.attributes import AttributesSpec
from switchboard.contracts.configuration import read_configuration
from switchboard.domain.attributes import CUSTOMER_FIELDS
from switchboard.domain.customer import Customer
from switchboard.edges.flat import flat
from switchboard.edges.routing_answer import FLAG
from switchboard.errors import Misconfigured
from switchboard.use_cases.customer_history import FACTS

TODAY = date(2026, 3, 4)

TABLES = """
tables:
  value_tiers:
    bands: [{from: 0, is: low}, {from: 1000, is: standard}, {from: 5000, is: high}]
  languages: {words: {de-DE: german, "NO": norwegian}, otherwise: english}
  weights: {words: {high: 3, low: 1}}
"""
USING_THEM = """
  a: {table: value_tiers}
  b: {table: languages}
  c: {table: weights}
"""


def written(text: str) -> AttributesSpec:
    return read_configuration(AttributesSpec, yaml.safe_load(text), kind="lookup.yaml")


def values(text: str, **crm: Any) -> dict[str, Any]:
    customer = Customer("sandbox", "1", "contact", "Ada", attributes=crm)
    return written(text).attribute_map().values(customer, {}, today=TODAY)


def refused(text: str) -> str:
    with pytest.raises(Misconfigured) as problem:
        written(text)
    return str(problem.value)


def test_a_file_of_before_goes_on_working() -> None:
    text = """
    attributes:
      tier: {default: standard}
      value: {from: tier}
      days_past_due: {default: 0}
      open_complaint: {default: false}
    """

    assert values(text, tier="high", days_past_due=34) == {
        "tier": "high",
        "value": "high",
        "days_past_due": 34,
        "open_complaint": False,
    }


def test_everything_at_once() -> None:
    text = f"""
    time_zone: America/New_York
    {TABLES.replace(chr(10), chr(10) + "    ")}
    attributes:
      tier: {{from: crm.value, table: value_tiers, default: low}}
      language: {{table: languages, default: english}}
      weight: {{from: crm.importance, table: weights, default: 0}}
      late: {{from: crm.due_on, as: days_past_due, default: 0}}
      is_late: {{from: crm.due_on, as: days_past_due, yes_if: ">= 14", default: false}}
      vip: {{from: crm.tags, yes_if: [gold, Platinum], default: false}}
      has_owner: {{from: crm.owner, yes_if: present, default: false}}
      note: {{longest: 5}}
    """

    assert values(
        text, value="5000.01", language="no", importance="HIGH", due_on="2026-02-01",
        tags="platinum", owner="Bob", note="hello world",
    ) == {
        "tier": "high", "language": "norwegian", "weight": 3, "late": 31, "is_late": True,
        "vip": True, "has_owner": True, "note": "hello",
    }  # fmt: skip
    assert values(text) == {
        "tier": "low", "language": "english", "weight": 0, "late": 0, "is_late": False,
        "vip": False, "has_owner": False, "note": "",
    }  # fmt: skip


def test_a_comparison_holds_for_numbers_that_came_as_text() -> None:
    text = "attributes: {rich: {from: crm.balance, yes_if: '1000..2000', default: false}}"

    assert values(text, balance="1500") == {"rich": True}
    assert values(text, balance=999.99) == {"rich": False}
    assert values(text, balance="lots") == {"rich": False}


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("x: {default: [a, b]}", "attributes.x.default: a list or an object cannot"),
        ("x: {default: {a: b}}", "a list or an object cannot stand in an answer"),
        ("x: {default: }", "write a value, '' for none"),
        ("x: {default: 2026-01-31}", "write it in quotes"),
        ("x: {default: .nan}", "this is no number"),
        ("x: {default: 1000000000000000}", "write it in quotes"),
        ("x: {form: crm.tier}", "attributes.x: no key 'form'; did you mean from?"),
        ("x: {from: cmr.tier}", "no 'cmr'; did you mean 'crm'?"),
        ("x: {from: crm.}", "say which value, for example crm.name"),
        ("x: {from: history.contacts_7}", "did you mean 'contacts_7d'?"),
        ("x: {from: customer.fone}", "no 'fone'; did you mean 'phone'?"),
        ("x: {type: integer}", "attributes.x.type"),
        ("x: {type: number, default: none}", "x.default: 'none' is no number"),
        ("x: {type: flag, default: 0}", "x.default: 0 is no flag"),
        ("x: {type: text, default: 0}", "x.default: 0 is no text"),
        ("x: {type: date, default: soon}", "write a day such as '2026-01-31' in quotes"),
        ("x: {as: days_since, default: never}", "'never' is no number"),
        ("x: {as: days_ago}", "attributes.x.as"),
        ("x: {type: number, as: days_since}", "counts from a day; write `type: date`"),
        ("x: {longest: 256}", "attributes.x.longest"),
        ("x: {longest: 0}", "attributes.x.longest"),
        ("x: {longest: 3, default: none}", "longer than 3 characters"),
        ("x: {type: number, longest: 3}", "there is no text to cut"),
        ("x: {yes_if: '>= many'}", "is not a number; write 7"),
        ("x: {yes_if: missing}", "write `present`"),
        ("x: {yes_if: true}", "write `present`"),
        ("x: {yes_if: []}", "write `present`"),
        ("x: {type: text, yes_if: '> 5'}", "this compares numbers; write `type: number`"),
        ("x: {type: number, yes_if: gold}", "write a comparison of numbers"),
        ("x: {yes_if: gold, default: maybe}", "'maybe' is no flag"),
        ("tier.x: {}", "tier.x: use a letter, then letters, digits and underscores"),
        ("2nd: {}", "2nd: use a letter"),
        (f"{'x' * 65}: {{}}", "64 at most"),
        ("größe: {}", "größe: use a letter"),
        ("reason: {}", "reason: answers use this name already; take another"),
        ("Outcome: {}", "Outcome: answers use this name already"),
        ("{x: {}, X: {}}", "X: ECS may take it for x"),
        ("x: {table: value_tiers}", "no table 'value_tiers'; write it under `tables:`"),
    ],
)  # fmt: skip
def test_a_slip_in_an_attribute_is_named(attribute: str, said: str) -> None:
    mapping = attribute if attribute.startswith("{") else f"{{{attribute}}}"

    assert said in refused(f"attributes: {mapping}")


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("x: {table: valu_tiers}", "x.table: no 'valu_tiers'; did you mean 'value_tiers'?"),
        ("x: {table: value_tiers, yes_if: gold}", "give either `table` or `yes_if`"),
        ("x: {table: value_tiers, type: text}", "has bands of numbers; write `type: number`"),
        ("x: {table: languages, type: date}", "has words; write `bands` for numbers"),
        ("x: {table: languages, as: days_since}", "has words; write `bands` for numbers"),
        ("x: {table: languages, default: 0}", "default: 0 is no text"),
        ("x: {table: weights, default: none}", "default: 'none' is no number"),
    ],
)
def test_an_attribute_must_fit_its_table(attribute: str, said: str) -> None:
    assert said in refused(f"{TABLES}\nattributes:{USING_THEM}  {attribute}")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("{words: {gold: high}}", "no attribute uses the table t; write `table: t` at one, or"),
        ("{}", "write either `words: {gold: high}` or `bands"),
        ("{words: {a: b}, bands: [{from: 0, is: c}]}", "write either `words"),
        ("{words: {a: 1, b: two}}", "makes both number and text"),
        ("{words: {a: 1}, otherwise: none}", "makes both number and text"),
        ("{words: {Gold: a, gold: b}}", "'Gold' and 'gold' are the same word"),
        ("{words: {NO: norwegian}}", "False: write the word in quotes"),
        ("{words: {007: bond}}", "7: write the word in quotes"),
        ("{words: {a: [b]}}", "a list or an object cannot stand in an answer"),
        ("{words: {a: " + "x" * 256 + "}}", "longer than 255 characters"),
        ("{bands: [{from: 5, is: a}, {from: 0, is: b}]}", "0 must come before 5"),
        ("{bands: [{from: 0, is: a}, {from: 0, is: b}]}", "and only once"),
        ("{bands: [{from: .inf, is: a}]}", "tables.t.bands.0.from"),
        ("{bands: [{to: 5, is: a}]}", "tables.t.bands.0: no key 'to'; keys are from, is"),
    ],
)
def test_a_slip_in_a_table_is_named(table: str, said: str) -> None:
    assert said in refused(f"tables: {{t: {table}}}")


def test_every_problem_is_said_at_once() -> None:
    said = refused("attributes: {2nd: {}, reason: {}, x: {type: flag, default: 7}}")

    assert all(name in said for name in ("2nd: ", "reason: ", "x.default: 7 is no flag"))


def test_sixty_attributes_are_enough() -> None:
    names = ", ".join(f"a{number}: {{}}" for number in range(61))

    assert "at most 60" in refused(f"attributes: {{{names}}}")


@pytest.mark.parametrize("name", sorted(RouteAnswer.model_fields))
def test_no_name_of_an_answer_can_be_taken(name: str) -> None:
    assert "take another" in refused(f"attributes: {{{name}: {{}}}}")


@pytest.mark.parametrize("name", [f"{FLAG}skip_menu", "Flag_Skip_Menu", FLAG])
def test_no_name_of_a_flag_of_the_rules_can_be_taken(name: str) -> None:
    assert f"{name}: flag_… are the flags of routing rules" in refused(
        f"attributes: {{{name}: {{}}}}"
    )


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ("{name: s, expect: {teir: high}}", "s: no 'teir'; did you mean 'tier'?"),
        ("{name: s, given: {history: {calls: 1}}, expect: {}}", "no 'calls'"),
        ("{name: s, given: {customer: {nmae: Ada}}, expect: {}}", "did you mean 'name'?"),
        ("{name: s, given: {crm: {due: 2026-01-31}}, expect: {}}", "due: write it in quotes"),
        ("{name: s, today: 2026-01-31, expect: {}}", "tests.0.today"),
        ("{name: s, expects: {}}", "tests.0: no key 'expects'; did you mean expect?"),
    ],
)
def test_a_slip_in_a_story_is_named(story: str, said: str) -> None:
    assert said in refused(f"attributes: {{tier: {{}}}}\ntests: [{story}]")


HOSTILE = [
    10**400, -(10**400), 1e308, float("nan"), float("-inf"), "\ud800", "a\x00b", "x" * 999,
    "é " * 300, b"x", [], {}, [1], {"a": 1},
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31", "0001-01-01", "24:00",
    "99999999999", "9999999999999999", 99_999_999_999, -1, "-0", "1e999",
]  # fmt: skip
ORDINARY = [
    "high",
    "DE-DE",
    "yes",
    True,
    False,
    0,
    "12.5",
    999.99,
    "5000",
    "2026-02-01",
    1_772_640_000,
]
ANYTHING = (
    st.sampled_from(HOSTILE) | st.sampled_from(ORDINARY) | st.none() | st.integers() | st.floats()
    | st.text() | st.binary() | st.dates().map(str) | st.datetimes().map(str)
    | st.lists(st.text(), max_size=2) | st.dictionaries(st.text(), st.text(), max_size=2)
)  # fmt: skip
FIELDS = ["a", "b", "c"]
SOURCES = [
    *(f"crm.{name}" for name in FIELDS * 5),
    *(f"history.{name}" for name in FACTS),
    *(f"customer.{name}" for name in CUSTOMER_FIELDS),
]
DAYS = st.sampled_from(["days_since", "days_until", "days_past_due"])
TEXTS = {"longest": st.integers(1, 255)}


def _specs(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"from": st.sampled_from(SOURCES), **keys})


SPECS = st.one_of(
    _specs(type=st.sampled_from(["any", "text"]), **TEXTS),
    _specs(type=st.sampled_from(["number", "flag", "date", "moment"])),
    _specs(**{"as": DAYS}, type=st.sampled_from(["any", "date", "moment"])),
    _specs(**{"as": DAYS}, yes_if=st.sampled_from([">= 5", "0..9", "present"])),
    _specs(**{"as": DAYS}, table=st.just("value_tiers")),
    _specs(table=st.sampled_from(["value_tiers", "languages", "weights"])),
    _specs(yes_if=st.sampled_from(["present", ">= 5", "0..9", "high", ["high", "yes"], 7])),
)


def _with_their_tables(attributes: dict[str, Any]) -> AttributesSpec:
    used = {spec.get("table") for spec in attributes.values()}
    every = yaml.safe_load(TABLES)["tables"]
    tables = {name: table for name, table in every.items() if name in used}
    return AttributesSpec.model_validate({"tables": tables, "attributes": attributes})


def _a_map(specs: list[dict[str, Any]]) -> AttributesSpec:
    return _with_their_tables({f"a{number}": spec for number, spec in enumerate(specs)})


MAPS = st.lists(SPECS, min_size=1, max_size=10).map(_a_map)


@given(
    spec=MAPS,
    crm=st.fixed_dictionaries(dict.fromkeys(FIELDS, ANYTHING)),
    history=st.dictionaries(st.sampled_from(FACTS), ANYTHING),
    text=st.text(),
    is_known=st.booleans(),
)
def test_whatever_a_crm_sends_every_attribute_has_one_flat_value_within_its_length(
    spec: AttributesSpec, crm: Any, history: Any, text: str, *, is_known: bool
) -> None:
    customer = Customer(text, text, text, text, (text,), (text,), crm, text, (text,))

    read = spec.attribute_map().read(customer if is_known else None, history, today=TODAY)

    assert list(read.values) == list(spec.attributes)
    assert set(read.misfits) <= set(spec.attributes)
    shown = flat(read.values)
    for name, value in read.values.items():
        assert isinstance(value, str | int | float)
        assert len(shown[name]) <= (spec.attributes[name].longest if isinstance(value, str) else 30)
        shown[name].encode()  # no half of a pair, which no answer could carry
