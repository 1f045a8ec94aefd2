"""Collect what is found while a file is read, without letting a hostile file fill the memory with findings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from geo_hygiene.files.findings import KINDS, Code, Finding, FindingLevel
from geo_hygiene.i18n import N_

#: Findings of one code that are kept; a file with more wrong rows than that is refused as a whole.
KEPT_PER_CODE = 100_000


@dataclass
class Notes:
    """The findings of one file, in the order in which they were made."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[Code] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it when there are too many of its code."""
        self.counts[finding.code] += 1
        if self.counts[finding.code] <= KEPT_PER_CODE:
            self.findings.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Keep several findings."""
        for finding in findings:
            self.add(finding)

    def about_rows(self, code: Code, text: str, rows: Sequence[int], *, hint: str | None = None) -> None:
        """Keep the same finding for each of the rows."""
        self.extend(Finding(code, text, row=row, hint=hint) for row in rows)

    def close(self) -> list[Finding]:
        """Return the findings, the number of those that were not kept among them."""
        for code, count in self.counts.items():
            if count > KEPT_PER_CODE:
                is_error = KINDS[code].level is FindingLevel.ERROR
                text = (
                    N_("%(count)s rows have this finding, too many to go on with the others.")
                    if is_error
                    else N_("%(count)s rows have this finding.")
                )
                self.findings.append(Finding(code, text, values={"count": count}))
        return self.findings
