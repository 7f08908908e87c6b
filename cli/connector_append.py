"""Adds a sample to a connector file as text, so that its comments and its layout stay."""

from typing import Any, Final

import yaml

_KEY: Final = "samples"


class CannotAppend(Exception):
    """Why the file's text cannot take another sample, and what to do."""


def with_sample(text: str, sample: dict[str, Any]) -> str:
    """The file's text with one sample more, at the end of its samples.

    Raises: CannotAppend.
    """
    before = yaml.safe_load(text)
    new = _inserted(text, sample)
    expected = {**before, _KEY: [*(before.get(_KEY) or []), sample]}
    if yaml.safe_load(new) != expected:
        raise CannotAppend("the file's layout is unusual: add the sample by hand")
    return new


def as_item(sample: dict[str, Any], indent: int) -> str:
    """The sample as an item of a list, so many columns in."""
    text = yaml.safe_dump(
        [sample], sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    # Innermost collections on one line would put the whole item into braces if it is small.
    if text.startswith("- {"):
        text = yaml.safe_dump([sample], sort_keys=False, allow_unicode=True, width=100)
    pad = " " * indent
    return "".join(f"{pad}{line}\n" if line else "\n" for line in text.splitlines())


def _inserted(text: str, sample: dict[str, Any]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise CannotAppend("the file holds no connector")
    end = "" if text.endswith("\n") or not text else "\n"
    for key, value in root.value:
        if key.value == _KEY:
            return _into(text, value, sample)
    return f"{text}{end}\n{_KEY}:\n{as_item(sample, 2)}"


def _into(text: str, samples: yaml.Node, sample: dict[str, Any]) -> str:
    lines = text.splitlines(keepends=True)
    if not isinstance(samples, yaml.SequenceNode) or samples.flow_style:
        is_empty = not samples.value
        if not is_empty:
            raise CannotAppend("`samples` stands in [ ]: write one sample per `-`, then record")
        line = samples.start_mark.line
        lines[line] = f"{_KEY}:\n"
        return "".join([*lines[: line + 1], as_item(sample, 2), *lines[line + 1 :]])
    indent = samples.start_mark.column
    line = _after_last_line(lines, samples)
    if lines and not lines[line - 1].endswith("\n"):
        lines[line - 1] += "\n"
    return "".join([*lines[:line], as_item(sample, indent), *lines[line:]])


def _after_last_line(lines: list[str], samples: yaml.SequenceNode) -> int:
    """The line behind the last sample. PyYAML ends a block only where the next thing begins."""
    line = min(samples.end_mark.line, len(lines))
    if samples.end_mark.column:
        line = min(line + 1, len(lines))
    while line > 0 and _is_no_content(lines[line - 1]):
        line -= 1
    return line


def _is_no_content(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
