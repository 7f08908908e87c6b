"""What the rules' editing page asks. What it gets back is in `edges/editor_answers`."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from switchboard.contracts.applications import Contract

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")]
_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
_Name = Annotated[str, StringConstraints(max_length=64)]
_Fact = Annotated[str, StringConstraints(max_length=200)]


class NothingMore(Contract):
    """A question that needs no words."""


class Edited(Contract):
    """The ruleset as it stands in the page, whatever is wrong with it."""

    document: dict[str, Any]


class MadeUp(Edited):
    """A contact to explain. Facts are as stories write them."""

    given: dict[_Name, _Fact | list[_Fact]] = Field(max_length=100)
    at: _Name = ""


class Replayable(Edited):
    """How many days of recorded contacts are decided again."""

    days: int = Field(ge=1, le=30)


class Publishable(Edited):
    """What is published, and which version it was made from."""

    note: _Line = ""
    expected: Digest


class Named(Contract):
    """A version by its digest."""

    digest: Digest


class Compared(Edited, Named):
    """The page's rules beside a version."""


class RolledBack(Named):
    """The version to go back to, and the one that is thought to be active."""

    expected: Digest


class Exported(Edited):
    """The whole as YAML, or one table as CSV."""

    kind: Literal["yaml", "csv"] = Field(alias="as")
    table: _Name = ""


class Imported(Edited):
    """CSV text that replaces the rows of a table."""

    table: _Name
    text: str


class Switched(Contract):
    """A switch to turn."""

    name: _Name
    is_on: bool
    hours: int = Field(4, ge=1, le=720)
    why: _Line = ""
