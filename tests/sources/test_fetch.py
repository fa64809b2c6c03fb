"""The fetch stage: joined splits, limits, canonical answers, nothing half-written."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import DataSettings, FileSource, HfSource, SyntheticSource
from distill_dsl.runtime import sources
from distill_dsl.runtime.stages import fetch


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    params._read.cache_clear()
    for split, rows in {
        "train": [("t1", "$1,000"), ("t2", "3/6"), ("t3", "2 1/2 hours")],
        "test": [("e1", "50%"), ("e2", "Monday")],
        "same": [("t1", "7")],
    }.items():
        text = "".join(json.dumps({"id": i, "question": f"{i}?", "answer": a}) + "\n" for i, a in rows)
        (tmp_path / f"{split}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def written(project: Path, splits: list[str], **settings: Any) -> dict[str, list[Problem]]:
    source = FileSource(splits={name: f"{name}.jsonl" for name in ("train", "test", "same", "absent")})
    block = msgspec.to_builtins(DataSettings(source=settings.pop("source", source), **settings))
    with (project / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"data": {"mine": block}}, stream)
    params._read.cache_clear()
    fetch.run(data="mine", splits=splits)
    return {split: list(files.read_rows(files.problems_file("mine", split), Problem)) for split in splits}


def test_answers_become_canonical(project: Path) -> None:
    rows = written(project, ["train", "test"])
    assert [row.answer for row in rows["train"]] == ["1000", "0.5", "2.5"]
    assert [row.answer for row in rows["test"]] == ["50", "Monday"]


def test_gold_answers_have_types(project: Path) -> None:
    golds = ["5 (cm); 3 (cm)", "1:30 p.m.", "3 : 4", "Jan 31, 2020", "(B) 5 apples", "yes", "w " * 20 + "end"]
    text = "".join(json.dumps({"id": str(n), "question": "?", "answer": gold}) + "\n" for n, gold in enumerate(golds))
    (project / "train.jsonl").write_text(text, encoding="utf-8")
    found = [row.answer for row in written(project, ["train"])["train"]]
    assert found == ["[5, 3]", "13:30", "3:4", "2020-01-31", "B", "Yes", golds[-1]]


def test_splits_are_joined_and_limited(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = written(project, ["test", "train"], joined={"test": ("train", "test")}, limit=4)
    assert [row.id for row in rows["test"]] == ["t1", "t2", "t3", "e1"]
    assert [row.id for row in rows["train"]] == ["t1", "t2", "t3"]
    assert capsys.readouterr().out == "mine.test: 4 problems\nmine.train: 3 problems\n"


def test_joined_splits_with_one_id_twice_are_refused(project: Path) -> None:
    with pytest.raises(Failure, match="two problems of the split `test` have the id `t1`"):
        written(project, ["test"], joined={"test": ("train", "same")})


def test_nothing_is_written_when_one_split_is_broken(project: Path) -> None:
    with pytest.raises(Failure, match=r"absent\.jsonl does not exist"):
        written(project, ["train", "absent"])
    assert not (project / "artifacts").exists()


def test_synthetic_problems_are_the_same_bytes_each_time(project: Path) -> None:
    source = SyntheticSource(sizes={"train": 50, "test": 20}, largest=30)
    written(project, ["train"], source=source)
    first = files.problems_file("mine", "train").read_bytes()
    rows = written(project, ["train", "test"], source=source)
    assert files.problems_file("mine", "train").read_bytes() == first
    assert len(rows["test"]) == 20 and all(row.solution for row in rows["test"])


def test_a_folder_that_cannot_be_written_is_a_failure(project: Path) -> None:
    (project / "artifacts").write_text("in the way", encoding="utf-8")
    with pytest.raises(Failure, match="cannot write"):
        written(project, ["train"])


def test_a_local_data_set_is_loaded_without_a_network(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(project / "hf"))
    folder = project / "folder"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_bytes((project / f"{split}.jsonl").read_bytes())
    source = HfSource(name=str(folder))
    settings = DataSettings(source=source)
    assert [row.id for row in sources.fetch(source, ["test"], settings).problems["test"]] == ["e1", "e2"]
    with pytest.raises(Failure, match=r"no such split: Unknown split .dev.. Should be one of \['train', 'test'\]"):
        sources.fetch(source, ["dev"], settings)
    with pytest.raises(Failure, match="cannot load the data set") as caught:
        sources.fetch(HfSource(name=str(project / "nowhere")), ["test"], settings)
    assert "file(...)" in str(caught.value)


def origin(data: str = "mine") -> dict[str, Any]:
    found: dict[str, Any] = files.read_json(files.origin_file(data))
    return found


def test_it_is_written_down_where_problems_came_from(project: Path) -> None:
    written(project, ["train", "test"], joined={"test": ("train", "test")}, limit=4)
    said = origin()
    assert said["kind"] == "file"
    assert said["files"] == {
        name: {"path": f"{name}.jsonl", "sha256": sha256((project / f"{name}.jsonl").read_bytes()).hexdigest()}
        for name in ("train", "test")
    }
    written_rows = files.problems_file("mine", "test").read_bytes()
    assert said["splits"]["test"] == {"problems": 4, "of": 5, "sha256": sha256(written_rows).hexdigest()}
    first = files.origin_file("mine").read_bytes()
    written(project, ["train", "test"], joined={"test": ("train", "test")}, limit=4)
    assert files.origin_file("mine").read_bytes() == first


def test_the_origin_of_synthetic_problems(project: Path) -> None:
    written(project, ["train"], source=SyntheticSource(sizes={"train": 5}, seed=3))
    assert {key: origin()[key] for key in ("kind", "generator", "seed")} == {
        "kind": "synthetic",
        "generator": "arithmetic",
        "seed": 3,
    }


def test_a_split_of_another_size_is_no_such_data(project: Path) -> None:
    assert len(written(project, ["train"], sizes={"train": 3, "test": 99})["train"]) == 3
    assert len(written(project, ["test"], joined={"test": ("train", "test")}, sizes={"test": 5}, limit=2)["test"]) == 2
    files.origin_file("mine").unlink()
    with pytest.raises(Failure, match=r"mine\.test has 2 problems, and the spec says 1,319") as caught:
        written(project, ["train", "test"], sizes={"test": 1319})
    assert "sizes = { test: 2 }" in str(caught.value)
    assert not files.origin_file("mine").exists()
