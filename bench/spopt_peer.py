"""spopt shares out a network that a file tells; run by the interpreter of an environment of its own."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas
from libpysal.weights import W
from shapely import points
from spopt.region import AZP, MaxPHeuristic, Skater, WardSpatial

CONSTRUCTIONS = 10
PLACE = ["x", "y"]

MODELS: Mapping[str, Callable[[geopandas.GeoDataFrame, W, int], Any]] = {
    "WardSpatial": lambda frame, weights, count: WardSpatial(frame, weights, PLACE, n_clusters=count),
    "Skater": lambda frame, weights, count: Skater(frame, weights, PLACE, n_clusters=count),
    "MaxP": lambda frame, weights, count: MaxPHeuristic(
        frame,
        weights,
        PLACE,
        "work",
        threshold=frame["work"].sum() / count,
        top_n=2,
        max_iterations_construction=CONSTRUCTIONS,
    ),
    "AZP": lambda frame, weights, count: AZP(frame, weights, PLACE, n_clusters=count),
}


def main() -> None:
    """Print the part of each member and the seconds that it took."""
    warnings.simplefilter("ignore")
    asked = json.loads(Path(sys.argv[1]).read_text())
    frame = geopandas.GeoDataFrame(
        {
            "work": [work / 60_000 for work in asked["work"]],
            "x": [x for x, _y in asked["places"]],
            "y": [y for _x, y in asked["places"]],
        },
        geometry=points(asked["places"]),
    )
    weights = W(dict(enumerate(asked["beside"])), silence_warnings=True)
    begun = time.perf_counter()
    model = MODELS[sys.argv[2]](frame, weights, asked["count"])
    model.solve()
    seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"seconds": seconds, "parts": [int(part) for part in model.labels_]}) + "\n")


if __name__ == "__main__":
    main()
