"""Notebooks run from the first cell to the last, and are kept without what they printed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda file: file.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    file: Path = request.param
    return nbformat.read(file, as_version=4)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_a_notebook_is_kept_without_output(notebook: nbformat.NotebookNode) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_a_notebook_runs(notebook: nbformat.NotebookNode) -> None:
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS[0].parent)}})
    client.execute()
    drawn = [
        output for cell in notebook.cells for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})
    ]
    assert drawn, "no picture was drawn"
