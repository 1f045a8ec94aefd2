"""Documents say what the code says: tables as declared, figures as measured, links that lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import re
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from bench.document import document
from docs.write_source_figures import SOURCE, YEAR
from faults.document import document as document_of_faults
from geo_hygiene.reports.annual import FIGURES, MECHANISMS
from geo_hygiene.reports.annual.report import api_address, page_address, pointer
from geo_hygiene.works.asked import Asked

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LARGEST_PICTURE = 300_000


def anchors(file: Path) -> set[str]:
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(file.read_text()))
    return {word.replace(" ", "-") for word in words}


@pytest.fixture(scope="module")
def write_tables() -> ModuleType:
    found = importlib.util.spec_from_file_location("write_tables", ROOT / "docs" / "write_tables.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_tables_are_those_of_the_declarations(write_tables: ModuleType) -> None:
    assert [file.name for file in write_tables.stale()] == [], "make docs writes them"


def test_every_table_stands_in_a_document(write_tables: ModuleType) -> None:
    places = {name for file in DOCUMENTS for _, name, _ in write_tables.PLACE.findall(file.read_text())}
    assert places == set(write_tables.TABLES)


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    for link in LINK.findall(file.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "img").glob("*"))
    assert pictures
    assert [file.name for file in pictures if file.stat().st_size > LARGEST_PICTURE] == []


def test_the_report_of_the_benchmarks_is_made_from_its_figures() -> None:
    runs = json.loads((ROOT / "docs" / "benchmarks.json").read_text())["runs"]
    assert (ROOT / "docs" / "benchmarks.md").read_text() == document(runs)


def test_the_report_of_the_faults_is_made_from_its_figures() -> None:
    results = json.loads((ROOT / "docs" / "faults.json").read_text())
    assert (ROOT / "docs" / "faults.md").read_text() == document_of_faults(results)


def test_the_figures_of_the_source_are_those_that_are_declared() -> None:
    written = (ROOT / "docs" / "source-figures.md").read_text()
    assert [said.mechanism for said in SOURCE] == list(MECHANISMS)
    asked = Asked(begin=date(YEAR, 1, 1), end=date(YEAR + 1, 1, 1))
    for one in FIGURES:
        (row,) = [line for line in written.splitlines() if f"<br>`{one.id}` |" in line]
        told = [one.title, one.definition]
        if one.records is not None:
            told += [f"`{api_address(one, asked)}#/{pointer(one)}`", f"{page_address(one, asked)})"]
        assert [part for part in told if part not in row] == [], "make source-figures writes them"
