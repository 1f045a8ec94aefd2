"""spopt shares out a network that a file tells; run by the interpreter of an environment of its own."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import geopandas
from libpysal.weights import W
from shapely import points
from spopt.region import MaxPHeuristic, Skater

CONSTRUCTIONS = 10


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
    mean = frame["work"].sum() / asked["count"]
    begun = time.perf_counter()
    if asked["method"] == "skater":
        model = Skater(frame, weights, ["x", "y"], n_clusters=asked["count"])
    else:
        model = MaxPHeuristic(
            frame, weights, ["x", "y"], "work", threshold=mean, top_n=2, max_iterations_construction=CONSTRUCTIONS
        )
    model.solve()
    seconds = time.perf_counter() - begun
    sys.stdout.write(json.dumps({"seconds": seconds, "parts": [int(part) for part in model.labels_]}) + "\n")


if __name__ == "__main__":
    main()
