"""Without Powertools' resolver, everything is answered as with it, to the letter."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_lambda_powertools.event_handler import Response
from hypothesis import given
from hypothesis import strategies as st

from switchboard.edges.direct_api import DirectApi
from switchboard.edges.ecs_request import parameters_in, readable_parameters, sent_query
from switchboard.edges.http_api import Api, header, host, raw_body, request_id, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.observability import metrics
from tests.unit.edges.requests import event

PATH = "/v1/read"


def told(api: Api) -> dict[str, str]:
    """Everything that a function reads of a request, and each way in which it may end."""
    require_key(api)
    parameters, problem = readable_parameters(api, ("contact",))
    match parameters.get("end"):
        case "setting":
            raise Misconfigured("SECRET_SETTING is missing")
        case "table":
            raise StateUnavailable("later")
        case "strict":
            parameters = parameters_in(sent_query(api), raw_body(api), header(api, "content-type"))
    return {**parameters, "problem": problem, "at": host(api), "id": request_id(api)}


def with_powertools() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    api = new_api()
    refuse_other_methods(api, PATH, "GET", "POST")

    @api.route(PATH, method=["GET", "POST"])
    def read() -> Response[str]:
        return answer(told(api))

    return lambda sent: api.resolve(dict(sent), None)  # type: ignore[arg-type]


def directly() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    api = DirectApi(PATH, "GET", "POST")

    @api.answers(summary="", tags=[], openapi_extensions={})
    def read() -> dict[str, str]:
        return told(api)

    return api.resolve


methods = st.sampled_from(
    ["GET", "POST", "post", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY", "BREW"]
)
paths = st.sampled_from([PATH, PATH, PATH, "/v1/read/", "/v1/reads", "/", "//v1/read", "/V1/read"])
verdicts = st.sampled_from(
    [None, {}, {"key_id": ""}, {"refusal": "unknown_key"}, {"refusal": "route_not_allowed"},
     {"refusal": "keys_unavailable"}, {"key_id": "ecs"}, {"key_id": "ecs"}, {"key_id": "ecs"}]
)  # fmt: skip
ends = st.sampled_from(["", "setting", "table", "strict"])
bodies = (
    st.none()
    | st.sampled_from(["{", "[]", "contact=1&x=%C3%A9", '{"contact": ["x"]}', b"\xff", "\ud800"])
    | st.binary(max_size=20)
    | st.text(max_size=20)
    | ends.map(lambda end: f'{{"end": "{end}", "contact": "é"}}')
)
queries = st.none() | st.fixed_dictionaries({"end": ends, "contact": st.text(max_size=5)})


@given(methods, paths, verdicts, bodies, queries, st.sampled_from(["$default", "prod"]))
def test_any_request_is_answered_as_by_powertools(
    method: str, path: str, verdict: Any, body: Any, query: Any, stage: str
) -> None:
    staged = path if stage == "$default" else f"/{stage}{path}"
    sent = event(body, query=query, method=method, path=staged, authorizer=verdict)
    sent["requestContext"]["stage"] = stage

    assert outcome(directly(), sent) == outcome(with_powertools(), sent)


def outcome(resolve: Callable[[Mapping[str, Any]], dict[str, Any]], sent: Any) -> Any:
    """The answer; or the exception's type, for what no sender can bring about."""
    try:
        return resolve(sent)
    except UnicodeError as error:
        return type(error)
    finally:
        metrics.clear_metrics()  # as a function's decorator does after each invocation


def test_a_bug_stays_loud() -> None:
    api = DirectApi(PATH, "GET")

    @api.answers(summary="", tags=[], openapi_extensions={})
    def broken() -> dict[str, str]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        api.resolve(event(method="GET", path=PATH))


def test_a_wrong_method_is_told_the_right_ones() -> None:
    refused = directly()(event(method="PUT", path=PATH))
    metrics.clear_metrics()

    assert (refused["statusCode"], refused["headers"]["allow"]) == (405, "GET, POST")
