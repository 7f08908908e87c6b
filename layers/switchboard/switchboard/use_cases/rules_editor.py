"""What a supervisor does in the editing page: look, change, try, publish, go back.

The page is believed in nothing: whatever it sends is read and checked again here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from switchboard.domain.cells import Attribute, read_cell
from switchboard.domain.outcome_reader import ADDING_KEYS
from switchboard.domain.routing import Decision, Passed, decide, explain
from switchboard.domain.ruleset import Ruleset, Story
from switchboard.domain.ruleset_diff import ruleset_changes
from switchboard.domain.ruleset_document import names_in
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset
from switchboard.domain.stories import story_facts, unkept
from switchboard.errors import InvalidRequest, StateConflict
from switchboard.ports import Publications, PublishedVersion
from switchboard.use_cases.check_causes import with_causes
from switchboard.use_cases.check_places import Finding, Places
from switchboard.use_cases.ruleset_sources import checked_with_sources

Document = Mapping[str, Any]

KIND: Final = "routing"


class RulesRefused(InvalidRequest):
    """The rules, or what was to become a part of them, have problems; nothing was done."""

    def __init__(
        self,
        problems: tuple[str, ...],
        message: str = "These rules have problems; mend them first.",
    ) -> None:
        super().__init__(message)
        self.problems = problems


class PublishedMeanwhile(StateConflict):
    """Somebody published since the page was loaded; nothing was changed."""

    def __init__(self, version: PublishedVersion) -> None:
        who = version.by or "Somebody"
        super().__init__(f"{who} published meanwhile; look at what changed, then decide.")
        self.version = version


@dataclass(frozen=True, slots=True)
class ToldStory:
    """Whether a story is kept, and what came instead."""

    name: str
    is_kept: bool
    text: str


@dataclass(frozen=True, slots=True)
class CheckedRules:
    """Everything that is wrong, what is odd, and the stories. Without a problem it may be used."""

    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()
    stories: tuple[ToldStory, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedContact:
    """Which row decides for a made-up contact, what it does, and why no earlier one did."""

    ruleset: Ruleset
    decision: Decision
    passed: tuple[Passed, ...]


def opened(*, publications: Publications) -> tuple[Document, str]:
    """The active rules with every cell as text, and their digest.

    Rules that this release cannot read are told as they are, so that they can be mended.

    Raises: Misconfigured when there are none.
    """
    published = publications.active(KIND)
    return shown(published.body), published.digest


def shown(document: Document) -> Document:
    """The rules as the page shows them: with every cell as text, if they can be read."""
    try:
        return with_cells_as_text(document)
    except RulesRefused:
        return document


def checked(document: Document, *, now: datetime) -> CheckedRules:
    """What publishing would say of these rules."""
    places = Places(document)
    try:
        ruleset = read_ruleset(document)
    except RulesetProblem as error:
        return CheckedRules(tuple(map(places.finding, error.problems)))
    found = checked_with_sources(ruleset, now=now)
    return CheckedRules(
        with_causes(ruleset, tuple(map(places.finding, found.problems))),
        tuple(map(places.finding, found.warnings)),
        tuple(_told(ruleset, story) for story in ruleset.stories),
    )


def explained(document: Document, given: Mapping[str, Any], *, at: str) -> ExplainedContact:
    """Raises: RulesRefused when the rules cannot be read, InvalidRequest for odd facts."""
    ruleset = usable(document)
    story = Story("", {n: v for n, v in given.items() if n in ruleset.attributes}, {}, at)
    try:
        facts = story_facts(ruleset, story)
    except ValueError as error:
        raise InvalidRequest(str(error)) from error
    return ExplainedContact(ruleset, decide(ruleset, facts), explain(ruleset, facts))


def publish(
    document: Document,
    *,
    by: str,
    note: str,
    expected: str,
    now: datetime,
    publications: Publications,
) -> str:
    """Make these rules the active ones; their digest.

    Raises: RulesRefused, PublishedMeanwhile; nothing is changed then.
    """
    if problems := checked(document, now=now).problems:
        raise RulesRefused(tuple(problem.text for problem in problems))
    try:
        return publications.publish(KIND, document, now=now, by=by, note=note, expected=expected)
    except StateConflict as error:
        raise _meanwhile(publications) from error


def roll_back(
    digest: str, *, by: str, expected: str, now: datetime, publications: Publications
) -> None:
    """Make an earlier version the active one again.

    Raises: NotFound, Misconfigured, PublishedMeanwhile; RulesRefused when it can be used no more.
    """
    usable(publications.version(KIND, digest).body)
    note = f"back to {digest}"
    try:
        publications.activate(KIND, digest, now=now, by=by, note=note, expected=expected)
    except StateConflict as error:
        raise _meanwhile(publications) from error


def compared(old: Document, new: Document) -> tuple[str, ...]:
    """What differs, in lines; nothing when both decide alike.

    Raises: RulesRefused when one of them cannot be read.
    """
    changes = ruleset_changes(usable(old), usable(new))
    return tuple(line for change in changes for line in change.lines)


def usable(document: Document) -> Ruleset:
    """Raises: RulesRefused."""
    try:
        return read_ruleset(document)
    except RulesetProblem as error:
        raise RulesRefused(error.problems) from error


def with_cells_as_text(document: Document) -> Document:
    """The same rules, each thing written in one way: a condition is a text, prompts are a list.

    Raises: RulesRefused when they cannot be read.
    """
    attributes = usable(document).attributes
    tables = [
        {**table, "rows": [_with_texts(row, attributes) for row in table.get("rows") or ()]}
        for table in document["tables"]
    ]
    return {**document, "tables": tables}


def _with_texts(row: Document, attributes: Mapping[str, Attribute]) -> Document:
    when = {
        name: read_cell(attributes[name], raw).text
        for name, raw in (row.get("when") or {}).items()
        if raw != ""
    }
    then = {
        name: names_in(said) if name in ADDING_KEYS and isinstance(said, str) else said
        for name, said in (row.get("then") or {}).items()
        if said not in (None, "")
    }
    return {**row, "when": when, "then": then}


def _told(ruleset: Ruleset, story: Story) -> ToldStory:
    said = unkept(ruleset, story)
    return ToldStory(story.name, not said, said)


def _meanwhile(publications: Publications) -> PublishedMeanwhile:
    return PublishedMeanwhile(publications.versions(KIND)[0])
