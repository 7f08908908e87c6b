"""The chapters of what can be tried: test numbers, samples, refusals."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from cli.handover import people
from cli.handover.blocks import Block, Heading, Listing, Paragraph, Table, as_code
from cli.handover.methods import Method
from cli.handover.parts import REFUSALS, Content, is_shown_elsewhere, sample_blocks, url
from cli.handover.samples import Sample
from switchboard.edges.http_api import KEY_HEADER

_COMPARED: Final = ("outcome", "action", "business_process", "row")


def numbers_to_test(of: Content) -> Iterator[Block]:
    yield Heading(1, "Test numbers", "test-numbers")
    yield Paragraph(
        "The numbers are reserved for fiction (+1 … 555 01xx): they are nobody's. On one "
        "machine, `make run` starts a CRM that has these customers. On a stage with a CRM of "
        "its own, let its administrator enter them, or name customers of yours for the test; "
        "then send their numbers in place of these."
    )
    route = of.arrivals[-1]
    usual = [s for s in of.samples[route.key] if s.situation.state == "as usual"]
    shown = [s for s in usual if s.status == HTTPStatus.OK and s.situation.by == "json"]
    yield Table(
        f"What {route.key} answers to each",
        ("Contact", "What it is", "outcome", "action", "business_process", "row"),
        tuple(
            (
                _contact(sample),
                sample.situation.name,
                *(as_code(sample.answer.get(key, "")) for key in _COMPARED),
            )
            for sample in shown
            if sample.situation.sends
        ),
        (20, 28, 12, 10, 16, 14),
    )
    yield Paragraph("By hand, with the key in a file that only you can read:")
    yield Listing(
        "Try it",
        f"curl -sS {url(of, route)} \\\n"
        f'  -H "{KEY_HEADER}: $(cat key)" \\\n'
        "  -H 'content-type: application/json' \\\n"
        f'  -d \'{{"contact": "{people.ADA}"}}\'',
    )


def samples_of(of: Content, method: Method) -> Iterator[Block]:
    yield Heading(1, f"Samples: {method.key}", f"samples-{method.key}")
    yield Paragraph(
        "Fictional people. The answers are the function's own, with this stage's "
        "configuration; only `elapsed_ms`, `request_id` and the end of a screen pop's address "
        "are the same in all of them and differ at every real call."
    )
    for sample in of.samples[method.key]:
        if not is_shown_elsewhere(of, sample):
            yield from sample_blocks(of, sample, level=2)


def refusals(of: Content) -> Iterator[Block]:
    yield Heading(1, "Samples: refusals", REFUSALS)
    first = of.arrivals[0]
    yield Paragraph(
        f"What `{first.key}` does not answer with HTTP 200; the other methods word it the same. "
        "What only one of them refuses is among its own samples."
    )
    for sample in of.samples[first.key]:
        if sample.status != HTTPStatus.OK:
            yield from sample_blocks(of, sample, level=2)


def _contact(sample: Sample) -> str:
    sends = sample.situation.sends
    more = [
        f"{name} {as_code(sends[name])}"
        for name in ("account_number", "customer_id")
        if name in sends
    ]
    return ", ".join([as_code(sends.get("contact", "")), *more])
