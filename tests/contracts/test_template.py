"""template.yaml keeps its rules, and each rule notices when it does not."""

import ast
import copy
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from local.aws.package import read_template
from tests.contracts import template_rules as rules
from tests.contracts.template_rules import RULES, Problems, Template

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = REPOSITORY / "template.yaml"
Rule = Callable[[Template], Problems]


def properties(template: Template, name: str) -> Template:
    found: Template = template["Resources"][name]["Properties"]
    return found


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template(TEMPLATE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Rule, template: Template) -> None:
    assert list(rule(template)) == []


def open_a_route(t: Template) -> None:
    lookup = properties(t, "ArrivalLookupFunction")["Events"]["Lookup"]["Properties"]
    lookup["Auth"] = {"Authorizer": "NONE"}


def guard_a_webhook(t: Template) -> None:
    del properties(t, "OutboundRequestFunction")["Events"]["Webhook"]["Properties"]["Auth"]


def let_the_gateway_refuse_methods(t: Template) -> None:
    properties(t, "AgentDeskFunction")["Events"]["Desk"]["Properties"]["Method"] = "GET"


def forget_the_default_authorizer(t: Template) -> None:
    del properties(t, "HttpApi")["Auth"]["DefaultAuthorizer"]


def cache_who_is_asking(t: Template) -> None:
    identity = {"ReauthorizeEvery": 300, "Headers": ["x-switchboard-key"]}
    properties(t, "HttpApi")["Auth"]["Authorizers"]["SwitchboardKey"]["Identity"] = identity


def log_the_path(t: Template) -> None:
    log = '{"path":"$context.path"}'
    properties(t, "HttpApi")["AccessLogSettings"]["Format"] = log


def lose_what_fails(t: Template) -> None:
    del properties(t, "PostingQueue")["RedrivePolicy"]


def give_up_at_once(t: Template) -> None:
    properties(t, "DialingQueue")["RedrivePolicy"]["maxReceiveCount"] = 1


def forget_dead_letters_early(t: Template) -> None:
    properties(t, "PostingDeadLetters")["MessageRetentionPeriod"] = 345_600


def allow_plain_http(t: Template) -> None:
    properties(t, "QueuesOverTlsOnly")["Queues"].pop()


def show_messages_too_early(t: Template) -> None:
    properties(t, "PostingQueue")["VisibilityTimeout"] = 539


def take_more_than_one_can_finish(t: Template) -> None:
    properties(t, "DialingQueueToOutboundDialing")["BatchSize"] = 6


def fail_whole_batches(t: Template) -> None:
    del properties(t, "PostingQueueToDispositionPosting")["FunctionResponseTypes"]


def post_without_limit(t: Template) -> None:
    del properties(t, "DialingQueueToOutboundDialing")["ScalingConfig"]


def allow_every_action(t: Template) -> None:
    rules.statements(properties(t, "SweeperFunction"))[0]["Action"] = "dynamodb:*"


def allow_every_table(t: Template) -> None:
    rules.statements(properties(t, "SweeperFunction"))[0]["Resource"] = "*"


def allow_every_index(t: Template) -> None:
    index = {"Fn::Sub": "${Interactions.Arn}/index/*"}
    rules.statements(properties(t, "AgentDeskFunction"))[2]["Resource"] = index


def use_a_managed_policy(t: Template) -> None:
    properties(t, "SweeperFunction")["Policies"].append("AmazonDynamoDBFullAccess")


def tell_more_than_needed(t: Template) -> None:
    variables = properties(t, "AgentDeskFunction")["Environment"]["Variables"]
    variables["OUTBOUND_TABLE"] = {"Ref": "Outbound"}


def tell_less_than_needed(t: Template) -> None:
    del properties(t, "TriggerIntakeFunction")["Environment"]["Variables"]["POSTING_QUEUE_URL"]


def log_under_another_name(t: Template) -> None:
    variables = properties(t, "SweeperFunction")["Environment"]["Variables"]
    variables["POWERTOOLS_SERVICE_NAME"] = "cleaner"


def keep_logs_for_ever(t: Template) -> None:
    del properties(t, "SweeperLogs")["RetentionInDays"]


def leave_the_log_group_to_lambda(t: Template) -> None:
    del properties(t, "SweeperFunction")["LoggingConfig"]


def delete_the_ledger_with_the_stack(t: Template) -> None:
    t["Resources"]["Interactions"]["DeletionPolicy"] = "Delete"


def never_expire_lookups(t: Template) -> None:
    del properties(t, "Lookups")["TimeToLiveSpecification"]


def expire_the_configuration(t: Template) -> None:
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    properties(t, "Config")["TimeToLiveSpecification"] = ttl


def run_another_python(t: Template) -> None:
    t["Globals"]["Function"]["Runtime"] = "python3.12"


def build_for_other_machines(t: Template) -> None:
    t["Resources"]["SwitchboardLayer"]["Metadata"]["BuildArchitecture"] = "x86_64"


def overlook_dead_letters(t: Template) -> None:
    del t["Resources"]["DialingDeadLetterAlarm"]


def open_a_bucket(t: Template) -> None:
    properties(t, "Aside")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False


def read_a_bucket_over_plain_http(t: Template) -> None:
    policy = properties(t, "AsideOverTlsOnly")["PolicyDocument"]["Statement"][0]
    policy["Resource"] = policy["Resource"][:1]


def delete_what_was_spilled_with_the_stack(t: Template) -> None:
    del t["Resources"]["Aside"]["DeletionPolicy"]


def expire_what_was_acknowledged(t: Template) -> None:
    del properties(t, "Aside")["LifecycleConfiguration"]["Rules"][0]["Prefix"]


def keep_refused_bodies_for_ever(t: Template) -> None:
    properties(t, "Aside")["LifecycleConfiguration"]["Rules"][0]["Status"] = "Disabled"


def allow_every_object(t: Template) -> None:
    rules.statements(properties(t, "TriggerIntakeFunction"))[-1]["Resource"] = {
        "Fn::Sub": "${Aside.Arn}/*"
    }


def overlook_what_was_not_kept(t: Template) -> None:
    del t["Resources"]["TriggerNotKeptAlarm"]


def overlook_errors(t: Template) -> None:
    del t["Resources"]["ArrivalLookupErrorAlarm"]


def overlook_that_nobody_sweeps(t: Template) -> None:
    del t["Resources"]["SweeperErrorAlarm"]


def overlook_what_waits_for_a_person(t: Template) -> None:
    del t["Resources"]["PostingParkedAlarm"]


def overlook_what_the_crms_lost(t: Template) -> None:
    del t["Resources"]["ReconciliationDifferencesAlarm"]


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        (open_a_route, rules.every_route_but_the_public_ones_is_authorized),
        (guard_a_webhook, rules.every_route_but_the_public_ones_is_authorized),
        (let_the_gateway_refuse_methods, rules.every_route_but_the_public_ones_is_authorized),
        (forget_the_default_authorizer, rules.every_route_but_the_public_ones_is_authorized),
        (cache_who_is_asking, rules.the_authorizer_is_asked_every_time),
        (log_the_path, rules.the_access_log_holds_no_path_and_no_query),
        (lose_what_fails, rules.queues_keep_what_fails),
        (give_up_at_once, rules.queues_keep_what_fails),
        (forget_dead_letters_early, rules.queues_keep_what_fails),
        (allow_plain_http, rules.queues_speak_tls_only),
        (show_messages_too_early, rules.a_message_is_invisible_while_its_batch_can_run),
        (take_more_than_one_can_finish, rules.a_message_is_invisible_while_its_batch_can_run),
        (fail_whole_batches, rules.a_message_is_invisible_while_its_batch_can_run),
        (post_without_limit, rules.a_message_is_invisible_while_its_batch_can_run),
        (allow_every_action, rules.policies_name_what_they_allow),
        (allow_every_table, rules.policies_name_what_they_allow),
        (allow_every_index, rules.policies_name_what_they_allow),
        (allow_every_object, rules.policies_name_what_they_allow),
        (use_a_managed_policy, rules.policies_name_what_they_allow),
        (tell_more_than_needed, rules.functions_know_exactly_what_they_may_touch),
        (tell_less_than_needed, rules.functions_know_exactly_what_they_may_touch),
        (log_under_another_name, rules.every_function_is_named_after_its_job),
        (keep_logs_for_ever, rules.logs_do_not_stay_for_ever),
        (leave_the_log_group_to_lambda, rules.logs_do_not_stay_for_ever),
        (delete_the_ledger_with_the_stack, rules.tables_survive_mistakes),
        (never_expire_lookups, rules.tables_survive_mistakes),
        (expire_the_configuration, rules.tables_survive_mistakes),
        (run_another_python, rules.layer_and_functions_agree),
        (build_for_other_machines, rules.layer_and_functions_agree),
        (open_a_bucket, rules.buckets_are_closed),
        (read_a_bucket_over_plain_http, rules.buckets_are_closed),
        (delete_what_was_spilled_with_the_stack, rules.buckets_are_closed),
        (expire_what_was_acknowledged, rules.what_is_put_aside_expires_as_promised),
        (keep_refused_bodies_for_ever, rules.what_is_put_aside_expires_as_promised),
        (overlook_what_was_not_kept, rules.mistakes_are_noticed),
        (overlook_dead_letters, rules.mistakes_are_noticed),
        (overlook_errors, rules.mistakes_are_noticed),
        (overlook_that_nobody_sweeps, rules.mistakes_are_noticed),
        (overlook_what_waits_for_a_person, rules.mistakes_are_noticed),
        (overlook_what_the_crms_lost, rules.mistakes_are_noticed),
    ],
    ids=lambda each: each.__name__,
)
def test_the_rule_notices_the_mistake(
    mistake: Callable[[Template], None], rule: Rule, template: Template
) -> None:
    wrong = copy.deepcopy(template)

    mistake(wrong)

    assert list(rule(wrong))


def test_every_rule_has_a_mistake_that_it_notices() -> None:
    marks = test_the_rule_notices_the_mistake.pytestmark  # type: ignore[attr-defined]

    assert {rule for _mistake, rule in marks[0].args[1]} == set(RULES)


def test_one_python_everywhere(template: Template) -> None:
    version = (REPOSITORY / ".python-version").read_text().strip()
    recipe = (REPOSITORY / "layers" / "switchboard" / "build_layer.py").read_text()
    makefile = (REPOSITORY / "layers" / "switchboard" / "Makefile").read_text()

    assert template["Globals"]["Function"]["Runtime"] == f"python{version}"
    assert template["Globals"]["Function"]["Architectures"] == ["arm64"]
    assert constant(recipe, "TEMPLATE_PYTHON") == tuple(map(int, version.split(".")))
    assert f"PYTHON ?= python{version}\n" in makefile


def constant(source: str, name: str) -> object:
    """The value a module gives a name, without importing it."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    pytest.fail(f"{name} is not set")


def test_every_job_of_the_template_has_its_folder(template: Template) -> None:
    for function in rules.functions(template).values():
        assert (REPOSITORY / function["CodeUri"] / "app.py").is_file()


def test_a_deployed_stack_reaches_public_addresses_only_until_somebody_says_otherwise(
    template: Template,
) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    opened = {
        variables["SWITCHBOARD_ALLOW_LOOPBACK"]["Ref"]: "no",
        variables["SWITCHBOARD_PRIVATE_NETWORKS"]["Ref"]: "",
    }
    config = (REPOSITORY / "samconfig.toml").read_text()

    for parameter, closed in opened.items():
        assert template["Parameters"][parameter]["Default"] == closed
        assert parameter not in config


def test_every_stage_is_deployed_without_a_question_but_the_change_set() -> None:
    config = tomllib.loads((REPOSITORY / "samconfig.toml").read_text())

    for stage in ("default", "prod"):
        deploy = config[stage]["deploy"]["parameters"]
        assert deploy["resolve_s3"]
        assert deploy["confirm_changeset"]
        assert config[stage]["validate"]["parameters"]["lint"]
    names = {config[stage]["global"]["parameters"]["stack_name"] for stage in ("default", "prod")}
    assert len(names) == 2
