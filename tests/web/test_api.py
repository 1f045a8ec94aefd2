"""What the JSON API answers on the small town; each answer's form is checked while it is made."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.web.towns import AUTUMN, COLUMNS, NAMES, ROWS, SPRING

ON = {"on": SPRING.isoformat()}
SWEEPING = ON | {"duty": "sweeping"}


def test_figures_add_up_by_every_level(client: FlaskClient) -> None:
    whole = client.get("/api/v1/cover", query_string=SWEEPING).json
    assert whole["by"] == []
    assert whole["covered"] + whole["gap"] == pytest.approx(whole["total"])
    assert whole["overlap"] == 60.0
    for level in ("office", "community", "group", "lane"):
        answer = client.get("/api/v1/cover", query_string=SWEEPING | {"by": level}).json
        for name in ("total", "covered", "gap", "overlap", "vacant"):
            assert sum(row[name] for row in answer["by"]) == pytest.approx(whole[name], abs=1e-6), (level, name)


def test_two_plans_differ(client: FlaskClient) -> None:
    spring = client.get("/api/v1/cover", query_string=SWEEPING).json
    autumn = client.get("/api/v1/cover", query_string=SWEEPING | {"on": AUTUMN.isoformat()}).json
    assert spring["total"] == autumn["total"] == autumn["covered"]
    assert spring["gap"] > 0
    assert (autumn["gap"], autumn["vacant"], autumn["overlap"]) == (0, 0, 0)


def test_figures_are_not_sent_again_unchanged(client: FlaskClient) -> None:
    first = client.get("/api/v1/cover", query_string=SWEEPING)
    again = client.get("/api/v1/cover", query_string=SWEEPING, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(
        "/api/v1/cover", query_string=SWEEPING | {"by": "lane"}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert other.status_code == 200


def paged(client: FlaskClient, address: str, words: dict[str, object]) -> list[dict[str, object]]:
    """Return the rows of all pages, and see that they are those of one long page."""
    path = f"/api/v1/cover/{address}"
    whole = client.get(path, query_string=words | {"limit": 1000}).json
    assert whole["next"] is None
    found: list[dict[str, object]] = []
    after: dict[str, object] = {}
    while True:
        page = client.get(path, query_string=words | {"limit": 3} | after).json
        found += page[address]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == whole[address]
    return found


@pytest.mark.parametrize("level", ["group", "lane", "person"])
def test_figures_come_in_pages(client: FlaskClient, level: str) -> None:
    words = SWEEPING | {"by": level}
    whole = client.get("/api/v1/cover", query_string=words).json
    first = client.get("/api/v1/cover", query_string=words | {"limit": 1})
    assert (whole["next"], first.json["next"]) == (None, first.json["by"][0]["code"])
    after = {"after": first.json["next"]}
    rest = client.get("/api/v1/cover", query_string=words | after, headers={"If-None-Match": first.headers["ETag"]})
    assert [*first.json["by"], *rest.json["by"]] == whole["by"]
    assert len(rest.json["by"]) > 1


@pytest.mark.parametrize("address", ["gaps", "pieces"])
@pytest.mark.parametrize("duty", ["sweeping", "supervision", "tanks"])
def test_pages_of_stretches_are_the_whole_list(client: FlaskClient, address: str, duty: str) -> None:
    lengths = [row["length_m"] for row in paged(client, address, ON | {"duty": duty})]
    assert len(lengths) > 1
    assert lengths == sorted(lengths, reverse=True)


def test_stretches_by_lane_run_along_each_segment(client: FlaskClient) -> None:
    rows = paged(client, "pieces", SWEEPING | {"sort": "lane"})
    assert [(row["lane"], row["segment"], row["from_m"]) for row in rows] == sorted(
        (row["lane"], row["segment"], row["from_m"]) for row in rows
    )
    longest = paged(client, "pieces", SWEEPING)
    assert sorted(map(str, rows)) == sorted(map(str, longest))
    codes = [row["code"] for row in paged(client, "pieces", ON | {"duty": "tanks", "sort": "lane"})]
    assert codes == sorted(codes)


def test_gaps_are_the_pieces_without_a_zone(client: FlaskClient) -> None:
    gaps = client.get("/api/v1/cover/gaps", query_string=SWEEPING).json["gaps"]
    pieces = client.get("/api/v1/cover/pieces", query_string=SWEEPING | {"state": "gap"}).json["pieces"]
    lanes = {"from_lane", "to_lane"}
    assert all(lanes <= gap.keys() for gap in gaps)
    assert [{name: value for name, value in gap.items() if name not in lanes} for gap in gaps] == pieces
    assert sum(gap["length_m"] for gap in gaps) == pytest.approx(
        client.get("/api/v1/cover", query_string=SWEEPING).json["gap"], abs=1e-6
    )


@pytest.mark.parametrize("duty", ["sweeping", "tanks"])
def test_the_first_page_of_gaps_tells_how_many_all_are(client: FlaskClient, duty: str) -> None:
    first = client.get("/api/v1/cover/gaps", query_string=ON | {"duty": duty, "limit": 1}).json
    assert first["next"]
    assert first["total"] == len(paged(client, "gaps", ON | {"duty": duty})) > 1


def test_filters_of_pieces_narrow_the_list(client: FlaskClient) -> None:
    def asked(**words: str) -> list[dict[str, object]]:
        return client.get("/api/v1/cover/pieces", query_string=SWEEPING | {"limit": 1000} | words).json["pieces"]

    whole = asked()
    for words, fits in (
        ({"state": "overlap"}, lambda row: row["state"] == "overlap"),
        ({"state": "vacant"}, lambda row: row["state"] == "vacant"),
        ({"zone": "Z3"}, lambda row: "Z3" in row["zones"]),
        ({"person": "P2"}, lambda row: "P2" in row["holders"]),
        ({"community": "C1"}, lambda row: row["community"] == "C1"),
        ({"group": "C2G1"}, lambda row: row["group"] == "C2G1"),
        ({"lane": "L2"}, lambda row: row["lane_code"] == "L2"),
        ({"lane": "解放"}, lambda row: row["lane"] == "解放街"),
        ({"lane": "100%"}, lambda row: row["lane"] == "100%巷"),
        ({"zone": "Z3", "state": "overlap"}, lambda row: "Z3" in row["zones"] and row["state"] == "overlap"),
        ({"zone": "nobody's"}, lambda _row: False),
    ):
        assert asked(**words) == [row for row in whole if fits(row)], words
        assert asked(**words) != whole


def test_the_chain_of_a_segment(client: FlaskClient) -> None:
    answer = client.get("/api/v1/targets/street-segments/S02/cover", query_string=ON).json
    assert (answer["lane"], answer["community"]) == (NAMES[0], "C1")
    assert [(row["zone"], row["from_m"], row["to_m"]) for row in answer["cover"]] == [
        ("Z1", 0.0, answer["length_m"]),
        ("Z3", 20.0, 80.0),
    ]
    assert answer["cover"][0]["chain"] == [
        {"role": "leader", "code": "LD", "name": "李领导"},
        {"role": "cadre", "code": "CD", "name": "王干部"},
        {"role": "cleaner", "code": "P1", "name": "张三"},
    ]
    assert answer["cover"][0]["since"] == "2025-01-01"
    assert [
        (piece["state"], piece["from_m"], piece["zones"]) for piece in answer["pieces"] if piece["duty"] == "sweeping"
    ] == [("covered", 0.0, ["Z1"]), ("overlap", 20.0, ["Z1", "Z3"]), ("covered", 80.0, ["Z1"])]
    by_id = client.get(f"/api/v1/targets/street-segments/{answer['id']}/cover", query_string=ON).json
    assert by_id == answer


def test_a_vacant_zone_has_a_chain_without_a_cleaner(client: FlaskClient) -> None:
    answer = client.get("/api/v1/targets/street-segments/S11/cover", query_string=ON).json
    (stretch,) = answer["cover"]
    assert stretch["zone"] == "Z2"
    assert stretch["chain"][-1] == {"role": "cleaner", "code": None, "name": None}


def test_who_answers_for_the_ground_is_named_where_nobody_holds_it(client: FlaskClient) -> None:
    answer = client.get("/api/v1/targets/street-segments/S32/cover", query_string=ON).json
    assert answer["cover"] == []
    assert answer["above"] == [
        {"role": "leader", "code": "LD", "name": "李领导"},
        {"role": "cadre", "code": "CD", "name": "王干部"},
    ]


def test_stretches_name_zones_and_holders_and_are_found_by_these_names(client: FlaskClient) -> None:
    def asked(**words: str) -> list[dict[str, object]]:
        return client.get("/api/v1/cover/pieces", query_string=SWEEPING | {"limit": 1000} | words).json["pieces"]

    (both,) = asked(state="overlap")
    assert both["in_zones"] == [{"code": "Z1", "name": "一号责任区"}, {"code": "Z3", "name": None}]
    assert both["held_by"] == [{"code": "P1", "name": "张三"}, {"code": "P2", "name": "Zhang San"}]
    assert asked(zone="一 号") == asked(zone="z1") == asked(zone="Z1") != []
    assert asked(person="zhangsan") == asked(person="P2") != []
    assert asked(lane=" 解 放 ") == asked(lane="L1") != []
    assert asked(zone="Z") == []


def test_a_tank_counts_one(client: FlaskClient) -> None:
    answer = client.get("/api/v1/targets/septic-tanks/T1/cover", query_string=ON).json
    assert answer["length_m"] is None
    assert [row["zone"] for row in answer["cover"]] == ["K1"]
    figures = client.get("/api/v1/cover", query_string=ON | {"duty": "tanks"}).json
    assert (figures["unit"], figures["total"], figures["covered"], figures["gap"]) == ("count", 5, 3, 2)


def test_places_have_no_length_and_come_by_their_codes(client: FlaskClient) -> None:
    for name, words, codes in (
        ("pieces", {"sort": "length"}, ["T0", "T1", "T2", "T3", "T4"]),
        ("gaps", {}, ["T3", "T4"]),
    ):
        found, after = [], ""
        while after is not None:
            query = ON | words | {"duty": "tanks", "limit": 2, "after": after}
            page = client.get(f"/api/v1/cover/{name}", query_string=query).json
            found += [row["code"] for row in page[name]]
            after = page["next"]
        assert found == codes, name


def test_zones_page_by_page(client: FlaskClient) -> None:
    whole = client.get("/api/v1/zones", query_string=ON).json["zones"]
    assert [zone["code"] for zone in whole] == ["K1", "Z1", "Z2", "Z3"]
    first = client.get("/api/v1/zones", query_string=ON | {"limit": 3}).json
    rest = client.get("/api/v1/zones", query_string=ON | {"limit": 3, "after": first["next"]}).json
    assert first["zones"] + rest["zones"] == whole
    assert rest["next"] is None
    assert [zone["code"] for zone in client.get("/api/v1/zones", query_string=SWEEPING).json["zones"]] == [
        "Z1",
        "Z2",
        "Z3",
    ]
    assert whole[1]["holders"] == ["P1"]
    assert whole[1]["held_by"] == [{"code": "P1", "name": "张三"}]
    assert whole[2]["holders"] == whole[2]["held_by"] == []
    assert whole[2]["name"] is None
    autumn = client.get("/api/v1/zones", query_string={"on": AUTUMN.isoformat()}).json["zones"]
    assert [(zone["code"], zone["valid_from"], zone["valid_to"]) for zone in autumn] == [
        ("K1", "2025-01-01", None),
        ("Z9", "2025-07-01", None),
    ]


def test_a_zone_is_a_feature_with_its_stretches_and_a_strong_tag(client: FlaskClient) -> None:
    answer = client.get("/api/v1/zones/Z3", query_string=ON)
    zone = answer.json
    assert zone["type"] == "Feature"
    assert zone["geometry"] is None
    lengths = [stretch["to_m"] - stretch["from_m"] for stretch in zone["properties"]["segments"]]
    assert sum(lengths) == pytest.approx(zone["properties"]["length_m"])
    assert answer.headers["ETag"].startswith('"1-')
    same = client.get(f"/api/v1/zones/{zone['id']}", query_string=ON, headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304
    drawn = client.get("/api/v1/zones/Z1", query_string=ON).json
    assert drawn["geometry"]["type"] == "MultiPolygon"
    burdens = client.get("/api/v1/workload", query_string=ON | {"duty": "sweeping", "by": "zone"}).json["rows"]
    told = {row["code"]: (row["minutes"], row["residents"], row["tanks"]) for row in burdens}
    assert told["Z1"] == tuple(drawn["properties"][name] for name in ("minutes", "residents", "tanks"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("滨江", [("lane", "L0")]),
        ("街", [("lane", "L1")]),
        ("%", [("lane", "L2")]),
        ("_", []),
        ("\\", []),
        ("<img", [("lane", "L3")]),
        ("ZHANG", [("person", "P2")]),
        ("zhangsan", [("person", "P2")]),
        (" 解\u3000放 街 ", [("lane", "L1")]),
        ("张三", [("person", "P1")]),
        ("一号", [("zone", "Z1")]),
        ("z2", [("zone", "Z2")]),
        ("鼓楼", [("community", "C1")]),
        ("C2", [("community", "C2"), ("group", "C2G1"), ("group", "C2G2")]),
        ("S00", [("target", "S00")]),
        ("t3", [("target", "T3")]),
        ("'; drop table person; --", []),
        ("138****1234", []),
    ],
)
def test_search(client: FlaskClient, words: str, found: list[tuple[str, str]]) -> None:
    results = client.get("/api/v1/search", query_string=ON | {"q": words}).json["results"]
    assert [(result["type"], result["code"]) for result in results] == found


def test_what_is_found_has_a_place_and_its_zones(client: FlaskClient) -> None:
    (person,) = client.get("/api/v1/search", query_string=ON | {"q": "张三"}).json["results"]
    assert person["zones"] == ["Z1"]
    assert person["detail"] == "Cleaner"
    west, south, east, north = person["bbox"]
    assert west < person["center"][0] < east
    assert south < person["center"][1] < north
    (autumn,) = client.get("/api/v1/search", query_string={"q": "张三", "on": AUTUMN.isoformat()}).json["results"]
    assert autumn["zones"] == ["Z9"]
    (leader,) = client.get("/api/v1/search", query_string=ON | {"q": "李领导"}).json["results"]
    assert (leader["center"], leader["zones"]) == (None, [])


def test_search_gives_the_nearest_first_and_not_more_than_asked(client: FlaskClient) -> None:
    results = client.get("/api/v1/search", query_string=ON | {"q": "C1", "limit": 2}).json["results"]
    assert [result["code"] for result in results] == ["C1", "C1G1"]


def test_search_tells_a_few_of_each_kind_and_single_places_last(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search", query_string=ON | {"q": "2", "limit": 12}).json
    types = [result["type"] for result in answer["results"]]
    assert types == [*("lane", "community", "group", "group", "group", "person", "zone"), *["target"] * 4]
    whole = client.get("/api/v1/search", query_string=ON | {"q": "2", "limit": 50}).json
    assert answer["more"] == len(whole["results"]) - len(answer["results"]) > 0
    assert whole["more"] == 0
    (tank,) = client.get("/api/v1/search", query_string=ON | {"q": "t0"}).json["results"]
    assert tank["detail"] == "Septic tanks · C1G1"


def test_a_person_has_zones_posts_and_somebody_above(client: FlaskClient) -> None:
    answer = client.get("/api/v1/people/P1", query_string=ON).json
    assert (answer["name"], answer["role"], answer["phone"]) == ("张三", "cleaner", "138****1234")
    (zone,) = answer["zones"]
    listed = client.get("/api/v1/zones/Z1", query_string=ON).json["properties"]
    assert (zone["code"], zone["name"], zone["length_m"]) == ("Z1", "一号责任区", listed["length_m"])
    assert [post["code"] for post in answer["above"]] == [post["code"] for post in listed["above"]] == ["LD", "CD"]
    cadre = client.get("/api/v1/people/CD", query_string=ON).json
    assert [(post["role"], post["code"], post["name"]) for post in cadre["posts"]] == [("cadre", "C1", "鼓楼社区")]
    assert [post["code"] for post in cadre["above"]] == ["LD"]
    assert client.get("/api/v1/people/nobody", query_string=ON).status_code == 404


def test_an_area_is_told_with_its_figures_and_parts(client: FlaskClient) -> None:
    for level, code, below in (("office", "O", "community"), ("community", "C1", "group"), ("group", "C1G1", None)):
        answer = client.get(f"/api/v1/areas/{code}", query_string=SWEEPING).json
        rows = client.get("/api/v1/cover", query_string=SWEEPING | {"by": level}).json["by"]
        figures = ("total", "covered", "gap", "overlap", "vacant")
        (row,) = (row for row in rows if row["code"] == code)
        assert [answer[name] for name in figures] == [row[name] for name in figures]
        parts = client.get("/api/v1/cover", query_string=SWEEPING | {"by": below}).json["by"] if below else []
        assert answer["parts"] == [part for part in parts if part["code"].startswith(code.strip("O"))]
        assert answer["above"][0] == {"role": "leader", "code": "LD", "name": "李领导"}
    assert (answer["parent"], answer["parent_name"], answer["above"][1]["code"]) == ("C1", "鼓楼社区", "CD")


def test_a_lane_is_told_from_end_to_end(client: FlaskClient) -> None:
    answer = client.get("/api/v1/cover/along", query_string=SWEEPING | {"lane": "L0"}).json
    told = [(piece["code"], piece["state"]) for piece in answer["pieces"]]
    assert told == [
        ("S00", "covered"),
        ("S01", "covered"),
        *(("S02", state) for state in ("covered", "overlap", "covered")),
        ("S03", "covered"),
        ("S04", "covered"),
        ("S05", "covered"),
    ]
    ends = [piece["along_to_m"] for piece in answer["pieces"]]
    assert [piece["along_from_m"] for piece in answer["pieces"]] == [0, *ends[:-1]]
    assert ends[-1] == pytest.approx(answer["total"])
    (row,) = (
        row
        for row in client.get("/api/v1/cover", query_string=SWEEPING | {"by": "lane"}).json["by"]
        if row["code"] == "L0"
    )
    assert {name: answer[name] for name in row} == row
    assert client.get("/api/v1/cover/along", query_string=ON | {"duty": "tanks", "lane": "L0"}).status_code == 404


def test_search_speaks_the_language_of_the_asker(client: FlaskClient) -> None:
    answer = client.get("/api/v1/search", query_string=ON | {"q": "L0"}, headers={"Accept-Language": "zh-CN"})
    assert answer.headers["Content-Language"] == "zh-Hans"
    assert answer.json["results"][0]["name"] == NAMES[0]


def test_layers_count_what_is_there(client: FlaskClient) -> None:
    layers = {layer["key"]: layer for layer in client.get("/api/v1/layers", query_string=ON).json["layers"]}
    assert layers["street-segments"]["count"] == ROWS * COLUMNS
    assert layers["lanes"]["count"] == ROWS
    assert layers["duty-zones"]["count"] == 4
    assert layers["people"]["count"] == 4
    assert layers["people"]["map"] is False
    assert layers["lanes"]["import"] is False


def test_no_phone_leaves_the_application(client: FlaskClient) -> None:
    for path in (
        "/api/v1/search?q=张",
        "/api/v1/targets/street-segments/S00/cover",
        "/api/v1/zones",
        "/api/v1/cover?duty=sweeping&by=person",
        "/map",
        "/map/table",
    ):
        assert b"138*" not in client.get(path).data, path
