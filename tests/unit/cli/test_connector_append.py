"""A sample goes into a file as text: comments, order and layout of the file stay."""

import pytest
import yaml

from cli.connector_append import CannotAppend, with_sample

SAMPLE = {"name": 'new: with "quotes"', "find": "email", "value": "ada@example.com", "result": []}


@pytest.mark.parametrize(
    "text",
    [
        "id: a  # why\n",
        "id: a",
        "id: a\nsamples: []   # none yet\nlink: x\n",
        "id: a\nsamples:\n# the first\n- {name: one}\n",
        "id: a\nsamples:\n  - name: one\n    result: []\n  # the end\n\nlink: x  # a page\n",
        "samples:\n  - name: one\n    body: |\n      two\n      lines\nid: a\n",
        "id: a\nsamples:\n  - name: one",
    ],
)
def test_everything_that_was_there_stays_and_the_sample_is_last(text: str) -> None:
    after = with_sample(text, SAMPLE)

    before = yaml.safe_load(text)
    assert yaml.safe_load(after) == {
        **before,
        "samples": [*(before.get("samples") or []), SAMPLE],
    }
    for comment in (part for part in text.splitlines() if part.lstrip().startswith("#")):
        assert comment in after


def test_a_list_in_brackets_is_not_rewritten() -> None:
    with pytest.raises(CannotAppend, match="one sample per"):
        with_sample("id: a\nsamples: [{name: one}]\n", SAMPLE)
