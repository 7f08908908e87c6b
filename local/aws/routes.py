"""Create the HTTP API's routes and its authorizer from the template.

SAM writes them into the API's OpenAPI `Body`, which AWS reads and MiniStack 1.5 passes over in
silence. This reads the same `Body`, so a route exists here exactly if it would on AWS.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ANY_METHOD = "x-amazon-apigateway-any-method"
FUNCTION_OF = re.compile(r"\$\{(\w+)\.Arn\}")
AUTHORIZER_ARN = "__FunctionArn__"


@dataclass(frozen=True)
class Route:
    """One route as the template means it."""

    key: str
    function: str
    authorizer: str | None


def routes_of(body: dict[str, Any]) -> Iterator[Route]:
    """Yield the routes of an OpenAPI body that SAM wrote."""
    for path, operations in body["paths"].items():
        for verb, operation in operations.items():
            method = "ANY" if verb == ANY_METHOD else verb.upper()
            uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
            function = FUNCTION_OF.search(uri)
            if function is None:
                raise ValueError(f"{method} {path} does not lead to a function")
            # SAM writes the name NONE for `Authorizer: NONE`; AWS knows no such scheme either.
            guards = [n for each in operation.get("security", []) for n in each if n != "NONE"]
            yield Route(f"{method} {path}", function[1], guards[0] if guards else None)


def apply(gateway: Any, api: str, body: dict[str, Any], arns: dict[str, str]) -> None:
    """Make the API's routes those of `body`; `arns` are the functions' by logical id.

    Safe to repeat: what changed is replaced and what the template no longer has is deleted.
    """
    authorizers = replace_authorizers(gateway, api, body, arns)
    integrations = {
        i["IntegrationUri"]: i["IntegrationId"] for i in items(gateway.get_integrations, api)
    }
    wanted = {route.key: route for route in routes_of(body)}
    for old in items(gateway.get_routes, api):
        gateway.delete_route(ApiId=api, RouteId=old["RouteId"])
    for route in wanted.values():
        arn = arns[route.function]
        if arn not in integrations:
            integrations[arn] = create_integration(gateway, api, arn)
        guard = {"AuthorizationType": "NONE"}
        if route.authorizer:
            guard = {
                "AuthorizationType": "CUSTOM",
                "AuthorizerId": authorizers[route.authorizer],
            }
        gateway.create_route(
            ApiId=api, RouteKey=route.key, Target=f"integrations/{integrations[arn]}", **guard
        )


def create_integration(gateway: Any, api: str, arn: str) -> str:
    """Let the API call a function with payload format 2.0."""
    made = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    return str(made["IntegrationId"])


def replace_authorizers(
    gateway: Any, api: str, body: dict[str, Any], arns: dict[str, str]
) -> dict[str, str]:
    """Create the body's authorizers anew and return their ids by name."""
    for old in items(gateway.get_authorizers, api):
        gateway.delete_authorizer(ApiId=api, AuthorizerId=old["AuthorizerId"])
    schemes = body.get("components", {}).get("securitySchemes", {})
    return {
        name: create_authorizer(gateway, api, name, scheme["x-amazon-apigateway-authorizer"], arns)
        for name, scheme in schemes.items()
    }


def create_authorizer(
    gateway: Any, api: str, name: str, scheme: dict[str, Any], arns: dict[str, str]
) -> str:
    """Create one Lambda authorizer as its OpenAPI scheme describes it."""
    function_arn = scheme["authorizerUri"]["Fn::Sub"][1][AUTHORIZER_ARN]
    function = function_arn["Fn::GetAtt"][0]
    made = gateway.create_authorizer(
        ApiId=api,
        Name=name,
        AuthorizerType="REQUEST",
        AuthorizerUri=arns[function],
        IdentitySource=scheme.get("identitySource", []),
        AuthorizerResultTtlInSeconds=scheme.get("authorizerResultTtlInSeconds", 300),
        AuthorizerPayloadFormatVersion=scheme["authorizerPayloadFormatVersion"],
        EnableSimpleResponses=scheme.get("enableSimpleResponses", False),
    )
    return str(made["AuthorizerId"])


def items(operation: Any, api: str) -> list[dict[str, Any]]:
    """Return what a list operation finds for this API."""
    return list(operation(ApiId=api)["Items"])
