"""The drawing at the top of `errors.py` is what the classes say."""

import re

from switchboard import errors
from switchboard.errors import SwitchboardError

LINE = re.compile(
    r"[├└]── (?P<name>\w+) .*?(?:HTTP (?P<status>\d+))?\s*(?P<then>retry|park|settle)?$"
)
# Drawn as the head of its branch; nobody raises it as such.
HEADS = {"UpstreamError"}


def drawn() -> dict[str, re.Match[str]]:
    lines = (errors.__doc__ or "").splitlines()
    return {found["name"]: found for line in lines if (found := LINE.search(line))}


def every_error(base: type[SwitchboardError] = SwitchboardError) -> set[type[SwitchboardError]]:
    return {base}.union(*(every_error(kind) for kind in base.__subclasses__()))


def test_every_error_is_drawn_and_every_drawn_error_is_there() -> None:
    ours = {e for e in every_error() if e.__module__ == errors.__name__} - {SwitchboardError}

    assert {error.__name__ for error in ours} == set(drawn())


def test_every_error_is_answered_as_drawn() -> None:
    for name, line in drawn().items():
        error = getattr(errors, name)
        if name not in HEADS:
            assert error.http_status == int(line["status"]), name
        assert error.retryable is (line["then"] == "retry"), name


def test_every_error_has_a_code_of_its_own() -> None:
    # These kinds of outage are told as others are: what to do about them is the same.
    told_as_their_base = {"LeftAlone", "MaybeDone", "NotNoted"}
    codes = [getattr(errors, name).code for name in drawn() if name not in told_as_their_base]

    assert len(set(codes)) == len(codes)
