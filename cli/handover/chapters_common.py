"""The chapters that are about all methods together."""

from collections.abc import Iterable, Iterator

from cli.handover.advice import STATUSES
from cli.handover.blocks import (
    Block,
    Bullets,
    Heading,
    Note,
    Paragraph,
    Table,
    as_code,
    words_as_code,
)
from cli.handover.parts import (
    EVERY_METHOD,
    REFUSALS,
    Content,
    timeout,
    used_by,
)
from cli.handover.questions import OPEN_QUESTIONS, QUESTIONS, to_confirm
from cli.handover.samples import KEY_PLACEHOLDER, Sample
from switchboard.edges.ecs_request import LONGEST_VALUE, MOST_FIELDS, MOST_TEXT
from switchboard.edges.flat import LONGEST_VALUE as LONGEST_ANSWER
from switchboard.edges.http_api import KEY_HEADER, LARGEST_BODY


def at_a_glance(of: Content) -> Iterator[Block]:
    yield Heading(1, "At a glance", "at-a-glance")
    if not of.stage.has_address:
        yield Note(
            f"Not to be sent: no address is known that ECS can call. {as_code(of.stage.base_url)} "
            "stands in its place; write the sheet again with `--base-url`.",
            "Important",
        )
    yield Paragraph(
        "ECS asks Switchboard who is calling and where the interaction goes, and tells it what "
        "became of it. This sheet says what to set in ECS for each of the "
        f"{len(of.methods)} methods: one “REST API Data” container each. Every URL is "
        f"{as_code(of.stage.base_url)} and the method's path."
    )
    yield Table(
        "The methods",
        ("Method", "Used by", "Verb", "Path", "Request Timeout"),
        tuple(
            (
                f"[{method.key}](#{method.key})",
                used_by(of, method),
                "POST",
                as_code(method.path),
                timeout(of, method),
            )
            for method in of.methods
        ),
        (16, 24, 8, 38, 14),
    )
    yield Paragraph("Operator of Switchboard: name, telephone, hours: ________________________")
    yield from _which_of_both(of)
    yield Heading(2, "What to do, in order", "in-order")
    yield Bullets(tuple(_steps(of)), numbered=True)


def _which_of_both(of: Content) -> Iterator[Block]:
    yield Heading(2, "When route, and when lookup", "route-or-lookup")
    own = of.stage.lookup.ambiguity.by_business_process
    of_this_stage = (
        f"On this stage that is so for {words_as_code(own)}."
        if own
        else "On this stage no Business Process decides otherwise than the others."
    )
    yield Bullets(
        (
            "`route` where the published rules decide where an interaction goes: the usual case. "
            "Its answer has everything that `lookup` answers.",
            "`lookup` where the flow decides by itself, or needs the customer only.",
            "At the front of the flow a contact is in no Business Process. Where one decides in "
            "its own way between several customers with one number "
            "(`ambiguity.by_business_process`), call `lookup` or `route` again inside it, with "
            f"`business_process`. {of_this_stage}",
        )
    )


def _steps(of: Content) -> Iterator[str]:
    yield (
        f"Answer the [questions](#{OPEN_QUESTIONS}), or tell us that what we take for granted is "
        "right."
    )
    yield (
        f"Make the {len(of.methods)} containers. The [settings of every method](#{EVERY_METHOD}) "
        "come first; each method has a chapter with its own."
    )
    yield (
        "Make a Flow Variable for every Return Value that you use, and set it to empty at the "
        "beginning of the flow: then it has a value on every path. "
        f"{to_confirm('Variables')}."
    )
    yield (
        "Put the activity “Get External Data via REST API” with the container `route` at the "
        "front of the flow, before the first prompt; give its FAULT leg a way on."
    )
    yield "Choose the four trigger containers in the API Trigger tab, one for each When."
    yield (
        "Put `request_id` and `customer_id` into every trigger. That is what joins a record "
        "to its customer without searching for it."
    )
    yield "Call the [test numbers](#test-numbers) and compare."


def every_method(of: Content) -> Iterator[Block]:
    yield Heading(1, "What is the same for every method", EVERY_METHOD)
    yield Table(
        "Settings of every container",
        ("Setting", "Value"),
        (
            ("URL", f"Begins with `{of.stage.base_url}`; HTTPS only. Nothing in it varies."),
            ("Authentication Method", "None. The key travels in a header."),
            ("HTTP Verb", "POST. GET with URL Parameters works too; other verbs do not."),
            (
                "HTTP Headers",
                f"`{KEY_HEADER}`: `{KEY_PLACEHOLDER}`, the key of this stage.",
            ),
            (
                "Content Type (Sent Data Type)",
                "JSON: `application/json`. A form, `application/x-www-form-urlencoded`, is "
                "read too.",
            ),
            ("Accept (Return Data Type)", "JSON: `application/json`."),
            ("HTTP Parameters", "Parameter Type Body, for all. Names are case-sensitive."),
            (
                "Values that are absent",
                "Left out, empty, `null`, `none`, `N/A`, `undefined` and `-` mean the same.",
            ),
            (
                "Limits",
                f"{MOST_FIELDS} parameters, {LONGEST_VALUE} characters in one value, "
                f"{MOST_TEXT // 1024} KiB of text, {LARGEST_BODY // 1024} KiB in all.",
            ),
        ),
        (28, 72),
    )
    yield Heading(2, "The key", "the-key")
    yield Paragraph(
        "One key serves all methods of this stage. It is not in this sheet: the operator of "
        "Switchboard makes it with `switchboard keys create` and hands it over by a way of its "
        "own, such as a password safe or a telephone call, never by the mail that brings this "
        "sheet. Two keys can be good at once: to change it, we make a second one, you deploy "
        "it, and then we end the first."
    )
    yield Heading(2, "Answers", "answers")
    yield Paragraph(
        "One flat JSON object: no lists, no nesting, no `null`. Every key is always there, "
        f"every value is text of at most {LONGEST_ANSWER} characters, and empty when there is "
        "nothing to say. Numbers are plain digits, yes and no are `true` and `false`. A "
        "refusal is flat as well: `error`, `message` and `request_id`."
    )
    yield from _statuses_of_all(of)
    yield Paragraph(
        "Whatever Amazon's gateway answers itself, before Switchboard is asked, is not in our "
        "words: 429 when there are too many requests at once, 500, 503 or 504 when a function "
        "cannot be reached. Its body is `message` alone. Take the FAULT leg."
    )


def _statuses_of_all(of: Content) -> Iterator[Block]:
    seen = sorted({s.status for each in of.samples.values() for s in each})
    head = ("HTTP status", *(method.key for method in of.arrivals), "triggers", "Meaning")
    of_triggers = [s for method in of.triggers for s in of.samples[method.key]]
    columns = [*(of.samples[method.key] for method in of.arrivals), of_triggers]
    yield Table(
        "Every status, and which methods answer it",
        head,
        tuple(
            (
                str(status),
                *("yes" if _has(column, status) else "never" for column in columns),
                STATUSES[status],
            )
            for status in seen
        ),
        (12, 10, 10, 10, 58),
    )
    yield Paragraph(
        "Once its key was found good, an arrival is answered with HTTP 200, whatever else is "
        "in the request: what cannot be read has the outcome `unreadable`. The exceptions, both "
        "503: nothing usable is published, or keys cannot be checked. What is refused is shown "
        f"under [Samples: refusals](#{REFUSALS})."
    )


def questions() -> Iterator[Block]:
    yield Heading(1, "Questions for Evolve IP", OPEN_QUESTIONS)
    yield Paragraph(
        "No public page of ECS answers these. Until you do, this sheet and Switchboard take "
        "for granted what stands in the last column; nothing breaks if that is wrong, but "
        "some of it would be set differently."
    )
    yield Table(
        "Open questions",
        ("No.", "About", "Question", "What we take for granted"),
        tuple(
            (str(number), one.about, one.asks, one.taken)
            for number, one in enumerate(QUESTIONS, start=1)
        ),
        (5, 15, 44, 36),
    )


def made_from(of: Content) -> Iterator[Block]:
    yield Heading(1, "What this sheet was written from", "made-from")
    yield Table(
        "Versions",
        ("What", "Version"),
        tuple((what, as_code(one)) for what, one in of.stage.versions.items()),
        (40, 60),
    )
    yield Paragraph(
        "Written by `switchboard handover` from the functions' contracts, the template's "
        "routes and the configuration; edit those, not this. When one of them changes, the "
        "sheet has to be written again: routing rules and attributes change what an answer "
        "can hold, not how it is read; rules change as well which optional parameters `route` "
        "takes."
    )


def _has(column: Iterable[Sample], status: int) -> bool:
    return any(sample.status == status for sample in column)
