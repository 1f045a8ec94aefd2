"""Tables as offices really write them: what a person reads off the sheet is what is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Connection

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_table
from geo_hygiene.files.importing.degrees import read_degrees
from geo_hygiene.files.importing.masking import mask_phone
from geo_hygiene.files.reading import COMMAND_LINE, SourceTable
from geo_hygiene.files.reading.csv_tables import CsvTable
from geo_hygiene.files.reading.locate import TEXT_ENDINGS, Located, RefusedError
from geo_hygiene.files.reading.workbooks import Workbook
from tests.importing import query
from tests.made_workbooks import workbook

HEADINGS = ["编号", "名称", "经度", "纬度"]
ROWS: list[list[Any]] = [["1", "东厕", 105.08, 31.09], ["2", "西厕", 105.081, 31.09]]
TEXT = "编号,名称,经度,纬度\n1,东厕,105.08,31.09\n2,西厕,105.081,31.09\n"
STORED = [("1", "东厕", 105.08, 31.09), ("2", "西厕", 105.081, 31.09)]
FACILITIES = (
    "select code, name, round(ST_X(geom)::numeric, 6)::float, round(ST_Y(geom)::numeric, 6)::float"
    " from target join facility using (id) order by 1"
)


def opened(path: Path) -> SourceTable:
    """Read a table without the process that guards the reading, which takes half a second for each file."""
    ending = path.suffix[1:]
    located = Located(ending, path.stem, {ending: path})
    shapes = {"has_shapes": True, "needs_shapes": False}
    table = (
        CsvTable(located, None, **shapes)
        if ending in TEXT_ENDINGS
        else Workbook(located, COMMAND_LINE, table=None, **shapes)
    )
    batches = list(table.batches())
    assert table.schema is not None
    columns = {
        field.name: pa.concat_arrays([one.columns[at] for one in batches]) for at, field in enumerate(table.schema)
    }
    numbers = np.concatenate([one.rows for one in batches])
    return SourceTable(
        name=path.name,
        format=table.format,
        rows=pa.table(columns),
        wkb=pa.chunked_array([pa.array([None] * len(numbers), pa.binary())]),
        row_numbers=numbers,
        encoding=table.encoding,
        crs={"used": None, "from": None},
        findings=table.findings,
        rows_read=len(numbers),
        complete=True,
        confined={},
        blank_lines=table.blank_lines,
    )


def brought(connection: Connection, path: Path, layer: str = "facilities") -> ImportReport:
    return import_table(connection, layer, opened(path), ImportOptions())


def differing(connection: Connection, files: Mapping[str, Path]) -> list[str]:
    """Return which files are not stored as the two facilities."""
    wrong = []
    for name, path in files.items():
        with connection.begin_nested() as step:
            report = brought(connection, path)
            if query(connection, FACILITIES) != STORED:
                wrong.append(f"{name}: {report.status} {[finding.message() for finding in report.findings]}")
            step.rollback()
    return wrong


def test_every_encoding_delimiter_and_line_end_is_read(connection: Connection, tmp_path: Path) -> None:
    codecs = ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
    files = {}
    for codec, sign, end in product(codecs, ",;\t", ("\n", "\r\n", "\r")):
        name = f"{codec} {sign!r} {end!r}"
        files[name] = tmp_path / f"{len(files)}.{'txt' if sign == chr(9) else 'csv'}"
        files[name].write_bytes(TEXT.replace(",", sign).replace("\n", end).encode(codec))
    assert differing(connection, files) == []


LAYOUTS = {
    "sep=": "sep=;\n" + TEXT.replace(",", ";"),
    "a title": "清江街道公厕一览表,,,\n" + TEXT,
    "a title and a day": "清江街道公厕一览表\n,,,2025年3月1日\n" + TEXT,
    "empty lines above": "\n\n,,,\n" + TEXT,
    "commas behind": TEXT.replace("\n", ",,\n"),
    "empty lines below": TEXT + ",,,\n" * 50,
    "the end of DOS": TEXT + "\x1a",
    "zeros behind the end": TEXT + "\x00\x00",
    "all in quotes": "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in TEXT.split()),
    "blanks around": TEXT.replace(",", " , "),
    "wide headings": TEXT.replace("经度", "ｌｏｎ").replace("纬度", "LAT"),
    "units in headings": TEXT.replace("经度", "经度(°)").replace("纬度", "纬度（度）"),
    "stars and colons": TEXT.replace("名称", "*名称：").replace("编号", "编号*"),
    "a heading of two lines": TEXT.replace("经度", '"经\n度"'),
    "a running number": "序号," + TEXT.replace("\n1,", "\n1,1,").replace("\n2,", "\n2,2,"),
    "other words": TEXT.replace("经度", "东经").replace("纬度", "北纬"),
}


def test_what_stands_around_a_table_is_passed_over(connection: Connection, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{at}.csv" for at, name in enumerate(LAYOUTS)}
    for name, path in files.items():
        path.write_text(LAYOUTS[name], encoding="utf-8")
    assert differing(connection, files) == []


SHEETS: Mapping[str, Sequence[list[Any]]] = {
    "plain": [HEADINGS, *ROWS],
    "a merged title": [["公厕一览表"], [], HEADINGS, *ROWS],
    "a title and who made it": [["公厕一览表"], ["单位：", "清江街道"], HEADINGS, *ROWS],
    "all text": [HEADINGS, *([str(cell) for cell in row] for row in ROWS)],
    "numbers as codes": [HEADINGS, *([float(row[0]), *row[1:]] for row in ROWS)],
    "an empty first column": [[None, *HEADINGS], *([None, *row] for row in ROWS)],
    "an empty column between": [[HEADINGS[0], None, *HEADINGS[1:]], *([row[0], None, *row[1:]] for row in ROWS)],
    "empty rows behind": [HEADINGS, *ROWS, *[[None] * 4] * 100],
    "merged headings": [["编号", "名称", "位置", None], [None, None, "经度", "纬度"], *ROWS],
    "blanks in headings": [["编 号", "名 称", "经 度 ", " 纬度"], *ROWS],
    "full-width digits": [HEADINGS, ["1", "东厕", "１０５．０８", "31.09"], ROWS[1]],
}


def test_sheets_are_read_as_people_see_them(connection: Connection, tmp_path: Path) -> None:
    files = {name: workbook(tmp_path / f"{at}.xlsx", {"a": list(SHEETS[name])}) for at, name in enumerate(SHEETS)}
    files["explanations"] = workbook(tmp_path / "b.xlsx", {"说明": [["请填写"]], "名单": list(SHEETS["plain"])})
    assert differing(connection, files) == []


@pytest.mark.parametrize("name", ["㐂", "𠮷野", "王䶮", "珞喻路（东）", "Ⅷ号", "﨑", "嘅", "喆里", "“引”"])
@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_rare_characters_are_stored_as_they_are(connection: Connection, tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.replace("东厕", name).encode(codec))
    brought(connection, path)
    assert query(connection, FACILITIES)[0][1] == name


@pytest.mark.parametrize(
    "written",
    ["105.08°", "E105.08", "105.08E", "东经105.08", "105.08度", "105°4′48″", "105°04'48\"E", "东经105度4分48秒",
     "１０５．０８", "1.0508e2", " 105.08 ", "105°4.8′"],
)  # fmt: skip
def test_degrees_as_people_write_them(written: str) -> None:
    assert read_degrees(written) == pytest.approx(105.08)


@pytest.mark.parametrize("written", ["105,08", "105°61′", "105 08", "E105.08W x", "", "度", "105.08.1", "一百零五"])
def test_what_is_no_degree_is_none(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(written) or "^$"):
        read_degrees(written)


def test_south_and_west_are_negative() -> None:
    assert (read_degrees("西经105.5"), read_degrees("31°30′S"), read_degrees("-1.5")) == (-105.5, -31.5, -1.5)


@pytest.mark.parametrize(
    "written",
    ["13912345678", "13912345678.0", "1.3912345678E10", "'13912345678", "１３９１２３４５６７８", "139 1234 5678"],
)
def test_telephones_that_a_spreadsheet_changed_are_masked_as_others(written: str) -> None:
    assert mask_phone(written) == "139****5678"


def test_numbers_whose_end_a_spreadsheet_lost_are_told(tmp_path: Path) -> None:
    lines = [HEADINGS, [], ["1", "东厕", 105.08, 31.09], [510700199001011234, "西厕", 105.08, 31.09]]
    findings = opened(workbook(tmp_path / "a.xlsx", {"a": lines})).findings
    assert [(one.code, one.row, one.field) for one in findings] == [(Code.VALUE_CUT, 2, "编号")]


@pytest.mark.parametrize("value", ["abc", "999", "#N/A", "-", "无", "105,08"])
def test_places_that_are_none_refuse_their_row(connection: Connection, tmp_path: Path, value: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'{TEXT}3,北厕,"{value}",31.09\n', encoding="utf-8")
    errors: list[Finding] = [one for one in brought(connection, path).findings if one.is_error()]
    assert [(one.code, one.row) for one in errors] == [(Code.VALUE_INVALID, 3)]


def test_dates_of_sheets_and_texts_are_one(connection: Connection, tmp_path: Path) -> None:
    lines = [[*HEADINGS, "开始日期"], [*ROWS[0], date(2025, 3, 1)], [*ROWS[1], "2025年3月1日"]]
    brought(connection, workbook(tmp_path / "a.xlsx", {"a": lines}))
    assert query(connection, "select distinct valid_from::text from target") == [("2025-03-01",)]


def test_an_empty_table_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n\n")
    with pytest.raises(RefusedError):
        opened(tmp_path / "a.csv")
