"""`mtd init`: an empty folder becomes a project that runs, and nothing of anybody's is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from distill_dsl.cli.starting import starting_files
from distill_dsl.compiler import check_spec
from distill_dsl.compiler.model.rules.paths import PACKAGED

ROOT = Path(__file__).parents[2]
MTD = str(Path(sys.executable).with_name("mtd"))
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "DVC_NO_ANALYTICS": "1"}


def init(where: Path, *arguments: str, fails: bool = False, **variables: str) -> str:
    """Run `mtd init` in a folder; what it printed."""
    environment = os.environ | GIT | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [MTD, "init", *arguments],
        cwd=where,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    text = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, text
    assert "Traceback" not in text, text
    return text


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file by its path, but git's and DVC's own."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if not {".git", ".dvc"} & set(path.relative_to(folder).parts)
    }


def test_an_empty_folder_becomes_a_project(tmp_path: Path) -> None:
    told = init(tmp_path)
    made = files_in(tmp_path)
    assert {"specs/first.mtd", "specs/gsm8k.mtd", "README.md", ".gitignore", "dvc.yaml", "params.yaml"} <= made.keys()
    assert made.keys() >= PACKAGED
    assert b"/.mtd/" in made[".gitignore"]
    assert (tmp_path / ".dvc/config").is_file() and (tmp_path / ".git").is_dir()
    assert "dvc repro" in told and "cd " not in told


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    init(tmp_path)
    before = files_in(tmp_path)
    assert init(tmp_path) == "the project is complete; nothing was changed\n"
    assert files_in(tmp_path) == before


def test_a_folder_is_made_and_named_in_what_comes_next(tmp_path: Path) -> None:
    told = init(tmp_path, "far/away")
    assert (tmp_path / "far/away/dvc.yaml").is_file()
    assert "  cd far/away\n" in told


def test_what_is_there_is_left_and_what_lacks_is_added(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/own.mtd").write_text("mtd 1\n")
    (tmp_path / "README.md").write_text("mine\n")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/text.jinja2").write_text("mine, too\n")
    told = init(tmp_path)
    made = files_in(tmp_path)
    assert made["README.md"] == b"mine\n" and made["prompts/text.jinja2"] == b"mine, too\n"
    assert "left as they are: README.md prompts/text.jinja2" in told
    assert "prompts/python.jinja2" in made
    assert not {"specs/first.mtd", "dvc.yaml"} & made.keys(), "who has a spec lacks no example"
    assert "next: mtd check specs" in told


def test_an_interrupted_beginning_is_finished(tmp_path: Path) -> None:
    init(tmp_path)
    whole = files_in(tmp_path)
    for name in ("dvc.yaml", "params.yaml", "specs/gsm8k.mtd", "prompts/text.jinja2"):
        (tmp_path / name).unlink()
    init(tmp_path)
    assert files_in(tmp_path) == whole


def test_a_project_within_a_larger_repository(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True, env=os.environ | GIT)
    told = init(tmp_path, "study")
    assert (tmp_path / "study/.dvc").is_dir() and not (tmp_path / "study/.git").exists()
    assert "made: .dvc/" in told
    assert b"/.mtd/" in (tmp_path / "study/.gitignore").read_bytes()


def test_without_git(tmp_path: Path) -> None:
    init(tmp_path, "--no-git")
    assert not (tmp_path / ".git").exists()
    assert "no_scm = True" in (tmp_path / ".dvc/config").read_text()
    assert (tmp_path / "dvc.yaml").is_file()


def test_where_there_is_no_git_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    told = init(tmp_path / "new", fails=True, PATH=str(tmp_path / "bin"))
    assert "there is no git on this machine" in told and "--no-git" in told
    assert files_in(tmp_path / "new") == {}


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    assert "taken is a file" in init(tmp_path, "taken", fails=True)
    (tmp_path / "prompts").write_text("mine")
    told = init(tmp_path, fails=True)
    assert "there is a file where its folder should be" in told
    assert (tmp_path / "prompts").read_text() == "mine"


def test_the_specs_say_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init(tmp_path)
    monkeypatch.chdir(tmp_path)
    for spec in sorted(Path("specs").glob("*.mtd")):
        assert check_spec(spec).diagnostics == ()


def test_the_prompts_are_those_of_this_repository(request: pytest.FixtureRequest) -> None:
    """Packages hold no file from beside them, so that these are kept twice; `--golden` copies them."""
    prompts = [path for path, _ in starting_files() if path.parts[0] == "prompts"]
    assert {path.as_posix() for path in prompts} == PACKAGED
    for path in prompts:
        copy = ROOT / "distill_dsl/starting" / path
        if request.config.getoption("--golden"):
            shutil.copyfile(ROOT / path, copy)
        assert copy.read_bytes() == (ROOT / path).read_bytes(), f"{path} differs; copy it with `pytest --golden`"


def test_the_package_takes_them_along() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["distill_dsl"]
    package = ROOT / "distill_dsl"
    taken = {path for pattern in patterns for path in package.glob(pattern) if path.is_file()}
    assert taken >= {package / "starting" / path for path, _ in starting_files()}
