"""Texts as literals of the query languages that CRMs speak.

Rule: what comes out is one literal or one term, whatever went in. A text that a language cannot
express is an error and not null, which would leave out a whole condition: a lookup that cannot be
asked is not asked. No function here shortens or corrects a text, because a changed question finds
others.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

Escaper = Callable[[str | None], str | None]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BACKSLASHED_IN_SOQL: Final = re.compile(r"(['\"\\])")
_WILDCARD_IN_SOQL: Final = re.compile(r"([%_])")
_RESERVED_IN_SOSL: Final = re.compile(r"""([?&|!{}\[\]()^~*:\\"'+\-])""")
_WORD_OPERATOR_IN_SOSL: Final = re.compile(r"\b(?:AND|OR|NOT)\b")
_WILDCARD: Final = re.compile(r"([\\%_])")
_BACKSLASHED_IN_COQL: Final = re.compile(r"([\\(),'\"])")
_OPERATOR_IN_SERVICENOW: Final = re.compile(r"\^|^\s*javascript:", re.IGNORECASE)


def _of_one_line(escape: Callable[[str], str | None]) -> Escaper:
    """The escaper for texts without control characters; others cannot be expressed."""

    def escaper(text: str | None) -> str | None:
        if text is None:
            return None
        literal = None if _CONTROL.search(text) else escape(text)
        if literal is None:
            raise ValueError("this query language cannot express the text")
        return literal

    return escaper


def _soql_inner(text: str) -> str:
    return _BACKSLASHED_IN_SOQL.sub(r"\\\1", text)


def _soql(text: str) -> str:
    """Source: Salesforce, SOQL and SOSL Reference, "Quoted String Escape Sequences"."""
    return f"'{_soql_inner(text)}'"


def _soql_like(text: str) -> str:
    return _WILDCARD_IN_SOQL.sub(r"\\\1", _soql_inner(text))


def _sosl(text: str) -> str:
    """One term. Source: Salesforce, SOQL and SOSL Reference, "SOSL Reserved Characters"."""
    escaped = _RESERVED_IN_SOSL.sub(r"\\\1", text)
    # Operators only as whole words in capitals; searching does not tell cases apart.
    return _WORD_OPERATOR_IN_SOSL.sub(lambda word: word.group().lower(), escaped)


def _odata(text: str) -> str:
    """Source: OData 4.01 URL Conventions, 5.1.1.6.1: a quote is written twice."""
    return "'" + text.replace("'", "''") + "'"


def _zendesk(text: str) -> str | None:
    """A phrase; Zendesk documents no way to write a double quote or a backslash in one."""
    return None if '"' in text or "\\" in text else f'"{text}"'


def _servicenow(text: str) -> str | None:
    """A value of an encoded query: `^` separates conditions, `javascript:` would be run."""
    return None if _OPERATOR_IN_SERVICENOW.search(text) else text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _single_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _like(text: str) -> str:
    return _WILDCARD.sub(r"\\\1", text)


def _coql(text: str) -> str:
    """A value of Zoho's search criteria: parentheses, commas and quotes get a backslash."""
    return _BACKSLASHED_IN_COQL.sub(r"\\\1", text)


def _literal(text: str) -> str:
    """For a server that takes what follows as it stands, up to the end of the parameter."""
    return text


_WITHIN_ONE_LINE: Final[Mapping[str, Callable[[str], str | None]]] = {
    "coql": _coql,
    "like": _like,
    "literal": _literal,
    "odata": _odata,
    "quoted": _quoted,
    "servicenow": _servicenow,
    "single_quoted": _single_quoted,
    "soql": _soql,
    "soql_like": _soql_like,
    "sosl": _sosl,
    "zendesk": _zendesk,
}
ESCAPERS: Final[Mapping[str, Escaper]] = {
    name: _of_one_line(escape) for name, escape in _WITHIN_ONE_LINE.items()
}
