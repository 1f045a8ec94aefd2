"""The arithmetic of the benchmarks: spreads, ratios, turns, tiles."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from bench.__main__ import without
from bench.document import document
from bench.figures import Figure, Spread, interleave
from bench.made_files import DIVISIONS, OFFICES, Network, write_areas, write_streets, write_zones
from bench.memory import tree_bytes
from bench.serving import tile_of


def test_a_spread_tells_median_extremes_and_p95() -> None:
    spread = Spread(tuple(float(value) for value in range(1, 101)))
    assert spread.as_json() == {"median": 50.5, "min": 1.0, "max": 100.0, "p95": 95.0, "runs": 100}


@pytest.mark.parametrize(("more_is_better", "ratio"), [(False, 3.0), (True, 1 / 3)])
def test_a_ratio_over_one_is_better(more_is_better: bool, ratio: float) -> None:
    figure = Figure(
        group="import",
        name="x",
        unit="s",
        spread=Spread((2.0,)),
        data="",
        peers={"peer": Spread((6.0,))},
        more_is_better=more_is_better,
    )
    assert figure.ratio("peer") == pytest.approx(ratio)


def test_candidates_run_in_turns() -> None:
    turns: list[str] = []

    def candidate(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    found = interleave({"ours": lambda: candidate("ours"), "peer": lambda: candidate("peer")}, 3)
    assert turns == ["ours", "peer"] * 3
    assert found == {"ours": Spread((1.0, 3.0, 5.0)), "peer": Spread((2.0, 4.0, 6.0))}


def run_of(figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "measured_at": "2025-01-01T00:00:00+00:00",
        "rounds": 3,
        "machine": {"cpu": "a cpu", "cores": 2, "memory_gib": 8.0, "system": "a system", "load": 0.1},
        "versions": {"PostGIS": "3.3"},
        "figures": figures,
    }


def test_a_run_replaces_what_earlier_runs_measured_of_its_groups_and_sizes() -> None:
    def figure(group: str, size: str, median: int) -> dict[str, Any]:
        return {"group": group, "size": size, "median": median}

    earlier = [run_of([figure("cover", "S", 1), figure("cover", "M", 2)]), run_of([figure("web", "S", 3)])]
    newer = run_of([figure("cover", "S", 4), figure("web", "S", 5)])
    assert without(earlier, newer) == [run_of([figure("cover", "M", 2)])]


def test_the_report_shows_what_was_measured() -> None:
    figure = Figure(
        group="import",
        name="Import",
        unit="s",
        spread=Spread((1.0, 2.0, 3.0)),
        data="100 rows",
        peers={"raw COPY": Spread((1.0, 1.0, 1.0))},
        floor="2 x raw COPY",
        note="A note.",
    )
    report = document([run_of([figure.as_json()])])
    assert "in 3 rounds on 2 cores of a cpu, 8.0 GiB, load 0.1 before, a system: PostGIS 3.3. Groups: import." in report
    assert "| Import | 2 s (1-3) | 3 | raw COPY 1 s (1-1), **0.5 x** | 2 x raw COPY |" in report
    assert "Data: 100 rows." in report


def test_the_report_shows_sizes_of_the_sample_side_by_side() -> None:
    def figure(name: str, size: str, seconds: float) -> dict[str, Any]:
        peers = {"peer": Spread((3 * seconds,))} if name == "Rebuild" else {}
        spread = Spread((seconds,))
        return Figure(
            group="cover", name=name, unit="s", spread=spread, data=size, peers=peers, note="A note.", size=size
        ).as_json()

    figures = [figure("Rebuild", "S", 1.0), figure("Question", "S", 2.0), figure("Rebuild", "M", 4.0)]
    report = document([run_of(figures[2:]), run_of(figures[:2])])
    assert "| what | S | M | floor |\n|---|---|---|---|" in report
    assert "| Rebuild | 1 s; peer 3 s, **3 x** | 4 s; peer 12 s, **3 x** |  |" in report
    assert "| Question | 2 s |  |  |" in report
    assert report.count("Rebuild: A note.") == 1


def test_memory_of_a_child_counts() -> None:
    filler = "import sys; held = bytearray(50_000_000); print('filled', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", filler], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alone, with_parent = tree_bytes(child.pid), tree_bytes(os.getpid())
        child.communicate()
    assert 50_000_000 < alone < with_parent


def test_made_areas_form_a_tree_over_the_made_streets(tmp_path: Path) -> None:
    network = Network.of(500)
    write_areas(tmp_path / "areas.gpkg", network)
    write_streets(tmp_path / "streets.gpkg", network)
    areas = geopandas.read_file(tmp_path / "areas.gpkg").set_index("code")
    streets = geopandas.read_file(tmp_path / "streets.gpkg")
    counts = {level: OFFICES**2 * columns * rows for level, (columns, rows) in DIVISIONS.items()}
    assert areas.groupby("level").size().to_dict() == counts
    for level in ("community", "group"):
        below = areas[areas.level == level]
        above = areas.loc[below.parent]
        assert shapely.covers(shapely.buffer(above.geometry.array, 1e-9), below.geometry.array).all()
    offices = areas[areas.level == "office"].union_all()
    assert streets.geometry.within(offices).all()
    assert 0.9 < len(streets) / 500 < 1.1


def test_made_files_are_the_same_every_time(tmp_path: Path) -> None:
    frames = []
    for name in ("first", "second"):
        write_zones(tmp_path / f"{name}.gpkg", Network.of(500))
        frames.append(geopandas.read_file(tmp_path / f"{name}.gpkg"))
    assert frames[0].equals(frames[1])


def test_tiles_of_places() -> None:
    assert tile_of(0, 0, 1) == (1, 1, 1)
    assert tile_of(105.08, 31.09, 14) == (14, 12974, 6702)
