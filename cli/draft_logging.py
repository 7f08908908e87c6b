"""Picks the operation that writes down a contact, and makes `log_interaction` of it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cli.draft_api import Answer, Operation, Schema, properties_of, setting_name, type_of
from cli.draft_rows import CUSTOMER_WORDS, fields_of, id_of, is_customer_word
from cli.personal import Kind, compounds_of, is_email_name, is_phone_name, kind_of, words, words_of

_LOG_WORDS: Final = (
    ("call", "calls", "calllog", "calllogs", "phonecall", "phonecalls", "anruf", "anrufe",
     "llamada", "llamadas", "appel", "appels"),
    ("interaction", "interactions", "activity", "activities", "engagement", "engagements",
     "contacthistory", "kontakthistorie", "aktivitaet", "aktivitäten", "actividad"),
    ("note", "notes", "notiz", "notizen", "comment", "comments", "journal", "log", "logs",
     "history", "entry", "entries", "timeline", "event", "events", "message", "messages",
     "visit", "visits", "besuch", "besuche", "meeting", "meetings", "appointment", "appointments"),
    ("task", "tasks", "ticket", "tickets", "case", "cases", "issue", "issues", "aufgabe", "tarea"),
)  # fmt: skip
_DIRECTIONS: Final = {
    "inbound": ("inbound", "incoming", "in", "received", "eingehend"),
    "outbound": ("outbound", "outgoing", "out", "sent", "ausgehend", "dialed"),
    "internal": ("internal", "intern"),
}
_CHANNELS: Final = {
    "voice": ("voice", "call", "phone", "phone_call", "telephone", "anruf"),
    "email": ("email", "mail", "e-mail"),
    "chat": ("chat", "live_chat", "webchat", "im"),
    "sms": ("sms", "text", "text_message"),
    "fax": ("fax",),
    "callback": ("callback", "call_back", "task"),
}
_TEXT_ENUM_DEFAULTS: Final = ("other", "note", "unknown", "none")
_ON_A_KEY: Final = re.compile(r"(?i)^(idempotency-?key|x-idempotency-key|x-request-id|request-id)$")
_REFERENCE: Final = frozenset(
    ("external", "externalid", "reference", "ref", "idempotency", "correlation", "clientref",
     "foreign", "sourceid", "requestid", "callid", "interactionid", "uniqueid")
)  # fmt: skip


@dataclass(frozen=True)
class Log:
    """A drafted `log_interaction`."""

    operation: Operation
    method: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    rules: tuple[Mapping[str, Any], ...] = ()
    decisions: tuple[str, ...] = ()
    repeated_status: int = 200
    good_status: int = 201


def log_of(operations: list[Operation]) -> Log | None:
    """The likeliest way to write something down; None when nothing takes it."""
    ranked = sorted(
        ((rank, one) for one in operations if (rank := _rank(one)) > 0),
        key=lambda pair: -pair[0],
    )
    if not ranked:
        return None
    others = [one.title for _, one in ranked[1:4]]
    return _drafted(ranked[0][1], others)


def _rank(operation: Operation) -> float:
    if operation.method not in {"POST", "PUT"} or not properties_of(operation.body):
        return 0
    path = operation.path_words
    last = path[-1] if path else ""
    level = _level(last) or _level(*path[-3:]) or 0.5 * _level(*operation.words)
    holes = _holes(operation)
    if operation.method == "PUT" and not (holes and operation.path.endswith("}")):
        return 0
    # An own id in the path is the strongest idempotency there is.
    bonus = 2 if operation.method == "PUT" and not is_customer_hole(holes[-1]) else 0
    penalty = 1.5 * sum(not is_customer_hole(hole) for hole in holes[: -1 if bonus else None])
    return max(0.0, level + bonus - penalty) if level else 0


def _level(*said: str) -> float:
    for points, group in zip((4, 3, 2, 1), _LOG_WORDS, strict=True):
        if set(group).intersection(said):
            return points
    return 0


def _holes(operation: Operation) -> list[str]:
    return re.findall(r"\{([^}]+)\}", operation.path)


def is_customer_hole(name: str) -> bool:
    return any(map(is_customer_word, words_of(name)))


@dataclass
class _Draft:
    operation: Operation
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    decisions: list[str] = field(default_factory=list)
    sends_reference: str = ""


def _drafted(operation: Operation, others: list[str]) -> Log:
    draft = _Draft(operation)
    is_upsert = operation.method == "PUT"
    path, needs_customer = _path(draft, is_upsert=is_upsert)
    body = _body(draft, operation.body or {})
    headers = _key_header(operation)
    idempotency, rules = _idempotency(draft, is_upsert=is_upsert, headers=headers)
    if others:
        draft.decisions.append(
            f"Interactions are logged with {operation.title}; {', '.join(others)} would do too."
        )
    method = {
        "description": operation.title,
        "idempotency": idempotency,
        **({"needs_customer": True} if needs_customer else {}),
        "request": {
            "method": operation.method,
            "path": path,
            **({"headers": headers} if headers else {}),
            ("form" if operation.is_form else "body"): body,
        },
        "map": _map(operation, draft, is_upsert=is_upsert),
    }
    return Log(
        operation=operation,
        method=method,
        tables=draft.tables,
        settings=draft.settings,
        rules=tuple(rules),
        decisions=tuple(draft.decisions),
        good_status=operation.good_answer().status if not is_upsert else 201,
    )


def _path(draft: _Draft, *, is_upsert: bool) -> tuple[str, bool]:
    path, needs_customer = draft.operation.path, False
    holes = _holes(draft.operation)
    for position, hole in enumerate(holes):
        if is_upsert and position == len(holes) - 1:
            template = "${input.id}"
        elif is_customer_hole(hole):
            template, needs_customer = "${input.customer.id}", True
        else:
            name = setting_name(hole)
            draft.settings[name] = {"description": f"The {hole} of the address"}
            template = f"${{settings.{name}}}"
        path = path.replace(f"{{{hole}}}", template)
    return path, needs_customer


def _body(draft: _Draft, schema: Schema) -> dict[str, Any]:
    """A template for every field whose meaning is plain, and for every one that must be there."""
    required = set(schema.get("required") or [])
    is_from_example = "required" not in schema
    result: dict[str, Any] = {}
    for name, inner in properties_of(schema).items():
        if inner.get("readOnly"):
            continue
        value = _template(draft, name, inner)
        if value is not None:
            result[name] = value
        elif name in required or is_from_example:
            result.update(_without_meaning(draft, name, inner, is_needed=name in required))
    return result


def _template(draft: _Draft, name: str, schema: Schema) -> Any:
    if type_of(schema) == "object" and properties_of(schema):
        inner = _body(draft, {**schema, "required": schema.get("required") or []})
        return inner or None
    said = compounds_of(name)
    if type_of(schema) == "array":
        return None
    for guess in (_by_enum, _reference, _by_words):
        value = guess(draft, name, said, schema)
        if value is not None:
            return value
    return None


def _by_enum(draft: _Draft, name: str, said: set[str], schema: Schema) -> Any:
    """A code that we know by meaning: direction and channel, through a table of the file's."""
    example = schema.get("example")
    choices = [str(one) for one in schema.get("enum") or ([example] if example else [])]
    if said & {"direction", "richtung", "calldirection"}:
        meanings, table, source = _DIRECTIONS, "direction", "direction"
    elif said & {"type", "kind", "channel", "typ", "art", "medium", "activitytype"}:
        meanings, table, source = _CHANNELS, "channel", "channel"
    else:
        return None
    if not choices:
        return f"${{input.{source}}}"
    found = {ours: _code_for(theirs, choices) for ours, theirs in meanings.items()}
    told = {ours: code for ours, code in found.items() if code}
    neutral = _neutral_code(choices)
    if table == "direction" and not told:
        return None
    draft.tables[table] = told or {"voice": choices[0]}
    # A direction that nobody told us is left out: the first code would be a wrong one.
    otherwise = neutral or (None if table == "direction" else choices[0])
    if not schema.get("enum") or not neutral:
        rest = f"sent as {otherwise!r}" if otherwise else "left out"
        draft.decisions.append(
            f"`{name}` knows {_listed(draft.tables[table])}; every other {table} is {rest} until"
            f" the table `{table}` says more."
        )
    default = f"'{_in_quotes(otherwise)}'" if otherwise else "`null`"
    return f"${{pick(tables.{table}, input.{source}, {default})}}"


def _listed(table: Mapping[str, Any]) -> str:
    return ", ".join(f"{ours} as {theirs!r}" for ours, theirs in table.items())


def _code_for(theirs: tuple[str, ...], choices: list[str]) -> str | None:
    plain = {_squeezed(choice): choice for choice in choices}
    return next((plain[_squeezed(word)] for word in theirs if _squeezed(word) in plain), None)


def _in_quotes(code: str) -> str:
    return re.sub(r"['\\]", "", code)


def _squeezed(code: str) -> str:
    """`E_MAIL`, `e-mail` and `Email` are one code."""
    return re.sub(r"[^a-z0-9]", "", code.lower())


def _neutral_code(choices: list[str]) -> str | None:
    """A code that is wrong for nothing; None when there is none."""
    plain = {choice.lower(): choice for choice in choices}
    return next((plain[word] for word in _TEXT_ENUM_DEFAULTS if word in plain), None)


def _reference(draft: _Draft, name: str, said: set[str], schema: Schema) -> Any:
    joined = {"".join(words_of(name))}
    if not _REFERENCE.intersection(said | joined) or any(map(is_customer_word, said)):
        return None
    draft.sends_reference = name
    return "${input.id}"


def _by_words(draft: _Draft, name: str, said: set[str], schema: Schema) -> Any:
    for meaning, guess in _MEANINGS:
        if said & meaning and (value := guess(said, schema)) is not None:
            return value
    is_contact = is_phone_name(name) or is_email_name(name) or said & {"from", "contact"}
    return "${input.contact}" if is_contact else None


def _remarks(said: set[str], schema: Schema) -> str:
    longest = schema.get("maxLength")
    return f"${{first(input.remarks, `{longest}`)}}" if longest else "${input.remarks}"


def _subject(said: set[str], schema: Schema) -> str:
    return "${input.business_process || 'Contact'}: ${input.disposition_code || 'no result yet'}"


def _agent(said: set[str], schema: Schema) -> str | None:
    is_a_number = "id" in said or type_of(schema) in {"integer", "number"}
    return None if is_a_number else "${input.agent_name}"


def _customer(said: set[str], schema: Schema) -> str | None:
    if not said & {"id", "ids", "uuid", "ref", "number", "no"}:
        return None
    # Our ids are texts; some APIs refuse a text where they say integer.
    is_a_number = type_of(schema) in {"integer", "number"}
    return "${whole(input.customer.id)}" if is_a_number else "${input.customer.id}"


def _revision(said: set[str], schema: Schema) -> str | None:
    return "${input.revision}" if type_of(schema) in {"integer", "number"} else None


def _duration(said: set[str], schema: Schema) -> str:
    if said & {"ms", "milliseconds", "millis"}:
        return "${times(input.duration_s, `1000`)}"
    if said & {"minutes", "min", "minuten", "mins"}:
        return "${div_up(input.duration_s, `60`)}"
    return "${whole(input.duration_s)}"


def _began(said: set[str], schema: Schema) -> str:
    return _moment("started_at", schema)


def _ended(said: set[str], schema: Schema) -> str:
    return _moment("ended_at", schema)


def _moment(ours: str, schema: Schema) -> str:
    if type_of(schema) in {"integer", "number"}:
        return f"${{epoch_ms(input.{ours})}}"
    if schema.get("format") == "date":
        return f"${{time(input.{ours}, '%Y-%m-%d')}}"
    return f"${{input.{ours}}}"


# In this order: "end time" is an end before it is a time.
_MEANINGS: Final[tuple[tuple[frozenset[str], Callable[[set[str], Schema], str | None]], ...]] = (
    (words("subject title betreff topic headline asunto"), _subject),
    (words("duration dauer length talktime seconds secs minutes mins"), _duration),
    (words("ended end finished endtime endedat"), _ended),
    (
        words("started start date time at occurred happened begin timestamp when datum calledat"),
        _began,
    ),
    (words("agent owner employee author operator assignee bearbeiter"), _agent),
    (
        words("disposition outcome result ergebnis reason resolution"),
        lambda said, schema: "${input.disposition_code}",
    ),
    (CUSTOMER_WORDS, _customer),
    (
        words(
            "note notes remark remarks text body comment description content message summary"
            " details notiz bemerkung nota"
        ),
        _remarks,
    ),
    (
        words("queue process businessprocess campaign skill service"),
        lambda said, schema: "${input.business_process}",
    ),
    (words("revision version"), _revision),
)


def _without_meaning(
    draft: _Draft, name: str, schema: Schema, *, is_needed: bool
) -> Iterator[tuple[str, Any]]:
    """A field that must be there and that nothing of ours fits: a code of theirs, or a question."""
    choices = schema.get("enum") or []
    for said in (schema.get("default"), *choices[:1], schema.get("example")):
        is_harmless = isinstance(said, bool | int | float) or (
            isinstance(said, str) and (said in choices or kind_of(name, said) is Kind.CODE)
        )
        if is_harmless and "${" not in str(said):
            draft.decisions.append(f"`{name}` is always sent as {said!r}: is it right?")
            yield name, said
            return
    need = "is needed" if is_needed else "was sent, is left out"
    draft.decisions.append(f"`{name}` {need}, and nothing of ours fits: what belongs there?")
    if is_needed:
        setting = setting_name(name)
        kind = type_of(schema)
        draft.settings[setting] = {
            "description": f"What every record has as {name}",
            **({"type": kind} if kind in {"integer", "number", "boolean"} else {}),
        }
        yield name, f"${{settings.{setting}}}"


def _key_header(operation: Operation) -> dict[str, str]:
    for one in operation.parameters_in("header"):
        if _ON_A_KEY.match(one.name):
            return {one.name: "${input.id}"}
    return {}


def _idempotency(
    draft: _Draft, *, is_upsert: bool, headers: Mapping[str, str]
) -> tuple[str, list[Mapping[str, Any]]]:
    if is_upsert:
        draft.decisions.append(
            "Writing with PUT under our id: does a second PUT change the record, and not add one?"
        )
        return "upsert", []
    if headers:
        draft.decisions.append(
            f"`{next(iter(headers))}`: for how long does the CRM remember a key? Postings may be"
            " repeated for days."
        )
        return "header", []
    conflict = any(one.status == 409 for one in draft.operation.answers)
    if draft.sends_reference and conflict:
        draft.decisions.append(
            f'409 is taken for "`{draft.sends_reference}` is there already": does it mean that?'
        )
        return "client_id", [{"when": "status == `409`", "class": "duplicate"}]
    hint = (
        f" If it refuses a second `{draft.sends_reference}`, it is client_id."
        if draft.sends_reference
        else " If it can be searched for our id first, use steps, with `expects`, and search_first."
    )
    draft.decisions.append(
        "What if a record is posted twice? The draft says `idempotency: none`: after a lost answer"
        f" a person decides.{hint}"
    )
    return "none", []


def _map(operation: Operation, draft: _Draft, *, is_upsert: bool) -> str:
    answer = operation.good_answer()
    created = _created(answer, is_upsert=is_upsert)
    fields = list(fields_of(answer.schema or {}))
    record = id_of(fields)
    if record:
        return f"{{id: body.{record}, created: {created}}}"
    if is_upsert:
        return f"{{id: input.id, created: {created}}}"
    draft.decisions.append(
        "The answer to the log request is not described: the draft expects `id` in its body."
    )
    return f"{{id: body.id, created: {created}}}"


def _created(answer: Answer, *, is_upsert: bool) -> str:
    if "created" in properties_of(answer.schema):
        return "body.created"
    return "status == `201`" if is_upsert else "`true`"
