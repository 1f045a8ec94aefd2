"""What Click says on the command line is in the user's language, and is still what Click says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from geo_hygiene.cli.click_words import COUNTING_WORDS, WORDS


@pytest.mark.parametrize("word", [*WORDS, *(word for pair in COUNTING_WORDS for word in pair)])
def test_click_still_says_it(word: str) -> None:
    sources = "".join(file.read_text() for file in Path(click.__file__).parent.glob("*.py"))
    assert f'"{word}"'.replace("\n", "\\n").replace("\t", "\\t") in sources


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["db", "status", "--help"], "用法："),
        (["db", "--nope"], "没有“--nope”这个选项。"),
        (["nope"], "没有“nope”这个命令。"),
        (["up", "--port", "x"], "“x”不是有效的"),
        (["export", "lanes"], "缺少参数"),
    ],
)
def test_the_command_speaks_chinese_throughout(arguments: list[str], said: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", "from geo_hygiene.cli import main; main(prog_name='geo-hygiene')", *arguments],
        env=os.environ | {"GEO_HYGIENE_LOCALE": "zh_CN", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in answer.stdout + answer.stderr
    assert "Error" not in answer.stderr
