"""The rules template.yaml keeps beyond what cfn-lint knows.

Each takes a template and yields what is wrong with it, in words.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from switchboard.use_cases.posting_run import Times

Template = dict[str, Any]
Problems = Iterator[str]

PUBLIC_PATHS = {
    "/v1/webhooks/{connector}",
    "/desk/{token}",
    "/editor/{name}",
    "/editor/api/{action}",
}
# Seconds one call to a CRM or to ECS may take, and what a batch needs around its calls.
CALL_DEADLINE_S = 15
BATCH_OVERHEAD_S = 10
DAY_S = 86_400
# The variable that names a resource, and the resource; a function has both or neither.
VARIABLE_OF = {
    "Interactions": "INTERACTIONS_TABLE",
    "Lookups": "LOOKUPS_TABLE",
    "Outbound": "OUTBOUND_TABLE",
    "Config": "CONFIG_TABLE",
    "Coordination": "COORDINATION_TABLE",
    "Aside": "ASIDE_BUCKET",
}
SENDS_TO = {"PostingQueue": "POSTING_QUEUE_URL", "DialingQueue": "DIALING_QUEUE_URL"}
EVERYWHERE = {"POWERTOOLS_SERVICE_NAME", "SOMEBODY_WAITS", "ECS_WAITS"}
# The kinds of what is put aside, and for how many days; None: nothing of it expires.
KEPT_ASIDE = {"spill": None, "refused": 14}


# What functions tell in metrics of their own, and somebody must look at.
TOLD_BY_METRIC = (
    ("TriggerNotKept", "trigger_intake"),
    ("TriggerSpilled", "trigger_intake"),
    ("TriggerRefused", "trigger_intake"),
    ("SpillWaits", "sweeper"),
    ("PostingMistake", "disposition_posting"),
    ("PostingParked", "disposition_posting"),
    ("PostingNotPossible", "disposition_posting"),
    ("ReconciliationStopped", "reconciliation"),
)
# Nothing else would tell that these fail.
ERRORS_OF = (
    "AuthorizerFunction",
    "ArrivalLookupFunction",
    "RoutingDecisionFunction",
    "TriggerIntakeFunction",
    "DispositionPostingFunction",
    "SweeperFunction",
    "ReconciliationFunction",
)


def of_type(template: Template, kind: str) -> dict[str, Template]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def functions(template: Template) -> dict[str, Template]:
    return of_type(template, "AWS::Serverless::Function")


def statements(function: Template) -> list[Template]:
    inline = [policy for policy in function["Policies"] if isinstance(policy, dict)]
    written = [statement for policy in inline for statement in policy.get("Statement", [])]
    return [statement for one in written for statement in either_way(one)]


def either_way(statement: Template) -> list[Template]:
    """The statements that stand behind an `!If`, whatever its condition comes to."""
    _, *branches = statement.get("Fn::If", [None, statement])
    return [branch for branch in branches if "Effect" in branch]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def timeout_s(template: Template, function: str) -> int:
    default = template["Globals"]["Function"]["Timeout"]
    return int(functions(template)[function].get("Timeout", default))


def target(reference: Any) -> str:
    """The logical id behind a Ref, GetAtt, or the name itself."""
    if isinstance(reference, dict):
        (value,) = reference.values()
        return str(as_list(value)[0])
    return str(reference)


def every_route_but_the_public_ones_is_authorized(template: Template) -> Problems:
    auth = of_type(template, "AWS::Serverless::HttpApi")["HttpApi"]["Auth"]
    if auth.get("DefaultAuthorizer") not in auth.get("Authorizers", {}):
        yield "the API has no default authorizer"
    for name, function in functions(template).items():
        for event in function.get("Events", {}).values():
            if event["Type"] != "HttpApi":
                continue
            route = event["Properties"]
            is_open = route.get("Auth", {}).get("Authorizer") == "NONE"
            if is_open != (route["Path"] in PUBLIC_PATHS):
                yield f"{name}: {route['Path']} is {'open' if is_open else 'guarded'}"
            if route["Method"] != "ANY":
                yield f"{name}: {route['Path']} leaves other methods to the gateway's words"


def the_authorizer_is_asked_every_time(template: Template) -> Problems:
    auth = of_type(template, "AWS::Serverless::HttpApi")["HttpApi"]["Auth"]
    for name, authorizer in auth["Authorizers"].items():
        if authorizer.get("Identity") != {"ReauthorizeEvery": 0}:
            yield f"{name} caches, or has an identity source that answers for us"
        if not authorizer.get("EnableSimpleResponses"):
            yield f"{name} expects policies"


def the_access_log_holds_no_path_and_no_query(template: Template) -> Problems:
    log = of_type(template, "AWS::Serverless::HttpApi")["HttpApi"]["AccessLogSettings"]["Format"]
    json.loads(log)
    for word in (
        "$context.path",
        "$context.http",
        "querystring",
        "rawPath",
        "$context.integration",
    ):
        if word in log:
            yield f"the access log holds {word}"


def queues_keep_what_fails(template: Template) -> Problems:
    queues = of_type(template, "AWS::SQS::Queue")
    for name, queue in queues.items():
        if not queue.get("SqsManagedSseEnabled"):
            yield f"{name} is not encrypted"
        if name.endswith("DeadLetters"):
            if queue["MessageRetentionPeriod"] != 14 * DAY_S:
                yield f"{name} does not keep 14 days"
            continue
        redrive = queue.get("RedrivePolicy", {})
        if target(redrive.get("deadLetterTargetArn", "nothing")) not in queues:
            yield f"{name} has no dead-letter queue"
        if redrive.get("maxReceiveCount", 0) < 5:
            yield f"{name} gives up too early"
        if queue["MessageRetentionPeriod"] >= 14 * DAY_S:
            yield f"{name} keeps as long as its dead letters: they would expire on arrival"


def queues_speak_tls_only(template: Template) -> Problems:
    covered: set[str] = set()
    for policy in of_type(template, "AWS::SQS::QueuePolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            plain = statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            if plain and statement["Effect"] == "Deny":
                attached = {target(queue) for queue in policy["Queues"]}
                covered |= attached & {target(arn) for arn in as_list(statement["Resource"])}
    for name in of_type(template, "AWS::SQS::Queue").keys() - covered:
        yield f"{name} accepts plain HTTP"


def _batch_s(function: str, size: int) -> float:
    """How long a batch may take: results side by side, calls one after the other."""
    if function == "DispositionPostingFunction":
        times = Times()
        return times.crm_budget_s + times.sends_until_s
    return float(size * CALL_DEADLINE_S)


def a_message_is_invisible_while_its_batch_can_run(template: Template) -> Problems:
    queues = of_type(template, "AWS::SQS::Queue")
    for name, mapping in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        queue, function = target(mapping["EventSourceArn"]), target(mapping["FunctionName"])
        timeout = timeout_s(template, function)
        if queues[queue]["VisibilityTimeout"] < 6 * timeout:
            yield f"{queue}: visibility below six times {function}'s timeout"
        if timeout < _batch_s(function, mapping["BatchSize"]) + BATCH_OVERHEAD_S:
            yield f"{function} cannot finish a batch of {mapping['BatchSize']}"
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: one failed record would fail its batch"
        if "MaximumConcurrency" not in mapping.get("ScalingConfig", {}):
            yield f"{name}: nothing protects the other side"


def policies_name_what_they_allow(template: Template) -> Problems:
    for name, function in functions(template).items():
        for policy in function["Policies"]:
            if not isinstance(policy, dict) or set(policy) != {"Statement"}:
                yield f"{name}: {policy} says more than this file shows"
        for statement in statements(function):
            for action in as_list(statement["Action"]):
                if "*" in action:
                    yield f"{name}: {action}"
            for resource in as_list(statement["Resource"]):
                yield from (f"{name}: {p}" for p in wildcards(resource))


def wildcards(resource: Any) -> Problems:
    """Only the suffix AWS gives a secret, the connectors' own folder, and those of a bucket."""
    text = resource if isinstance(resource, str) else json.dumps(resource)
    closed = text.replace("${AWS::StackName}/connectors/*", "")
    for kind in KEPT_ASIDE:
        closed = closed.replace(f"${{Aside.Arn}}/{kind}/*", "")
    if "*" in closed or ("?" in closed and ":secret:" not in closed):
        yield text
    if "/index/" in text and not text.rstrip('"}').endswith(("/by_customer", "/by_due", "/by_day")):
        yield text


def functions_know_exactly_what_they_may_touch(template: Template) -> Problems:
    for name, function in functions(template).items():
        given = set(function["Environment"]["Variables"]) - EVERYWHERE
        needed = set(needed_variables(function))
        for variable in given - needed:
            yield f"{name} is told {variable} and may not use it"
        for variable in needed - given:
            yield f"{name} may use {variable} and is not told"


def needed_variables(function: Template) -> Iterator[str]:
    for statement in statements(function):
        resources = json.dumps(statement["Resource"])
        if "secretsmanager:GetSecretValue" in as_list(statement["Action"]):
            yield "SECRETS_PREFIX"
        for table, variable in VARIABLE_OF.items():
            if f'"{table}"' in resources or f"${{{table}.Arn}}" in resources:
                yield variable
        if "sqs:SendMessage" in as_list(statement["Action"]):
            yield from (v for queue, v in SENDS_TO.items() if f'"{queue}"' in resources)


def every_function_is_named_after_its_job(template: Template) -> Problems:
    for name, function in functions(template).items():
        job = function["CodeUri"].removeprefix("functions/")
        camel = "".join(word.capitalize() for word in job.split("_"))
        if name != f"{camel}Function":
            yield f"{name} runs {job}"
        if function["Environment"]["Variables"].get("POWERTOOLS_SERVICE_NAME") != job:
            yield f"{name} logs under another name"


def logs_do_not_stay_for_ever(template: Template) -> Problems:
    groups = of_type(template, "AWS::Logs::LogGroup")
    for name, group in groups.items():
        if "RetentionInDays" not in group:
            yield f"{name} keeps for ever"
    for name, function in functions(template).items():
        if target(function.get("LoggingConfig", {}).get("LogGroup", "")) not in groups:
            yield f"{name} logs into a group of Lambda's own, which keeps for ever"


def tables_survive_mistakes(template: Template) -> Problems:
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        table = resource["Properties"]
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}:
            yield f"{name} goes with the stack"
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield f"{name} cannot be restored"
        if not table.get("SSESpecification", {}).get("SSEEnabled"):
            yield f"{name} is not encrypted with a key of ours"
        if table["KeySchema"] != [{"AttributeName": "id", "KeyType": "HASH"}]:
            yield f"{name} has another key than id"
        expires = table.get("TimeToLiveSpecification", {}).get("AttributeName") == "expires_at"
        if expires == (name == "Config"):
            yield f"{name}: everything but the configuration expires at expires_at"


def layer_and_functions_agree(template: Template) -> Problems:
    runtime = template["Globals"]["Function"]["Runtime"]
    architecture = template["Globals"]["Function"]["Architectures"]
    for name, resource in template["Resources"].items():
        own = {"Runtime", "Architectures"} & resource.get("Properties", {}).keys()
        if own and resource["Type"] == "AWS::Serverless::Function":
            yield f"{name} has a runtime of its own"
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            if resource["Properties"]["CompatibleRuntimes"] != [runtime]:
                yield f"{name} is for another Python than {runtime}"
            if resource["Properties"]["CompatibleArchitectures"] != architecture:
                yield f"{name} is for other machines"
            if [resource["Metadata"]["BuildArchitecture"]] != architecture:
                yield f"{name} is built for other machines"


def buckets_are_closed(template: Template) -> Problems:
    closed = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
    resources = template["Resources"]
    for name, bucket in of_type(template, "AWS::S3::Bucket").items():
        kept = {resources[name].get("DeletionPolicy"), resources[name].get("UpdateReplacePolicy")}
        if kept != {"Retain"}:
            yield f"{name} goes with the stack"
        if not bucket.get("BucketEncryption"):
            yield f"{name} does not say how it is encrypted"
        if {
            k for k, on in bucket.get("PublicAccessBlockConfiguration", {}).items() if on
        } != closed:
            yield f"{name} can be opened to the public"
        if "BucketOwnerEnforced" not in json.dumps(bucket.get("OwnershipControls")):
            yield f"{name} may hold objects of others"
    yield from (f"{name} accepts plain HTTP" for name in sorted(speaking_plainly(template)))


def speaking_plainly(template: Template) -> set[str]:
    covered: set[str] = set()
    for policy in of_type(template, "AWS::S3::BucketPolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            plain = statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            both = len(as_list(statement["Resource"])) == len(("bucket", "objects"))
            if plain and both and (statement["Effect"], statement["Action"]) == ("Deny", "s3:*"):
                covered.add(target(policy["Bucket"]))
    return of_type(template, "AWS::S3::Bucket").keys() - covered


def what_is_put_aside_expires_as_promised(template: Template) -> Problems:
    rules = of_type(template, "AWS::S3::Bucket")["Aside"]["LifecycleConfiguration"]["Rules"]
    days = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in rules}
    wanted = {f"{kind}/": days for kind, days in KEPT_ASIDE.items() if days}
    if days != wanted or any(rule["Status"] != "Enabled" for rule in rules):
        yield f"what is put aside expires after {days}"


def mistakes_are_noticed(template: Template) -> Problems:
    watched = {
        (alarm["MetricName"], target(alarm["Dimensions"][0]["Value"]))
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
    }
    for queue in of_type(template, "AWS::SQS::Queue"):
        dead = queue.endswith("DeadLetters")
        metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"
        if (metric, queue) not in watched:
            yield f"nobody notices {metric} of {queue}"
    if ("ReconciliationDifferences", "reconciliation") not in watched:
        yield "nobody notices what the CRMs lost"
    for function in ERRORS_OF:
        if ("Errors", function) not in watched:
            yield f"nobody notices errors of {function}"
    for metric, function in TOLD_BY_METRIC:
        if (metric, function) not in watched:
            yield f"nobody notices {metric} of {function}"


RULES: list[Callable[[Template], Problems]] = [
    every_route_but_the_public_ones_is_authorized,
    the_authorizer_is_asked_every_time,
    the_access_log_holds_no_path_and_no_query,
    queues_keep_what_fails,
    queues_speak_tls_only,
    a_message_is_invisible_while_its_batch_can_run,
    policies_name_what_they_allow,
    functions_know_exactly_what_they_may_touch,
    every_function_is_named_after_its_job,
    logs_do_not_stay_for_ever,
    tables_survive_mistakes,
    layer_and_functions_agree,
    buckets_are_closed,
    what_is_put_aside_expires_as_promised,
    mistakes_are_noticed,
]
