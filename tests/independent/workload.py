"""Recompute the minutes a day of zones and persons from exported files, with nothing of the product.

The directory holds ``--all`` exports: <kind of the duty>.geojson, duty-zones.geojson, zone-segments.csv,
assignments.csv, people.csv and work-rules.csv.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from tests.independent.cover import KINDS, Row, read_features, read_table

Told = dict[str, float]


def fits(rule: Row, kind: str, target: dict[str, Any]) -> bool:
    """Tell whether a rule speaks of a target; what it leaves empty is any other."""
    named = [name for name in ("category", "zone_class") if rule[name]]
    if rule["kind"] != kind or any(rule[name] != target.get(name) for name in named):
        return False
    low, high, width = rule["width_from_m"], rule["width_to_m"], target.get("width_m")
    if not low and not high:
        return True
    return width is not None and float(low or 0) <= float(width) and (not high or float(width) < float(high))


def a_day(rules: list[Row], kind: str, target: dict[str, Any]) -> tuple[float, float]:
    """Return minutes and passes a day for a metre or place, by the rule that says most of the target."""
    fitting = [rule for rule in rules if fits(rule, kind, target)]
    if not fitting:
        return 0.0, 0.0

    def says(rule: Row) -> tuple[bool, bool, bool]:
        return bool(rule["category"]), bool(rule["zone_class"]), bool(rule["width_from_m"] or rule["width_to_m"])

    best = max(fitting, key=says)
    passes = float(best["times"] or 1) / float(best["days"] or 1)
    return float(best["minutes"]) * passes, passes


def recompute(directory: Path, duty: str, on: date) -> tuple[Told, Told, Told]:
    """Return minutes by zone, minutes by person, and metres (or places) as often as they are done by person."""
    kind = KINDS[duty]
    rules = read_table(directory / "work-rules.csv", on)
    targets = {
        row["id"]: a_day(rules, kind, row)
        for row, _shape in read_features(directory / f"{kind}.geojson", on)
        if duty != "supervision" or row["zone_class"] == "core"
    }
    zones = {row["code"] for row, _ in read_features(directory / "duty-zones.geojson", on) if row["duty"] == duty}
    minutes: Told = defaultdict(float)
    passed: Told = defaultdict(float)
    for row in read_table(directory / "zone-segments.csv", on):
        if row["zone"] in zones and row["segment"] in targets:
            amount = 1.0 if kind == "septic-tanks" else float(row["to_m"]) - float(row["from_m"])
            each, passes = targets[row["segment"]]
            minutes[row["zone"]] += amount * each
            passed[row["zone"]] += amount * passes
    by_person: Told = defaultdict(float)
    passed_by_person: Told = defaultdict(float)
    held = {(row["zone"], row["person"]) for row in read_table(directory / "assignments.csv", on)}
    for zone, person in held:
        if zone in minutes:
            by_person[person] += minutes[zone]
            passed_by_person[person] += passed[zone]
    return dict(minutes), dict(by_person), dict(passed_by_person)
