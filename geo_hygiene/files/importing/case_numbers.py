"""The number of a complaint in the system that it came from: by it a newer export knows it again."""

from __future__ import annotations

import re

from geo_hygiene.files.findings import Code, Finding, FindingLevel
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.i18n import N_
from geo_hygiene.layers.cases import LAYER

_LOOKS_LIKE_NUMBER = re.compile(r"号|编码|单据|\b(?:id|key|no|number|ref|reference)\b|(?:id|no)$", re.IGNORECASE)

_OTHER_NUMBERS = re.compile(r"序号|行号|电话|手机|身份证|证件|门牌|房号|账号|户号|phone|tel|house|row", re.IGNORECASE)
"""Headings of numbers that are no complaint's: a running number stands for another one in the next export."""


def number_findings(batch: Batch) -> list[Finding]:
    """Return a warning for a file of complaints that brings no column with their numbers."""
    if batch.layer.key != LAYER.key or batch.layer.key_field in batch.given:
        return []
    words = N_(
        "The file has no column with the numbers of the complaints. They are told apart by what they say, so that a "
        "newer export with other words would bring them a second time."
    )
    heading = _likely(batch)
    hint = N_("If a column holds the numbers, name it: --field external_id=HEADING")
    if heading is not None:
        hint = N_("Take the numbers from this column: --field external_id=%(heading)s")
    return [
        Finding(
            Code.VALUE_MISSING,
            words,
            field=batch.layer.key_field,
            hint=hint,
            values={"heading": heading or ""},
            level=FindingLevel.WARNING,
        )
    ]


def _likely(batch: Batch) -> str | None:
    """Return the heading of a column that no field took, and whose values name their rows."""
    extra = batch.clean.extra
    for heading in dict.fromkeys(heading for row in extra for heading in row):
        written = [row.get(heading) for row in extra]
        named = {str(value) for value in written if value is not None}
        is_number = _LOOKS_LIKE_NUMBER.search(heading) and not _OTHER_NUMBERS.search(heading)
        # a row that stands twice, and one without a number, do not make it another column
        if is_number and len(named) > len(written) / 2:
            return heading
    return None
