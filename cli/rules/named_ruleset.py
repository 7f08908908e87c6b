"""A ruleset as it is named on the command line: a file, or a version by its digest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.rules.ruleset_file import read_document, ruleset_in
from switchboard.adapters.publication_items import digest_of
from switchboard.domain.ruleset import Ruleset
from switchboard.errors import Misconfigured, NotFound
from switchboard.ports import Publications, Published

KIND: Final = "routing"
ACTIVE: Final = "active"
_SHORTEST_DIGEST: Final = 4


@dataclass(frozen=True, slots=True)
class NamedRuleset:
    """A ruleset that can be read, and the digest it has or would have once published."""

    name: str
    digest: str
    document: dict[str, Any]
    ruleset: Ruleset


def named_ruleset(name: str, publications: Callable[[], Publications]) -> NamedRuleset:
    """`active`, a file, or a digest or its beginning. Only a digest needs the publications.

    Raises: Misconfigured that says what is wrong with it, NotFound.
    """
    if name == ACTIVE:
        return active_ruleset(publications())
    if Path(name).is_file():
        document = read_document(Path(name))
        return NamedRuleset(name, digest_of(document), document, ruleset_in(document, name))
    if "/" in name or name.endswith((".yaml", ".yml")):
        raise Misconfigured(f"{name}: there is no such file")
    return ruleset_version(name, publications())


def active_ruleset(publications: Publications) -> NamedRuleset:
    """Raises: Misconfigured when there is none, or it cannot be read."""
    return _read(publications.active(KIND))


def ruleset_version(digest: str, publications: Publications) -> NamedRuleset:
    """The version whose digest is this, or begins so.

    Raises: NotFound, Misconfigured when it cannot be read.
    """
    try:
        return _read(publications.version(KIND, whole_digest(digest, publications)))
    except NotFound as error:
        raise NotFound(
            f"{error}, and there is no such file; `switchboard rules versions` lists them"
        ) from error


def whole_digest(beginning: str, publications: Publications) -> str:
    """The digest of a version that was active and begins so; else what was given.

    Raises: Misconfigured when several do.
    """
    known = {version.digest for version in publications.versions(KIND) if version.digest}
    meant = sorted(digest for digest in known if digest.startswith(beginning))
    if len(beginning) < _SHORTEST_DIGEST or not meant:
        return beginning
    if len(meant) > 1:
        raise Misconfigured(f"{beginning} may be {', '.join(meant)}; write more of it")
    return meant[0]


def _read(published: Published) -> NamedRuleset:
    document = dict(published.body)
    ruleset = ruleset_in(document, f"{KIND} {published.digest}")
    return NamedRuleset(published.digest, published.digest, document, ruleset)
