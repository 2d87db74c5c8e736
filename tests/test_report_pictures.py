"""Pictures of every section for people to look at, and a page of a large shop: how big it is and how soon it shows."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.config import Language
from bestiary.files import read_json, write_json
from bestiary.report.sample import SAMPLE_SIZE
from bestiary.sql import connect, quote
from browser import Visit, whole_reports

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LARGEST = 8_000_000


def with_many(run: Path) -> None:
    """Make the sample as large as it can be, by repeating its rows a little apart."""
    path, larger = run / "sample.parquet", run / "larger.parquet"
    with connect(threads=1) as connection:
        connection.execute(f"""
            COPY (
                SELECT user_id, segment, recency + n AS recency, frequency, monetary * (1 + n / 1000.0) AS monetary,
                    pc1 + n / 1000.0 AS pc1, pc2 - n / 1000.0 AS pc2
                FROM read_parquet({quote(str(path))}), range({SAMPLE_SIZE // 1000}) AS times (n)
            ) TO {quote(str(larger))} (FORMAT parquet)
        """)
    larger.replace(path)
    summary = read_json(run / "summary.json")
    summary["sample"] |= {"size": SAMPLE_SIZE, "of": 40 * SAMPLE_SIZE}
    write_json(run / "summary.json", summary)


def test_a_large_shop_is_one_small_file_that_opens_offline(
    browser: "Browser", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = whole_reports(tmp_path, with_many)
    size = reports["en"].stat().st_size
    assert size < LARGEST
    start = time.perf_counter()
    visit = Visit(browser, reports["en"])
    opened = time.perf_counter() - start
    visit.page.locator("[data-figure]").first.scroll_into_view_if_needed()
    visit.page.wait_for_selector("[data-drawn]")
    first = time.perf_counter() - start
    visit.see("space")
    assert visit.page.evaluate("document.querySelector('[data-figure=space]').data.length") > 6
    with capsys.disabled():
        print(f"\n{SAMPLE_SIZE:,} points: {size:,} bytes, open in {opened:.1f} s, first picture at {first:.1f} s")
    assert visit.faults == []
    assert visit.outside == []
    visit.context.close()


@pytest.mark.parametrize(("language", "theme", "width"), [("en", "light", 1280), ("fr", "dark", 360)])
def test_pictures_of_every_section(
    browser: "Browser", reports: dict[Language, Path], tmp_path: Path, language: Language, theme: str, width: int
) -> None:
    """Into the folder that BESTIARY_SCREENSHOTS names, else nowhere.

    The dashboard shows the same sections, and its tests picture them in every dress.
    """
    folder = Path(os.environ.get("BESTIARY_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    visit = Visit(browser, reports[language], width=width, theme=theme)
    visit.read_to_the_end()
    taken = []
    for one in visit.page.locator("header.top, main > section").all():
        name = one.get_attribute("id") or "header"
        taken.append(folder / f"{name}-{language}-{theme}-{width}.png")
        one.screenshot(path=taken[-1], animations="disabled", scale="css")
    assert visit.faults == []
    visit.context.close()
    assert len({path.name for path in taken}) == 16
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in taken)
