"""Text is read in the encoding that it is in, whatever the file says, and else refused with its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from geo_hygiene.files.findings import Code, FindingLevel, shown
from geo_hygiene.files.reading import encodings, read
from geo_hygiene.files.reading.dbase import columns, is_kept, name_fields, open_table, try_encodings
from tests.made_files import dbf
from tests.reading_files import LANDMARK, codes, points


def read_texts(values: list[str | bytes], **options: object) -> tuple[encodings.Trial, list[str | None]]:
    """Return which encoding was chosen for a table of one text field, and what was read."""
    language_id = int(str(options.get("language_id", 0)))
    with tempfile.NamedTemporaryFile(suffix=".dbf") as file:
        content = dbf({"name": ("C", 250, 0)}, [[value] for value in values], language_id=language_id)
        Path(file.name).write_bytes(content)
        table = open_table(Path(file.name))
        option = encodings.named(str(options["option"]), "option") if "option" in options else None
        cpg = encodings.named(str(options["cpg"]), "cpg") if "cpg" in options else None
        trials = [encodings.Trial(encoding) for encoding in encodings.candidates(option, cpg, language_id)]
        table = try_encodings(table, trials)
        trial = encodings.choose(trials)
        table = name_fields(table, trial, [])
        records = table.records(0, table.rows)
        arrays, _ = columns(table, records[is_kept(records)], trial, np.arange(1, table.rows + 1))
        return trial, arrays[0].to_pylist()


CHINESE_NAMES = ["珞喻路", "八一路", "东湖南路（北段）", "李四光", "解放大道1号"]
RARE_NAMES = ["㐂", "𠮷野家", "䶮巷", "王䶮", "喆里"]


@pytest.mark.parametrize(
    "options", [{}, {"language_id": 0x4D}, {"language_id": 0x57}, {"option": "GBK"}, {"cpg": "936"}]
)
@pytest.mark.parametrize("names", [CHINESE_NAMES, CHINESE_NAMES[:1], CHINESE_NAMES + RARE_NAMES])
def test_gbk_is_read_with_and_without_a_word_about_it(names: list[str], options: dict[str, object]) -> None:
    trial, texts = read_texts([name.encode("gb18030") for name in names], **options)
    assert texts == names
    assert trial.encoding.codec == "gb18030"


@pytest.mark.parametrize(
    "options", [{}, {"language_id": 0x4D}, {"language_id": 0x57}, {"option": "utf-8"}, {"cpg": "65001"}]
)
@pytest.mark.parametrize("names", [CHINESE_NAMES, CHINESE_NAMES[:1], CHINESE_NAMES + RARE_NAMES])
def test_utf8_is_read_even_where_the_table_says_gbk(names: list[str], options: dict[str, object]) -> None:
    trial, texts = read_texts([name.encode() for name in names], **options)
    assert texts == names
    assert trial.encoding.codec == "utf-8"


def test_a_word_whose_gbk_is_utf8_by_accident_is_read_as_chinese() -> None:
    for words in (["联通"], ["路"], ["联通1号"]):
        assert read_texts([word.encode("gbk") for word in words])[1] == words
    for words in (["café"], ["5°"], ["m²", "珞喻路"], ["A·B"]):
        assert read_texts([word.encode() for word in words])[1] == words


@pytest.mark.parametrize(
    ("cpg", "codec", "text"),
    [
        ("Big-5", "cp950", "國語"),
        ("shiftjis", "cp932", "カタカナ"),
        ("EUC-KR", "cp949", "한국말"),
        ("koi8r", "koi8_r", "русский"),
        ("1251", "cp1251", "РУССКИЙ"),
        ("874", "cp874", "ภาษาไทย"),
        ("latin2", "iso8859_2", "čeština"),
        ("ISO-8859-1", "latin-1", "Straße"),
        ("ANSI 1252", "cp1252", "Café"),
        ("OEM 936", "gbk", "珞喻路"),
        ("\ufeffUTF-8\r\n", "utf-8", "珞喻路"),
    ],
)
def test_a_cpg_is_believed(cpg: str, codec: str, text: str) -> None:
    trial, texts = read_texts([text.encode(codec)], cpg=cpg)
    assert texts == [text]
    assert trial.encoding.origin == "cpg"


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("cpg", ["ISO-8859-1", "UTF-8", "GBK"])
def test_a_cpg_that_the_text_contradicts_is_not(cpg: str, encoding: str) -> None:
    trial, texts = read_texts([name.encode(encoding) for name in CHINESE_NAMES], cpg=cpg)
    if (cpg, encoding) != ("GBK", "utf-8"):
        # UTF-8 is sometimes GBK by accident; a .cpg that fits is believed.
        assert texts == CHINESE_NAMES
    assert encodings.what_was_chosen(trial, encodings.named(cpg, "cpg")) is not None or trial.encoding.origin == "cpg"


def test_unknown_and_wide_encodings_are_no_encodings_of_a_table() -> None:
    assert encodings.named("UTF-16", "cpg") is None
    assert encodings.named("EBCDIC", "cpg") is None
    assert encodings.named("", "cpg") is None


_letters = st.characters(codec="gb18030", exclude_categories=["Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.text(_letters, min_size=1, max_size=40), min_size=1, max_size=8), st.sampled_from(["GBK", "UTF-8"]))
@example(["㐂𠮷䶮"], "GBK")
def test_any_text_comes_back_when_its_encoding_is_said(names: list[str], said: str) -> None:
    codec = "gb18030" if said == "GBK" else "utf-8"
    _, texts = read_texts([name.encode(codec) for name in names], cpg=said)
    assert texts == names


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.text(st.sampled_from("路街巷大道东西南北中解放建设人民和平新华长江黄河小区号院里弄")), min_size=3),
    st.booleans(),
)
@example(["小", "小学", "学校"], True)
def test_names_of_streets_are_read_right_without_a_word(names: list[str], is_gbk: bool) -> None:
    assume("".join(names).strip())
    _, texts = read_texts([name.encode("gbk" if is_gbk else "utf-8") for name in names])
    assert texts == [name or None for name in names]


@pytest.mark.parametrize("names", [["улица Ленина", "проспект"], ["Москва", "F01"], ["Αθήνα"], ["École", "Café"]])
def test_utf8_of_another_script_stays_what_it_is(names: list[str]) -> None:
    assert read_texts([name.encode() for name in names])[1] == names


def test_a_word_that_is_cyrillic_by_accident_is_read_beside_codes() -> None:
    assert read_texts([name.encode("gbk") for name in ("F01", "小学")])[1] == ["F01", "小学"]


def test_text_of_another_language_is_not_turned_into_rare_chinese(tmp_path: Path) -> None:
    rows = [[name.encode("cp1252")] for name in ("Straßenbahn", "Münchner Straße", "Größe")]
    path = points(tmp_path / "p.shp", *[LANDMARK] * 3, fields={"name": ("C", 40, 0)}, rows=rows)
    refused = read(path)
    assert refused.refused
    assert codes(refused) == {Code.FILE_UNREADABLE}
    assert "--encoding" in str(shown(refused.findings)[0]["hint"])
    assert read(path, encoding="CP1252").rows["name"].to_pylist()[0] == "Straßenbahn"


def test_bytes_of_no_encoding_are_an_error_with_row_and_field(tmp_path: Path) -> None:
    rows = [["好".encode()], [b"\xff\xfe"], ["路".encode()]]
    path = points(tmp_path / "p.shp", *[LANDMARK] * 3, fields={"name": ("C", 8, 0)}, rows=rows, cpg="UTF-8")
    table = read(path)
    (finding,) = [finding for finding in table.findings if finding.is_error()]
    assert (finding.code, finding.row, finding.field) == (Code.TEXT_UNDECODABLE, 2, "name")
    assert table.rejected.tolist() == [False, True, False]
    assert table.rows["name"].to_pylist() == ["好", None, "路"]


def test_a_value_that_was_cut_in_a_character_loses_only_that_one(tmp_path: Path) -> None:
    rows = [["珞喻路口".encode()[:10]], ["好".encode()]]
    path = points(tmp_path / "p.shp", *[LANDMARK] * 2, fields={"name": ("C", 10, 0)}, rows=rows, cpg="UTF-8")
    table = read(path)
    assert table.rows["name"].to_pylist() == ["珞喻路", "好"]
    (finding,) = table.findings
    assert (finding.code, finding.row, finding.weight()) == (Code.VALUE_CUT, 1, FindingLevel.WARNING)


def test_field_names_are_decoded_cut_and_kept_apart(tmp_path: Path) -> None:
    fields: dict[str | bytes, tuple[str, int, int]] = {
        "道路名称编号".encode("gbk")[:10]: ("C", 10, 0),
        "道路名称".encode()[:10]: ("C", 10, 0),
        b"NAME": ("C", 5, 0),
        b"NAME\x00x": ("C", 5, 0),
    }
    rows = [["珞喻路".encode("gbk"), "a", "b", "c"]]
    path = points(tmp_path / "p.shp", LANDMARK, fields=dict(list(fields.items())[:1] + list(fields.items())[2:]),
                  rows=[[rows[0][0], "b", "c"]], language_id=0x4D)  # fmt: skip
    table = read(path)
    assert table.fields == ["道路名称编", "NAME", "NAME_2"]
    assert Code.FIELD_RENAMED in codes(table)
    path = points(tmp_path / "q.shp", LANDMARK, fields={"道路名称".encode()[:10]: ("C", 12, 0)}, rows=[["珞喻路"]])
    assert read(path).fields == ["道路名"]
