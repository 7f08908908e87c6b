"""What stays of a query when its values are taken out, per query language.

Written from the languages' descriptions and not from our escapers: each reads a query as its
server would. Two queries with the same skeleton ask the same question about different values.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

Skeleton = Callable[[str], object]

_BACKSLASHED_STRING: Final = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_DOUBLED_STRING: Final = re.compile(r"'(?:[^']|'')*'", re.DOTALL)
_SOQL_ESCAPE: Final = re.compile(r"\\(?:[nNrRtTbBfF\"'\\_%]|u[0-9a-fA-F]{4})")
_SOSL_OPERATOR: Final = set("?&|!{}[]()^~*:\"'+-")
_CONDITION: Final = re.compile(
    r"(?:OR|NQ|EQ|ORDERBY(?:DESC)?)?[\w.]*(?:!=|>=|<=|=|>|<|LIKE|STARTSWITH|ENDSWITH|IN)"
)
_PHRASE: Final = re.compile(r'"[^"]*"')


def soql(query: str) -> object:
    """Strings in single quotes; a backslash takes the next character's meaning."""
    wildcards = []
    for string in _BACKSLASHED_STRING.finditer(query):
        plain = _SOQL_ESCAPE.sub("", string[1])
        assert "\\" not in plain, "an escape that the language does not know"
        if query[: string.start()].rstrip().upper().endswith("LIKE"):
            wildcards.append(len(re.findall("[%_]", plain)))
    return _without(_BACKSLASHED_STRING, query), wildcards


def sosl(query: str) -> object:
    """`FIND {…} IN …`: inside the braces operators stand unescaped, or as words in capitals."""
    end = _unescaped(query, "}", query.index("{") + 1)
    term = query[query.index("{") + 1 : end]
    return list(_sosl_tokens(term)), query[end:]


def odata(query: str) -> object:
    """Strings in single quotes; a quote inside is written twice."""
    return _without(_DOUBLED_STRING, query)


def servicenow(query: str) -> object:
    """Conditions between carets, each a field and an operator; a value may be a script."""
    conditions = query.split("^")
    heads = [_CONDITION.match(condition) for condition in conditions]
    for head, condition in zip(heads, conditions, strict=True):
        value = condition[head.end() :] if head else condition
        assert not value.strip().lower().startswith("javascript:"), "it would be run"
        assert "\n" not in value
        assert "\r" not in value
    return [head.group() if head else None for head in heads]


def zendesk(query: str) -> object:
    """Phrases in double quotes, which nothing escapes; words with a colon are conditions."""
    return re.sub(r"(?<=:)\*?\d+(?= |$)", "§", _without(_PHRASE, query))


def freshdesk(query: str) -> object:
    """A query within double quotes, with strings in single ones inside."""
    assert query.startswith('"')
    assert _unescaped(query, '"', 1) == len(query) - 1, "it ends before its end"
    return _without(_BACKSLASHED_STRING, query)


def zoho(query: str) -> object:
    """`(field:operator:value)`, joined by `and` and `or`; a backslash before what is meant."""
    skeleton = re.sub(r"\\.", "", query, flags=re.DOTALL)
    return [
        re.match(r"(?:[\w.]+:[a-z_]+:)?", piece).group() or piece.strip()  # type: ignore[union-attr]
        if ":" in piece
        else piece
        for piece in re.split(r"([(),'])", skeleton)
    ]


def packed_json(value: str) -> object:
    """JSON in URL-safe base64."""
    padded = value + "=" * (-len(value) % 4)
    return tree(json.loads(base64.urlsafe_b64decode(padded)))


def whole_value(value: str) -> object:
    """Nothing inside is read: the parameter's end is the value's."""
    return "value"


def tree(value: Any) -> object:
    """Keys, lengths and types of a JSON document."""
    match value:
        case dict():
            return {name: tree(below) for name, below in value.items()}
        case list():
            return [tree(below) for below in value]
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
    return "text"


def query_shape(url: str, language_of: Callable[[str, str], Skeleton]) -> list[tuple[str, object]]:
    """Names in order, each with the skeleton of its value."""
    query = urlsplit(url).query
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    return [(name, language_of(name, value)(value)) for name, value in pairs]


def _without(strings: re.Pattern[str], query: str) -> str:
    rest = strings.sub("§", query)
    assert "'" not in rest, "a quote that closes nothing"
    return rest


def _unescaped(text: str, wanted: str, position: int) -> int:
    while text[position] != wanted:
        position += 2 if text[position] == "\\" else 1
    return position


def _sosl_tokens(term: str) -> Iterator[str]:
    """Operators as they are; the words between two of them as one."""
    pending, position = "", 0
    while position < len(term):
        character = term[position]
        if character == "\\":
            pending += term[position + 1]
            position += 2
            continue
        if character in _SOSL_OPERATOR:
            yield from _words(pending)
            yield character
            pending = ""
        else:
            pending += character
        position += 1
    yield from _words(pending)


def _words(text: str) -> Iterator[str]:
    last = ""
    for word in text.split():
        token = word if word in {"AND", "OR", "NOT"} else "word"
        if token != last:
            yield token
        last = token
