"""Campaigns and treatments through the command: what is refused and why, and what comes out as it went in."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.files.importing import import_file
from tests.conftest import TestDatabase
from tests.importing import block, fingerprint, place, street
from tests.test_import_command import Terminal, write_geojson

CAMPAIGNS = """code,title,pest,season,valid_from,valid_to,scope,zone_classes,areas,limit_days
R,春季灭鼠,rodent,spring,2025-03-01,2025-04-01,street-segments,,,30
W,Community C,fly,,2025-05-01,2025-06-01,street-segments:lane;septic-tanks,core,C,
"""
HEAD = "external_id,campaign,method,product,amount,unit,done_at,result,radius_m,lon,lat\n"
HERE = "105.0805,31.0901"


@pytest.fixture(scope="module")
def template(new_database: Callable[..., TestDatabase], tmp_path_factory: pytest.TempPathFactory) -> TestDatabase:
    """Return a database with areas, streets and campaigns, that nobody is connected to."""
    folder, made = tmp_path_factory.mktemp("town"), new_database()
    areas = [
        (block(-100, -100, 1000, 1000), {"code": "O", "name": "O", "level": "office"}),
        (block(-100, -100, 300, 1000), {"code": "C", "level": "community", "parent": "O", "zone_class": "core"}),
    ]
    streets = [(street(0, row * 100, 200, row * 100), {"code": f"S{row}", "category": "lane"}) for row in range(5)]
    (folder / "campaigns.csv").write_text(CAMPAIGNS)
    connections = engine(made.service_url)
    for layer, file in (
        ("areas", write_geojson(folder / "areas.geojson", areas)),
        ("street-segments", write_geojson(folder / "streets.geojson", streets)),
        ("campaigns", folder / "campaigns.csv"),
    ):
        report = import_file(connections, layer, file)
        assert report.status == "imported", report.as_json()
    connections.dispose()
    return made


class Town(Terminal):
    """Runs the command in this process, which saves the start of another one."""

    def run(self, *words: str | Path) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, [str(word) for word in words], env=self.environment)
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def town(template: TestDatabase, new_database: Callable[..., TestDatabase], tmp_path: Path) -> Town:
    return Town(new_database(template.name), tmp_path / "home")


def bring(town: Town, layer: str, content: str | bytes, *options: str) -> dict[str, Any]:
    file = town.home.parent / f"{layer}-in.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = town.run("import", layer, file, "--json", *options)
    answer = json.loads(out)
    assert code == (1 if answer["status"] == "refused" else 0), err
    return answer


def errors(answer: dict[str, Any]) -> list[tuple[str, int | None, str | None]]:
    return [(told["code"], told["row"], told["field"]) for told in answer["findings"] if told["level"] == "error"]


def treatment(**given: str) -> str:
    row = {"campaign": "R", "done_at": "2025-03-05 09:00", "radius_m": "20"} | given
    row.setdefault("place", HERE)
    fields = [row.get(name, "") for name in HEAD.strip().split(",")[:-2]]
    return ",".join(fields) + f",{row['place']}\n"


WRONG_CAMPAIGNS = {
    "unknown kind": ("X,x,fly,,2025-01-01,2025-02-01,trees,,,", "unknown-code", "scope"),
    "not a target": ("X,x,fly,,2025-01-01,2025-02-01,areas,,,", "unknown-code", "scope"),
    "unknown category": ("X,x,fly,,2025-01-01,2025-02-01,street-segments:runway,,,", "unknown-code", "scope"),
    "no category": ("X,x,fly,,2025-01-01,2025-02-01,street-segments:,,,", "unknown-code", "scope"),
    "unknown zone class": ("X,x,fly,,2025-01-01,2025-02-01,street-segments,moon,,", "unknown-code", "zone_classes"),
    "unknown area": ("X,x,fly,,2025-01-01,2025-02-01,street-segments,,C;NO,", "unknown-code", "areas"),
    "no end": ("X,x,fly,,2025-01-01,,street-segments,,,", "value-missing", "valid_to"),
    "no beginning": ("X,x,fly,,,2025-01-01,street-segments,,,", "value-missing", "valid_from"),
    "endless": ("X,x,fly,,2025-01-01,infinity,street-segments,,,", "value-invalid", "valid_to"),
    "backwards": ("X,x,fly,,2025-02-01,2025-01-01,street-segments,,,", "value-invalid", "valid_to"),
    "unknown pest": ("X,x,wolf,,2025-01-01,2025-02-01,street-segments,,,", "unknown-code", "pest"),
    "no limit": ("X,x,fly,,2025-01-01,2025-02-01,street-segments,,,0", "value-invalid", "limit_days"),
}


def test_a_campaign_names_what_exists_and_a_window(town: Town) -> None:
    head = CAMPAIGNS.splitlines()[0]
    rows = "\n".join(row for row, *_ in WRONG_CAMPAIGNS.values())
    rows = "\n".join(row.replace("X,", f"X{at},", 1) for at, row in enumerate(rows.splitlines()))
    told = errors(bring(town, "campaigns", f"{head}\n{rows}\n"))
    expected = [(code, row, field) for row, (_, code, field) in enumerate(WRONG_CAMPAIGNS.values(), start=1)]
    assert sorted((row, code, field) for code, row, field in told) == [
        (row, code, field) for code, row, field in expected
    ]


def test_an_area_of_no_campaign_is_refused(town: Town, tmp_path: Path) -> None:
    file = write_geojson(tmp_path / "ground.geojson", [(block(0, -10, 100, 110), {"campaign": "NONE"})])
    code, out, _ = town.run("import", "campaign-areas", file, "--json")
    assert (code, errors(json.loads(out))) == (1, [("unknown-code", 1, "campaign")])
    assert town.run("import", "campaign-areas", file, "--set", "campaign=R")[0] == 1
    assert town.run("import", "campaign-areas", file, "--field", "campaign=", "--set", "campaign=R")[0] == 0
    answer = bring(town, "treatments", HEAD + treatment(place="105.0823,31.0935"))
    assert errors(answer) == [("outside-area", 1, None)]


WRONG = {
    "before the window": (treatment(done_at="2025-02-28 23:59"), "outside-window", "done_at"),
    "after the window": (treatment(done_at="2025-04-01 00:00"), "outside-window", "done_at"),
    "in no campaign's window": (treatment(campaign="", done_at="2025-04-15 08:00"), "outside-window", "done_at"),
    "outside the campaign's areas": (
        treatment(campaign="W", done_at="2025-05-02 08:00", place="105.087,31.0905"),
        "outside-area",
        None,
    ),
    "outside the extent": (treatment(place="121.47,31.23"), "outside-extent", None),
    "a radius of 50 km": (treatment(radius_m="50000"), "value-invalid", "radius_m"),
    "no radius": (treatment(radius_m=""), "value-missing", "radius_m"),
    "a negative amount": (treatment(amount="-5", unit="kg"), "value-invalid", "amount"),
    "an absurd amount": (treatment(amount="1e9", unit="kg"), "value-invalid", "amount"),
    "no number": (treatment(amount="twelve", unit="kg"), "value-invalid", "amount"),
    "1970": (treatment(done_at="1970-01-01 00:00"), "value-invalid", "done_at"),
    "the future": (treatment(done_at="2199-03-05 09:00"), "value-invalid", "done_at"),
    "no such day": (treatment(done_at="2025-02-30 09:00"), "value-invalid", "done_at"),
    "no time": (treatment(done_at="2025-03-05"), "value-missing", "time"),
    "no day": (treatment(done_at=""), "value-missing", "done_at"),
    "no place": (treatment(place=","), "geometry-empty", None),
    "half a place": (treatment(place="105.0805,"), "geometry-empty", None),
    "an unknown method": (treatment(method="dance"), "unknown-code", "method"),
    "an unknown result": (treatment(result="maybe"), "unknown-code", "result"),
    "an unknown campaign": (treatment(campaign="NONE"), "unknown-code", "campaign"),
}


def test_each_wrong_treatment_is_refused_for_its_reason(town: Town) -> None:
    connections = engine(town.database.owner_url)
    with connections.connect() as stored:
        before = fingerprint(stored)
    answer = bring(town, "treatments", HEAD + "".join(row for row, *_ in WRONG.values()), "--skip-rejected")
    told = {row: (code, field) for code, row, field in errors(answer)}
    for number, (case, (_, code, field)) in enumerate(WRONG.items(), start=1):
        assert told.get(number) == (code, field), case
    assert answer["rows"] == {"read": len(WRONG), "accepted": 0, "rejected": len(WRONG)}
    with connections.connect() as stored:
        assert fingerprint(stored) == before
    connections.dispose()


def test_good_rows_go_in_and_duplicates_stay_out(town: Town, tmp_path: Path) -> None:
    rows = [treatment(), treatment(), treatment(external_id="7"), treatment(external_id="7", amount="3", unit="kg")]
    rejected = tmp_path / "rejected.csv"
    options = ("--skip-rejected", "--rejected", str(rejected))
    answer = bring(town, "treatments", HEAD + "".join(rows), *options)
    assert errors(answer) == [("duplicate-key", 2, None), ("duplicate-key", 4, None)]
    assert answer["records"]["created"] == 2
    with rejected.open(encoding="utf-8-sig", newline="") as lines:
        assert len(list(csv.reader(lines))) == 3
    again = bring(town, "treatments", HEAD + "".join(rows), *options)
    assert (again["status"], again["records"]["unchanged"]) == ("unchanged", 2)
    changed = bring(town, "treatments", HEAD + treatment(external_id="7", amount="4", unit="kg"))
    assert (changed["records"]["updated"], changed["records"]["created"]) == (1, 0)


def test_a_date_order_is_asked_for_and_never_swapped(town: Town) -> None:
    month_first = HEAD + treatment(done_at="3/13/2025 9:00") + treatment(done_at="3/5/2025 9:00", radius_m="21")
    day_first = HEAD + treatment(done_at="13/3/2025 9:00") + treatment(done_at="5/3/2025 9:00", radius_m="21")
    only_ambiguous = HEAD + treatment(done_at="3/5/2025 9:00")
    assert errors(bring(town, "treatments", only_ambiguous)) == [("date-ambiguous", 1, "done_at")]
    both = month_first + treatment(done_at="13/3/2025 9:00", radius_m="22")
    assert errors(bring(town, "treatments", both, "--date-order", "mdy")) == [("value-invalid", 3, "done_at")]
    assert ("date-ambiguous", 2, "done_at") in errors(bring(town, "treatments", both))
    days = []
    for content, order in ((month_first, "mdy"), (day_first, "dmy")):
        answer = bring(town, "treatments", content, "--date-order", order)
        days.append((answer["records"]["created"], answer["records"]["unchanged"]))
    assert days == [(2, 0), (0, 2)]


HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "'; drop table claim; --",
    'a "quoted"\nline, more',
    "灭鼠毒饵",
    "x" * 1_000_000,
)
EXPORTED = [HOSTILE[0], "'" + HOSTILE[1], HOSTILE[2], 'a "quoted" line, more', *HOSTILE[4:-1]]
"""A formula is guarded, a line break becomes a space; only what is too long to be a name is cut."""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_is_stored_as_it_stands(town: Town, tmp_path: Path, encoding: str) -> None:
    cells = ['"' + text.replace('"', '""') + '"' for text in HOSTILE]
    rows = [treatment(external_id=str(at), product=cell) for at, cell in enumerate(cells)]
    assert bring(town, "treatments", (HEAD + "".join(rows)).encode(encoding))["records"]["created"] == len(HOSTILE)
    assert town.run("export", "treatments", tmp_path / "out.csv")[0] == 0
    csv.field_size_limit(2_000_000)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as lines:
        *short, long = [row["product"] for row in csv.DictReader(lines)]
    assert short == EXPORTED
    assert long == "x" * 1000


def test_what_is_left_goes_to_a_file_and_work_is_summed_up(town: Town, tmp_path: Path) -> None:
    listed = (
        "external_id,campaign,segment,from_m,to_m,done_at,result\n"
        "1,R,S2,10,60,2025-03-06 10:00,done\n2,R,S2,50,70,2025-03-07 10:00,done\n"
        "3,R,S3,20,50,2025-03-07 11:00,refused\n"
    )
    assert bring(town, "treatments", listed)["records"]["created"] == 3
    code, out, _ = town.run("campaign", "gaps", "R", tmp_path / "gaps.geojson", "--json")
    assert (code, json.loads(out)["rows"]) == (0, 8)
    left = [row["properties"] for row in json.loads((tmp_path / "gaps.geojson").read_text())["features"]]
    lengths = [row["length_m"] for row in left]
    assert lengths == sorted(lengths, reverse=True)
    (kind,) = json.loads(town.run("campaign", "cover", "R", "--json")[1])["kinds"]
    assert sum(lengths) == pytest.approx(kind["on_ground"] - kind["treated"])
    (refused,) = [row for row in left if row["reason"] == "refused"]
    assert (refused["code"], refused["from_m"], refused["to_m"], refused["day"]) == ("S3", 20, 50, "2025-03-07")
    assert {row["community"] for row in left} == {"C"}
    assert town.run("campaign", "gaps", "W", tmp_path / "gaps.shp")[0] == 1
    assert town.run("campaign", "gaps", "W", tmp_path / "gaps.shp", "--kind", "street-segments")[0] == 0
    assert town.run("campaign", "gaps", "R", tmp_path / "gaps.gpkg", "--kind", "drain-segments")[0] == 1
    for ending in ("gpkg", "shp", "csv", "geojson"):
        code, out, err = town.run("campaign", "gaps", "R", tmp_path / f"left.{ending}", "--json")
        assert (code, json.loads(out)["rows"]) == (0, 8), err
    assert town.run("campaign", "gaps", "R", tmp_path / "left.gpkg", "--community", "C")[0] == 0
    code, _, err = town.run("campaign", "gaps", "R", tmp_path / "none.gpkg", "--community", "NO")
    assert (code, "“NO”" in err, (tmp_path / "none.gpkg").exists()) == (1, True, False)
    period = ("--work", "treatments", "--from", "2025-03-01", "--to", "2025-04-01", "--json")
    (done,) = json.loads(town.run("cover", *period)[1])["kinds"]
    assert done == {"kind": "street-segments", "unit": "m", "distinct": 60.0, "plain": 70.0}
    assert town.run("cover", "--work", "treatments")[0] == 2


LISTED = "external_id,campaign,segment,from_m,to_m,done_at,result\n"


def test_a_street_that_is_cut_stays_treated_and_its_work_is_told_as_it_was_done(town: Town, tmp_path: Path) -> None:
    """The street is cut in the summer, 6 m from its end; the shape of another one is corrected."""
    rows = "1,R,S2,10,150,2025-03-06 10:00,done\n2,R,S3,,,2025-03-06 11:00,refused\n"
    assert bring(town, "treatments", LISTED + rows)["records"]["created"] == 2
    before = json.loads(town.run("campaign", "cover", "R", "--json")[1])["kinds"][0]
    first, second = tmp_path / "before.csv", tmp_path / "after.csv"
    assert town.run("export", "treatments", first)[0] == 0
    crossing = write_geojson(tmp_path / "crossing.geojson", [(street(6, 150, 6, 250), {"code": "X"})])
    assert town.run("import", "street-segments", crossing, "--from", "2025-07-01")[0] == 0
    bent = [(street(0, 300, 90, 301, 200, 300), {"code": "S3", "category": "lane"})]
    corrected = write_geojson(tmp_path / "corrected.geojson", bent)
    assert town.run("import", "street-segments", corrected, "--correct")[0] == 0
    for day in ("2025-03-31", "2025-08-01"):
        kind = json.loads(town.run("campaign", "cover", "R", "--json", "--on", day)[1])["kinds"][0]
        figures = [kind["treated"], kind["found"], kind["not_treated"]["refused"]]
        assert figures == pytest.approx([140, before["found"], before["not_treated"]["refused"]], abs=0.05), day
    assert town.run("export", "treatments", second)[0] == 0
    assert second.read_bytes() == first.read_bytes()


def test_a_listed_segment_is_one_that_the_campaign_treats(town: Town, tmp_path: Path) -> None:
    """A tank bears the code of a street, two tanks bear one code, and one street lies outside the ground of W."""
    tanks = [(place(50, 50), {"code": "S2"}), (place(60, 50), {"code": "T"}), (place(70, 60), {"code": "T"})]
    numbered = [(shape, row | {"number": at}) for at, (shape, row) in enumerate(tanks)]
    file = write_geojson(tmp_path / "tanks.geojson", numbered)
    assert town.run("import", "septic-tanks", file, "--key", "number")[0] == 0
    far = write_geojson(tmp_path / "far.geojson", [(street(500, 0, 600, 0), {"code": "F", "category": "lane"})])
    assert town.run("import", "street-segments", far, "--from", "2025-01-01")[0] == 0
    listed = (
        LISTED + "1,R,S2,,,2025-03-06 10:00,done\n2,W,T,,,2025-05-06 10:00,done\n3,W,F,,,2025-05-06 11:00,done\n"
        "4,R,T,,,2025-03-06 12:00,done\n5,W,S1,,,2025-05-06 12:00,done\n"
    )
    answer = bring(town, "treatments", listed, "--skip-rejected")
    assert sorted(errors(answer), key=str) == [
        ("outside-area", 3, "segment"),
        ("unknown-code", 2, "segment"),
        ("unknown-code", 4, "segment"),
    ]
    (kind,) = json.loads(town.run("campaign", "cover", "R", "--json")[1])["kinds"]
    assert kind["treated"] == pytest.approx(200, abs=0.5)


def test_a_number_takes_no_treatment_from_another_campaign(town: Town) -> None:
    assert bring(town, "treatments", HEAD + treatment(external_id="1"))["records"]["created"] == 1
    later = treatment(external_id="1", campaign="W", done_at="2025-05-06 09:00")
    answer = bring(town, "treatments", HEAD + later)
    assert errors(answer) == [("duplicate-key", 1, "external_id")]
    with engine(town.database.owner_url).connect() as stored:
        (uuid,) = stored.exec_driver_sql("select uuid from claim where kind = 'treatments'").one()
    moved = f"id,{HEAD}{uuid},{later}"
    assert bring(town, "treatments", moved)["records"]["updated"] == 1
    renumbered = f"id,{HEAD}{uuid}," + treatment(external_id="9", campaign="W", done_at="2025-05-06 09:00")
    assert bring(town, "treatments", renumbered)["records"]["updated"] == 1
    twice = f"id,{HEAD}{uuid}," + treatment(external_id="9") + f"{uuid}," + treatment(external_id="10")
    assert errors(bring(town, "treatments", twice)) == [("duplicate-key", 2, None)]
    with engine(town.database.owner_url).connect() as stored:
        kept = stored.exec_driver_sql("select uuid, external_id, source_key from treatment join claim using (id)")
        assert [tuple(row) for row in kept] == [(uuid, "9", "9")]


def test_an_export_is_the_inverse_of_an_import(town: Town, tmp_path: Path) -> None:
    rows = [
        treatment(external_id="1", method="bait", product="溴敌隆", amount="12.5", unit="g"),
        treatment(external_id="2", result="locked", radius_m="5"),
        treatment(external_id="3", campaign="W", done_at="2025-05-03T08:00:00+02:00"),
    ]
    assert bring(town, "treatments", HEAD + "".join(rows))["records"]["created"] == 3
    listed = (
        "external_id,campaign,segment,from_m,to_m,done_at,result\n"
        "L1,R,S2,10,60.5,2025-03-06 10:00,done\n"
        "L2,R,S3,,,2025-03-06 11:00,refused\n"
    )
    assert bring(town, "treatments", listed)["records"]["created"] == 2
    before = town.run("campaign", "cover", "R", "--json")[1]
    file = tmp_path / "treatments.csv"
    assert town.run("export", "treatments", file)[0] == 0
    code, out, err = town.run("import", "treatments", file, "--json")
    assert (code, json.loads(out)["records"]["created"]) == (0, 0), err
    connections = engine(town.database.owner_url, isolation_level="AUTOCOMMIT")
    with connections.connect() as stored:
        for table in ("claim where duty_id is null", "source_row where layer = 'treatments'"):
            stored.exec_driver_sql(f"delete from {table}")
    connections.dispose()
    code, out, err = town.run("import", "treatments", file, "--json")
    assert (code, json.loads(out)["records"]["created"]) == (0, 5), err
    assert town.run("campaign", "cover", "R", "--json")[1] == before
    second = tmp_path / "again.csv"
    assert town.run("export", "treatments", second)[0] == 0
    assert second.read_bytes() == file.read_bytes()


def test_campaigns_and_their_areas_come_out_as_they_went_in(town: Town, tmp_path: Path) -> None:
    grounds = [(block(0, -10, 100, 110), {"code": "A", "campaign": "R"}), (block(0, 150, 60, 250), {"campaign": "W"})]
    file = write_geojson(tmp_path / "ground.geojson", grounds)
    assert town.run("import", "campaign-areas", file)[0] == 0
    before = [town.run("campaign", "cover", code, "--json")[1] for code in "RW"]
    files = {"campaigns": tmp_path / "campaigns.csv", "campaign-areas": tmp_path / "areas.geojson"}
    for layer, out in files.items():
        assert town.run("export", layer, out, "--all")[0] == 0
    connections = engine(town.database.owner_url, isolation_level="AUTOCOMMIT")
    with connections.connect() as stored:
        for table in ("campaign_area", "campaign", "source_row where layer = 'campaign-areas'"):
            stored.exec_driver_sql(f"delete from {table}")
    connections.dispose()
    for layer, out in files.items():
        assert town.run("import", layer, out)[0] == 0
        again = tmp_path / f"again-{out.name}"
        assert town.run("export", layer, again, "--all")[0] == 0
        assert again.read_bytes() == out.read_bytes(), layer
    assert [town.run("campaign", "cover", code, "--json")[1] for code in "RW"] == before


def test_figures_stand_in_columns(town: Town) -> None:
    code, out, _ = town.run("campaign", "list")
    assert code == 0
    assert [line.index("ended") for line in out.splitlines()[1:]] == [out.splitlines()[0].index("Status")] * 2
    assert "2025-03-31" in out  # the last day, not the one after it
    assert bring(town, "treatments", LISTED + "1,R,S2,10,60,2025-03-06 10:00,done\n")["records"]["created"] == 1
    _, out, _ = town.run("campaign", "cover", "R", "--by", "community")
    head, streets = out.splitlines()[1:3]
    assert streets.split("  ")[1:2] == ["Street segments"]
    figures = [cell.strip() for cell in streets.split("  ") if cell.strip()][1:]
    assert figures == ["1,000.0 m", "50.0 m", "50.0 m", "950.0 m", "5.0%", "100.0%", "5.0%"]
    assert len(head) == len(streets)


def test_the_cover_of_all_duties_or_of_one_is_made_again(town: Town) -> None:
    assert bring(town, "treatments", LISTED + "1,R,S2,10,60,2025-03-06 10:00,done\n")["records"]["created"] == 1
    asked = (("cover", "--duty", "sweeping", "--json"), ("campaign", "cover", "R", "--json"))
    before = [town.run(*words)[1] for words in asked]
    assert town.run("cover", "rebuild")[::2] == (0, "Rebuilt the cover of all duties: 1 stretches.\n")
    assert town.run("cover", "rebuild", "--duty", "sweeping")[::2] == (
        0,
        "Rebuilt the cover of Sweeping: 0 stretches.\n",
    )
    assert [town.run(*words)[1] for words in asked] == before
    code, _, said = town.run("cover", "rebuild", "--duty", "mopping")
    assert (code, "sweeping, supervision, drains, tanks" in said) == (1, True)
