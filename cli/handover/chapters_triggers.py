"""The chapters of the API Triggers: what is the same for them, and each of them."""

from collections.abc import Iterator

from cli.handover.blocks import Block, Bullets, Heading, Note, Paragraph, Table
from cli.handover.methods import Method
from cli.handover.parts import (
    EVERY_TRIGGER,
    Content,
    parameter_table,
    purpose,
    see_samples,
    settings,
    value_row,
)


def every_trigger(of: Content) -> Iterator[Block]:
    yield Heading(1, "What is the same for the four triggers", EVERY_TRIGGER)
    yield Paragraph(
        "A trigger tells and asks nothing. It is kept before it is acknowledged with HTTP 202; "
        "from then on it is our matter that it reaches the CRM. Triggers may come in any order "
        "and more than once. Each When has a URL of its own, so that the event is known even "
        "if no value names it; the parameters are the same."
    )
    yield parameter_table(of, of.triggers[0], "HTTP Parameters of every trigger")
    yield Note(
        "Send what ECS has. A value that does not exist yet is left out or empty; what came "
        "before is never overwritten by nothing.",
        "Important",
    )
    yield Table(
        "Return Values of every trigger: none has to be kept",
        ("Key", "Kind", "Longest", "Can be", "Meaning"),
        tuple(value_row(value) for value in of.values[of.triggers[0].key]),
        (18, 12, 9, 22, 39),
    )
    yield Heading(2, "When a trigger is refused or not answered", "triggers-on-fault")
    yield Bullets(
        (
            "The flow has nothing to do: the interaction goes on.",
            "If ECS can repeat a trigger: after a timeout, 429 or 503, and with a pause. Twice "
            "does no harm.",
            "If it cannot, one lost trigger costs little: the record is made of the others. "
            "Without any Interaction Ends it is written after six hours, with what is known.",
            "400, 401, 403, 404, 405 and 422 will be the same the next time: the container is "
            "set up wrongly. Tell us the `request_id`.",
        )
    )


def trigger(of: Content, method: Method) -> Iterator[Block]:
    yield Heading(1, f"Method: {method.key}", method.key)
    yield Paragraph(purpose(of, method))
    yield settings(of, method)
    yield Paragraph(
        f"HTTP Parameters, Return Values and what to do after a failure: [the same for the "
        f"four triggers](#{EVERY_TRIGGER})."
    )
    yield see_samples(of, method)
