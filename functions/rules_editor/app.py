"""/editor: the page in which supervisors edit the routing rules. A signed link is the login."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import settings, wiring
from switchboard.contracts import rules_editor as asked
from switchboard.contracts.applications import Contract, read_contract
from switchboard.domain.operator_link import OperatorLink, verify
from switchboard.edges import editor_answers as answers
from switchboard.edges import editor_login as login
from switchboard.edges import editor_page as page
from switchboard.edges.editor_requests import (
    LARGEST_IMPORT,
    LARGEST_QUESTION,
    sent_by_the_page,
)
from switchboard.edges.http_api import JSON, message_of, other_methods, refusal, reply_text
from switchboard.edges.http_api import request_id as id_of
from switchboard.errors import Forbidden, MethodNotAllowed, NotFound, SwitchboardError
from switchboard.observability import count, join, logger, metrics, mistakes_without_words
from switchboard.use_cases import rules_editor as editor
from switchboard.use_cases.replaying_edits import replay_edits
from switchboard.use_cases.rules_files import as_csv, as_yaml, with_table
from switchboard.use_cases.turning_switches import show_switches, turn

STATIC: Final = Path(__file__).parent / "static"
_PAGES: Final = "/editor/<name>"
_ACTIONS: Final = "/editor/api/<action>"
_EXPIRED: Final = "This link is not valid or has expired. Ask for a new one."

# Not named `api`: what it offers is for its own page, and docs/openapi.json for everybody else.
pages = APIGatewayHttpResolver()


@dataclass(frozen=True)
class Asking:
    """Who asks, and when."""

    operator: OperatorLink
    now: datetime


@dataclass(frozen=True)
class Offered:
    """What the page may ask. What `changes` something is not for those who only look."""

    contract: type[Contract]
    work: Callable[[Any, Asking], Mapping[str, Any]]
    changes: bool = False
    largest: int = LARGEST_QUESTION


# ── The page ────────────────────────────────────────────────────────────────────────────────────


@pages.get(_PAGES)
def show(name: str) -> Response[str]:
    now = datetime.now(UTC)
    if name == "enter":
        return _enter(now)
    if name == "leave":
        return _leave()
    login.operator(_event(), key=wiring.editor_link_key(), now=now)
    text, kind = page.page_file(name, folder=STATIC)
    return _answer(text, kind)


def _enter(now: datetime) -> Response[str]:
    token = login.token_of_link(_event())
    link = verify(token, key=wiring.editor_link_key(), now=now)
    if link is None:
        raise Forbidden(_EXPIRED)
    logger.info("editor opened", may_publish=link.may_publish)
    entered = _answer(page.entered_page(), page.HTML)
    entered.cookies = [login.cookie(token, link, now=now, over_tls=_is_over_tls())]
    return entered


def _leave() -> Response[str]:
    left = _answer(page.left_page(), page.HTML)
    left.cookies = [login.no_cookie(over_tls=_is_over_tls())]
    return left


def _is_over_tls() -> bool:
    """Only the local stack, on loopback, speaks plain HTTP."""
    return not settings.allows_loopback()


# ── What the page asks ──────────────────────────────────────────────────────────────────────────


@pages.post(_ACTIONS)
def act(action: str) -> Response[str]:
    join(request_id=id_of(pages))
    now = datetime.now(UTC)
    operator = login.operator_of_the_page(_event(), key=wiring.editor_link_key(), now=now)
    offered = OFFERED.get(action)
    if offered is None:
        raise NotFound("The editor has no such action.")
    if offered.changes:
        login.refuse_who_only_looks(operator)
    said = read_contract(offered.contract, sent_by_the_page(pages, largest=offered.largest))
    told = offered.work(said, Asking(operator, now))
    logger.info("editor answered", action=action)
    return _answer(reply_text(told), JSON)


def _document(_: asked.NothingMore, asking: Asking) -> Mapping[str, Any]:
    document, digest = editor.opened(publications=wiring.fresh_publications())
    operator = answers.operator_answer(asking.operator)
    return {"document": document, "digest": digest, "operator": operator}


def _check(said: asked.Edited, asking: Asking) -> Mapping[str, Any]:
    return answers.checked_answer(editor.checked(said.document, now=asking.now))


def _explain(said: asked.MadeUp, _: Asking) -> Mapping[str, Any]:
    told = editor.explained(said.document, said.given, at=said.at)
    return answers.explained_answer(told, said.document)


def _replay(said: asked.Replayable, asking: Asking) -> Mapping[str, Any]:
    result, is_part = replay_edits(
        said.document,
        days=said.days,
        now=asking.now,
        publications=wiring.fresh_publications(),
        recorded=wiring.recorded_contacts(),
        clock_s=time.monotonic,
    )
    return answers.replayed_answer(result, is_part=is_part)


def _publish(said: asked.Publishable, asking: Asking) -> Mapping[str, Any]:
    publications = wiring.fresh_publications()
    digest = editor.publish(
        said.document,
        by=asking.operator.name,
        note=said.note,
        expected=said.expected,
        now=asking.now,
        publications=publications,
    )
    count("RulesPublished")
    logger.info("rules published", digest=digest)
    return {"document": editor.shown(said.document), "digest": digest}


def _versions(_: asked.NothingMore, __: Asking) -> Mapping[str, Any]:
    return answers.versions_answer(wiring.fresh_publications().versions(editor.KIND))


def _version(said: asked.Named, _: Asking) -> Mapping[str, Any]:
    version = wiring.fresh_publications().version(editor.KIND, said.digest)
    return {"document": editor.shown(version.body)}


def _compare(said: asked.Compared, _: Asking) -> Mapping[str, Any]:
    version = wiring.fresh_publications().version(editor.KIND, said.digest)
    return {"lines": editor.compared(version.body, said.document)}


def _roll_back(said: asked.RolledBack, asking: Asking) -> Mapping[str, Any]:
    publications = wiring.fresh_publications()
    editor.roll_back(
        said.digest,
        by=asking.operator.name,
        expected=said.expected,
        now=asking.now,
        publications=publications,
    )
    count("RulesRolledBack")
    logger.info("rules rolled back", digest=said.digest)
    document, digest = editor.opened(publications=publications)
    return {"document": document, "digest": digest}


def _export(said: asked.Exported, _: Asking) -> Mapping[str, Any]:
    if said.kind == "yaml":
        return {"name": "routing.yaml", "text": as_yaml(said.document)}
    return {"name": f"{said.table}.csv", "text": as_csv(said.document, said.table)}


def _import(said: asked.Imported, _: Asking) -> Mapping[str, Any]:
    return {"document": editor.shown(with_table(said.document, said.table, said.text))}


def _switches(_: asked.NothingMore, asking: Asking) -> Mapping[str, Any]:
    rules = wiring.fresh_publications().active(editor.KIND).body
    shown = show_switches(rules, wiring.fresh_controls().current(), now=asking.now)
    return answers.switches_answer(shown)


def _switch(said: asked.Switched, asking: Asking) -> Mapping[str, Any]:
    rules = wiring.fresh_publications().active(editor.KIND).body
    controls = turn(
        said.name,
        rules=rules,
        is_on=said.is_on,
        hours=said.hours,
        why=said.why,
        by=asking.operator.name,
        now=asking.now,
        store=wiring.fresh_controls(),
    )
    count("SwitchTurned")
    logger.info("switch turned", is_on=said.is_on)
    return answers.switches_answer(show_switches(rules, controls, now=asking.now))


OFFERED: Final[Mapping[str, Offered]] = {
    "document": Offered(asked.NothingMore, _document),
    "check": Offered(asked.Edited, _check),
    "explain": Offered(asked.MadeUp, _explain),
    "replay": Offered(asked.Replayable, _replay),
    "publish": Offered(asked.Publishable, _publish, changes=True),
    "versions": Offered(asked.NothingMore, _versions),
    "version": Offered(asked.Named, _version),
    "compare": Offered(asked.Compared, _compare),
    "rollback": Offered(asked.RolledBack, _roll_back, changes=True),
    "export": Offered(asked.Exported, _export),
    "import": Offered(asked.Imported, _import, largest=LARGEST_IMPORT),
    "switches": Offered(asked.NothingMore, _switches),
    "switch": Offered(asked.Switched, _switch, changes=True),
}


# ── Refusals ────────────────────────────────────────────────────────────────────────────────────


@pages.route(_PAGES, method=other_methods("GET"))
def refuse_other_than_get(name: str) -> Response[str]:
    del name
    return _refuse_method("GET")


@pages.route(_ACTIONS, method=other_methods("POST"))
def refuse_other_than_post(action: str) -> Response[str]:
    del action
    return _refuse_method("POST")


def _refuse_method(offered: str) -> Response[str]:
    refused = _refuse(MethodNotAllowed(f"Use {offered} here."))
    refused.headers["allow"] = offered
    return refused


def _refuse(error: SwitchboardError) -> Response[str]:
    """In words for a person who opens the page, as JSON for the page itself."""
    told: dict[str, Any] = {**refusal(pages, error)}
    if "/editor/api/" not in pages.current_event.path:
        return _answer(page.refused_page(message_of(error)), page.HTML, error.http_status)
    match error:
        case editor.RulesRefused():
            told["problems"] = list(error.problems)
        case editor.PublishedMeanwhile():
            told["meanwhile"] = answers.version_answer(error.version)
    return _answer(reply_text(told), JSON, error.http_status)


def _answer(body: str, kind: str, status: int = HTTPStatus.OK) -> Response[str]:
    count(f"EditorAnswered{int(status)}")
    return Response(
        status_code=int(status),
        content_type=kind,
        body=body,
        headers=dict(page.SECURITY_HEADERS),
    )


def _event() -> login.Event:
    return pages.current_event.raw_event


pages.exception_handler(SwitchboardError)(_refuse)
pages.not_found(lambda _: _refuse(NotFound("The editor has no such page.")))


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return pages.resolve(event, context)
