"""Two real versions of a project that was truly run: strategies that are asked for, and rows out of DVC's cache."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import Any

from tests.walk.walked import Project

SCORED = ("score-seen-etd-tiny-s1", "score-seen-etd-tiny-s2")


def compared(project: Project, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(project.run("mtd", "compare", *arguments, "--json"))
    return found


def test_another_headline_is_compared_with_the_one_before(seen: Project) -> None:
    seen.edit("headline   = vote(pot, eot, cot, by: confidence)", "headline   = pot > eot > cot")
    seen.edit("answers    = [cot, pot, eot,", "answers    = [cot, pot, eot, vote(pot, eot, cot),")
    seen.run("mtd", "compile", "specs/walk.mtd")
    seen.run("dvc", "repro", "--quiet", *SCORED)
    seen.commit("another headline")
    found = compared(seen, "HEAD~1", "HEAD")
    assert [one["text"] for one in found["said"]] == [
        "experiment seen: answers + vote(pot, eot, cot)",
        "experiment seen: headline vote(pot, eot, cot, by: confidence) -> pot > eot > cot",
    ]
    [etd] = [one for one in found["headlines"] if one["after"]["mix"] == "etd"]
    assert etd["strategies"] == ["vote-pot-eot-cot-by_confidence", "cascade-pot-eot-cot"]
    assert etd["shared"] == 24 and 0 < etd["p_value"] <= 1
    assert etd["low"] <= etd["difference"] <= etd["high"]
    assert all(one["verdict"] == "the same" for one in found["strategies"])
    assert any("older than the settings (score-seen-cotd-tiny-s1" in note for note in found["notes"])
    assert found == compared(seen, "HEAD~1", "HEAD")

    # An experiment of DVC is found by its name.
    seen.run("dvc", "exp", "save", "--quiet", "--name", "vote-first", "--force")
    by_name = compared(seen, "HEAD~1", "vote-first")
    assert by_name["headlines"] == found["headlines"] and by_name["after"]["revision"] == "vote-first"

    # Without the cache, what git and the working tree hold of the other version is compared, and nothing tested.
    shutil.rmtree(seen.root / ".dvc" / "cache")
    bare = compared(seen, "HEAD~1", "HEAD")
    notes = "\n".join(bare["notes"])
    assert "HEAD~1: the predictions of 2 runs are not on this machine" in notes
    assert "HEAD: the predictions" not in notes  # they are those of the working tree
    [untested] = [one for one in bare["headlines"] if one["after"]["mix"] == "etd"]
    assert untested["verdict"] == "not tested" and untested["p_value"] is None
    assert abs(untested["difference"] - etd["difference"]) < 1e-6


def test_runs_of_one_version_are_compared(seen: Project) -> None:
    said = seen.run("mtd", "compare", "cotd-tiny", "etd-tiny", "--markdown")
    assert "- mix cotd -> etd: thoughts cot -> cot + pot + eot" in said
    assert "| problems-test | cot -> vote(pot, eot, cot, by: confidence) |  25.00 |" in said
    assert "## Only at etd-tiny" in said


def test_runs_of_mlflow_are_found(seen: Project) -> None:
    seen.run("mtd", "track")
    with sqlite3.connect(seen.root / "mlflow.db") as store:
        ids = {name: run_id for run_id, name in store.execute("SELECT run_uuid, name FROM runs")}
    store.close()
    found = compared(seen, ids["tiny · cotd · seed 1"], ids["tiny · etd · 2 seeds"])
    assert (found["before"]["run"], found["after"]["run"]) == ("seen-cotd-tiny-s1", "seen-etd-tiny")
    assert found["headlines"] == compared(seen, "cotd-tiny-s1", "etd-tiny")["headlines"]
