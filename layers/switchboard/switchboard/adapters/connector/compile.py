"""A connector file or ECS profile becomes the JSON document that the engine runs.

Every mistake is found here, where the file is built or published, and named with its place.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from switchboard.adapters.connector.event_format import names_used
from switchboard.adapters.connector.format import ConnectorFile, EcsProfileFile
from switchboard.adapters.connector.methods import (
    BATCH_METHOD,
    FIND_METHOD,
    LIST_METHOD,
    LOG_METHOD,
    REPEATABLE,
)
from switchboard.errors import Misconfigured

_SECRET_USED: Final = re.compile(r"\bsecret\.([A-Za-z0-9_]+)")
_SETTING_USED: Final = re.compile(r"\bsettings\.([A-Za-z0-9_]+)")
_TABLE_USED: Final = re.compile(r"\btables\.([A-Za-z0-9_]+)")
_FOR_PEOPLE: Final = {"samples", "docs", "checked", "unconfirmed"}
_MOST_PAGES: Final = 20
_NO_LOOKUPS: Final[Mapping[str, list[str]]] = {
    "by_phone": [],
    "by_email": [],
    "by_account": [],
}


class ConnectorMistakes(Misconfigured):
    """Everything that is wrong with a file, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def compile_connector(document: Mapping[str, Any]) -> dict[str, Any]:
    """The file as the engine reads it: complete, plain JSON, without samples and descriptions.

    Raises: ConnectorMistakes with one line for each problem.
    """
    file = _checked(document)
    result = _compiled(file)
    problems = list(_loose_ends(result))
    if problems:
        raise ConnectorMistakes(problems)
    return result


def _checked(document: Mapping[str, Any]) -> ConnectorFile | EcsProfileFile:
    kind: type[ConnectorFile | EcsProfileFile]
    kind = EcsProfileFile if "ecs_profile" in document else ConnectorFile
    try:
        return kind.model_validate(dict(document))
    except ValidationError as error:
        schema = kind.model_json_schema()
        raise ConnectorMistakes(
            [
                _line(problem["type"], problem["loc"], problem["msg"], schema)
                for problem in error.errors()
            ]
        ) from None


def _line(
    kind: str, location: tuple[int | str, ...], message: str, schema: Mapping[str, Any]
) -> str:
    place = ".".join(str(part) for part in location)
    if kind != "extra_forbidden":
        return f"{place}: {message.removeprefix('Value error, ')}"
    *owner, key = location
    # Where nothing at the place is near, it may be a key of another place.
    hint = _nearest(str(key), _keys_at(schema, owner)) or _nearest(str(key), _all_keys(schema))
    return f"{place}: unknown key{hint}"


def _keys_at(schema: Mapping[str, Any], location: Sequence[int | str]) -> list[str]:
    """The keys that the format knows at a place."""
    pieces = list(_alternatives(schema, schema))
    for part in location:
        # A part that leads nowhere is the tag of a union: its alternatives are at hand already.
        pieces = [inner for piece in pieces for inner in _inside(schema, piece, part)] or pieces
    return sorted({key for piece in pieces for key in piece.get("properties", {})})


def _inside(
    schema: Mapping[str, Any], piece: Mapping[str, Any], part: int | str
) -> Iterator[Mapping[str, Any]]:
    inner = (
        piece.get("items")
        if isinstance(part, int)
        else piece.get("properties", {}).get(part, piece.get("additionalProperties"))
    )
    if isinstance(inner, Mapping):
        yield from _alternatives(schema, inner)


def _alternatives(
    schema: Mapping[str, Any], piece: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """What a piece may be: itself, what it refers to, or each member of its union."""
    if "$ref" in piece:
        yield from _alternatives(schema, schema["$defs"][piece["$ref"].rpartition("/")[2]])
    for one in (*piece.get("anyOf", ()), *piece.get("oneOf", ())):
        yield from _alternatives(schema, one)
    yield piece


def _all_keys(schema: Mapping[str, Any]) -> list[str]:
    """Every key that the format knows, over all its pieces."""
    pieces = (schema, *schema["$defs"].values())
    return sorted({key for piece in pieces for key in piece.get("properties", {})})


def _compiled(file: ConnectorFile | EcsProfileFile) -> dict[str, Any]:
    result = file.model_dump(mode="json", by_alias=True, exclude=_FOR_PEOPLE)
    result.setdefault("lookups", dict(_NO_LOOKUPS))
    for group in ("methods", "operations"):
        methods = getattr(file, group, {})
        result[group] = {name: _method(method) for name, method in methods.items()}
    result.setdefault("events", {})
    result.setdefault("link", "")
    result["needed_secrets"] = sorted(_used(_SECRET_USED, _outgoing(result)))
    return result


def _method(method: Any) -> dict[str, Any]:
    """A single request is a method of one step."""
    result: dict[str, Any] = method.model_dump(
        mode="json", by_alias=True, exclude={"description", "query_bodies"}
    )
    single = method.request is not None
    steps = [{"id": "request", "request": result["request"]}] if single else result["steps"]
    sources = [method.request] if single else [step.request for step in method.steps]
    if single:
        steps[0]["map"], result["map"] = result["map"], None
        steps[0]["expects"] = result["expects"]
    del result["request"], result["expects"]
    result["steps"] = [
        {
            "id": step["id"],
            "when": step.get("when"),
            "request": _request(source),
            "map": step.get("map"),
            "expects": step.get("expects"),
            "empty_when": step.get("empty_when", []),
            "stop_when": step.get("stop_when"),
            "reads": step.get("reads", False),
        }
        for step, source in zip(steps, sources, strict=True)
    ]
    return result


def _request(request: Any) -> dict[str, Any]:
    """Without what is absent; an explicit `body: null` stays a body."""
    result: dict[str, Any] = request.model_dump(mode="json", exclude_unset=True)
    default = "POST" if "body" in result else "GET"
    return {**result, "method": result.get("method") or default}


def _outgoing(result: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: result[name] for name in ("headers", "auth", "methods", "operations")}


def _used(pattern: re.Pattern[str], tree: Any) -> set[str]:
    match tree:
        case str():
            return set(pattern.findall(tree))
        case Mapping():
            return {name for value in tree.values() for name in _used(pattern, value)}
        case list():
            return {name for value in tree for name in _used(pattern, value)}
    return set()


def _loose_ends(result: Mapping[str, Any]) -> Iterator[str]:
    """Names that are used and declared nowhere."""
    for pattern, kind, declared in (
        (_SECRET_USED, "secrets", result["secrets"]),
        (_SETTING_USED, "settings", result["settings"]),
        (_TABLE_USED, "tables", result["tables"]),
    ):
        for name in sorted(_used(pattern, result) - set(declared)):
            yield f"{kind}: `{name}` is used and not declared{_nearest(name, declared)}"
    yield from _lost_lookups(result)
    yield from _half_batches(result)
    yield from _mapless_readers(result)
    yield from _long_readers(result)
    yield from _false_promises(result)
    yield from _lost_in_events(result)


def _lost_lookups(result: Mapping[str, Any]) -> Iterator[str]:
    methods = result["methods"]
    for kind, names in result["lookups"].items():
        for name in names:
            if name not in methods:
                yield f"lookups.{kind}: there is no method `{name}`{_nearest(name, methods)}"
            elif not (methods[name]["map"] or methods[name]["steps"][-1]["map"]):
                yield f"methods.{name}: a lookup needs a `map` that makes customers of the answer"


def _half_batches(result: Mapping[str, Any]) -> Iterator[str]:
    methods = result["methods"]
    for name, method in methods.items():
        if bool(method["batch"]) is not (name == BATCH_METHOD):
            yield f"methods.{name}: `batch` belongs to `{BATCH_METHOD}`, and to nothing else"
    if BATCH_METHOD in methods:
        single = methods.get(LOG_METHOD)
        if single is None:
            yield f"methods.{BATCH_METHOD}: `{LOG_METHOD}` is needed too, for a record alone"
        elif {single["idempotency"], methods[BATCH_METHOD]["idempotency"]} - REPEATABLE:
            yield (
                f"methods.{BATCH_METHOD}: a batch is written again after a lost answer; both "
                f"methods must say what makes that safe ({', '.join(sorted(REPEATABLE))})"
            )


def _mapless_readers(result: Mapping[str, Any]) -> Iterator[str]:
    for name in (FIND_METHOD, LIST_METHOD):
        method = result["methods"].get(name)
        if method and not (method["map"] or method["steps"][-1]["map"]):
            yield f"methods.{name}: it needs a `map` that makes rows {{id, key}} of the answer"


def _long_readers(result: Mapping[str, Any]) -> Iterator[str]:
    """A caller waits for a lookup; for a listing nobody does."""
    for name, method in result["methods"].items():
        if name != LIST_METHOD and method["page"] and method["page"]["max_pages"] > _MOST_PAGES:
            yield (
                f"methods.{name}.page.max_pages: at most {_MOST_PAGES}; "
                f"only `{LIST_METHOD}` may read more"
            )


def _false_promises(result: Mapping[str, Any]) -> Iterator[str]:
    """Revisions that the CRM orders by itself are written without a look at what it has."""
    for group in ("methods", "operations"):
        for name, method in result[group].items():
            if not method["ignores_older"]:
                continue
            if name != LOG_METHOD:
                yield f"{group}.{name}: `ignores_older` belongs to `{LOG_METHOD}` only"
            elif method["idempotency"] != "upsert":
                yield (
                    f"methods.{name}: `ignores_older` goes with `idempotency: upsert`; a CRM that "
                    "does not know its record again cannot tell which revision is older"
                )


def _lost_in_events(result: Mapping[str, Any]) -> Iterator[str]:
    for place, kind, name in names_used(result["events"]):
        if name not in result[kind]:
            noun = {"secrets": "secret", "methods": "method"}[kind]
            yield f"{place}: the {noun} `{name}` is not declared{_nearest(name, result[kind])}"


def _nearest(name: str, declared: Any) -> str:
    nearest = difflib.get_close_matches(name, list(declared), n=1)
    return f"; did you mean `{nearest[0]}`?" if nearest else ""
