"""Reads the expressions of a file without running them: names, functions, traps.

JMESPath answers null for a name that is not there, so a typing mistake is silent at run time. Here
every expression is read as a tree, and every name in it looked up in what its place can see.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import jmespath
from jmespath.lexer import Lexer

from switchboard.adapters.connector.functions import ConnectorFunctions

Node = Mapping[str, Any]
Names = Mapping[str, frozenset[str] | None]

_NARROWING: Final = frozenset(
    {"projection", "value_projection", "filter_projection", "flatten", "pipe"}
)
_COMPARISONS: Final = frozenset({"eq", "ne"})
_OUR_ROOTS: Final = frozenset({"settings", "secret", "tables", "steps"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an expression, and what to write instead."""

    problem: str
    remedy: str
    is_mistake: bool = True


def troubles(expression: str, names: Names) -> Iterator[Trouble]:
    """Everything that is wrong with an expression. `names` is what its place can see.

    The value of a root is the set of names under it, or None when anything may be there.
    """
    tree = jmespath.compile(expression).parsed
    yield from _unknown_names(tree, names)
    yield from _lost_in_a_list(tree, names)
    for node in _all(tree):
        yield from _function_troubles(node)
        yield from _negation_trap(node)
    for node in _at_the_top(tree):
        yield from _status_trap(node)
    yield from _quoted_comparisons(expression)


def fields_used(expression: str) -> set[str]:
    """Every name that the expression mentions, wherever."""
    nodes = _all(jmespath.compile(expression).parsed)
    return {str(node["value"]) for node in nodes if node["type"] == "field"}


def looked_up(expression: str) -> frozenset[tuple[str, ...]]:
    """The chains of names that are looked up from the top: `input.phone.nsn` is one."""
    return frozenset(_chains(jmespath.compile(expression).parsed))


def nearest(name: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean `{found[0]}`?" if found else ""


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node["children"]:
        if isinstance(child, Mapping):
            yield from _all(child)


def _at_the_top(node: Node) -> Iterator[Node]:
    """The nodes that see what the whole expression sees, not the row of a list."""
    yield node
    is_narrowing = node["type"] in {*_NARROWING, "subexpression", "index_expression"}
    for child in node["children"][:1] if is_narrowing else node["children"]:
        if isinstance(child, Mapping) and child["type"] != "expref":
            yield from _at_the_top(child)


def _chains(node: Node) -> Iterator[tuple[str, ...]]:
    """The names that are looked up from the top: `input.phone.nsn` is (input, phone, nsn)."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        yield (node["value"],)
    elif kind in {"subexpression", "index_expression"}:
        yield from _chain_of(node)
    elif kind in _NARROWING:
        yield from _chains(children[0])
    elif kind != "expref":
        for child in children:
            if isinstance(child, Mapping):
                yield from _chains(child)


def _chain_of(node: Node) -> Iterator[tuple[str, ...]]:
    plain = _plain_chain(node)
    if plain:
        yield plain
    else:
        yield from _chains(node["children"][0])


def _plain_chain(node: Node) -> tuple[str, ...]:
    """The names of `a.b.c`, as far as they are plain; empty when it begins otherwise."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return (node["value"],)
    if kind == "current":
        return ()
    if kind == "subexpression":
        left = _plain_chain(children[0])
        if children[0]["type"] == "current":
            return _plain_chain(children[1])
        is_plain = left and children[0]["type"] in {"field", "subexpression"}
        return (*left, *_plain_chain(children[1])) if is_plain else left
    if kind == "index_expression":
        return _plain_chain(children[0])
    return ()


def _unknown_names(tree: Node, names: Names) -> Iterator[Trouble]:
    for chain in dict.fromkeys(_chains(tree)):
        root = chain[0]
        if root not in names:
            known = ", ".join(sorted(names))
            yield Trouble(
                f"there is no `{root}` here{nearest(root, sorted(names))}",
                f"this place sees {known}; a text stands in 'single quotes'",
            )
            continue
        inner = names[root]
        if inner is not None and len(chain) > 1 and chain[1] not in inner:
            yield Trouble(
                f"there is no `{root}.{chain[1]}`{nearest(chain[1], sorted(inner))}",
                f"`{root}` has {', '.join(sorted(inner)) or 'nothing'} here",
            )


def _lost_in_a_list(tree: Node, names: Names) -> Iterator[Trouble]:
    """`body.rows[].{a: settings.b}` asks each row for `settings`: nothing looks further out."""
    for node in _all(tree):
        if node["type"] not in _NARROWING:
            continue
        for part in node["children"][1:]:
            for chain in _chains(part):
                inner = names.get(chain[0])
                is_ours = chain[0] in _OUR_ROOTS and len(chain) > 1
                if is_ours and inner is not None and chain[1] in inner:
                    yield Trouble(
                        f"`{'.'.join(chain[:2])}` is not to be seen behind `[]` or `|`",
                        "inside a list only the row is there; bring the value into the request,"
                        " or map it outside of the list",
                    )


def _function_troubles(node: Node) -> Iterator[Trouble]:
    if node["type"] != "function_expression":
        return
    name, arguments = node["value"], node["children"]
    table = ConnectorFunctions.FUNCTION_TABLE
    if name not in table:
        yield Trouble(
            f"there is no function `{name}`{nearest(name, sorted(table))}",
            "docs/connectors.md lists the functions",
        )
        return
    signature = table[name]["signature"]
    is_open = bool(signature) and bool(signature[-1].get("variadic"))
    wanted = len(signature)
    if len(arguments) < wanted or (len(arguments) > wanted and not is_open):
        least = "at least " if is_open else ""
        yield Trouble(
            f"`{name}` takes {least}{wanted} argument{'' if wanted == 1 else 's'},"
            f" not {len(arguments)}",
            "give what docs/connectors.md says",
        )
        return
    yield from _literal_troubles(name, arguments, signature)


def _literal_troubles(
    name: str, arguments: Sequence[Node], signature: Sequence[Mapping[str, Any]]
) -> Iterator[Trouble]:
    for position, (argument, wanted) in enumerate(zip(arguments, signature, strict=False), 1):
        types = wanted["types"]
        if argument["type"] == "literal" and types and not _fits(argument["value"], types):
            yield Trouble(
                f"argument {position} of `{name}` must be {' or '.join(types)}",
                "a number stands in `backticks`, a text in 'single quotes'",
            )


def _fits(value: object, types: Sequence[str]) -> bool:
    match value:
        case bool():
            return "boolean" in types
        case int() | float():
            return "number" in types
        case str():
            return "string" in types
        case None:
            return "null" in types
        case list():
            return any(kind.startswith("array") for kind in types)
    return "object" in types


def _negation_trap(node: Node) -> Iterator[Trouble]:
    if node["type"] == "subexpression" and node["children"][0]["type"] == "not_expression":
        yield Trouble(
            "`!a.b` reads as `(!a).b`, which is always null", "write `!(a.b)` with parentheses"
        )


def _status_trap(node: Node) -> Iterator[Trouble]:
    if node["type"] != "comparator":
        return
    for one, other in (node["children"], node["children"][::-1]):
        is_text = other["type"] == "literal" and isinstance(other["value"], str)
        if is_text and _plain_chain(one) == ("status",):
            yield Trouble(
                "`status` is a number and never equals a text",
                "write it in backticks: status == `404`",
            )


def _quoted_comparisons(expression: str) -> Iterator[Trouble]:
    """`type == "call"` compares with the field named call; JMESPath's texts have single quotes."""
    for first, second in pairwise(Lexer().tokenize(expression)):
        if first["type"] in _COMPARISONS and second["type"] == "quoted_identifier":
            yield Trouble(
                f'"{second["value"]}" in double quotes is the name of a field, not a text',
                f"write '{second['value']}'",
            )
