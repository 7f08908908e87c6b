"""How a replay is shown to people."""

import io

from rich.console import Console

from cli.rules.bar_chart import Bars, chart
from cli.rules.progress import watched
from cli.rules.replay_report import report
from cli.rules.replay_sheets import contacts_by, sheets
from cli.rules.replay_tables import show
from cli.rules.replay_told import caveats
from switchboard.domain.replayed import (
    Differing,
    Example,
    Explained,
    Group,
    Moved,
    PassedRow,
    Replayed,
)


def explained(row: str, *passed: str) -> Explained:
    return Explained(row, "sales", f"{row}: it is so", tuple(PassedRow(p, "no") for p in passed))


def example(number: int, *, id: str = "") -> Example:  # noqa: A002  ours is called so
    old, new = explained(f"old-{number}"), explained("new", f"old-{number}")
    return Example("2026-11-02T14:03:11+00:00", id, (Differing("queue", "a", "b"),), old, new)


def replayed(**other: object) -> Replayed:
    values: dict[str, object] = {
        "contacts": 100,
        "differently": 30,
        "first_at": "2026-11-01T00:00:00",
        "last_at": "2026-11-30T00:00:00",
        "rows": tuple(Moved(f"old-{n}", "new", 1, 1) for n in range(30)),
        "queues": (Moved("sales", "sales", 70, 0), Moved("sales", "support", 30, 30)),
        "prompts": (Moved("none", "menu", 30, 30),),
        "aspects": {"queue": 30},
        "by": "tier",
        "groups": (Group("high", 40, 30), Group("(missing)", 60, 0)),
        "examples": tuple(example(n) for n in range(12)),
        "not_recorded": {},
        "not_listed": {},
        "other_rulesets": {},
        "drifted": (),
        **other,
    }
    return Replayed(**values)  # type: ignore[arg-type]


def shown(found: Replayed) -> str:
    text = io.StringIO()
    show(found, Console(file=text, width=100, highlight=False))
    return text.getvalue()


def test_a_terminal_shows_the_most_important_and_says_what_there_is_more() -> None:
    said = shown(replayed())

    assert "30 of 100 contacts (30.0%)" in said
    assert "and 5 lines more; --html has all" in said
    assert "2 more examples are in the report" in said
    assert said.count("not old-") == 10


def test_the_report_has_every_row_and_every_example() -> None:
    page = report(replayed(), old="active", new="new.yaml")

    assert "old-29" in page
    assert page.count("<article>") == 12
    assert page.count("<svg") == 2
    assert "Old: active. New: new.yaml." in page


def test_what_nothing_changed_in_is_left_out() -> None:
    unchanged = replayed(
        differently=0,
        rows=(Moved("a", "a", 100, 0),),
        queues=(Moved("sales", "sales", 100, 0),),
        prompts=(Moved("none", "none", 100, 0),),
        aspects={},
        by="",
        groups=(),
        examples=(),
    )

    assert sheets(unchanged) == []
    assert "<table>" not in report(unchanged, old="a", new="b")


def test_a_queue_that_wins_as_many_as_it_loses_is_told_all_the_same() -> None:
    swapped = (Moved("a", "b", 5, 5), Moved("b", "a", 5, 5), Moved("c", "c", 9, 0))

    assert contacts_by(swapped) == {"c": (9, 9), "a": (5, 5), "b": (5, 5)}
    (queues,) = (s for s in sheets(replayed(queues=swapped)) if s.title == "Queues")
    assert [line[0] for line in queues.lines] == ["a", "b"]


def test_everything_to_be_wary_of_is_said_before_the_numbers() -> None:
    wary = replayed(
        not_recorded={"crm.mood": 7},
        not_listed={"crm.tier": 8},
        other_rulesets={"f" * 16: 9},
        drifted=(Moved("a", "b", 10, 10),),
        read_anew={"calendar.open": 97},
    )

    for said in (shown(wary), report(wary, old="a", new="b")):
        before_the_numbers = said[: said.index("What differs")]
        for fact in ("crm.mood", "crm.tier", "f" * 16, "10 contacts", "calendar.open"):
            assert fact in before_the_numbers


def test_the_longest_bar_takes_the_room_there_is() -> None:
    drawing = chart("Contacts", [Bars("a", (("old", 10, "10"),)), Bars("b", (("old", 5, "5"),))])

    assert 'width="580.0"' in drawing
    assert 'width="290.0"' in drawing
    assert chart("Contacts", [Bars("a", (("old", 0, "0"),))]) == ""


def test_names_in_a_chart_are_text() -> None:
    drawing = chart('a"b', [Bars("<script>", (("old", 1, "&"),))])

    assert "<script>" not in drawing
    assert "&lt;script&gt;" in drawing
    assert 'aria-label="a&quot;b"' in drawing


def test_what_is_watched_comes_through_whole() -> None:
    assert list(watched(range(2000), "numbers", total=2000, size=lambda _: 1)) == [*range(2000)]
    assert list(watched("ab", "letters", total=None, size=len)) == ["a", "b"]


def test_hours_that_were_read_anew_are_said_and_so_are_those_that_could_not_be() -> None:
    (all_of_them,) = caveats(replayed(read_anew={"calendar.open": 100}))
    (some,) = caveats(replayed(read_anew={"calendar.open": 97}))

    assert "hours were read anew from the new calendars for 100 contacts" in all_of_them
    assert "`at`" not in all_of_them
    assert "3 have no `at`" in some
