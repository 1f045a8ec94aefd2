"""What is told of places that a newer file lacks: letters that were signed, work that was done, activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.inheriting import Unprojected
from geo_hygiene.coverage.periods import EVER, written
from geo_hygiene.files.findings import Code, Finding, FindingLevel
from geo_hygiene.files.importing.batch import Batch
from geo_hygiene.i18n import N_

NAMED = 8
"""Places that a finding names one by one."""

TOLD = """
select coalesce(own.code, cast(target.uuid as text)) collate "C" as told, leaving.is_removed
from unnest(cast(:ids as int[]), cast(:days as date[]), cast(:removed as boolean[])) as leaving (id, day, is_removed)
join target using (id)
join {table} as own using (id)
where exists (select from letter where target_id = target.id and letter.valid_to > leaving.day)
    or exists (select from activity where target_id = target.id and held_on >= leaving.day)
    or exists (
        select from claim_stretch join claim using (source_id)
        where target_id = target.id and claim.duty_id is null and claim.valid_from >= leaving.day
            and target.valid_from <= claim.valid_from and claim.valid_from < target.valid_to
    )
order by told
"""

NOWHERE = """
select distinct source_id from claim
where source_id = any(:sources) and duty_id is null
    and not exists (select from claim_stretch where claim_stretch.source_id = claim.source_id)
"""

WOULD_GO = N_(
    "%(count)s places that the file lacks would never have been there, yet letters, work or activities are told of "
    "them: %(names)s."
)
TOO_FAR = N_("Work was done there: corrected so far away, the place would leave it nowhere.")
FROM_A_DAY = N_("Let the place be elsewhere from a day on: what was done before stays where it was.")
INSTEAD = N_("Put them into the file, or let them end on a later day (--from, without --correct).")
END = N_(
    "%(count)s places that the file lacks end on %(day)s, yet letters hold, or work or activities are told, from then "
    "on: %(names)s."
)
STAY = N_("What is told of them stays. If they are still there, put them into the file.")


def nowhere_findings(
    connection: Connection, batch: Batch, unprojected: Sequence[Unprojected], rows: Mapping[int, int]
) -> list[Finding]:
    """Return an error for each row that corrects a place away from under the work that was done there.

    Parameters
    ----------
    unprojected
        What nothing that began could take over.
    rows
        Row of the file that each place belonged to, by id; -1 for none.
    """
    sources = sorted({one.source_id for one in unprojected})
    nowhere = set(connection.scalars(text(NOWHERE), {"sources": sources})) if sources else set()
    wrong = {rows[one.target_id] for one in unprojected if one.source_id in nowhere}
    numbers = [int(batch.numbers[row]) if row >= 0 else None for row in sorted(wrong)]
    return [Finding(Code.TOLD_OF, TOO_FAR, row=number, hint=FROM_A_DAY) for number in numbers]


def resting_findings(
    connection: Connection, batch: Batch, lacking: Sequence[int], ends: Mapping[int, date]
) -> list[Finding]:
    """Return an error where what is told of places would go with them, and a warning where it outlives them.

    Parameters
    ----------
    lacking
        The places.
    ends
        First day on which a place is no more, by id; without one it is taken out altogether.
    """
    if not lacking:
        return []
    asked = {
        "ids": list(lacking),
        "days": [written(ends.get(one, EVER)) for one in lacking],
        "removed": [one not in ends for one in lacking],
    }
    rows = connection.execute(text(TOLD.format(table=batch.layer.model.__tablename__)), asked).all()
    gone, ending = ([row.told for row in rows if row.is_removed == is_gone] for is_gone in (True, False))
    findings = []
    if gone:
        findings.append(Finding(Code.TOLD_OF, WOULD_GO, hint=INSTEAD, values=_named(gone)))
    if ending:
        values = {**_named(ending), "day": batch.options.changes_on.isoformat()}
        findings.append(Finding(Code.TOLD_OF, END, hint=STAY, values=values, level=FindingLevel.WARNING))
    return findings


def _named(names: list[str]) -> dict[str, object]:
    more = " …" if len(names) > NAMED else ""
    return {"count": len(names), "names": ", ".join(names[:NAMED]) + more}
