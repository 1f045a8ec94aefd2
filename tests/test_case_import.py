"""Complaints by the command and from a real export: what offices send, what is wrong with it, and two at once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from geo_hygiene.files.importing import ImportOptions, import_file
from tests.conftest import TestDatabase
from tests.importing import counts, query
from tests.test_import_command import REAL_FILES, Terminal

MARKUP = '<img src=x onerror="alert(1)">'
RATS = REAL_FILES / "c3-nyc-rats" / "rats.csv"


@pytest.mark.skipif(not RATS.exists(), reason="the real files are not here")
def test_a_real_export_of_rat_sightings_twice(connection: Connection) -> None:
    asked = ImportOptions(date_order="mdy", skip_rejected=True, constants={"source": "nyc311"})
    first = import_file(connection, "cases", RATS, asked)
    assert (first.read, first.accepted, first.stored.created, first.stored.without_place) == (2913, 2913, 2913, 21)
    pending = "select count(*), count(closed_at) from reported_case where status <> 'closed'"
    assert query(connection, pending) == [(1748, 0)]
    assert counts(import_file(connection, "cases", RATS, asked)) == ("unchanged", 0, 0, 2913, 0)
    unasked = import_file(connection, "cases", RATS, replace(asked, date_order=None))
    assert counts(unasked) == ("unchanged", 0, 0, 2913, 0)
    assert "date-order" in [finding.code for finding in unasked.findings]


def test_the_command_reads_what_offices_send(database: TestDatabase, tmp_path: Path) -> None:
    terminal = Terminal(database, tmp_path)

    def ask(*words: str | Path) -> Any:
        code, out, err = terminal.run("case", *words, "--json")
        assert code == 0, err
        return json.loads(out)

    file = tmp_path / "诉求.csv"
    file.write_bytes(
        "案件编号,诉求类型,渠道,状态,受理时间,办结时间,诉求内容,经度,纬度\r\n"
        '1,老鼠,热线,已结案,2025年6月1日 下午3:20,2025-06-02,"他说：""有鼠""\n第二行",105.08,31.09\r\n'
        "2,卫生死角,微信,处理中,2025-06-03 08:00,,电话13912345678,,\r\n".encode("gb18030")
    )
    records = ask("import", file, "--source", "12345")["records"]
    assert (records["created"], records["without_place"]) == (2, 1)
    again = ask("import", file, "--source", "12345")
    assert (again["status"], again["records"]["unchanged"], again["records"]["without_place"]) == ("unchanged", 2, 1)
    listed = ask("list", "--kind", "rodent")
    assert (listed["total"], listed["cases"][0]["external_id"]) == (1, "1")
    assert listed["cases"][0]["description"] == '他说："有鼠" 第二行'
    assert ask("list", "--to", "2025-06-01")["total"] == 0
    _, out, err = terminal.run("case", "list", "--status", "handled")
    assert out.startswith("2025-06-03 08:00  12345:2  ")
    assert "1 complaint, 1 without a place" in err


HEADINGS = "编号,类型,状态,状态时间,受理时间,内容,经度,纬度"


def test_the_command_tells_what_is_wrong_with_each_row(database: TestDatabase, tmp_path: Path) -> None:
    terminal = Terminal(database, tmp_path)
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    file, wrong = tmp_path / "cases.csv", tmp_path / "wrong.csv"
    lines = [
        HEADINGS,
        f'1,鼠,办结,2025-06-03 10:00,2025-06-01 08:00,"{MARKUP.replace(chr(34), chr(34) * 2)}",105.08,31.09',
        "2,鼠,open,,1970-01-01,x,,",
        f"3,鼠,open,,{tomorrow},x,,",
        "4,鼠,open,,13/02/2025 08:00,x,,",
        "5,鼠,open,,02/13/2025 08:00,=cmd|'/c calc'!A1,,",
        "6,鼠,open,,,x,,",
        "1,鼠,办结,2025-06-03 10:00,2025-06-01 08:00,x,105.08,31.09",
        f"8,鼠,open,,2025-06-01,{'鼠' * 350_000},0,0",
    ]
    file.write_text("\n".join(lines), encoding="utf-8-sig")

    def ask(*words: str | Path) -> tuple[int, Any]:
        code, out, err = terminal.run("case", "import", file, *words, "--json")
        return code, json.loads(out or err)

    code, refused = ask()
    errors = {finding["row"]: finding["code"] for finding in refused["findings"] if finding["level"] == "error"}
    assert (code, refused["status"], refused["records"]["created"]) == (1, "refused", 0)
    assert errors == dict.fromkeys((2, 3), "value-invalid") | dict.fromkeys((4, 5), "date-ambiguous") | {
        6: "value-missing",
        7: "duplicate-key",
    }
    code, kept = ask("--date-order", "mdy", "--skip-rejected", "--rejected", wrong)
    errors = {finding["row"]: finding["code"] for finding in kept["findings"] if finding["level"] == "error"}
    assert errors == dict.fromkeys((2, 3, 4), "value-invalid") | {6: "value-missing", 7: "duplicate-key"}
    assert (code, kept["rows"], kept["records"]["without_place"]) == (0, {"read": 8, "accepted": 3, "rejected": 5}, 2)
    assert wrong.read_text(encoding="utf-8-sig").count("\n") == 6
    _code, out, _err = terminal.run("case", "list", "--json")
    cases = {case["external_id"]: case for case in json.loads(out)["cases"]}
    assert [cases[number]["description"] for number in "15"] == [MARKUP, "=cmd|'/c calc'!A1"]
    assert (len(cases["8"]["description"]), cases["8"]["has_time"], cases["8"]["place"]) == (1000, False, None)
    assert cases["5"]["reported_at"] == "2025-02-13T08:00:00+08:00"


def test_two_commands_at_once_store_a_case_once(database: TestDatabase, tmp_path: Path) -> None:
    terminal = Terminal(database, tmp_path)
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    numbers = range(300)
    old.write_text(
        "\n".join((HEADINGS, *(f"{number},鼠,派遣,2025-06-02 08:00,2025-06-01 08:00,x,," for number in numbers)))
    )
    new.write_text(
        "\n".join((HEADINGS, *(f"{number},鼠,办结,2025-06-03 08:00,2025-06-01 08:00,y,," for number in numbers)))
    )
    running = [terminal.start("case", "import", file, "--json") for file in (old, old, new)]
    answers = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert sum(answer["records"]["created"] for answer in answers) == len(numbers)
    _code, out, _err = terminal.run("case", "list", "--json")
    listed = json.loads(out)
    assert listed["total"] == len(numbers)
    assert {(case["status"], case["description"]) for case in listed["cases"]} == {("closed", "y")}


HOTLINE = """工单号,登记时间,问题分类,工单状态,诉求来源,诉求内容,所在道路,门牌
G1,2025-09-01 09:12,生活垃圾,已办结,热线,垃圾,西街,12号
G2,2025-09-02 08:05,蚊虫滋生,已退回,热线,蚊子,民主街,3号
G3,2025-09-03 10:00,公厕脏臭,不予受理,热线,臭,府前街,
G4,20250904,邻里纠纷,办理中,热线,吵,府前街,
"""


def test_a_clerk_finds_the_complaints_of_a_hotline(database: TestDatabase, tmp_path: Path) -> None:
    terminal = Terminal(database, tmp_path)
    file = tmp_path / "12345.csv"
    file.write_text(HOTLINE, encoding="utf-8-sig")
    _code, _out, err = terminal.run("case", "import", file, "--source", "12345")
    assert "row 4" in err
    assert "G4" in err, "the number stands beside the row"
    assert "is stored as: Other" in err
    file.write_text(HOTLINE.replace("已办结", "重办"), encoding="utf-8-sig")
    assert terminal.run("case", "import", file, "--source", "12345")[0] == 0
    _code, out, err = terminal.run("case", "list", "--from", "2025-09-01", "--to", "2025-09-05")
    assert len({line.index("12345:") for line in out.splitlines()}) == 1
    assert "4 complaints, 4 without a place; 2025-09-01 to 2025-09-04" in err
    assert "12345:G3" in terminal.run("case", "list", "--kind", "公厕", "--status", "不予受理")[1]
    assert "12345:G3" not in terminal.run("case", "list", "--status", "open")[1]
    code, _out, err = terminal.run("case", "list", "--kind", "龙")
    assert (code, "rodent, mosquito" in err) == (2, True)
    _code, out, _err = terminal.run("case", "show", "G1")
    assert "Lane: 西街" in out
    assert "Dispatched: not before 2025-09-01, by the file that came on" in out
    assert "nobody can be named" in out
    shown = json.loads(terminal.run("case", "show", "12345:G1", "--json")[1])
    assert [event["status"] for event in shown["events"]] == ["closed", "dispatched"]
    terminal.run("case", "import", file, "--source", "app")
    code, _out, err = terminal.run("case", "show", "G1")
    assert (code, "12345:G1, app:G1" in err) == (1, True)


def test_a_file_without_numbers_is_warned_of(connection: Connection, tmp_path: Path) -> None:
    file = tmp_path / "unknown.csv"
    file.write_text(HOTLINE.replace("工单号", "内部工单编码"), encoding="utf-8-sig")
    warned = import_file(connection, "cases", file, ImportOptions())
    (finding,) = (one.as_json() for one in warned.findings if one.code == "value-missing")
    assert (finding["level"], finding["row"], warned.status) == ("warning", None, "imported")
    assert "--field external_id=内部工单编码" in finding["hint"]
    named = import_file(connection, "cases", file, ImportOptions(fields={"external_id": "内部工单编码"}))
    assert "value-missing" not in [one.code for one in named.findings]
