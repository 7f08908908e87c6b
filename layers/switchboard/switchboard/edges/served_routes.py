"""Which routes a function serves, for those who describe them."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from switchboard.edges.direct_api import DirectApi


def served_routes(api: object) -> list[Any]:
    """Every route, with Powertools' names for what is told of it; empty for what is no API."""
    match api:
        case DirectApi():
            return list(api.routes)
        case APIGatewayHttpResolver():
            return [*api._static_routes, *api._dynamic_routes]
    return []
