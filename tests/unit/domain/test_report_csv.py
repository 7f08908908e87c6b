"""Exports of every kind read the same: whatever wrote them, and whatever stands around the rows."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.report_csv import ReportRow, encoding_of, header_of, report_rows
from switchboard.domain.report_header import Header, NoReport, checked_columns, columns_in

KNOWN = ("interaction_id", "started_at", "contact", "disposition_code", "business_process")
COLUMNS = {"interaction_id": "Interaction ID", "started_at": "Start", "disposition_code": "Result"}


def rows(text: str, columns: dict[str, str] | None = None) -> list[ReportRow]:
    lines = io.StringIO(text, newline="")
    return list(report_rows(lines, COLUMNS if columns is None else columns, known=KNOWN))


def texts(text: str, columns: dict[str, str] | None = None) -> list[dict[str, str]]:
    return [dict(row.texts) for row in rows(text, columns)]


PLAIN = "Interaction ID,Start,Agent,Result\nint-1,2026-11-02 09:00:00,Maya,SOLD\n"
FIRST = {
    "interaction_id": "int-1",
    "started_at": "2026-11-02 09:00:00",
    "disposition_code": "SOLD",
}


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        "\ufeff" + PLAIN,
        PLAIN.upper().replace("INT-1", "int-1"),
        PLAIN.replace("Interaction ID", '  " interaction  id "'.strip()),
        PLAIN.replace("int-1", '"=""int-1"""'),
        PLAIN.replace("int-1", "'int-1"),
        PLAIN.replace("int-1", "\u00a0int-1 "),
        "\n\nAll interactions of 2 November\n,,,\n" + PLAIN,
        'A title, with a comma; and a semicolon\n"Printed by ""Maya"""\n' + PLAIN,
        PLAIN + "\n,,,\n",
        PLAIN.removesuffix("\n"),
    ],
    ids=[
        "plain", "crlf", "semicolons", "tabs", "bars", "mark", "capitals", "blanks",
        "formula", "apostrophe", "hard blank", "title", "odd title", "empty end", "no last end",
    ],
)  # fmt: skip
def test_the_same_row_comes_out_of_every_way_of_writing_it(text: str) -> None:
    assert texts(text) == [FIRST]


def test_a_row_says_in_which_line_it_begins() -> None:
    text = 'Interaction ID,Start,Result\nint-1,"two\nlines",SOLD\n\nint-2,,\n'

    assert [(row.number, row.texts["interaction_id"]) for row in rows(text)] == [
        (2, "int-1"),
        (5, "int-2"),
    ]


def test_short_rows_and_long_rows_are_read_as_far_as_they_go() -> None:
    text = "Interaction ID,Start,Result\nint-1\nint-2,9:00,SOLD,and,more\n"

    assert texts(text) == [
        {"interaction_id": "int-1"},
        {"interaction_id": "int-2", "started_at": "9:00", "disposition_code": "SOLD"},
    ]


def test_a_line_of_totals_says_nothing_in_the_columns_that_are_read_and_has_its_number() -> None:
    first, totals = rows("Agent,Interaction ID,Start,Result\nMaya,int-1,9,SOLD\nTotal,,,\n")

    assert first.texts == {"interaction_id": "int-1", "started_at": "9", "disposition_code": "SOLD"}
    assert (totals.number, totals.texts) == (3, {})


def header(text: str, columns: dict[str, str] | None = None, *, keeps_others: bool) -> Header:
    lines = io.StringIO(text, newline="")
    return header_of(lines, columns or {}, known=KNOWN, keeps_others=keeps_others)


def test_columns_that_are_none_of_ours_stay_under_their_own_names_where_that_is_wanted() -> None:
    text = "ID,vip,Queue Name,,Note,Note\nint-1,yes,West,x,a,b\n"

    lines = io.StringIO(text, newline="")
    (row,) = report_rows(lines, {}, known=KNOWN, keeps_others=True)

    assert row.texts == {"interaction_id": "int-1", "vip": "yes", "Queue Name": "West"}
    kept = header(text, keeps_others=True)
    assert (kept.kept, kept.unused) == (("vip", "Queue Name"), ("", "Note", "Note"))
    left = header(text, keeps_others=False)
    assert (left.kept, left.unused) == ((), ("vip", "Queue Name", "", "Note", "Note"))


def test_where_columns_are_named_the_others_are_not_used() -> None:
    told = header(PLAIN, {"interaction_id": "Interaction ID"}, keeps_others=True)

    assert (dict(told.places), told.kept) == ({"interaction_id": 0}, ())
    assert told.unused == ("Start", "Agent", "Result")


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("ID,Start,Start Time\n1,2,3\n", {}, "'Start' and 'Start Time' both mean started_at"),
        ("ID,Contact,contact\n1,2,3\n", {}, "both mean contact; say which with --columns"),
        ("ID,Phone,Phone\n1,2,3\n", {"contact": "Phone"}, "give one another name"),
    ],
)
def test_two_columns_that_mean_one_field_are_refused(
    text: str, columns: dict[str, str], said: str
) -> None:
    with pytest.raises(NoReport, match=said):
        rows(text, columns)


def test_headers_that_speak_for_themselves_need_no_columns() -> None:
    text = "Interaction ID;Start Time;Contact;Disposition\nint-1;9:00;+1 415 555 0142;SOLD\n"

    assert texts(text, {}) == [
        {
            "interaction_id": "int-1",
            "started_at": "9:00",
            "contact": "+1 415 555 0142",
            "disposition_code": "SOLD",
        }
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "Agent,Queue\n", PLAIN.replace("Start", "Began")])
def test_a_file_without_the_columns_says_which_is_missing(text: str) -> None:
    with pytest.raises(NoReport, match="no line names the column"):
        rows(text)


def test_headers_that_nobody_knows_ask_for_columns() -> None:
    with pytest.raises(NoReport, match="say which is which with --columns"):
        rows("Agent,Queue\nMaya,Sales\n", {})


@pytest.mark.parametrize(
    "rest", ["x" * 140_000, "said\nint-3,2026-11-02 09:00:00,Maya,SOLD\n", "", "\n"]
)
def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line(rest: str) -> None:
    """Else all rows behind it would be one row's remark, and nobody would miss them."""
    with pytest.raises(NoReport, match="line 3: a quotation mark is never closed"):
        rows(f'{PLAIN}int-2,2026-11-02 09:00:00,"{rest}')


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_the_last_row_is_read_however_the_file_ends(ending: str) -> None:
    assert texts(f'{PLAIN}int-2,2026-11-02 09:00:00,Maya,"SO ""LD"""{ending}')[1:] == [
        {
            "interaction_id": "int-2",
            "started_at": "2026-11-02 09:00:00",
            "disposition_code": 'SO "LD"',
        }
    ]


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found_wherever_the_first_odd_letter_stands(
    encoding: str, read_as: str
) -> None:
    text = PLAIN * 3000 + "int-9,9:00,Zoë Müller,Gelöst\n"
    raw = text.encode(encoding)
    chunks = (raw[at : at + 4096] for at in range(0, len(raw), 4096))

    found = encoding_of(chunks)

    assert found == read_as
    assert raw.decode(found) == text


def test_an_empty_file_is_utf_8() -> None:
    assert encoding_of(iter(())) == "utf-8"


def test_a_letter_split_between_two_chunks_is_no_mistake() -> None:
    raw = "ü".encode()

    assert encoding_of(iter((raw[:1], raw[1:]))) == "utf-8"


def test_columns_are_written_with_or_without_quotation_marks() -> None:
    written = 'id="Interaction ID", started = Start ,disposition="Wrap-up, code"'

    assert columns_in(written, KNOWN) == {
        "interaction_id": "Interaction ID",
        "started_at": "Start",
        "disposition_code": "Wrap-up, code",
    }


@pytest.mark.parametrize("written", ["id", "id=", "=x", 'id="a"b', "id=a started=b", 'id="a'])
def test_columns_written_otherwise_are_told_how(written: str) -> None:
    with pytest.raises(NoReport):
        columns_in(written, KNOWN)


def test_a_field_that_there_is_not_comes_with_what_was_meant() -> None:
    with pytest.raises(NoReport, match="no field startd; did you mean started"):
        checked_columns({"startd": "Start"}, KNOWN)
    with pytest.raises(NoReport, match="two columns are given for id"):
        columns_in("id=A,id=B", KNOWN)
    with pytest.raises(NoReport, match="two columns are given for interaction_id"):
        checked_columns({"id": "A", "interaction_id": "B"}, KNOWN)


_CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"),
    max_size=20,
)


@given(st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=20), st.sampled_from(",;\t|"))
def test_what_a_csv_writer_wrote_is_read_again(
    cells: list[tuple[str, str, str]], separator: str
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator)
    writer.writerow(COLUMNS.values())
    writer.writerows([("int-1", *each[1:]) for each in cells])
    file.seek(0)

    read = list(report_rows(file, COLUMNS))

    assert [row.texts["interaction_id"] for row in read] == ["int-1"] * len(cells)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    read = []
    with suppress(NoReport):
        read = rows(text)

    assert all(row.number > 1 for row in read)


def test_a_report_is_read_line_by_line() -> None:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        yield "Interaction ID,Start,Result\n"
        for number in range(1_000_000):
            taken += 1
            yield f"int-{number},9:00,SOLD\n"

    going = report_rows(lines(), COLUMNS)

    assert [next(going).texts["interaction_id"] for _ in range(3)] == ["int-0", "int-1", "int-2"]
    assert taken < 100
