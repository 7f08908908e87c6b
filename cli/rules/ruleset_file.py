"""A ruleset's file: read with every scalar as text, and held to the checks that publishing asks."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from cli.yaml_text import KeysTwice, read_yaml_as_written
from switchboard.domain.ruleset import MOST_BYTES, Ruleset
from switchboard.domain.ruleset_check import Checked
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset
from switchboard.errors import Misconfigured
from switchboard.use_cases.ruleset_sources import checked_with_sources

Document = dict[str, Any]
# A scalar that begins with one of these ends in an error, and not in a text.
_YAMLS_OWN: Final = ">*&%"


def read_document(file: Path) -> Document:
    """The file as it is written.

    Raises: Misconfigured that says what is wrong with it.
    """
    try:
        text = file.read_text(encoding="utf-8")
        if len(text.encode()) > MOST_BYTES:
            raise Misconfigured(f"{file}: larger than {MOST_BYTES // 1024} kB; split it")
        document = read_yaml_as_written(text)
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from error
    except KeysTwice as error:
        raise Misconfigured(f"{file}: {error}") from error
    except yaml.MarkedYAMLError as error:
        raise Misconfigured(f"{file}, {_at_its_line(error, text)}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Misconfigured(f"{file}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise Misconfigured(f"{file}: write `name: value` pairs")
    return document


def _at_its_line(error: yaml.MarkedYAMLError, text: str) -> str:
    """Where YAML could not go on, and why; above all for a condition without quotes."""
    marks = [mark for mark in (error.context_mark, error.problem_mark) if mark]
    for mark in marks:
        begins = text[mark.index : mark.index + 1]
        if begins and begins in _YAMLS_OWN:
            return (
                f"line {mark.line + 1}: YAML takes {begins} for a sign of its own. Put quotes "
                'around what begins with >, <, *, & or %, for example ">= 3"'
            )
    line = f"line {marks[-1].line + 1}: " if marks else ""
    return f"{line}not YAML: {', '.join(filter(None, (error.context, error.problem)))}"


def ruleset_in(document: Document, where: str) -> Ruleset:
    """Raises: Misconfigured with every problem that reading found."""
    try:
        return read_ruleset(document)
    except RulesetProblem as error:
        raise Misconfigured(f"{where}:\n{error}") from error


def checked(document: Document, *, now: datetime) -> Checked:
    """What the checks find, from reading on; the problems are all that would refuse it."""
    try:
        ruleset = read_ruleset(document)
    except RulesetProblem as error:
        return Checked(error.problems, ())
    return checked_with_sources(ruleset, now=now)


def checked_ruleset(file: Path) -> Document:
    """The ruleset's document, once it can be published.

    Raises: Misconfigured with every problem.
    """
    document = read_document(file)
    if problems := checked(document, now=datetime.now(UTC)).problems:
        raise Misconfigured(f"{file}:\n" + "\n".join(problems))
    return document
