"""What a careful reader would ask about a file that compiles, each with its place and a way out."""

from typing import Any

import pytest

from switchboard.adapters.connector.lint import Finding, findings
from tests.unit.connector.examples import ROWS, document, methods

NOBODY = {"name": "nobody", "find": "email", "value": "ada@example.com", "result": []}


def found(changed: dict[str, Any]) -> list[Finding]:
    return findings(changed)


def mistakes(changed: dict[str, Any]) -> str:
    return "\n".join(str(one) for one in found(changed) if one.is_mistake)


def warnings(changed: dict[str, Any]) -> str:
    return "\n".join(str(one) for one in found(changed) if not one.is_mistake)


def with_map(expression: str, **more: Any) -> dict[str, Any]:
    lookup = {"request": {"path": "/customers"}, "map": expression}
    return document(methods={**methods(), "find_phone": lookup}, **more)


def with_log(**log: Any) -> dict[str, Any]:
    return document(methods=methods(**log))


def test_the_example_has_no_mistakes() -> None:
    assert mistakes(document()) == ""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("bdy.customers", "there is no `bdy` here; did you mean `body`?"),
        ("body.rows || [input.phnoe]", "`input.phnoe`; did you mean `phone`?"),
        ("[input.email]", "there is no `input.email`"),
        ("[steps.token]", "there is no `steps.token`"),
        ("[settings.bse]", "is used and not declared"),
        ("frist(body.a, `1`)", "there is no function `frist`; did you mean `first`?"),
        ("first(body.a)", "`first` takes 2 arguments, not 1"),
        ("join(',')", "`join` takes 2 arguments, not 1"),
        ("not_null()", "`not_null` takes at least 1 argument, not 0"),
        ("first(body.a, '1')", "argument 2 of `first` must be number"),
        ("body.rows[?!a.b]", "`!a.b` reads as `(!a).b`"),
        ("(status == '200' && body.rows) || `[]`", "`status` is a number"),
        ('body.rows[?type == "customer"]', '"customer" in double quotes is the name of a field'),
        ("body.rows[].{id: id, base: settings.base}", "`settings.base` is not to be seen behind"),
        ("body.rows | [?a == settings.base]", "`settings.base` is not to be seen behind"),
    ],
)
def test_an_expression_that_cannot_mean_what_it_says_is_refused(
    expression: str, expected: str
) -> None:
    changed = with_map(expression)

    try:
        lines = mistakes(changed)
    except ValueError as refused:  # the compiler was first
        lines = str(refused)
    except Exception as refused:  # noqa: BLE001 - ConnectorMistakes is no ValueError
        lines = str(refused)
    assert expected in lines


@pytest.mark.parametrize(
    "expression",
    [
        ROWS,
        "body.rows[?status == 'active'].{id: id}",
        "body.rows[?!(a.b)]",
        "(status == `200` && body.rows) || `[]`",
        'headers."x-total" && body.rows',
        "body.rows[].{settings: settings, id: id}",
        "sort_by(body.rows, &name)",
        "body.*.rows | []",
        "[input.phone.nsn, input.phone.e164]",
        "@.body.rows",
    ],
)
def test_an_expression_that_is_fine_stays_unmarked(expression: str) -> None:
    assert "methods.find_phone.map" not in mistakes(with_map(expression))


def test_a_lookup_by_account_number_sees_that_number_and_nothing_else_of_a_caller() -> None:
    find = {"request": {"path": "/customers/${input.account}/${input.phone.nsn}"}, "map": ROWS}
    changed = document(
        lookups={"by_account": ["find_account"]}, methods={**methods(), "find_account": find}
    )

    lines = mistakes(changed)

    assert "there is no `input.phone`" in lines
    assert "input.account" not in lines


def test_a_lookup_by_account_number_wants_a_sample_of_its_own() -> None:
    find = {"request": {"path": "/customers/${input.account}"}, "map": ROWS}
    changed = document(
        lookups={"by_account": ["find_account"]}, methods={**methods(), "find_account": find}
    )

    assert "missing: a customer found by account" in warnings(changed)


def test_a_later_step_sees_the_earlier_ones_and_no_step_itself() -> None:
    steps = [
        {"id": "one", "request": {"path": "/${steps.two.id}"}},
        {"id": "two", "request": {"path": "/${steps.one.id}"}},
    ]

    lines = mistakes(document(methods={**methods(), "get": {"steps": steps}}))

    assert "methods.get.steps[0].request.path: there is no `steps.two`" in lines
    assert "methods.get.steps[1]" not in lines


def test_a_steps_condition_cannot_see_the_answer_that_it_decides_about() -> None:
    steps = [{"id": "one", "when": "body.x", "request": {"path": "/a"}}]

    assert "steps[0].when: there is no `body` here" in mistakes(
        document(methods={**methods(), "get": {"steps": steps}})
    )


def test_a_list_made_of_records_sees_its_item_and_elsewhere_it_is_the_input() -> None:
    good = {"inputs": {"for_each": "[input.customer]", "make": {"id": "${item.id}"}}}
    also_good = {"inputs": "${item.remarks}"}
    bad = {"inputs": "${item.remark}"}

    assert mistakes(with_log(request={"path": "/a", "body": good})) == ""
    assert mistakes(with_log(request={"path": "/a", "body": also_good})) == ""
    assert "there is no `item.remark`" in mistakes(with_log(request={"path": "/a", "body": bad}))


def test_a_field_of_the_interaction_that_nobody_sends_is_named_unless_a_sample_has_it() -> None:
    request = {"method": "PUT", "path": "/a", "body": {"a": "${input.remark}", "b": "${input.vip}"}}
    sample = {"name": "x", "method": "log_interaction", "input": {"id": "1", "vip": "yes"}}

    lines = mistakes({**with_log(request=request), "samples": [sample]})

    assert "there is no `input.remark`; did you mean `remarks`?" in lines
    assert "input.vip" not in lines


def test_a_lookup_named_twice_or_asking_the_same_again_can_find_nobody_new() -> None:
    both = {"by_phone": ["find_phone", "find_phone", "again"], "by_email": ["find_email"]}
    again = {**methods(), "again": methods()["find_phone"]}

    lines = mistakes(document(lookups=both, methods=again))

    assert "lookups.by_phone: `find_phone` is named twice" in lines
    assert "`again` asks exactly what `find_phone` has asked before it" in lines


def test_what_nobody_uses_is_a_warning() -> None:
    changed = document(
        methods={**methods(), "spare": {"request": {"path": "/x"}}},
        secrets=["old"],
        tables={"unused": {"a": "b"}},
    )

    assert mistakes(changed) == ""
    lines = warnings(changed)
    assert "methods.spare: nobody calls this method" in lines
    assert "secrets.old: nothing uses it" in lines
    assert "tables.unused: nothing uses it" in lines


def test_oauth_uses_its_secrets_by_name() -> None:
    changed = document(
        secrets=["client_id", "client_secret"],
        auth={"scheme": "oauth2_client_credentials", "token_url": "https://crm.example.com/token"},
    )

    assert "nothing uses it" not in warnings(changed)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"id": "a", "when": "`false`", "request": {"path": "/x"}}], "this step never runs"),
        (
            [
                {"id": "a", "request": {"path": "/x"}, "stop_when": "`true`"},
                {"id": "b", "request": {"path": "/y"}},
            ],
            "no step after this one ever runs",
        ),
    ],
)
def test_a_step_that_is_never_reached_is_named(steps: list[dict[str, Any]], expected: str) -> None:
    assert expected in mistakes(document(methods={**methods(), "get": {"steps": steps}}))


def test_of_two_rules_with_one_condition_the_second_never_decides() -> None:
    rules = [
        {"when": "status == `418`", "class": "invalid"},
        {"when": "status  == `418`", "class": "transient"},
    ]

    assert "errors[1]: errors[0] decides first" in mistakes(document(errors=rules))


JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"headers": {"X-Api-Key": "letmein-please"}}, "headers.X-Api-Key"),
        ({"headers": {"Authorization": "Bearer abcdefghijklmnop1234"}}, "headers.Authorization"),
        ({"auth": {"scheme": "bearer", "token": JWT}}, "auth.token"),
        ({"auth": {"scheme": "basic", "username": "me", "password": "hunter22"}}, "auth.password"),
        ({"settings": {"base": {"default": "https://me:pw123@crm.example.com"}}}, "settings.base"),
        ({"headers": {"X-Other": "kT9xQ2mVb7LpR4wZ8nYc3HsD"}}, "headers.X-Other"),
        ({"samples": [{**NOBODY, "secrets": {"k": "kT9xQ2mVb7LpR4wZ8nYc3HsD"}}]}, "samples[0]"),
        (
            {
                "samples": [
                    {**NOBODY, "exchange": [{"response": {"body": {"access": JWT, "rows": []}}}]}
                ]
            },
            "samples[0].exchange[0].response.body.access",
        ),
        ({"samples": [{**NOBODY, "body": {"k": "-----BEGIN RSA PRIVATE KEY-----"}}]}, "samples[0]"),
    ],
)
def test_a_secret_in_the_file_is_found_and_never_repeated(
    changes: dict[str, Any], place: str
) -> None:
    lines = mistakes(document(**changes))

    assert place in lines
    assert "this looks like" in lines
    for secret in ("letmein", "abcdefghijklmnop", "eyJ", "hunter22", "pw123", "kT9xQ2"):
        assert secret not in lines


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"X-Api-Key": "${secret.key}"}, "secrets": ["key"]},
        {
            "auth": {"scheme": "bearer", "token": "${secret.access_token}"},
            "secrets": ["access_token"],
        },
        {"tables": {"reason": {"SALE": "8a7f3c1e-2b4d-4e6f-9a0b-1c2d3e4f5a6b"}}},
        {"samples": [{**NOBODY, "secrets": {"hook_secret": "whsec_c2FtcGxlIGhvb2sgc2VjcmV0"}}]},
        {
            "samples": [
                {
                    **NOBODY,
                    "exchange": [
                        {
                            "request": {"headers": {"Authorization": "Bearer token-of-the-sample"}},
                            "response": {"body": {"customers": []}},
                        }
                    ],
                }
            ]
        },
    ],
)
def test_names_of_secrets_ids_and_made_up_values_are_no_secrets(changes: dict[str, Any]) -> None:
    assert "looks like" not in mistakes(document(**changes))


def test_a_class_that_the_rules_name_needs_a_sample_that_ends_in_it() -> None:
    rules = [{"when": "body.error == 'QUOTA'", "class": "quota_exhausted"}]
    sample = {
        **NOBODY,
        "exchange": [{"response": {"status": 403, "body": {"error": "QUOTA"}}}],
        "fails": {"class": "quota_exhausted"},
    }

    without = mistakes(document(errors=rules, samples=[NOBODY]))
    assert "errors[0]: no sample ends in the class `quota_exhausted`" in without
    assert mistakes(document(errors=rules, samples=[sample])) == ""


def test_a_rule_that_no_answer_meets_is_a_warning_even_if_its_class_is_shown() -> None:
    rules = [
        {"when": "status == `422`", "class": "invalid"},
        {"when": "status == `423`", "class": "invalid"},
    ]
    sample = {**NOBODY, "exchange": [{"response": {"status": 422}}], "fails": {"class": "invalid"}}

    lines = warnings(document(errors=rules, samples=[sample]))

    assert "errors[1]: no sample's answer meets this rule (`status == `423``)" in lines
    assert "errors[0]" not in lines


def test_the_basic_stories_are_asked_for_until_they_are_told() -> None:
    first = warnings(document(samples=[NOBODY]))
    for story in (
        "a customer found by phone",
        "a customer found by email",
        "a row that does not carry what was asked",
        "`created: true`",
        "not created a second time",
        "whose answer was lost",
        "429 with Retry-After",
    ):
        assert story in first
    assert "nobody knows" not in first

    dropped = {
        **NOBODY,
        "exchange": [
            {"response": {"body": {"customers": [{"id": "1", "email": "x@example.com"}]}}}
        ],
    }
    second = warnings(document(samples=[dropped]))
    assert "a row that does not carry what was asked" not in second


def test_an_event_needs_a_story_for_yes_and_one_for_no() -> None:
    event = {
        "verify": {"scheme": "standard_webhooks", "secret": "${secret.hook}"},
        "accept": "type == 'x'",
        "map": "{phone: phone}",
    }
    heard = {"name": "a", "event": "callback", "body": {}, "result": {"phone": "1"}}

    lines = warnings(document(secrets=["hook"], events={"callback": event}, samples=[heard]))

    assert "the event callback: about something else" in lines
    assert "the event callback: accepted" not in lines


def test_an_event_that_anybody_with_a_fixed_secret_could_write_should_be_read_again() -> None:
    event = {
        "verify": {"scheme": "header_secret", "header": "X-Hook", "secret": "${secret.hook}"},
        "id": "id",
        "accept": "type == 'x'",
        "map": "{customer_id: id}",
    }

    lines = warnings(document(secrets=["hook"], events={"callback": event}))

    assert "events.callback" in lines
