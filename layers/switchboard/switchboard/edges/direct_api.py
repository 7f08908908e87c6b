"""One path of an HTTP API, payload format 2.0, answered without Powertools' resolver.

For functions that a caller waits for: the resolver loads those of all other services with it. What
is answered is the same to the letter, which a test holds; see docs/decisions/0020-cold-start.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from switchboard.edges.http_api import JSON, method_refusal, other_methods, refusal, reply_text
from switchboard.errors import MethodNotAllowed, NotFound, SwitchboardError

Event = Mapping[str, Any]
Work = Callable[[], Mapping[str, str]]

_NOT_FOUND: Final = NotFound("Nothing is at this path; see the docs.")


class _Authorizer:
    def __init__(self, said: Event) -> None:
        self.get_lambda: Mapping[str, Any] | None = said.get("lambda")


class _Context:
    def __init__(self, said: Event) -> None:
        self.request_id: str = said["requestId"]
        self.domain_name: str = said["domainName"]
        self.authorizer = _Authorizer(said.get("authorizer") or {})


class Request:
    """An event, with the names that the rest of `edges` reads it by."""

    def __init__(self, event: Event) -> None:
        self.body: str | None = event.get("body")
        self.is_base64_encoded: bool | None = event.get("isBase64Encoded")
        self.headers: Mapping[str, str] = event.get("headers") or {}
        self.raw_query_string: str = event.get("rawQueryString") or ""
        self.query_string_parameters: Mapping[str, str] = event.get("queryStringParameters") or {}
        self.request_context = _Context(event["requestContext"])


@dataclass(frozen=True)
class DirectRoute:
    """What OpenAPI is told of one method; the names are those of Powertools' routes."""

    method: str
    openapi_path: str
    summary: str
    tags: Sequence[str]
    openapi_extensions: Mapping[str, Any]
    func: Work


class DirectApi:
    """Answers one path and the methods that are offered at it."""

    current_event: Request

    def __init__(self, path: str, *methods: str) -> None:
        self._path = path
        self._methods = methods
        self._others = frozenset(other_methods(*methods))
        self.routes: tuple[DirectRoute, ...] = ()

    def answers(
        self, *, summary: str, tags: Sequence[str], openapi_extensions: Mapping[str, Any]
    ) -> Callable[[Work], Work]:
        """Decorates the function whose values are the answer."""

        def offer(work: Work) -> Work:
            self.routes = tuple(
                DirectRoute(method, self._path, summary, tags, openapi_extensions, work)
                for method in self._methods
            )
            return work

        return offer

    def resolve(self, event: Event) -> dict[str, Any]:
        """The answer to a request; every refusal is one, and everything else is raised."""
        self.current_event = Request(event)
        method = event["requestContext"]["http"]["method"].upper()
        try:
            if _path(event) != self._path or method not in {*self._methods, *self._others}:
                raise _NOT_FOUND
            route = next((one for one in self.routes if one.method == method), None)
            if route is None:
                raise method_refusal(*self._methods)
            return _reply(route.func())
        except MethodNotAllowed as error:
            return _reply(refusal(self, error), error, allow=", ".join(self._methods))
        except SwitchboardError as error:
            return _reply(refusal(self, error), error)


def _path(event: Event) -> str:
    """Without the stage, which stands before it unless it is the default one."""
    stage, path = event["requestContext"]["stage"], str(event["rawPath"])
    return path if stage == "$default" else path.removeprefix(f"/{stage}")


def _reply(
    body: Mapping[str, str], error: SwitchboardError | None = None, **headers: str
) -> dict[str, Any]:
    return {
        "statusCode": error.http_status if error else 200,
        "body": reply_text(body),
        "isBase64Encoded": False,
        "headers": {"cache-control": "no-store", "Content-Type": JSON, **headers},
        "cookies": [],
    }
