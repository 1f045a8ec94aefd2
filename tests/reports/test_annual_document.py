"""The annual report as Word document and PDF: from a template that an office edits, taken without trusting it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pypdfium2
import pytest
from click.testing import CliRunner
from docx.document import Document
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from sqlalchemy import Connection, text

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.files.importing import import_table
from geo_hygiene.i18n import use_locale
from geo_hygiene.reports.annual import Report, answer, write_report
from geo_hygiene.reports.annual.document import fill
from geo_hygiene.reports.annual.outline import default_template
from geo_hygiene.reports.annual.pictures import TITLES, Picture, draw
from geo_hygiene.reports.annual.printing import document_writers, printed
from geo_hygiene.reports.annual.template import ATTACHED_TEMPLATE, TemplateError, paragraphs, read_template, text_of
from tests.conftest import TestDatabase
from tests.importing import table

ADDRESS = "http://office.test"
MARKUP = '<b>巷</b> & "{{year}}"'


@pytest.fixture(scope="module")
def town(sample_database: TestDatabase) -> Iterator[Connection]:
    """Return the sample town with some work of two years."""
    connections = engine(sample_database.service_url)
    with connections.connect() as connection:
        lanes = connection.scalars(text("select distinct code from lane order by code limit 60")).all()
        drains = connection.scalars(text("select distinct code from drain order by code limit 30")).all()
        rows = [
            {"编号": f"{kind}{year}{at}", "作业类别": kind, "日期": f"{year}-{at % 12 + 1:02}-10", field: code}
            for year, share in ((2020, 1), (2019, 2))
            for kind, field, codes in (("街巷整治", "街巷", lanes), ("阴沟疏浚", "阴沟", drains))
            for at, code in enumerate(codes[::share])
        ]
        assert import_table(connection, "works", table([(None, row) for row in rows])).status == "imported"
        held = [
            {"编号": str(at), "活动类别": "大扫除", "活动时间": f"2020-{at + 1:02}-05", "社区": code, "人次": "120"}
            for at, code in enumerate(
                connection.scalars(text("select code from area where level = 'community' order by code limit 4"))
            )
        ]
        assert import_table(connection, "activities", table([(None, row) for row in held])).status == "imported"
        first = "select min(code) from area where level = 'community'"
        connection.execute(text(f"update area set name = :name where code = ({first})"), {"name": MARKUP})
        yield connection
    connections.dispose()


@pytest.fixture(scope="module")
def report(town: Connection) -> Report:
    return answer(town, 2020)


def words(document: Document) -> str:
    return "\n".join(text_of(paragraph) for _part, paragraph in paragraphs(document))


def edited() -> bytes:
    """Return the template of the program as an office edits it: a sentence moved, a header, a field in pieces."""
    document = docx.Document(io.BytesIO(default_template()))
    body = [
        one for one in document.paragraphs if "{{drain-metres-dredged}}" in one.text and one.style.name == "Body Text"
    ]
    document.paragraphs[2]._p.addprevious(body[-1]._p)
    document.sections[0].header.paragraphs[0].text = "{{office}} · {{ year }}"
    cut = document.add_paragraph()
    pieces = ("Beside it {{", "tanks-", "emptied.prev", "ious}} and {{lanes-put-in-order: 条}}", "!")
    asides = (" ({{tanks-emptied.compared}})", "（{{lanes-put-in-order.compared}}）")
    for piece in (*pieces, *asides):
        cut.add_run(piece).bold = True
    document.add_table(1, 1).cell(0, 0).text = "{{cleanup-person-times.compared}}"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_the_document_and_the_print_tell_the_figures_in_both_languages(
    town: Connection, report: Report, tmp_path: Path, locale: str
) -> None:
    use_locale(locale)
    writers = document_writers(draw(town, report))
    for ending in writers:
        write_report(report, tmp_path / f"report{ending}", ADDRESS, writers)
    document = docx.Document(str(tmp_path / "report.docx"))
    told = words(document)
    assert "{{" not in told
    lanes = report["lanes-put-in-order"]
    assert lanes.value == 60
    assert lanes.previous == 30
    assert ("no record" if locale == "en" else "无记录") in told
    links = {one.target_ref for one in document.part.rels.values() if one.is_external}
    assert {f"{ADDRESS}{one.url}" for one in report.figures if one.url} <= links
    assert len(document.inline_shapes) == len(TITLES)
    tips = [one.get(f"{{{one.nsmap['w']}}}tooltip") for one in document.element.iter("{*}hyperlink")]
    assert lanes.definition in tips
    printed = pypdfium2.PdfDocument(tmp_path / "report.pdf")
    pages = [page.get_textpage().get_text_bounded() for page in printed]
    printed.close()
    whole = "".join("".join(pages).split())
    for figure in report.figures:
        assert "".join(figure.title.split()) in whole
    assert "".join(MARKUP.split()) in whole, "a name is text, neither markup nor a field"
    use_locale("en")


def test_a_sentence_that_the_office_moved_is_moved_in_both(town: Connection, report: Report, tmp_path: Path) -> None:
    writers = document_writers(draw(town, report), edited())
    for ending in writers:
        write_report(report, tmp_path / f"moved{ending}", ADDRESS, writers)
    document = docx.Document(str(tmp_path / "moved.docx"))
    assert document.sections[0].header.paragraphs[0].text == f"{report.office} · 2020"
    told = [one.text for one in document.paragraphs]
    assert told[2].startswith("Drains dredged, each stretch once: ")
    cut = next(one for one in document.paragraphs if one.text.startswith("Beside it "))
    aside = "（100.0% more than the year before）"
    assert cut.text == f"Beside it no record and 60 条!{aside}", "a comparison with nothing goes with its brackets"
    assert all(run.bold for run in cut.runs if run.text)
    assert document.tables[-1].cell(0, 0).text == "no record of the year before"
    printed = pypdfium2.PdfDocument(tmp_path / "moved.pdf")
    first = printed[0].get_textpage().get_text_bounded()
    printed.close()
    assert first.index("Drains dredged, each stretch once") < first.index("Overview")


def test_an_empty_year_has_no_record_and_no_picture(town: Connection, tmp_path: Path) -> None:
    empty = answer(town, 1999)
    pictures = draw(town, empty)
    assert [one.svg for one in pictures] == [None] * len(TITLES)
    write_report(empty, tmp_path / "empty.docx", ADDRESS, document_writers(pictures))
    document = docx.Document(str(tmp_path / "empty.docx"))
    assert len(document.inline_shapes) == 0
    assert "Lanes put in order: no record. Length" in words(document)


def test_pictures_do_not_see_what_comes_in_after_the_figures(
    new_database: Callable[..., TestDatabase],
    sample_template: TestDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = new_database(sample_template.name)
    others = engine(database.service_url)

    def draw_late(connection: Connection, found: Report) -> list[Picture]:
        with others.connect() as other:
            code = other.scalar(text("select min(code) from lane"))
            work = {"编号": "late", "作业类别": "街巷整治", "日期": "2017-03-10", "街巷": code}
            assert import_table(other, "works", table([(None, work)])).status == "imported"
            other.commit()
        return draw(connection, found)

    monkeypatch.setattr("geo_hygiene.reports.annual.pictures.draw", draw_late)
    environment = {
        "GEO_HYGIENE_DATABASE_URL": database.owner_url,
        "GEO_HYGIENE_SERVICE_URL": database.service_url,
    }
    asked = ["report", "annual", "2017", str(tmp_path / "late.docx"), "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(main, asked, env=environment)
    use_locale("en")
    assert done.exit_code == 0, done.output
    assert len(docx.Document(str(tmp_path / "late.docx")).inline_shapes) == 0
    with others.connect() as connection:
        assert answer(connection, 2017)["lanes-put-in-order"].value == 1
    others.dispose()


def make_restless(document: docx.document.Document, name: str) -> None:
    if name == "field":
        for kind, words in (("begin", " DD"), ("", "EAUTO cmd"), ("separate", ""), ("end", "")):
            run = document.add_paragraph().add_run()._r
            if kind:
                run.append(OxmlElement("w:fldChar"))
                run[-1].set(qn("w:fldCharType"), kind)
            run.append(OxmlElement("w:instrText"))
            run[-1].text = words
    if name == "nested":
        for kind, words in (("begin", " "), ("begin", "QUOTE 68 68 69"), ("end", ""), ("end", "")):
            run = document.sections[0].header.paragraphs[0].add_run()._r
            run.append(OxmlElement("w:fldChar"))
            run[-1].set(qn("w:fldCharType"), kind)
            run.append(OxmlElement("w:instrText"))
            run[-1].text = words
    if name == "program":
        document.part.relate_to(document.part._settings_part, docx.opc.constants.RELATIONSHIP_TYPE.OLE_OBJECT)
    if name == "long":
        for _at in range(5_000):
            document.sections[0].footer._element.append(OxmlElement("w:p"))


def broken(name: str) -> bytes:
    document = docx.Document(io.BytesIO(default_template()))
    if name == "unknown":
        document.add_paragraph("In all {{drain-meters-dredged}} metres.")
        document.add_paragraph("{{ ''.__class__ }} {{year.previous}} {{year")
        document.add_paragraph("The map: {{map.lanes}}")
    if name == "endless":
        for _at in range(30):
            document.add_paragraph("{{no-such-figure}}")
    if name == "outside":
        document.part.relate_to("file:///etc/passwd", f"{docx.opc.constants.RELATIONSHIP_TYPE.IMAGE}", is_external=True)
    make_restless(document, name)
    stream = io.BytesIO()
    document.save(stream)
    content = stream.getvalue()
    if name == "macros":
        content = rewritten(content, b"wordprocessingml.document.main+xml", b"x", "[Content_Types].xml")
        content = rewritten(
            content,
            b"application/vnd.openxmlformats-officedocument.x",
            b"application/vnd.ms-word.document.macroEnabled.main+xml",
            "[Content_Types].xml",
        )
    if name == "entities":
        bomb = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
        content = rewritten(content, b"<w:document", bomb + b"<w:document", "word/document.xml")
        content = rewritten(content, b"<w:t>", b"<w:t>&b;", "word/document.xml")
    if name == "bomb":
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/media/zeros.bin", b"0" * 70_000_000)
        content = stream.getvalue()
    return content if name != "nothing" else b"PK\x03\x04 no"


def rewritten(content: bytes, old: bytes, new: bytes, member: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as sink:
        for info in source.infolist():
            held = source.read(info)
            sink.writestr(info.filename, held.replace(old, new, 1) if info.filename == member else held)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "unknown",
            [
                "There is no field “drain-meters-dredged”, which stands in “In all {{drain-meters-dredged}} metres.”.",
                "There is no field “''.__class__”, which stands in",
                "There is no field “year.previous”",
                "In “{{ ''.__class__ }} {{year.previous}} {{year” a field is not closed",
                "The field “map.lanes” needs a paragraph of its own in the text, not in “The map: {{map.lanes}}”.",
            ],
        ),
        ("endless", [*["There is no field “no-such-figure”"] * 20, "and more"]),
        ("outside", ["The template shows what is not in the file: file:///etc/passwd."]),
        ("field", ["The template holds a Word field “DDEAUTO”; take it out."]),
        ("nested", ["The template holds a Word field “{}”; take it out."]),
        ("program", ["The template holds another file or a program; take it out."]),
        ("long", ["The template has more than 5000 paragraphs."]),
        ("macros", ["A template with macros is not taken"]),
        ("bomb", ["The archive unpacks to"]),
        ("nothing", ["The template is no Word document (.docx), or is damaged."]),
    ],
)
def test_a_template_that_can_not_be_is_refused_in_words(name: str, told: list[str]) -> None:
    with pytest.raises(TemplateError) as refused:
        read_template(broken(name))
    assert len(refused.value.findings) == len(told)
    for finding, expected in zip(refused.value.findings, told, strict=True):
        assert finding.startswith(expected)


def test_nothing_is_fetched_for_a_template_and_what_it_lacks_is_said(report: Report) -> None:
    begun = docx.Document(io.BytesIO(default_template()))
    settings = begun.part._settings_part
    key = settings.relate_to("https://elsewhere.test/x.dotm", ATTACHED_TEMPLATE, is_external=True)
    named = OxmlElement("w:attachedTemplate")
    named.set(qn("r:id"), key)
    settings.element.append(named)
    begun.paragraphs[0]._p.append(OxmlElement("w:t"))
    begun.paragraphs[0]._p[-1].text = "{{year}}"
    stream = io.BytesIO()
    begun.save(stream)
    filled = fill(report, [], ADDRESS, stream.getvalue())
    with zipfile.ZipFile(io.BytesIO(filled.content)) as archive:
        assert not any(b"attachedTemplate" in archive.read(name) for name in archive.namelist())
    picture = b"""<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x"/><a:graphic
        xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic
        xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip r:embed="rId999"/>
        </pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"""
    for lacking in (rewritten(default_template(), b"</w:p>", picture, "word/document.xml"), broken("entities")):
        with pytest.raises(TemplateError, match="or is damaged"):
            printed(fill(report, [], ADDRESS, lacking))


def test_the_command_writes_a_template_and_refuses_one_that_asks_for_what_there_is_not(tmp_path: Path) -> None:
    file, written = tmp_path / "ours.docx", tmp_path / "report.docx"
    done = CliRunner().invoke(main, ["report", "template", str(file), "--language", "zh_CN"])
    use_locale("en")
    assert done.exit_code == 0, done.output
    assert "三、环境卫生集中整治" in words(read_template(file.read_bytes()))
    file.write_bytes(broken("unknown"))
    asked = ["report", "annual", "2020", str(written), "--template", str(file), "--home", str(tmp_path / "home")]
    refused = CliRunner().invoke(main, asked)
    assert (refused.exit_code, "Is “drain-metres-dredged” meant?" in refused.stderr) == (1, True)
    other = CliRunner().invoke(main, [*asked[:3], str(tmp_path / "report.md"), *asked[4:]])
    assert (other.exit_code, list(tmp_path.iterdir())) == (2, [file])
