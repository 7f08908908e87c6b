"""How a connector file says what the CRM can take.

Workers share what is counted here; see `gate`. For builds, tests and the command line, as
`format` is.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from switchboard.adapters.connector.expressions import Hole, compiled, parts_of
from switchboard.adapters.connector.format_types import Expression, Name, Piece

_NOT_A_SETTING = re.compile(r"\b(?:input|secret|steps|tables|body|headers|status)\b")
_LONGEST_WINDOW_S = 31 * 86400
MOST_AT_ONCE = 100


def _is_amount(amount: int | str) -> int | str:
    """A limit is known before any call, so only settings can be in it."""
    if isinstance(amount, int):
        if amount < 1:
            raise ValueError("at least 1")
        return amount
    for part in parts_of(amount):
        if isinstance(part, Hole):
            compiled(part.expression)
            if _NOT_A_SETTING.search(part.expression):
                raise ValueError("a limit sees `settings` only")
    return amount


def _is_possible_at_once(amount: int | str) -> int | str:
    if isinstance(amount, int) and amount > MOST_AT_ONCE:
        raise ValueError(f"at most {MOST_AT_ONCE} at once can be counted")
    return amount


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_is_pattern)]
Amount = Annotated[int | str, AfterValidator(_is_amount)]
AmountAtOnce = Annotated[Amount, AfterValidator(_is_possible_at_once)]
Share = Annotated[float, Field(ge=0, le=0.9)]
SharedBy = Literal["connector", "account"]


class BucketLimit(Piece):
    """So many calls in any window of `per_s` seconds, over all workers.

    Entries of one `bucket` draw on the same amount; the first one that matches the path counts.
    """

    bucket: Name = Field(description="Entries with the same name draw on the same amount.")
    match: Pattern | None = Field(
        default=None, description="A regular expression searched in the path; absent: every call."
    )
    calls: Amount = Field(description="How many (times their cost) may pass in one window.")
    per_s: float = Field(ge=0.1, le=_LONGEST_WINDOW_S, description="The window, in seconds.")
    cost: int = Field(default=1, ge=1, description="How many one matching call counts as.")
    reserve: Share = Field(default=0.3, description="The share that only lookups may use.")
    shared_by: SharedBy = Field(
        default="connector", description="account: by all connectors to the same server."
    )


class ConcurrencyLimit(Piece):
    """So many calls at the same time, over all workers."""

    concurrency: AmountAtOnce = Field(description="How many calls may be under way at once.")
    match: Pattern | None = Field(
        default=None, description="A regular expression searched in the path; absent: every call."
    )
    reserve: Share = Field(default=0.3, description="The share that only lookups may use.")
    shared_by: SharedBy = Field(
        default="connector", description="account: by all connectors to the same server."
    )


class Budget(Piece):
    """Where the CRM's answers tell how much is left: expressions over status, headers, body."""

    remaining: Expression = Field(description="How much is left.")
    limit: Expression | None = Field(default=None, description="Of how much.")
    reset_s: Expression | None = Field(
        default=None, description="Seconds until there is more; 60 when it does not say."
    )


class BudgetLimit(Piece):
    """What the CRM itself says is left. Postings stop at the reserve, lookups at nothing."""

    budget: Budget = Field(description="Expressions that read what is left.")
    match: Pattern | None = Field(
        default=None, description="A regular expression searched in the path; absent: every call."
    )
    reserve: Share = Field(default=0.3, description="The share that only lookups may use.")
    shared_by: SharedBy = Field(
        default="connector", description="account: by all connectors to the same server."
    )


def _kind(entry: Any) -> str:
    match entry:
        case {"concurrency": _} | ConcurrencyLimit():
            return "concurrency"
        case {"budget": _} | BudgetLimit():
            return "budget"
    return "bucket"


Limit = Annotated[
    Annotated[BucketLimit, Tag("bucket")]
    | Annotated[ConcurrencyLimit, Tag("concurrency")]
    | Annotated[BudgetLimit, Tag("budget")],
    Discriminator(_kind),
]
