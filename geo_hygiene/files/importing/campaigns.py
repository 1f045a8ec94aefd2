"""What campaigns and their areas name: kinds of targets, classes, areas, and the campaigns themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from sqlalchemy import Connection, text

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.i18n import N_
from geo_hygiene.layers import LAYERS
from geo_hygiene.layers.areas import ZONE_CLASSES
from geo_hygiene.layers.campaign_areas import CampaignArea
from geo_hygiene.records.campaigns import Campaign

UNKNOWN_TARGETS = N_(
    "“%(value)s” names no targets. There are: %(known)s; or one of these with a class, as %(example)s."
)
UNKNOWN_CLASS = N_("There is no zone class “%(value)s”. Zone classes: %(known)s.")
UNKNOWN_AREA = N_("There is no area with the code “%(value)s”.")
UNKNOWN_CAMPAIGN = N_("There is no campaign with the code “%(value)s”.")
OTHER_CAMPAIGN = N_("Import the campaigns first, or name another for all rows: --field campaign= --set campaign=CODE")


def campaign_findings(connection: Connection, batch: Batch) -> list[Finding]:
    """Return an error for each row of campaigns or their areas that names something unknown."""
    if batch.layer.model is CampaignArea:
        known = connection.scalars(text("select code from campaign")).all()
        return list(_unknown(batch, "campaign", _among(known), UNKNOWN_CAMPAIGN, {}, OTHER_CAMPAIGN))
    if batch.layer.model is not Campaign:
        return []
    kinds = [layer.key for layer in LAYERS.values() if layer.is_target]
    classes = [choice.value for choice in ZONE_CLASSES]
    areas = connection.scalars(text("select code from area where valid_to = 'infinity' and code is not null")).all()
    told = {"known": ", ".join(kinds), "example": f"{kinds[0]}:alley"}
    return [
        *_unknown(batch, "scope", _names_targets, UNKNOWN_TARGETS, told),
        *_unknown(batch, "zone_classes", _among(classes), UNKNOWN_CLASS, {"known": ", ".join(classes)}),
        *_unknown(batch, "areas", _among(areas), UNKNOWN_AREA, {}, N_("Import what it names first.")),
    ]


def _names_targets(part: str) -> bool:
    """Tell whether a part of a scope is a layer of targets, with one of its classes or without."""
    kind, colon, category = part.partition(":")
    if kind not in LAYERS or not LAYERS[kind].is_target:
        return False
    choices = {choice.value for choice in LAYERS[kind].category_choices}
    return not colon or category in choices or (bool(category) and not choices)


def _among(known: Collection[str]) -> Callable[[str], bool]:
    return frozenset(known).__contains__


def _unknown(
    batch: Batch,
    field: str,
    is_known: Callable[[str], bool],
    words: str,
    told: Mapping[str, str],
    hint: str | None = None,
) -> Iterator[Finding]:
    values = batch.values(field)
    for row in batch.rows:
        given = values[row] or []
        for code in [given] if isinstance(given, str) else given:
            if not is_known(code):
                number = int(batch.numbers[row])
                yield Finding(Code.UNKNOWN_CODE, words, number, field, code, hint, {"value": code, **told})
