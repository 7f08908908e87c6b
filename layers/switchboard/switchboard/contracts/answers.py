"""What ECS gets back: flat, every key always there, every value text of at most 255 characters."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from switchboard.domain.customer import Scalar


class FlatAnswer(BaseModel):
    """Extra keys are the attributes that the deployment configured."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    def values(self) -> Mapping[str, Scalar]:
        return self.model_dump()


class LookupAnswer(FlatAnswer):
    """Who it is, and how sure we are."""

    outcome: str = Field(
        description="known, unknown, ambiguous, withheld, unreadable, internal (an extension or a "
        "service code), or degraded (no CRM answered)."
    )
    source: str = Field(description="live, cache, stale (CRM down, older answer) or default.")
    matched_by: str = Field("", description="account_number or contact: what identified them.")
    match_count: int = Field(description="How many customers have the number or address.")
    resolved_by: str = Field(
        "", description="What chose one of several: choice, latest, owner or account_first."
    )
    customer_id: str = Field("", description="`connector:id`; send it back in every trigger.")
    customer_name: str = Field(
        "", description="As the CRM writes it; empty unless the deployment asks for it."
    )
    choice_1_id: str = Field(
        "", description="When ambiguous: offer the labels, send the chosen id as `customer_id`."
    )
    choice_1_label: str = ""
    choice_2_id: str = ""
    choice_2_label: str = ""
    choice_3_id: str = ""
    choice_3_label: str = ""
    screen_pop_url: str = Field("", description="The agent's page for this interaction.")
    problem: str = Field(
        "", description="What was wrong with the request; it was answered all the same."
    )
    elapsed_ms: int = Field(description="How long we took, in milliseconds.")
    request_id: str = Field(description="Joins our log lines; send it back in every trigger.")


class RouteAnswer(LookupAnswer):
    """Where to send it, and why; everything of the lookup as well.

    Beside these there is a key `flag_<name>`, true or false, for each flag that the ruleset names.
    """

    action: str = Field(description="queue, self_service, message or callback.")
    queue: str = Field("", description="The ruleset's own name of where they wait.")
    business_process: str = Field(description="The Business Process to transfer into.")
    demand: str = Field("", description="The Demand to ask for there; empty for none.")
    priority_class: str = Field(description="Name of the Priority Class to use.")
    priority_seconds: int = Field(
        description="The head start that the rules give, in seconds of waiting; for information."
    )
    preferred_agent: str = Field(
        description="For Assign Agent, as an extension or a name, whichever the ruleset says; "
        "empty for anybody."
    )
    preferred_agent_hold_s: int = Field(
        0, description="For how long nobody else should have it; then anybody, in the same place."
    )
    avoid_agent: str = Field("", description="Who must not have it; empty for nobody.")
    agent_reason: str = Field("", description="Who was preferred or dropped, and why.")
    prompt_1: str = Field("", description="Key of the first prompt to play; empty for none.")
    prompt_2: str = ""
    prompt_3: str = ""
    self_service_flow: str = Field("", description="With the action self_service: which one.")
    views: str = Field("", description="What the agent should look at first.")
    row: str = Field(description="The rule that decided.")
    reason: str = Field(description="Why, in one sentence.")
    ruleset: str = Field(description="Hash of the ruleset that decided.")
    arm: str = Field("champion", description="champion, or challenger while another is tried.")
    remark: str = Field(description="One line for Add Remark, so that the agent sees the reason.")


class ErrorAnswer(BaseModel):
    """Every refusal and failure, on every route."""

    error: str = Field(description="A stable code.")
    message: str = Field(description="What to do about it.")
    request_id: str


class TriggerAnswer(BaseModel):
    """The trigger is kept and will reach the CRM."""

    accepted: str = Field(description="true, once it is durably kept.")
    duplicate: str = Field(description="true when it said nothing that was not known.")
    interaction_id: str
    request_id: str
