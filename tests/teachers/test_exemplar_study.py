"""The study of exemplars, asked of a server: each way to pick shows its own, and nothing that stayed is asked again."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.contract import files
from distill_dsl.contract.records import Completion
from distill_dsl.runtime.stages import ask, fetch
from tests.teachers.served.face import Face, served
from tests.teachers.served.scribes import scribe

ROOT: Final = Path(__file__).parents[2]
CHANGES: Final = {
    'openai("gpt-4o-mini")': 'openai("m", base_url: env("ASK_URL"), key: env("ASK_KEY"))',
    'import "benchmarks.mtd"': 'data gsm8k { source = synthetic("arithmetic", train: 9, test: 9) }',
    "budget    = 10USD": "budget    = 2Mtokens",
}
"""What the spec needs of the world, and what stands in for it."""
FILES: Final = """\
param set: str = "a.jsonl"
data sums { source = synthetic("arithmetic", train: 9, test: 9) }
teacher shown { model = openai("m")   exemplars = file(set, pick: 2, by: nearest) }
thought pot { answer = python }
mix potd { problems = sums.train   teacher = shown   thoughts = pot }
student tiny { base = scratch("t5") }
experiment sets {
  students = [tiny]
  mixes    = [potd]
  tests    = [sums.test]
  answers  = [pot]
  vary set = ["a.jsonl", "b.jsonl"]
}
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Face]:
    """A project with the study's spec, compiled and fetched, and the server that it asks."""
    text = (ROOT / "specs" / "exemplars.mtd").read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new)
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    Path("specs/exemplars.mtd").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "prompts", "prompts")
    done = CliRunner().invoke(app, ["compile", "specs/exemplars.mtd"])
    assert done.exit_code == 0, done.output
    with served(Face(scribe(), keeps_log=True)) as face:
        monkeypatch.setenv("ASK_URL", face.url)
        monkeypatch.setenv("ASK_KEY", "sk-test")
        fetch.run(data="some", splits=["train"])
        yield face


def asked_stages() -> list[dict[str, str]]:
    """The parameters of every ask stage of the compiled pipeline."""
    stages = YAML(typ="safe").load(Path("dvc.yaml"))["stages"]
    commands = [shlex.split(stage["cmd"]) for stage in stages.values() if stage["cmd"].startswith("mtd stage ask ")]
    return [{k.removeprefix("--"): v for k, v in zip(args[3::2], args[4::2], strict=True)} for args in commands]


def asked(face: Face, **parameters: Any) -> tuple[list[Completion], int]:
    """One ask stage's rows, and how many requests it took."""
    before = len(face.log)
    ask.run(**parameters)
    cell = files.asked_cell(*(parameters[name] for name in ("teacher", "data", "split", "thought")))
    return list(files.read_rows(files.completions_file(cell), Completion)), len(face.log) - before


def test_every_way_shows_its_own_and_pays_once(server: Face) -> None:
    stages = asked_stages()
    assert len(stages) == (4 + 5) * 3
    shown: dict[str, list[tuple[str, ...]]] = {}
    requests: dict[str, int] = {}
    for parameters in stages:
        rows, count = asked(server, **parameters)
        exemplars = [row.exemplars for row in rows]
        assert len(rows) == 9 and {len(set(one)) for one in exemplars} == {8} and all(row.text for row in rows)
        assert shown.setdefault(parameters["teacher"], exemplars) == exemplars  # whatever the format
        requests[parameters["teacher"]] = requests.get(parameters["teacher"], 0) + count

    same_for_all = {teacher for teacher, exemplars in shown.items() if len(set(exemplars)) == 1}
    assert set(shown) - same_for_all == {"shown-how_nearest"}
    assert shown["shown-how_random"] == shown.pop("drawn-draw_1")
    assert len({tuple(exemplars) for exemplars in shown.values()}) == 8
    # The first draw is what `random` shows: its prompts are not bought again.
    assert requests.pop("drawn-draw_1") == 0
    assert set(requests.values()) == {27}

    sent = [json.loads(request.body)["messages"] for request in server.log]
    assert len({json.dumps(messages) for messages in sent}) == len(sent) == 8 * 27
    assert all(messages[0]["content"].count("Question: ") == 9 for messages in sent)


def test_an_edited_exemplar_asks_again_only_for_the_prompts_that_hold_it(server: Face) -> None:
    nearest = {"teacher": "shown-how_nearest", "data": "some", "split": "train", "thought": "pot"}
    before, _ = asked(server, **nearest)
    assert asked(server, **nearest) == (before, 0)

    holders = {id: sum(id in row.exemplars for row in before) for row in before for id in row.exemplars}
    edited = min(holders, key=lambda id: (abs(holders[id] - 4), id))
    assert 0 < holders[edited] < 9
    path = Path("prompts/exemplars.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["python"] = "# another way\n" + row["python"] if row["id"] == edited else row["python"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    after, requests = asked(server, **nearest)
    assert requests == holders[edited]
    assert [row.exemplars for row in after] == [row.exemplars for row in before]
    kept = [one == other for one, other in zip(before, after, strict=True)]
    assert kept == [edited not in row.exemplars for row in before]
    # The other formats show the same exemplar with a text that stayed: there is nothing to buy twice.
    text = nearest | {"thought": "cot"}
    asked(server, **text)
    rows[0]["python"] += "  # and another"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert asked(server, **text)[1] == 0


def test_the_spec_as_it_stands_has_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, ["check", "specs/exemplars.mtd"])
    assert done.exit_code == 0 and "no errors" in done.output, done.output


def test_a_study_over_files_depends_on_each_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study.mtd").write_text(FILES, encoding="utf-8")
    done = CliRunner().invoke(app, ["compile", "study.mtd"])
    assert done.exit_code == 0, done.output
    stages = YAML(typ="safe").load(Path("dvc.yaml"))["stages"]
    deps = [{dep for dep in stage["deps"] if ".jsonl" in dep} for name, stage in stages.items() if name[:4] == "ask-"]
    assert [dep & {"a.jsonl", "b.jsonl"} for dep in deps] == [{"a.jsonl"}, {"b.jsonl"}]
    teachers = YAML(typ="safe").load(Path("params.yaml"))["teacher"].values()
    assert [teacher["exemplars"]["file"] for teacher in teachers] == ["a.jsonl", "b.jsonl"]
