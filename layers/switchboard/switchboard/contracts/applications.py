"""What CRMs and business applications send us, and what they get back."""

from typing import Annotated, Any, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from switchboard.domain.call_control import CallAction
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import InvalidRequest

_Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
_Contract = TypeVar("_Contract", bound=BaseModel)


class Contract(BaseModel):
    """Strict: a misspelt field is refused. What was sent never shows in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class CallRequest(Contract):
    """Call this customer. Repeat it with the same `idempotency-key` header as often as you like."""

    contact: _Text = Field(description="The number to call, with country code or national.")
    business_process: _Text = Field("", description="Whose agents call; else the policy's default.")
    customer_id: _Text = Field("", description="`connector:id` of the customer, if known.")
    customer_name: _Text = ""
    time_zone: _Text = Field("", description="IANA zone where the phone rings, if known.")
    preferred_agent: _Text = Field("", description="Extension of the agent to prefer.")
    remarks: Annotated[str, StringConstraints(max_length=2000)] = ""
    not_after: AwareDatetime | None = Field(
        None, description="Never dial later than this, at most 7 days away; else the policy's."
    )
    not_before: AwareDatetime | None = None


class CommandRequest(Contract):
    """Act on a live call. The `idempotency-key` header names the command."""

    target: _Text = Field("", description="Where to transfer to: extension or number.")
    not_after: AwareDatetime | None = Field(
        None, description="Never act later than this; in any case not after five seconds."
    )


class OutboundAnswer(Contract):
    """What became of a request to call; without personal data."""

    id: str
    state: str
    reason: str
    call_id: str
    not_after: str
    repeated: bool
    request_id: str

    @classmethod
    def of(cls, request: OutboundRequest, *, repeated: bool, request_id: str) -> Self:
        return cls(
            id=request.id,
            state=request.state.value,
            reason=request.reason,
            call_id=request.call_id,
            not_after=request.not_after.isoformat(),
            repeated=repeated,
            request_id=request_id,
        )


class CommandAnswer(Contract):
    """The call's state after the command."""

    call_id: str
    action: CallAction
    state: str
    request_id: str


def read_contract(contract: type[_Contract], body: dict[str, Any]) -> _Contract:
    """The body as a contract.

    Raises: InvalidRequest that names each wrong field, never its value.
    """
    try:
        return contract.model_validate(body)
    except ValidationError as error:
        problems = "; ".join(_problem(e["loc"], e["msg"], contract) for e in error.errors())
        raise InvalidRequest(problems) from error


def _problem(loc: tuple[int | str, ...], message: str, contract: type[BaseModel]) -> str:
    # A name that is not ours was chosen by the sender and may hold anything.
    name = str(loc[0]) if loc and loc[0] in contract.model_fields else "a field that is not ours"
    return f"{name}: {message}"
