"""What several chapters of the sheet are made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from cli.handover.advice import request_timeout_s
from cli.handover.blocks import Block, Heading, Listing, Paragraph, Table, as_code, words_as_code
from cli.handover.methods import Method
from cli.handover.returned import ReturnValue
from cli.handover.samples import KEY_PLACEHOLDER, Sample
from cli.handover.sent import Parameter, parameters
from cli.handover.stage import Stage
from switchboard.edges.http_api import KEY_HEADER

EVERY_METHOD: Final = "every-method"
EVERY_TRIGGER: Final = "triggers"
REFUSALS: Final = "samples-refusals"

_PURPOSES: Final[Mapping[str, str]] = {
    "lookup": "Tells who is calling or writing, so that a flow can decide by itself.",
    "route": "Tells who it is and where the interaction goes, by the rules that the organisation "
    "published. It looks up by itself: a flow that calls it needs no lookup before.",
    "interaction-starts": "Tells Switchboard that an interaction has begun.",
    "interaction-ends": "Tells Switchboard that an interaction is over, so that its record is "
    "written into the CRM.",
    "internal-transfer": "Tells Switchboard that an agent or a supervisor passed an interaction "
    "on.",
    "segment-change": "Tells Switchboard each step of an interaction. It fires often; without it "
    "records lack only the steps between.",
}


@dataclass(frozen=True)
class Content:
    """A sheet's matter: the stage, what ECS calls, what can come back, and what did."""

    stage: Stage
    methods: tuple[Method, ...]
    samples: Mapping[str, tuple[Sample, ...]]
    values: Mapping[str, tuple[ReturnValue, ...]]

    @property
    def arrivals(self) -> list[Method]:
        return [method for method in self.methods if not method.is_trigger]

    @property
    def triggers(self) -> list[Method]:
        return [method for method in self.methods if method.is_trigger]


def settings(of: Content, method: Method) -> Block:
    rows = [
        ("Used by", used_by(of, method)),
        ("URL", as_code(url(of, method))),
        ("HTTP Verb", "POST"),
        ("Request Timeout", timeout(of, method)),
        ("HTTP Headers", f"`{KEY_HEADER}`: `{KEY_PLACEHOLDER}`"),
        ("Content Type, Accept", "JSON, JSON"),
    ]
    return Table(
        f"Settings of the container {method.key}", ("Setting", "Value"), tuple(rows), (28, 72)
    )


def parameter_table(of: Content, method: Method, caption: str) -> Block:
    return Table(
        caption,
        ("Name", "Type", "Needed", "Value that ECS takes it from", "Has a value"),
        tuple(_parameter_row(one) for one in parameters(method, of.stage)),
        (19, 7, 9, 43, 22),
    )


def sample_blocks(of: Content, sample: Sample, *, level: Literal[2, 3]) -> Iterator[Block]:
    anchor = f"sample-{sample.method.key}-{_slug(sample.situation.name)}"
    said = f", {sample.outcome}" if sample.outcome else ""
    name = sample.situation.name
    yield Heading(level, f"{name}: {sample.status}{said}", anchor)
    yield Listing("Request", sample.request)
    yield Listing("Answer", sample.response)


def see_samples(of: Content, method: Method) -> Block:
    shown = [s for s in of.samples[method.key] if not is_shown_elsewhere(of, s)]
    words = dict.fromkeys(s.outcome for s in shown if s.outcome)
    for_each = f" for {words_as_code(words)}" if words else ""
    return Paragraph(f"[Samples](#samples-{method.key}){for_each}.")


def is_shown_elsewhere(of: Content, sample: Sample) -> bool:
    """A refusal that is worded the same for another method before."""
    first = of.triggers[0] if sample.method.is_trigger else of.arrivals[0]
    asked = sample.situation
    is_of_all = asked.key != "good" or asked.verb == "PUT"
    if sample.method.is_trigger:
        return is_of_all or (sample.method != first and sample.status >= HTTPStatus.BAD_REQUEST)
    of_first = {one.situation.name for one in of.samples[first.key]}
    return sample.status >= HTTPStatus.BAD_REQUEST and asked.name in of_first


def purpose(of: Content, method: Method) -> str:
    return _PURPOSES.get(method.key, f"{method.summary}.")


def used_by(of: Content, method: Method) -> str:
    if method.is_trigger:
        return f"API Trigger, When: {method.event}"
    return "Flow activity “Get External Data via REST API”"


def url(of: Content, method: Method) -> str:
    return of.stage.base_url + method.path


def timeout(of: Content, method: Method) -> str:
    seconds = request_timeout_s(method, of.stage)
    return f"{seconds} s ({seconds * 1000} ms)"


def value_row(value: ReturnValue) -> tuple[str, ...]:
    can_be = words_as_code(value.words) if value.words else "any"
    if value.words == ("",):
        can_be = "empty under today's rules"
    return as_code(value.name), value.kind, str(value.longest), can_be, value.meaning


def _parameter_row(one: Parameter) -> tuple[str, ...]:
    confirm = "" if one.value.is_documented else " **Confirm.**"
    needed = "yes" if one.value.is_needed else "optional" if one.is_for_rules else "if there is"
    value = one.value.description.rstrip(".")
    return as_code(one.name), "Body", needed, f"{value}.{confirm}", one.value.known


def _slug(name: str) -> str:
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in name.lower()).split()
    return "-".join(words)
