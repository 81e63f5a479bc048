"""docs/questions.md answers itself: request, command and answer agree on the demo accounts.

`CAMPAIGNS_WRITE_ANSWERS=1` writes the answers anew; look at the difference before you commit it.
"""

import json
import os
import re
import shlex
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.settings import PROJECT, Folder

PAGE = PROJECT / "docs" / "questions.md"
SECTION = re.compile(
    r"^## (?P<title>.+?)\n.*?```json\n(?P<request>.*?)```\n+```\n(?P<command>.*?)```\n+"
    r"(?P<answer>\|.*?\n)\n",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Asked:
    title: str
    request: str
    command: str
    answer: str


def asked() -> list[Asked]:
    page = PAGE.read_text(encoding="utf-8")
    return [Asked(**match.groupdict()) for match in SECTION.finditer(page)]


def table_of(text: str) -> str:
    return "".join(f"{line}\n" for line in text.splitlines() if line.startswith("|"))


def test_there_are_ten_questions() -> None:
    assert len(asked()) == PAGE.read_text(encoding="utf-8").count("\n## ") == 10


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.title)
def test_the_answer_is_what_is_computed(one: Asked, client: TestClient, demo: Folder) -> None:
    request = json.loads(one.request) | {"format": "markdown"}
    answer = client.post("/reports", json=request)
    assert answer.status_code == 200, answer.text
    if os.environ.get("CAMPAIGNS_WRITE_ANSWERS"):
        page = PAGE.read_text(encoding="utf-8")
        before = f"{one.command}```\n\n"
        page = page.replace(before + one.answer, before + table_of(answer.text))
        PAGE.write_text(page, encoding="utf-8")
        return
    assert table_of(answer.text) == one.answer
    program, *arguments = shlex.split(one.command.replace("\\\n", " "))
    assert program == "campaigns"
    done = CliRunner().invoke(app, [*arguments, "--format", "markdown"])
    assert done.exit_code == 0, done.output
    assert table_of(done.stdout) == one.answer
    assert demo.path.is_dir()
