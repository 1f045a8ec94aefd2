"""Sheets of workbooks are read as somebody would read them off the screen."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from geo_hygiene.files.findings import Code
from geo_hygiene.files.reading import COMMAND_LINE, SourceTable, read
from tests.made_workbooks import Sheets, open_document, open_row, workbook


def values(table: SourceTable) -> list[dict[str, Any]]:
    """Return the rows by the names of their fields."""
    assert table.complete, [finding.message() for finding in table.findings]
    return [dict(row) for row in table.rows.to_pylist()]


def refusal(table: SourceTable) -> tuple[Code, str]:
    """Return the code and words with which a file was refused."""
    assert not table.complete
    (finding,) = table.findings
    return finding.code, finding.message()


def test_values_are_text_as_the_sheet_shows_them(tmp_path: Path) -> None:
    lines = [
        ["编号", "数", "日期", "时间", "是"],
        ["007", 13912345678, date(2025, 3, 1), datetime(2025, 3, 1, 8, 30), True],  # noqa: DTZ001 - sheets know none
        [7.5, 1e-3, None, "", "=1+1"],
    ]
    rows = values(read(workbook(tmp_path / "a.xlsx", {"表": lines})))
    assert rows == [
        {"编号": "007", "数": "13912345678", "日期": "2025-03-01", "时间": "2025-03-01 08:30:00", "是": "true"},
        {"编号": "7.5", "数": "0.001", "日期": None, "时间": None, "是": "0"},
    ]


def test_titles_above_the_headings_are_passed_and_the_lines_are_those_of_the_sheet(tmp_path: Path) -> None:
    lines = [["清江街道保洁员名单"], [], ["姓名", "岗位", None], ["张伟", "保洁员"], [], ["李强", "保洁员"]]
    table = read(workbook(tmp_path / "a.xlsx", {"名单": lines}))
    assert [row["姓名"] for row in values(table)] == ["张伟", "李强"]
    assert [table.line_of(row) for row in table.row_numbers.tolist()] == [4, 6]
    assert table.fields == ["姓名", "岗位"]


def test_a_row_with_more_values_than_headings_is_an_error(tmp_path: Path) -> None:
    table = read(workbook(tmp_path / "a.xlsx", {"a": [["x", "y"], [1, 2, 3], [4, 5]]}))
    assert [(finding.code, finding.row) for finding in table.findings] == [(Code.FILE_UNREADABLE, 1)]


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    sheets: Sheets = {"说明": [["a", "b"], [1, 2]], "名单": [["姓名", "岗位"], ["张伟", "保洁员"]], "空": []}
    path = workbook(tmp_path / "a.xlsx", sheets)
    code, words = refusal(read(path))
    assert code is Code.FILE_UNREADABLE
    assert "说明, 名单" in words
    assert values(read(path, table="名单")) == [{"姓名": "张伟", "岗位": "保洁员"}]
    assert "说明, 名单" in refusal(read(path, table="nothing"))[1]
    assert values(read(workbook(tmp_path / "b.xlsx", sheets, hidden=("名单",)))) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"%TSD-Header-###%" + bytes(600), Code.FILE_ENCRYPTED),
        ("a.xls", b"%TSD-Header-###%" + bytes(600), Code.FILE_ENCRYPTED),
        ("a.xlsx", b"<html><table></table></html>", Code.FILE_TYPE),
        ("a.xls", b"<html><table></table></html>", Code.FILE_TYPE),
        ("a.xlsx", b"", Code.FILE_TYPE),
        ("a.xlsx", b"PK\x03\x04" + bytes(600), Code.FILE_UNREADABLE),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), Code.FILE_UNREADABLE),
        ("a.ods", b"PK\x03\x04" + bytes(600), Code.FILE_UNREADABLE),
    ],
)
def test_what_is_no_workbook_is_said(tmp_path: Path, name: str, content: bytes, code: Code) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(read(tmp_path / name))[0] is code


def test_a_workbook_that_unpacks_to_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"a": [["x", "y"], [1, 2]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", bytes(200_000_000))
    assert refusal(read(path))[0] is Code.ARCHIVE_UNSAFE


def test_an_empty_workbook_is_said(tmp_path: Path) -> None:
    assert refusal(read(workbook(tmp_path / "a.xlsx", {"a": []})))[0] is Code.FILE_UNREADABLE


@pytest.mark.usefixtures("scratch")
def test_a_value_far_away_from_the_table_is_named_as_what_makes_the_sheet_too_big(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("名单")
        sheet.write_row("A1", ["姓名", "岗位"])
        sheet.write_row("A2", ["张伟", "保洁员"])
        sheet.write("XFD1048576", " ")
    table = read(tmp_path / "a.xlsx")
    code, words = refusal(table)
    assert code is Code.FILE_TOO_BIG
    assert "more than the 1024 MB of memory" in words
    assert "far away from the table" in str(table.findings[0].hint)


HEAD = open_row("姓名", "岗位")


@pytest.mark.parametrize(
    "rows",
    [
        open_row("张伟", "保洁员", repeated=1_048_575),
        open_row(empty=16_384, repeated=1_048_574) + open_row(" "),
        open_row("张伟", "保洁员") * 1000 + open_row(*" " * 16_384),
        open_row("张伟", "保洁员", repeated=10**17),
    ],
)
def test_a_sheet_that_becomes_large_by_what_it_repeats_is_refused_before_it_does(tmp_path: Path, rows: str) -> None:
    table = read(open_document(tmp_path / "a.ods", HEAD + rows))
    code, words = refusal(table)
    assert code is Code.FILE_TOO_BIG
    assert "repeats them" in words
    assert "far away from the table" in str(table.findings[0].hint)


@pytest.mark.parametrize("lost", ["</table:table>", "</office:body>"])
def test_a_sheet_without_an_end_is_damaged(tmp_path: Path, lost: str) -> None:
    path = open_document(tmp_path / "a.ods", HEAD + open_row("张伟", "保洁员"), lost=lost)
    code, words = refusal(read(path, limits=replace(COMMAND_LINE, seconds=5)))
    assert code is Code.FILE_UNREADABLE
    assert "damaged" in words


def test_what_programs_repeat_around_a_table_does_not_count(tmp_path: Path) -> None:
    titles = open_row("名单", empty=16_383) + open_row(empty=16_384, repeated=3)
    people = open_row("张伟", "保洁员", empty=16_382) + open_row("李强", "保洁员", repeated=2)
    end = open_row(empty=16_384, repeated=1_048_000)
    table = read(open_document(tmp_path / "a.ods", titles + HEAD + people + end))
    assert [row["姓名"] for row in values(table)] == ["张伟", "李强", "李强"]
    assert [table.line_of(row) for row in table.row_numbers.tolist()] == [6, 7, 8]


def impossible(path: Path, number: float, number_format: str, at: int) -> SourceTable:
    """Write a table in whose line `at` stands a date or time that there is not, and read it."""
    with xlsxwriter.Workbook(path) as book:
        sheet, shown = book.add_worksheet("名单"), book.add_format({"num_format": number_format})
        for line, cells in enumerate([["清江街道"], ["姓名", "入职"], ["张伟", "2025"], [], ["李强", "2024"]]):
            sheet.write_row(line, 0, cells)
        sheet.write_number(at - 1, 1, number, shown)
    return read(path)


@pytest.mark.parametrize(
    ("number", "number_format"),
    [(-1e12, "yyyy-mm-dd"), (-1e308, "yyyy-mm-dd hh:mm"), (-1e12, "[h]:mm"), (13912345678, "[h]:mm")],
)
def test_a_row_with_a_date_or_time_that_no_calendar_has_is_an_error(
    tmp_path: Path, number: float, number_format: str
) -> None:
    table = impossible(tmp_path / "a.xlsx", number, number_format, 5)
    (finding,) = table.findings
    assert (finding.code, finding.row, table.line_of(2)) == (Code.VALUE_INVALID, 2, 5)
    assert "no calendar has" in finding.message()
    assert "shows it as ####" in str(finding.hint)
    assert table.rejected.tolist() == [False, True]
    assert values(table) == [{"姓名": "张伟", "入职": "2025"}, {"姓名": "####", "入职": "####"}]


@pytest.mark.parametrize("line", [1, 2])
def test_such_a_date_in_the_headings_or_above_refuses_the_file_and_names_the_line(tmp_path: Path, line: int) -> None:
    code, words = refusal(impossible(tmp_path / "a.xlsx", -1e12, "yyyy-mm-dd", line))
    assert code is Code.FILE_UNREADABLE
    assert f"Line {line} of a holds" in words


def test_a_day_after_the_last_year_is_a_number_that_no_field_of_days_takes(tmp_path: Path) -> None:
    table = impossible(tmp_path / "a.xlsx", 2958466, "yyyy-mm-dd", 5)
    assert values(table)[1] == {"姓名": "李强", "入职": "2958466"}
    assert table.findings == []
