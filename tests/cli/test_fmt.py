"""`mtd fmt`: what is written, what is only said, and its exit codes."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from distill_dsl.cli import formatting
from distill_dsl.cli.commands import app
from distill_dsl.contract.failure import Failure

ROUGH = "mix a{b=1}\n\n\n"
SMOOTH = "mix a { b = 1 }\n"
WRONG = "mix a{b=}\n"


def fmt(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["fmt", *map(str, arguments)], input=given)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, with colours off."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


def spec(path: str, text: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


def test_specs_are_written_and_counted(folder: Path) -> None:
    rough, smooth = spec("a.mtd", ROUGH), spec("b.mtd", SMOOTH)
    done = fmt(rough, smooth)
    assert (done.exit_code, done.stdout) == (0, "a.mtd changed\n1 of 2 files changed\n")
    assert rough.read_text() == smooth.read_text() == SMOOTH
    assert fmt(rough, smooth).stdout == "0 of 2 files changed\n"


def test_the_folder_specs_is_meant_where_none_is_named(folder: Path) -> None:
    file, other = spec("specs/deep/a.mtd", ROUGH), spec("a.mtd", ROUGH)
    assert fmt().stdout == "specs/deep/a.mtd changed\n1 of 1 file changed\n"
    assert (file.read_text(), other.read_text()) == (SMOOTH, ROUGH)


def test_a_folder_means_its_specs_each_once_and_nothing_hidden(folder: Path) -> None:
    for name in ("b/c.mtd", "a.mtd", "a.txt", ".dvc/tmp/exps/a.mtd"):
        spec(name, ROUGH)
    assert fmt(".", "a.mtd", "b/../a.mtd").stdout.splitlines() == [
        "a.mtd changed",
        "b/c.mtd changed",
        "2 of 2 files changed",
    ]
    assert Path("a.txt").read_text() == Path(".dvc/tmp/exps/a.mtd").read_text() == ROUGH


def test_an_empty_folder_holds_no_specs(folder: Path) -> None:
    done = fmt(".")
    assert (done.exit_code, done.stdout) == (0, "no specs there\n")


def test_check_names_files_and_writes_nothing(folder: Path) -> None:
    rough, smooth = spec("a.mtd", ROUGH), spec("b.mtd", SMOOTH)
    done = fmt("--check", rough, smooth)
    assert (done.exit_code, done.stdout) == (1, "a.mtd would change\n1 of 2 files would change\n")
    assert rough.read_text() == ROUGH
    assert fmt("--check", smooth).exit_code == 0


def test_diff_is_a_patch(folder: Path) -> None:
    file = spec("a.mtd", "# kept\r\nmix a{b=1}\nmix c { d = 2 }")
    done = fmt("--diff", file)
    assert done.exit_code == 0
    assert done.stderr == "1 of 1 file would change\n"
    assert b"\r" in file.read_bytes()
    subprocess.run(["git", "apply", "-p0"], input=done.stdout_bytes, capture_output=True, check=True)
    assert file.read_text() == "# kept\nmix a { b = 1 }\nmix c { d = 2 }\n"
    assert fmt("--diff", "--check", file).exit_code == 0


def test_diff_and_check_go_together(folder: Path) -> None:
    done = fmt("--diff", "--check", spec("a.mtd", ROUGH))
    assert done.exit_code == 1
    assert done.stdout.startswith("--- a.mtd\n+++ a.mtd\n@@ ")


def test_diff_has_colours_but_steers_no_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = CliRunner().invoke(app, ["fmt", "--diff", str(spec("a.mtd", "mix a{b=1}#\x1b[2J\n"))], color=True).stdout
    assert "\x1b[31m-mix a{b=1}#\N{REPLACEMENT CHARACTER}[2J\x1b[0m\n" in shown
    assert "\x1b[32m+mix a { b = 1 }" in shown


def test_stdin_goes_to_stdout(folder: Path) -> None:
    done = fmt("-", given=b"\xef\xbb\xbfmix a{b=1}\r\n")
    assert (done.exit_code, done.stdout_bytes, done.stderr) == (0, SMOOTH.encode(), "")
    assert fmt("-", given=SMOOTH.encode()).stdout == SMOOTH
    checked = fmt("-", "--check", given=ROUGH.encode())
    assert (checked.exit_code, checked.stdout) == (1, "<stdin> would change\n")


@pytest.mark.parametrize("data", [WRONG.encode(), b"\xff", b"#" * 1_000_001])
def test_stdin_with_errors_gives_nothing(folder: Path, data: bytes) -> None:
    done = fmt("-", given=data)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error[MTD0" in done.stderr


def test_a_spec_with_errors_is_left_alone_and_the_others_are_written(folder: Path) -> None:
    wrong, rough = spec("a.mtd", WRONG), spec("b.mtd", ROUGH)
    done = fmt(wrong, rough, "nowhere.mtd")
    assert done.exit_code == 1
    assert done.stdout == "b.mtd changed\n1 of 3 files changed, 2 left alone because of errors\n"
    assert "error[MTD010]" in done.stderr and "--> a.mtd:1:" in done.stderr
    assert "the file nowhere.mtd does not exist" in done.stderr
    assert (wrong.read_text(), rough.read_text()) == (WRONG, SMOOTH)


def test_only_names_that_lead_nowhere_are_no_mistakes_of_syntax(folder: Path) -> None:
    assert fmt(spec("a.mtd", "mix a{nothing=nowhere}")).exit_code == 0


def test_bytes_before_the_text_and_other_line_ends_go(folder: Path) -> None:
    file = spec("a.mtd", "\ufeff" + SMOOTH)
    assert fmt(file).stdout.startswith("a.mtd changed")
    assert file.read_bytes() == SMOOTH.encode()
    file.write_bytes(SMOOTH.replace("\n", "\r\n").encode())
    assert fmt(file).stdout.startswith("a.mtd changed")
    assert file.read_bytes() == SMOOTH.encode()


def test_permissions_and_links_stay(folder: Path) -> None:
    file = spec("real/a.mtd", ROUGH)
    file.chmod(0o640)
    Path("link.mtd").symlink_to(file)
    assert fmt("link.mtd").exit_code == 0
    assert Path("link.mtd").is_symlink()
    assert file.read_text() == SMOOTH
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_file_as_it_should_be_is_not_touched(folder: Path) -> None:
    file = spec("a.mtd", SMOOTH)
    os.utime(file, (1, 1))
    inode = file.stat().st_ino
    assert fmt(file).exit_code == 0
    assert (file.stat().st_mtime, file.stat().st_ino) == (1, inode)


def test_a_write_that_fails_leaves_the_old_text_and_the_others_are_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = spec("a.mtd", ROUGH), spec("b.mtd", ROUGH)
    write = formatting.write_text

    def full(path: Path, text: str) -> None:
        if path.name == "a.mtd":
            raise Failure(f"cannot write {path}: No space left on device")
        write(path, text)

    monkeypatch.setattr(formatting, "write_text", full)
    done = fmt(first, second)
    assert done.exit_code == 1
    assert "No space left on device" in done.stderr
    assert done.stdout == "b.mtd changed\n1 of 2 files changed, 1 left alone because of errors\n"
    assert (first.read_text(), second.read_text()) == (ROUGH, SMOOTH)


def test_a_crash_in_the_middle_of_a_write_leaves_the_old_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = spec("a.mtd", ROUGH)

    def crash(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    assert fmt(file).exit_code == 130
    assert file.read_text() == ROUGH
    assert list(folder.iterdir()) == [folder / "a.mtd"]
