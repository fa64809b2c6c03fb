"""The page of a project that really ran: what `mtd report` makes of it is what its report stage made."""

from __future__ import annotations

import re
from html import unescape

from tests.walk.walked import Project


def test_a_project_that_ran_has_a_page_of_the_numbers_in_its_table(seen: Project) -> None:
    said = seen.run("mtd", "report")
    assert "seen: reports/seen/index.html" in said
    folder = seen.root / "reports" / "seen"
    text = (folder / "index.html").read_text(encoding="utf-8")
    table = (seen.root / "artifacts" / "report" / "seen" / "table.md").read_text(encoding="utf-8")
    assert (folder / "table.md").read_text(encoding="utf-8") == table

    main = text.partition('id="table-main"')[2].partition("</table>")[0]
    shown = re.findall(r'class="n" data-n="\d+" aria-haspopup="dialog">([\d.]+)</button>', main)
    rows = [line for line in table.splitlines() if re.match(r"\| tiny +\| (cotd|etd) ", line)][: len(shown)]
    assert shown == [re.findall(r"(\d+\.\d\d)\D* ±", row)[0] for row in rows]

    for line in (seen.root / "specs" / "walk.mtd").read_text(encoding="utf-8").splitlines():
        assert line in unescape(re.sub(r"<[^>]+>", "", text))
    commit = seen.run("git", "rev-parse", "HEAD").strip()
    assert f"<code>{commit}</code>" in text and "with changes" not in text
    assert len(list((folder / "predictions").glob("seen-*.js"))) == 4
    assert seen.run("git", "status", "--porcelain", "reports").strip() == ""


def test_a_page_says_what_is_out_of_date(seen: Project) -> None:
    path = seen.root / "artifacts" / "predictions" / "seen-etd-tiny-s2.jsonl"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"tokens":', b'"tokens":1', 1))
    seen.run("mtd", "report")
    text = (seen.root / "reports" / "seen" / "index.html").read_text(encoding="utf-8")
    warnings = text.partition('class="warnings"')[2].partition("</div>")[0]
    assert "Out of date" in warnings and "score-seen-etd-tiny-s2" in warnings
    assert "etd-tiny-s1" not in warnings
