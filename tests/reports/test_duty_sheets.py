"""Duty sheets of the sample town: what stands on them is what the records say, and no value becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from geo_hygiene.cli import main
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.database import engine
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.reports.duty_sheets import PAPERS, page_of, write_duty_sheets
from geo_hygiene.reports.sheet_data import zones_of
from geo_hygiene.reports.sheet_map import SCALES, Sheet, bar_metres, map_of
from tests.conftest import TestDatabase

ON = date(2025, 11, 30)
MARKUP = '<script>alert(1)</script>"&'


@pytest.fixture(scope="module")
def town(sample_database: TestDatabase) -> Iterator[Connection]:
    connections = engine(sample_database.service_url)
    with connections.connect() as connection:
        yield connection
    connections.dispose()


def test_a_sheet_says_what_the_zone_holds(town: Connection) -> None:
    (zone,) = zones_of(town, duty_of(town, "sweeping"), ON, ["SW050"])
    listed = town.scalar(
        text(
            "select sum(cover.to_mm - cover.from_mm) from duty_zone join claim using (id) join cover using (source_id)"
            " where code = 'SW050' and claim.valid_from <= :on and :on < claim.valid_to"
        ),
        {"on": ON},
    )
    assert zone.extent() == pytest.approx((listed or 0) / 1000, abs=0.01)
    assert sum(row.length_m for row in zone.lanes) == pytest.approx(zone.extent(), abs=0.01)
    assert zone.route is not None
    assert zone.route.swept_m == pytest.approx(zone.extent(), abs=0.01)
    assert len(zone.holders) == 1
    assert zone.extent("covered") + zone.extent("overlap") + zone.extent("vacant") == pytest.approx(zone.extent())


def test_the_map_is_at_a_round_scale_with_all_of_the_zone_on_it(town: Connection) -> None:
    for duty, code in (("sweeping", "SW001"), ("tanks", "TK03"), ("drains", "DR04")):
        (zone,) = zones_of(town, duty_of(town, duty), ON, [code])
        sheet = Sheet.around(zone.box, 212, 194)
        assert sheet.scale in SCALES
        west, south, east, north = sheet.box
        assert west < zone.box[0]
        assert south < zone.box[1]
        assert zone.box[2] < east
        assert zone.box[3] < north
        drawn = ET.fromstring(map_of(town, zone, sheet))
        places = re.findall(r"-?\d+\.\d+", drawn.find(".//{*}path").attrib["d"])  # type: ignore[union-attr]
        assert places
        for lane in {row.lane for row in zone.lanes}:
            assert lane in "".join(drawn.itertext())


@pytest.mark.parametrize(("scale", "metres"), [(250, 5), (1_000, 20), (2_000, 50), (10_000, 200), (50_000, 1_000)])
def test_the_bar_is_as_long_as_a_thumb(scale: int, metres: int) -> None:
    assert bar_metres(scale) == metres
    assert 10 < metres * 1000 / scale <= 30


def test_no_value_becomes_markup(town: Connection) -> None:
    (zone,) = zones_of(town, duty_of(town, "sweeping"), ON, ["SW050"])
    spoiled = [type(one)(one.state, MARKUP, one.extent, one.shape) for one in zone.stretches]
    evil = type(zone)(**{name: getattr(zone, name) for name in zone.__slots__} | {"stretches": spoiled})
    drawn = map_of(town, evil, Sheet.around(zone.box, 212, 194))
    ET.fromstring(drawn)
    assert "<script" not in drawn
    sheet: dict[str, Any] = dict.fromkeys(
        ("map", "communities", "holders", "shift", "amounts", "lanes_title", "lanes_more", "steps", "walk"), MARKUP
    )
    sheet |= dict.fromkeys(("code", "duty", "qr", "day", "scale", "bar"), MARKUP) | {"bar_mm": 20}
    sheet |= {"legend": [], "lanes": [{"lane": MARKUP, "ends": MARKUP, "amount": MARKUP}]}
    assert "<script" not in page_of([sheet], PAPERS["A4"], is_sample=True)


def test_what_is_not_there_is_said_before_anything_is_drawn(town: Connection, tmp_path: Path) -> None:
    with pytest.raises(UnknownRecordError, match="SW999"):
        write_duty_sheets(town, duty_of(town, "sweeping"), ON, tmp_path / "x.pdf", codes=["SW001", "SW999"])
    with pytest.raises(UnknownRecordError):
        write_duty_sheets(town, duty_of(town, "sweeping"), date(2020, 1, 1), tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_a_page_for_each_zone(sample_database: TestDatabase, tmp_path: Path) -> None:
    environment = {"GEO_HYGIENE_DATABASE_URL": sample_database.owner_url}
    file = tmp_path / "sheets.pdf"

    def run(*words: str) -> int:
        words = ("zones", "sheets", *words, "--duty", "sweeping", "--on", ON.isoformat())
        return CliRunner().invoke(main, list(words), env=environment).exit_code

    assert run(str(file), "--zone", "SW001", "--zone", "SW002", "--address", "https://town.example") == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert run(str(tmp_path / "sheets.png")) == 2
    assert run(str(file), "--zone", "nobody") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["sheets.pdf"]
