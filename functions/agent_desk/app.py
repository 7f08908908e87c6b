"""GET /desk/{token}: the agent's page, opened by the screen pop. The signed link is the key."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.domain.desk_link import verify
from switchboard.edges.desk_page import SECURITY_HEADERS, desk_page, refused_page
from switchboard.edges.history_cursor import places_in
from switchboard.edges.http_api import message_of, other_methods, request_id
from switchboard.errors import SwitchboardError
from switchboard.observability import count, join, logger, metrics, mistakes_without_words
from switchboard.use_cases.agent_desk import show_desk

PATH = "/desk/<token>"
_EXPIRED = "This link is not valid or has expired. Open the page again from the interaction."

api = APIGatewayHttpResolver()


@api.get(
    PATH,
    summary="The agent's page for one interaction",
    tags=["desk"],
    openapi_extensions={"x-answers": str, "x-refuses": [403, 404, 422]},
)
def show(token: str) -> Response[str]:
    now = datetime.now(UTC)
    link = verify(token, key=wiring.desk_link_key(), now=now)
    if link is None:
        return _html(refused_page(_EXPIRED), HTTPStatus.FORBIDDEN)
    join(request_id=request_id(api), interaction_id=link.interaction_id)
    after = api.current_event.get_query_string_value("after", "")
    view = show_desk(
        link.interaction_id,
        ledger=wiring.ledger(),
        now=now,
        read_from=lambda customer_key: places_in(after, customer_key),
    )
    logger.info("desk shown", history=len(view.history))
    zone = ZoneInfo(wiring.lookup_settings().time_zone)
    return _html(desk_page(view, zone=zone), HTTPStatus.OK)


@api.route(PATH, method=other_methods("GET"))
def refuse_method(token: str) -> Response[str]:
    page = _html(refused_page("This page can only be opened."), HTTPStatus.METHOD_NOT_ALLOWED)
    page.headers["allow"] = "GET"
    return page


def refuse(error: SwitchboardError) -> Response[str]:
    logger.info("desk refused", error=error.code)
    return _html(refused_page(message_of(error)), HTTPStatus(error.http_status))


def _html(page: str, status: HTTPStatus) -> Response[str]:
    count(f"DeskAnswered{status.value}")
    return Response(
        status_code=status,
        content_type="text/html; charset=utf-8",
        body=page,
        headers=dict(SECURITY_HEADERS),
    )


api.exception_handler(SwitchboardError)(refuse)
api.not_found(lambda _: _html(refused_page(_EXPIRED), HTTPStatus.NOT_FOUND))


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
