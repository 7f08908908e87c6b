"""What a ruleset says survives a spreadsheet, and what a spreadsheet spoils is told."""

import csv
import io
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from switchboard.domain.csv_sheet import decoded, guarded, sheet_text, unguarded
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_csv import tables_as_csv, with_csv
from switchboard.domain.ruleset_document import with_rows
from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset
from tests.random_rulesets import random_document

# What can end one cell and begin another.
TRICKY = st.text("=+-@;,\t\r\n\"' ax", max_size=12)
HEADER = "id,note,tier,days,products,then.do,then.queue,then.priority,then.prompts"
TIERS = ["high", "low", "don't know", "true"]
DOCUMENT: dict[str, Any] = {
    "format": "routing/1",
    "name": "main",
    "attributes": {
        "tier": {
            "type": "choice",
            "values": ["high", "low", "don't know", "true"],
            "from": "crm.t",
        },
        "days": {"type": "number", "from": "crm.days"},
        "products": {"type": "set", "values": ["tv", "mobile"], "from": "crm.products"},
        "known": {"type": "flag", "from": "lookup.known"},
        "seen": {"type": "instant", "from": "history.last_agent_at"},
    },
    "names": {
        "queues": {"vip": "Care", "sales": "Sales"},
        "prompts": ["full", "short"],
        "priority_classes": {"Urgent": "120s"},
    },
    "tables": [
        {
            "id": "route",
            "hit": "first",
            "rows": [
                {
                    "id": "late",
                    "note": "agreed\nin May",
                    "when": {"days": ">= 15", "tier": ["high", "low"]},
                    "then": {"do": "queue", "queue": "vip", "prompts": []},
                },
                {"id": "rest", "when": {}, "then": {"do": "queue", "queue": "sales"}},
            ],
        },
        {
            "id": "more",
            "hit": "all",
            "rows": [{"id": "m", "when": {"known": True}, "then": {"prompts": ["short"]}}],
        },
    ],
    "tests": [{"name": "kept", "given": {}, "expect": {"row": "rest"}}],
}


def imported(*lines: str, header: str = HEADER, end: str = "\n") -> list[dict[str, Any]]:
    """The rows of the route table after a spreadsheet with these lines."""
    text = end.join((header, *lines)) + end
    rows: list[dict[str, Any]] = with_csv(DOCUMENT, {"route": text})["tables"][0]["rows"]
    return rows


def refused(*lines: str, header: str = HEADER, table: str = "route") -> tuple[str, ...]:
    with pytest.raises(RulesetProblem) as refused:
        with_csv(DOCUMENT, {table: "\n".join((header, *lines))})
    return refused.value.problems


def in_catalogue_order(ruleset: Ruleset) -> Ruleset:
    """The same rules; in which order a row names its conditions decides nothing."""
    place = list(ruleset.attributes).index
    tables = tuple(
        replace(
            table,
            rows=tuple(
                replace(row, cells=tuple(sorted(row.cells, key=lambda c: place(c.attribute))))
                for row in table.rows
            ),
        )
        for table in ruleset.tables
    )
    return replace(ruleset, tables=tables)


def emptied(document: dict[str, Any]) -> dict[str, Any]:
    """The document with another row in the route table, and none in the others."""
    queue = next(iter(document["names"]["queues"]))
    only = {"id": "only", "when": {}, "then": {"do": "queue", "queue": queue}}
    rows = {table["id"]: [] if table["id"] != "route" else [only] for table in document["tables"]}
    return with_rows(document, rows)


# There and back


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(",;\t"), st.booleans())
def test_every_ruleset_comes_back_as_it_was_written(
    random: Random, separator: str, all_columns: bool
) -> None:
    document = random_document(random)

    texts = tables_as_csv(document, all_columns=all_columns, separator=separator)

    assert with_csv(document, texts) == document


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(",;\t"))
def test_the_tables_alone_say_all_that_the_rows_said(random: Random, separator: str) -> None:
    document = random_document(random)

    again = with_csv(emptied(document), tables_as_csv(document, separator=separator))

    before, after = read_ruleset(document), read_ruleset(again)
    assert in_catalogue_order(after) == in_catalogue_order(before)
    assert tables_as_csv(again) == tables_as_csv(document)


@given(st.text() | TRICKY)
def test_any_text_is_guarded_and_comes_back(text: str) -> None:
    written = guarded(text)

    assert unguarded(written) == text
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.lists(TRICKY, min_size=2, max_size=3), st.sampled_from(",;\t"), st.sampled_from(",;\t"))
@example(["x", "see wiki;=cmd|' /C calc'!A0;x"], ",", ";")
@example(["x", 'see wiki; "=HYPERLINK(1)&"'], ",", ";")
def test_no_cell_begins_a_formula_where_a_spreadsheet_splits_at_another_separator(
    texts: list[str], written: str, opened: str
) -> None:
    names = [f"c{number}" for number in range(len(texts))]

    text = sheet_text(names, [dict(zip(names, texts, strict=True))], written)

    for line in csv.reader(io.StringIO(text, newline=""), delimiter=opened):
        assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@"))]


def test_a_long_note_of_blank_lines_is_guarded_at_once() -> None:
    text = "\n" * 200_000

    assert unguarded(guarded(text)) == text


def test_what_is_not_in_the_rows_stays_as_it_was() -> None:
    before = deepcopy(DOCUMENT)

    after = with_csv(DOCUMENT, {"more": "id,tier,then.prompts\nm,high,full\n"})

    changed = {"id": "m", "when": {"tier": "high"}, "then": {"prompts": ["full"]}}
    assert after["tables"][1]["rows"] == [changed]
    assert {**after, "tables": after["tables"][:1]} == {**before, "tables": before["tables"][:1]}
    assert before == DOCUMENT


def test_a_table_shows_the_attributes_that_it_looks_at_or_all_of_them() -> None:
    few, all_of_them = tables_as_csv(DOCUMENT), tables_as_csv(DOCUMENT, all_columns=True)

    assert few["route"].startswith("id,note,tier,days,then.do,")
    assert few["more"].splitlines()[0] == "id,note,known,then.prompts,then.views,then.flags"
    assert all_of_them["more"].startswith("id,note,tier,days,products,known,seen,then.prompts,")


def test_no_prompts_and_nothing_about_prompts_are_two_things() -> None:
    rows = imported("late,,,,,queue,vip,,none", "rest,,,,,queue,vip,,")

    assert [row["then"].get("prompts") for row in rows] == [[], None]


def test_a_priority_that_grows_stands_in_one_cell() -> None:
    (row,) = imported("rest,,,,,queue,vip,5 +2/min max 45,")

    assert row["then"]["priority"] == {"start": "5", "gain_per_min": "2", "max": "45"}


# What spreadsheets do


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_line_ends_and_a_mark_at_the_beginning_are_read(
    separator: str, end: str
) -> None:
    lines = ["late;;;>= 15;;queue;vip;Urgent;", "rest;;;;;queue;sales;;"]

    rows = imported(
        *(line.replace(";", separator) for line in lines),
        header="\ufeff" + HEADER.replace(",", separator),
        end=end,
    )

    assert rows[0]["when"] == {"days": ">= 15"}
    assert rows[0]["then"] == {"do": "queue", "queue": "vip", "priority": "Urgent"}


def test_a_separator_is_known_by_the_first_line_alone() -> None:
    (row,) = imported("rest,one; two; three; four; five,,,,queue,sales,,")

    assert row["note"] == "one; two; three; four; five"


def test_empty_columns_and_lines_at_the_end_say_nothing() -> None:
    rows = imported("rest,,,,,queue,sales,,,,", ",,,,,,,,,,", "", header=f"{HEADER},,")

    assert [row["id"] for row in rows] == ["rest"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_note_may_have_lines_of_its_own(end: str) -> None:
    (row,) = imported(f'rest,"first{end}second, ""third""",,,,queue,sales,,', end=end)

    assert row["note"] == 'first\nsecond, "third"'


@pytest.mark.parametrize(
    ("tier", "read"),
    [
        ("high, low", "high, low"),
        ("not  low ", "not low"),
        ("\u201chigh\u201d", "high"),
        ("don\u2019t know", "don't know"),
        ("TRUE", "true"),
        ("high\u00a0", "high"),
    ],
)
def test_what_office_programs_make_of_words_is_read(tier: str, read: str) -> None:
    first, _ = imported(f'first,,"{tier}",,,queue,vip,,', "rest,,,,,queue,vip,,")

    assert first["when"] == {"tier": read}


def test_flags_in_capitals_are_flags() -> None:
    header = "id,known,then.prompts"

    after = with_csv(DOCUMENT, {"more": f"{header}\nm,TRUE,short\nn,FALSE,full\n"})

    assert [row["when"]["known"] for row in after["tables"][1]["rows"]] == [True, "false"]


@pytest.mark.parametrize("days", ['"1.000,5"', '">= 1,5"', "1 000", "1\u2019000", "1.000.000"])
def test_numbers_with_a_comma_or_thousands_apart_are_refused(days: str) -> None:
    (problem,) = refused(f"late,,,{days},,queue,vip,,", "rest,,,,,queue,vip,,")

    assert problem.startswith("route, line 2, days: ")
    assert "nothing between the thousands, as 1000.5" in problem


def test_a_number_that_means_two_things_between_semicolons_is_refused() -> None:
    lines = "late;;;{};;queue;vip;;\nrest;;;;;queue;vip;;"
    header = HEADER.replace(",", ";")

    (problem,) = refused(lines.format(">= 1.500"), header=header)

    assert "can mean two numbers in this file; write 1500, or 1.5000" in problem
    assert imported(lines.format(">= 1.5000"), header=header)[0]["when"] == {"days": ">= 1.5"}
    assert imported(lines.format("'1.500"), header=header)[0]["when"] == {"days": "1.5"}


def test_what_a_spreadsheet_would_run_or_rewrite_is_guarded() -> None:
    document = deepcopy(DOCUMENT)
    document["tables"][0]["rows"][0]["note"] = "=HYPERLINK(1)"
    document["tables"][0]["rows"][0]["id"] = "mar-2"
    document["tables"][0]["rows"][0]["when"] = {"days": -5}

    line = tables_as_csv(document)["route"].splitlines()[1]

    assert line.startswith("'mar-2,'=HYPERLINK(1),'-5,queue,vip,")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    assert decoded("id,für\n".encode(encoding)) == "id,für\n"


def test_a_file_in_another_encoding_says_how_to_save_it() -> None:
    with pytest.raises(ValueError, match="save it as `CSV UTF-8`"):
        decoded("für".encode("latin-1"))


# What is refused, and where


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x,,hihg,,,queue,vip,,", "route, line 2, tier: no 'hihg'; did you mean 'high'?"),
        ("x,,,,tv,queue,vip,,", "route, line 2, products: 'tv' does not test a set"),
        ("x,,,,,queue,vpi,,", "route, line 2, queue: no 'vpi'; did you mean 'vip'?"),
        ("x,,,,,queu,vip,,", "route, line 2, do: no 'queu'; did you mean 'queue'?"),
        ("x,,,,,queue,vip,high,", "route, line 2, priority: 'high' is not a number"),
        ("x,,,,,queue,vip,,shrt", "route, line 2, prompts: no 'shrt'; did you mean 'short'?"),
        (",a note,,,,queue,vip,,", "route, line 2, id: nothing stands here"),
        ("x,,,,,queue,vip,,,beyond", "route, line 2: 'beyond' stands in a column that has no name"),
        ('x,"open,,,,queue,vip,,', "route, line 2: a quotation mark is missing"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(line: str, said: str) -> None:
    assert refused(line, "rest,,,,,queue,vip,,")[0].startswith(said)


def test_every_mistake_is_told_at_once() -> None:
    told = refused("x,,hihg,soon,,queue,vpi,,", "x,,,,,queue,vip,,", "rest,,,,,queue,vip,,")

    assert [problem.partition(":")[0] for problem in told] == [
        "route, line 2, tier",
        "route, line 2, days",
        "route, line 2, queue",
        "route, line 3, id",
    ]
    assert "'x' stands in line 2 too" in told[3]


def test_the_line_is_where_a_row_begins_also_after_a_note_of_many_lines() -> None:
    told = refused(
        'x,"one\ntwo\nthree",,,,queue,vip,,', "y,,hihg,,,queue,vip,,", "z,,,,,queue,vip,,"
    )

    assert told[0].startswith("route, line 5, tier")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,teir,then.do", "route, line 1: column no 'teir'; did you mean 'tier'?"),
        ("id,tier,tier,then.do", "route, line 1: the column tier stands twice; remove one"),
        ("tier,then.do", "route, line 1: there is no column id; add it"),
        ("id,tier", "route, line 1: there is no column then.do; add it"),
        ("voice,high", "route, line 1: the first line must name the columns"),
        ("", "route, line 1: the first line must name the columns"),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused(header: str, said: str) -> None:
    assert refused("x,high", header=header)[0].startswith(said)


def test_a_table_that_is_not_there_is_refused() -> None:
    assert refused(table="rout") == ("rout: no such table; no 'rout'; did you mean 'route'?",)


def test_rows_that_make_no_ruleset_are_refused() -> None:
    header = f"{HEADER},then.on_fail"

    told = refused("x,,,,,queue,vip,,,gone", "rest,,,,,queue,vip,,", header=header)

    assert told == ("row x, on_fail: no 'gone'; use one of: x, rest",)


def test_what_no_cell_can_say_is_refused() -> None:
    document = deepcopy(DOCUMENT)
    document["tables"][0]["rows"][0]["when"] = {"days": 1e20}

    with pytest.raises(RulesetProblem, match=r"row late, days: 1e\+20 cannot be written"):
        tables_as_csv(document)
