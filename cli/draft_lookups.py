"""Picks the operations that may find a customer, and makes lookup methods of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from cli.draft_api import Operation, Parameter, Schema, properties_of, setting_name
from cli.draft_rows import Rows, is_customer_word, map_of, rows_of, sign_of
from cli.personal import (
    is_email_name,
    is_phone_name,
    looks_like_email,
    looks_like_phone,
    words_of,
)
from switchboard.domain.identity import read_phone

Key = Literal["phone", "email"]

_SEARCH_WORDS: Final = frozenset(
    ("q", "query", "search", "term", "filter", "keyword", "text", "suche", "suchbegriff", "find",
     "zoek", "buscar", "lookup", "match")
)  # fmt: skip
_MOST_PER_KEY: Final = 3
_FALLBACK_ROW: Final = (
    "body[].{id: id, kind: 'customer', name: name, phones: [phone, mobile][?@],"
    " emails: [email][?@]}"
)


@dataclass(frozen=True)
class Lookup:
    """A drafted lookup: its method, and what of the operation it came from."""

    key: Key
    name: str
    operation: Operation
    method: Mapping[str, Any]
    rows: Rows | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    decisions: tuple[str, ...] = ()
    rank: float = 0


def lookups_of(operations: list[Operation], key: Key) -> list[Lookup]:
    """The best few candidates for this key, the likeliest first, each under a name of its own."""
    found = sorted(_candidates(operations, key), key=lambda one: -one.rank)[:_MOST_PER_KEY]
    names: set[str] = set()
    result = []
    for one in found:
        name, count = one.name, 2
        while name in names:
            name, count = f"{one.name}_{count}", count + 1
        names.add(name)
        result.append(Lookup(**{**one.__dict__, "name": name}))
    return result


def _candidates(operations: list[Operation], key: Key) -> Iterator[Lookup]:
    for operation in operations:
        if operation.method == "GET":
            for parameter in operation.parameters:
                exact = parameter.place in {"query", "path"} and _carries(parameter, key)
                general = parameter.place == "query" and _is_search(parameter)
                if exact or general:
                    yield _lookup(operation, key, parameter, exact=exact)
        elif operation.method == "POST" and operation.body and _is_search_post(operation):
            for name, schema in properties_of(operation.body).items():
                parameter = Parameter(name, "query", schema)
                if _carries(parameter, key) or _is_search(parameter):
                    yield _body_lookup(operation, key, parameter)


def _carries(parameter: Parameter, key: Key) -> bool:
    example = str(parameter.schema.get("example") or parameter.schema.get("default") or "")
    if key == "email":
        is_named = is_email_name(parameter.name) or parameter.schema.get("format") == "email"
        return is_named or looks_like_email(example)
    return is_phone_name(parameter.name) or (
        looks_like_phone(example)
        and not looks_like_email(example)
        and "id" not in words_of(parameter.name)
    )


def _is_search(parameter: Parameter) -> bool:
    example = str(parameter.schema.get("example") or "")
    is_taken = looks_like_phone(example) or looks_like_email(example)
    return bool(_SEARCH_WORDS.intersection(words_of(parameter.name))) and not is_taken


def _is_search_post(operation: Operation) -> bool:
    return bool((_SEARCH_WORDS | {"list"}).intersection(operation.path_words))


def _lookup(operation: Operation, key: Key, asked: Parameter, *, exact: bool) -> Lookup:
    value, doubts = _value(asked, key)
    filled = _Filled()
    path = operation.path
    query: dict[str, Any] = {}
    for one in operation.parameters_in("path"):
        template = value if one is asked else filled.constant(one)
        path = path.replace(f"{{{one.name}}}", str(template))
    for one in operation.parameters_in("query"):
        if one is asked:
            query[one.name] = value
        elif one.is_required and not _carries(one, "phone") and not _carries(one, "email"):
            query[one.name] = filled.constant(one)
    request: dict[str, Any] = {"path": path, **({"query": query} if query else {})}
    return _made(operation, key, request, filled, exact, doubts)


def _body_lookup(operation: Operation, key: Key, asked: Parameter) -> Lookup:
    value, doubts = _value(asked, key)
    filled = _Filled()
    required = (operation.body or {}).get("required") or []
    body: dict[str, Any] = {asked.name: value}
    for name, schema in properties_of(operation.body).items():
        if name != asked.name and name in required:
            body[name] = filled.constant(Parameter(name, "query", schema))
    path = operation.path
    for one in operation.parameters_in("path"):
        path = path.replace(f"{{{one.name}}}", str(filled.constant(one)))
    kind = "form" if operation.is_form else "body"
    request = {"method": "POST", "path": path, kind: body}
    return _made(operation, key, request, filled, _carries(asked, key), doubts)


@dataclass
class _Filled:
    """Values that a request needs and nobody gave: a default of the API's, or a setting."""

    settings: dict[str, Any] = field(default_factory=dict)
    decisions: list[str] = field(default_factory=list)

    def constant(self, parameter: Parameter) -> Any:
        schema = parameter.schema
        choices = schema.get("enum") or []
        for said in (schema.get("default"), schema.get("example"), *choices[:1]):
            if isinstance(said, str | int | float) and parameter.place != "path":
                self.decisions.append(
                    f"`{parameter.name}` is sent as {said!r}, as it was described: is it right?"
                )
                return said
        name = setting_name(parameter.name)
        about = parameter.description or f"The {parameter.name} that every request names"
        self.settings[name] = {"description": about[:200]}
        return f"${{settings.{name}}}"


def _made(
    operation: Operation,
    key: Key,
    request: Mapping[str, Any],
    filled: _Filled,
    exact: bool,
    doubts: list[str],
) -> Lookup:
    rows = rows_of(operation.good_answer().schema)
    decisions = [*doubts, *filled.decisions]
    if rows is None:
        decisions.append(
            f"What {operation.title} answers is not described: write its `map`, or paste an answer."
        )
    sign = sign_of(rows) if rows else ""
    if sign:
        decisions.append(
            f"An answer with 200 and without `{sign}` counts as an outage. If that is how it says"
            " that nobody is there, remove `expects`."
        )
    method: dict[str, Any] = {
        "description": f"{operation.title}{'' if exact else ' (a general search)'}",
        "request": request,
        **({"expects": sign} if sign else {}),
        "map": map_of(rows, _kind(operation)) if rows else _FALLBACK_ROW,
    }
    if (rows and rows.is_single) or any(one.status == 404 for one in operation.answers):
        method["empty_when"] = ["not_found"]
    return Lookup(
        key=key,
        name=f"find_{key}" if exact else f"search_{key}",
        operation=operation,
        method=method,
        rows=rows,
        settings=filled.settings,
        decisions=tuple(decisions),
        rank=_rank(operation, rows, exact),
    )


def _rank(operation: Operation, rows: Rows | None, exact: bool) -> float:
    is_about_people = any(map(is_customer_word, operation.path_words))
    return 4 * exact + 3 * is_about_people + 2 * bool(rows) - 0.1 * len(operation.path_words)


def _kind(operation: Operation) -> str:
    words = [word for word in operation.path_words if is_customer_word(word)]
    word = words[-1] if words else "customer"
    return {"people": "person", "parties": "party"}.get(word, word.removesuffix("s"))


def _value(parameter: Parameter, key: Key) -> tuple[str, list[str]]:
    if key == "email":
        return "${input.email}", []
    form, is_sure = _number_form(parameter.schema, parameter.description)
    doubt = (
        f"How does the CRM want the number in `{parameter.name}`? The draft sends"
        f" input.phone.{form}; e164, digits, nsn, national and international are there."
    )
    return f"${{input.phone.{form}}}", [] if is_sure else [doubt]


def _number_form(schema: Schema, description: str) -> tuple[str, bool]:
    """How a number is written there, and whether the description really says so."""
    told = f"{description} {schema.get('description') or ''} {schema.get('pattern') or ''}".lower()
    example = str(schema.get("example") or schema.get("default") or "")
    if "e.164" in told or "e164" in told or r"\+" in told:
        return "e164", True
    if "national" in told and "international" not in told:
        return "nsn", True
    if example:
        return _form_of(example), True
    return "e164", False


def _form_of(example: str) -> str:
    digits = re.sub(r"\D", "", example)
    if example.startswith("+"):
        return "e164" if example == f"+{digits}" else "international"
    if example != digits:
        return "national"
    if digits.startswith("0"):
        return "national"
    is_whole = len(digits) > 10 and read_phone(f"+{digits}", default_region="US")
    return "digits" if is_whole else "nsn"
