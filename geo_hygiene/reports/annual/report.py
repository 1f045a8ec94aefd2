"""The answer of a year: every figure with its records, and that of the year before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.within import demand_within
from geo_hygiene.errors import GeoHygieneError, UnknownRecordError
from geo_hygiene.i18n import _, ngettext
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.reports.annual.books import HAPPENED, Books, Number, year_of
from geo_hygiene.reports.annual.declaring import Declared
from geo_hygiene.reports.annual.figures import FIGURES, MECHANISMS
from geo_hygiene.works.asked import Asked

Progress = Callable[[int, int], None]
"""Is told how many figures are answered, and of how many."""

FEW_OFFICES = 3
"""So many are named."""


class OtherFiguresError(GeoHygieneError):
    """A report that was kept has other figures than those of the program."""


OFFICES = """
select coalesce(name, code) from area
where valid_from <= :last_day and :last_day < valid_to
    and case when cast(:areas as text[]) is null then level = 'office' else code = any(:areas) end
order by code
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a year.

    Attributes
    ----------
    value
        ``None`` is no record, which is neither 0 nor a guess.
    begin, end
        The first day, and the day after the last.
    records
        How many records it rests on.
    previous
        The value of the year before.
    query
        The address of the API that answers with it, and behind # the place of the value in the answer (a JSON pointer).
    url
        The page with its records; ``None`` where nothing of it is kept yet.
    """

    declared: Declared
    value: Number | None
    begin: date
    end: date
    records: int
    previous: Number | None
    query: str | None
    url: str | None

    @property
    def id(self) -> str:
        """Its public name."""
        return self.declared.id

    @property
    def mechanism(self) -> str:
        """The key of what it is about; see :data:`MECHANISMS`."""
        return self.declared.mechanism

    @property
    def last_day(self) -> date:
        """The last day, as people say it."""
        return self.end - timedelta(days=1)

    @property
    def unit(self) -> str:
        """``count``, ``m``, ``m²``, ``CNY``, ``share`` or ``share-change``."""
        return self.declared.unit

    @property
    def title(self) -> str:
        """What it is called in the reader's language."""
        return _(self.declared.title)

    @property
    def definition(self) -> str:
        """What it means, in the reader's language."""
        return _(self.declared.definition)

    @classmethod
    def of_json(cls, declared: Declared, content: Mapping[str, Any]) -> Figure:
        """Return the figure of a public form."""
        return cls(
            declared=declared,
            begin=date.fromisoformat(content["from"]),
            end=date.fromisoformat(content["to"]),
            **{name: content[name] for name in ("value", "records", "previous", "query", "url")},
        )

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {
            "id": self.id,
            "mechanism": self.mechanism,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "from": self.begin.isoformat(),
            "to": self.end.isoformat(),
            "definition": self.definition,
            "query": self.query,
            "records": self.records,
            "previous": self.previous,
            "url": self.url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The annual report of an office, or of an area.

    Attributes
    ----------
    office
        What it is called.
    area
        Code of the area that was asked for.
    made_at
        In the office's time zone.
    """

    year: int
    office: str
    area: str | None
    made_at: datetime
    figures: tuple[Figure, ...]

    def __getitem__(self, key: str) -> Figure:
        """Return a figure by its id."""
        return next(one for one in self.figures if one.id == key)

    def by_mechanism(self) -> Mapping[str, list[Figure]]:
        """Return the figures by what they are about, in the order of the report."""
        return {key: [one for one in self.figures if one.mechanism == key] for key in MECHANISMS}

    @classmethod
    def of_json(cls, content: Mapping[str, Any], area: str | None) -> Report:
        """Return the report of a public form and the area that it was asked for.

        Raises
        ------
        OtherFiguresError
            If another version of the program made it, which knew other figures.
        """
        if [one["id"] for one in content["figures"]] != [one.id for one in FIGURES]:
            raise OtherFiguresError(_("Another version of the program made this report: have it made again."))
        figures = zip(FIGURES, content["figures"], strict=True)
        return cls(
            year=content["year"],
            office=content["office"],
            area=area,
            made_at=datetime.fromisoformat(content["made_at"]),
            figures=tuple(Figure.of_json(declared, one) for declared, one in figures),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {
            "year": self.year,
            "office": self.office,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "figures": [one.as_json() for one in self.figures],
        }


def answer(
    connection: Connection,
    year: int,
    area: str | None = None,
    *,
    within: Areas = EVERYWHERE,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """Return every figure of a calendar year.

    Parameters
    ----------
    connection
        In a transaction that sees one state of the data (repeatable read), so that all figures do.
    area
        Code of an office, community or resident group; ``None`` for all.
    within
        Areas to which the asker's role is limited.

    Raises
    ------
    UnknownRecordError
        If there is no such area on the last day of the year, or it lies elsewhere.
    """
    demand_within(connection, area, within)
    books = year_of(connection, year, area=area, within=within)
    before = year_of(connection, year - 1, area=area, within=within)
    office = _office(connection, books.asked)
    figures = []
    for done, declared in enumerate(FIGURES):
        progress(done, len(FIGURES))
        figures.append(_figure(declared, books, before))
    return Report(
        year=year, office=office, area=area, made_at=datetime.now(office_timezone(connection)), figures=tuple(figures)
    )


def _figure(declared: Declared, books: Books, before: Books) -> Figure:
    value, records = _value(declared, books)
    return Figure(
        declared=declared,
        value=value,
        begin=books.asked.begin,
        end=books.asked.end,
        records=records,
        previous=_value(declared, before)[0],
        query=None if declared.records is None else f"{api_address(declared, books.asked)}#/{pointer(declared)}",
        url=None if declared.records is None else page_address(declared, books.asked),
    )


def _value(declared: Declared, books: Books) -> tuple[Number | None, int]:
    """Return a figure, and how many records it rests on; of nothing, and of a silent year, there is none."""
    if declared.records is None or (declared.records not in HAPPENED and books.is_silent):
        return None, 0
    counted = books.counted(declared.records, declared.kind)
    if counted.records == 0:
        return None, 0
    return counted.records if declared.total == "records" else counted.sums.get(declared.total), counted.records


def pointer(declared: Declared) -> str:
    """Return where the answer of the API has the value, as a JSON pointer."""
    return "total" if declared.total == "records" or declared.records == "people" else f"sums/{declared.total}"


def api_address(declared: Declared, asked: Asked) -> str:
    """Return the address of the API that answers with a figure."""
    if declared.records == "people":
        return f"/api/v1{page_address(declared, asked)}"
    if declared.records == "works":
        return f"/api/v1/works/sums?{_words(declared, asked)}"
    return f"/api/v1/records/{declared.records}?{_words(declared, asked)}"


def page_address(declared: Declared, asked: Asked) -> str:
    """Return the address of the page with the records of a figure."""
    if declared.records == "people":
        words = {"role": declared.kind, "on": asked.last_day.isoformat(), "area": asked.area}
        return f"/people?{_encoded(words)}"
    page = "/works/done" if declared.records == "works" else f"/records/{declared.records}"
    return f"{page}?{_words(declared, asked)}"


def _words(declared: Declared, asked: Asked) -> str:
    period = {"from": asked.begin.isoformat(), "to": asked.end.isoformat()}
    return _encoded({"kind": declared.kind, **period, "area": asked.area})


def _encoded(words: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in words.items() if value is not None})


def _office(connection: Connection, asked: Asked) -> str:
    """Return what the office or the offices are called, or the areas that are told of."""
    areas = None if asked.areas is None else sorted(asked.areas)
    listed: Sequence[str] = connection.scalars(text(OFFICES), {"last_day": asked.last_day, "areas": areas}).all()
    if asked.area is not None and not listed:
        raise UnknownRecordError(_("There is no area “%(name)s”.", name=asked.area))
    if areas is None and len(listed) > FEW_OFFICES:
        return ngettext("%(count)s office", "%(count)s offices", len(listed))
    return _(", ").join(listed) or "–"
