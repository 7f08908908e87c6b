"""What nobody outside the vendor has published about ECS, as settings with a default each.

The reason for each default stands beside it in `centre.yaml`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Absent = Literal["keep", "clear", "fault"]


class Strict(BaseModel):
    """A part of the centre file: a misspelt key is refused, and errors never repeat the input."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Knobs(Strict):
    """One field per unknown; any can be set from the command line."""

    non_2xx_takes_fault: bool = True
    missing_return_value: Absent = "keep"
    null_return_value: Absent = "clear"
    return_value_keys: Literal["exact", "ignore_case"] = "exact"
    return_value_max_length: int = Field(default=4000, ge=1)
    answer_max_bytes: int = Field(default=65536, ge=1)

    comparison: Literal["numbers_if_both_are", "text"] = "numbers_if_both_are"
    comparison_ignores_case: bool = False
    assign_agent_name_form: Literal["First Last", "Last, First"] = "First Last"
    assign_agent_finds: Literal["known", "signed_in", "ready"] = "signed_in"
    priority_from: Literal["class", "seconds"] = "class"
    screen_pop_at: Literal["offered", "handling"] = "offered"

    values_as_text: bool = True
    null_form: Literal["empty", "omit", "null", "N/A"] = "empty"
    date_format: str = "%Y-%m-%dT%H:%M:%S%z"
    dates_in: Literal["centre", "utc"] = "centre"
    duration_form: Literal["seconds", "hh:mm:ss"] = "seconds"
    phone_form: Literal["as_received", "digits"] = "as_received"
    remarks_sent: Literal["agent", "all"] = "agent"
    segment_notation: Literal["state", "state_level", "transition"] = "state"
    interaction_id_sent: bool = True

    shuffle: bool = True
    duplicate_probability: Probability = 0.2
    loss_probability: Probability = 0
    delay_max_s: Seconds = 0.4
    retries: int = Field(default=0, ge=0, le=20)
    retry_delay_s: Seconds = 1
    ends_before_wrap_up: bool = False
    restart_loses_triggers: bool = True

    api_auth: Literal["header_key", "none"] = "header_key"
    api_latency_max_s: Seconds = 0
    api_error_probability: Probability = 0
    api_lost_answer_probability: Probability = 0

    seed: int | None = None

    def agent_name(self, name: str) -> str:
        """An agent's name as Assign Agent takes it."""
        first, _, last = name.rpartition(" ")
        return f"{last}, {first}" if self.assign_agent_name_form == "Last, First" else name
