"""A params.yaml that somebody broke: what is wrong, where, and what mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import write_text
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.settings import ScratchBase, StudentSettings

PARAMS = """\
param:
  size: 16
student:
  tiny:
    base: {kind: scratch, width: {param: size}}
    steps: 4
"""


def read(folder: Path, text: str) -> StudentSettings:
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings(StudentSettings, "tiny", path)


def test_a_reference_becomes_the_value_of_its_param(tmp_path: Path) -> None:
    assert read(tmp_path, PARAMS) == StudentSettings(base=ScratchBase(width=16), steps=4)


@pytest.mark.parametrize(
    ("old", "new", "says", "help"),
    [
        ("steps: 4", "steps: four", "`student.tiny.steps` in", "set it to a value of that kind"),
        ("steps: 4", "steps: 0", "Expected `int` >= 1", "set it to a value of that kind"),
        ("steps: 4", "stpes: 4", "unknown field `stpes`", "set it to a value of that kind"),
        ("size: 16", "size: wide", "`student.tiny.base.width` in", "set it to a value of that kind"),
        ("size: 16", "other: 16", "names the param `size`", "mtd compile SPEC --discard-edits"),
        ("param:\n  size: 16", "param: 16", "names the param `size`", "mtd compile SPEC --discard-edits"),
        ("tiny:", "small:", "has no `student.tiny`", "mtd compile SPEC --discard-edits"),
        ("student:", "students:", "has no `student.tiny`", "mtd compile SPEC --discard-edits"),
        (PARAMS, "student: [1,", "is not YAML", "delete it and run `mtd compile SPEC`"),
        (PARAMS, "", "holds no mapping", "delete it and run `mtd compile SPEC`"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, old: str, new: str, says: str, help: str) -> None:
    with pytest.raises(Failure) as caught:
        read(tmp_path, PARAMS.replace(old, new))
    assert says in caught.value.summary
    assert " - at `$" not in caught.value.summary
    assert help in (caught.value.help or "")
    assert (caught.value.where or "").endswith("params.yaml")


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("")
    with pytest.raises(Failure) as caught:
        write_text(tmp_path / "artifacts" / "spec.checked", "")
    assert caught.value.where == str(tmp_path / "artifacts")
