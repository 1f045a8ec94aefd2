"""How long the daily work on targets takes: the one place where statements apply the work model."""

from __future__ import annotations

from geo_hygiene.layerspec import MapLayer

MILLISECONDS = 60_000
"""Of a minute: work is added up in whole milliseconds, so that no order of adding matters."""

WORK = (
    "left join lateral daily_work(target.kind, target.category, area_tree.zone_class, {width}, :{on}) as work on true"
)

AMOUNT = {"m": 1000, "count": 1}
"""Of an extent, by the unit of a duty: what the minutes of a rule are for."""


def work_join(layer: MapLayer, *, on: str = "on") -> str:
    """Return how a statement joins ``work`` to each ``target``: minutes a day for a metre or place, and passes a day.

    The statement has the ``area_tree`` of the target, calls the table of the layer ``segment`` and binds the day as
    ``on``, or as it is told. What no rule speaks of has nulls.
    """
    width = "null::numeric" if layer.width is None else f"segment.{layer.width.key}"
    return WORK.format(width=width, on=on)


def milliseconds(layer: MapLayer) -> str:
    """Return the milliseconds a day for each millimetre or place of a joined target, as SQL."""
    return f"work.minutes * {MILLISECONDS} / {AMOUNT[layer.unit]}"
