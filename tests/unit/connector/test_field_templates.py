"""A posting profile's templates: the connectors' language over what ECS told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.adapters.connector.field_templates import field_templates
from switchboard.contracts.posting import Tables
from switchboard.errors import Misconfigured

TOLD = {
    "agent_name": "Maya Lindqvist",
    "remarks": 'said "yes"',
    "duration_s": "125",
    "disposition_code": "PTP",
    "started_at": "2026-01-05T10:00:00-05:00",
}
TABLES: Tables = {"outcome": {"PTP": "Promise to pay", "7": 3}}


def mapped(told: dict[str, str], **templates: Any) -> dict[str, Any]:
    return dict(field_templates(templates, TABLES)(told))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("${pick(tables.outcome, disposition_code, 'other')}", "Promise to pay"),
        ("${pick(tables.outcome, agent_name, 'other')}", "other"),
        ("${agent_name}: ${remarks}", 'Maya Lindqvist: said "yes"'),
        ("${duration_s}", 125),
        ("${clock(duration_s, 'HH:MM:SS')}", "00:02:05"),
        ("${time(started_at, '%Y-%m-%d')}", "2026-01-05"),
        ("plain text", "plain text"),
        (4, 4),
        ("${tables.outcome.PTP}", "Promise to pay"),
    ],
)
def test_a_template_makes_the_fields_value(template: object, value: object) -> None:
    assert mapped(TOLD, subject=template)["subject"] == value


def test_fields_without_a_template_stay_as_ecs_told_them() -> None:
    assert mapped(TOLD, subject="x") == {**TOLD, "subject": "x"}


@pytest.mark.parametrize(
    "template", [None, "${crm_case}", "${pick(tables.outcome, crm_case, `null`)}"]
)
def test_a_field_that_comes_to_nothing_is_left_out(template: object) -> None:
    assert "remarks" not in mapped(TOLD, remarks=template)


def test_a_text_that_lacks_a_part_loses_nothing() -> None:
    assert mapped({"remarks": "late"}, remarks="${agent_name}: ${remarks}") == {"remarks": "late"}


def test_a_text_that_was_to_replace_a_field_never_lets_it_through() -> None:
    assert mapped({"remarks": "secret"}, remarks="code ${disposition_code}") == {}


@pytest.mark.parametrize(
    "template", ["${tables}", "${[agent_name]}", "${lower(duration_s)}", "${`1e999`}"]
)
def test_what_is_no_single_value_is_left_out(template: str) -> None:
    assert "subject" not in mapped(TOLD, subject=template)


def test_a_field_that_ecs_calls_tables_does_not_hide_the_tables() -> None:
    told = {"tables": "x", "disposition_code": "PTP"}

    assert mapped(told, subject="${tables.outcome.PTP}")["subject"] == "Promise to pay"


@pytest.mark.parametrize("template", ["${", "${agent name}", "${pick(tables.outcome}"])
def test_a_template_that_cannot_be_read_is_refused_by_name(template: str) -> None:
    with pytest.raises(Misconfigured, match=r"fields\.subject: "):
        field_templates({"subject": template}, TABLES)


@given(
    told=st.dictionaries(st.sampled_from(sorted(TOLD)), st.text(max_size=40)),
    template=st.sampled_from(
        ["${agent_name}: ${remarks}", "${clock(duration_s, 'mm:ss')}", "${time(started_at, '%Y')}",
         "${first(remarks, `5`)}", "${pick(tables.outcome, disposition_code, remarks)}"]
    ),
)  # fmt: skip
def test_whatever_ecs_sends_a_template_comes_to_a_value_or_to_nothing(
    told: dict[str, str], template: str
) -> None:
    made = mapped(told, subject=template)

    assert {name: made[name] for name in told} == told
    assert isinstance(made.get("subject", ""), str | int | float)
