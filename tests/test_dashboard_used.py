"""The dashboard in use, in a real browser: turned, asked, compared, downloaded, without scripts, by a hostile shop."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bestiary.files import read_json
from bestiary.report.pages import PAGES
from browser import dragged
from dashboard_served import served
from dashboard_shop import FILE, HOSTILE
from dashboard_visit import APRIL, MARCH, MAY, address_of, somebody, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_picture_in_space_turns_and_says_who(browser: "Browser", site: str, store: Path) -> None:
    ids = {str(one) for one in pl.read_parquet(store / "runs" / MAY / "sample.parquet")["user_id"]}
    with visiting(browser, site) as visitor:
        visitor.go("/map")
        visitor.page.wait_for_selector("[data-figure=space][data-drawn]")
        turned, x, y = dragged(visitor.page)
        visitor.until(turned)
        said = visitor.page.locator("[data-figure=space] .hovertext, [data-figure=space] .hoverlayer text")
        for step in range(900):
            across, down = step % 30, step // 30
            visitor.page.mouse.move(x + (across - 15) * 12, y + (down - 15) * 9)
            if said.count():
                break
        words = re.findall(r"\d{6,}", " ".join(said.all_text_contents()))
        assert words
        assert set(words) <= ids


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_customer_is_looked_up(browser: "Browser", site: str, store: Path, way: str) -> None:
    row = somebody(store)
    with visiting(browser, site) as visitor:
        visitor.go("/map")
        if way == "mouse":
            visitor.page.get_by_label("Customer id").fill(str(row["user_id"]))
            visitor.page.get_by_role("button", name="Look up").click()
        else:
            for _ in range(40):
                visitor.page.keyboard.press("Tab")
                if visitor.page.evaluate("document.activeElement.name === 'id'"):
                    break
            visitor.page.keyboard.type(str(row["user_id"]))
            visitor.page.keyboard.press("Enter")
        visitor.page.wait_for_url(re.compile(r"/customers\?id="))
        assert str(row["user_id"]) in visitor.text()
        assert visitor.page.locator(f".finding a[href='/segments/{row['segment']}']").count() == 1
        visitor.page.locator("select[name=run][data-submits]").select_option(APRIL)
        visitor.page.wait_for_url(re.compile(f"run={APRIL}"))
        assert str(row["user_id"]) in visitor.text()  # still the same customer
        visitor.page.get_by_text("Français").click()
        visitor.page.wait_for_selector("html[lang=fr]")
        assert str(row["user_id"]) in visitor.text()
        assert "1er avril 2020" in visitor.text()


def test_a_download_is_the_table(browser: "Browser", site: str, store: Path, tmp_path: Path) -> None:
    folder = store / "runs" / APRIL
    tables = [pl.read_parquet(folder / f"{name}.parquet") for name in ("customers", "segments")]
    wanted = tables[0].join(tables[1], on="user_id").filter(pl.col("segment") == 1).sort("user_id")
    with visiting(browser, site) as visitor:
        visitor.go(f"/segments/1?run={APRIL}")
        for kind in ("CSV", "Parquet"):
            with visitor.page.expect_download() as started:
                visitor.page.get_by_role("link", name=kind, exact=True).click()
            assert re.fullmatch(rf"segment-1-[a-z0-9-]+-{APRIL}\.{kind.lower()}", started.value.suggested_filename)
            started.value.save_as(tmp_path / kind)
    assert_frame_equal(pl.read_parquet(tmp_path / "Parquet"), wanted)
    read = pl.read_csv(tmp_path / "CSV")
    assert read["user_id"].to_list() == wanted["user_id"].to_list()
    assert read.columns == wanted.columns


def test_runs_are_chosen_and_compared_by_the_controls(browser: "Browser", site: str) -> None:
    with visiting(browser, site) as visitor:
        visitor.go("/")
        visitor.page.locator("select[name=run][data-submits]").select_option(MARCH)
        visitor.page.wait_for_url(re.compile(f"run={MARCH}"))
        assert "1 March 2020" in visitor.text()
        visitor.page.get_by_role("link", name="Movement").click()
        visitor.page.wait_for_url(re.compile(f"/movement\\?run={MARCH}"))
        assert "no earlier run to compare with" in visitor.text()
        visitor.page.locator("select[name=from]").select_option(MARCH)
        visitor.page.locator("select[name=to]").select_option(MAY)
        visitor.page.get_by_role("button", name="Compare").click()
        visitor.page.wait_for_selector("[data-figure=movements]", timeout=60_000)
        assert "From 1 March 2020 to 1 May 2020" in visitor.text()


def test_without_scripts_pages_say_all_and_their_controls_work(browser: "Browser", site: str, store: Path) -> None:
    record = read_json(store / "runs" / MAY / "summary.json")
    with visiting(browser, site, java_script_enabled=False) as visitor:
        for name in PAGES:
            visitor.go(address_of(name, store))
            # Each figure has its numbers in a table of its section, or words that tell them.
            for figure in visitor.page.locator("[data-figure]").all():
                assert len(figure.get_attribute("aria-label") or "") > 40
            shown = "(one) => getComputedStyle(one, '::before').content.length > 40 && one.clientHeight < 300"
            assert visitor.page.evaluate(f"[...document.querySelectorAll('[data-figure]')].every({shown})")
            assert "they are told in words instead" in visitor.text()
        visitor.go("/segments")
        assert len(record["segments"]) <= visitor.page.locator("table").count()
        visitor.page.get_by_label("Customer id").fill(str(somebody(store)["user_id"]))
        visitor.page.get_by_role("button", name="Look up").click()
        assert str(somebody(store)["user_id"]) in visitor.text()
        visitor.page.locator("select[name=run]").select_option(APRIL)
        visitor.page.get_by_role("button", name="Show").click()
        assert "Where they were" in visitor.text()
        assert "1 May 2020" not in visitor.text()
        visitor.page.get_by_text("Français").click()
        assert visitor.page.locator("html").get_attribute("lang") == "fr"
        visitor.go(f"/movement?from={MARCH}&to={MAY}&lang=en")
        visitor.page.wait_for_selector("text=From 1 March 2020 to 1 May 2020", timeout=60_000)


def test_a_hostile_shop_is_shown_as_text(browser: "Browser", hostile: Path) -> None:
    ids = pl.read_parquet(hostile / "runs" / MAY / "segments.parquet")["user_id"]
    seen = ""
    with served(hostile) as (address, _), visiting(browser, address) as visitor:
        for path in ("/", "/segments", "/quality", "/glossary", "/map"):
            visitor.go(path)
            visitor.read()
            seen += visitor.text()
        for user_id in [one for one in HOSTILE if one in set(ids)][:6]:
            visitor.page.get_by_label("Customer id").fill(user_id)
            visitor.page.get_by_role("button", name="Look up").click()
            visitor.page.wait_for_url(re.compile(r"/customers\?"))
            assert user_id in visitor.page.locator("h2 code").inner_text()
            assert visitor.page.get_by_label("Customer id").input_value() == user_id
        visitor.go("/map")
        who = visitor.page.evaluate("document.getElementById('figures').textContent")
        assert "<" not in who
        assert visitor.page.locator("img").count() == 0
    assert FILE in seen
    assert any(one in seen for one in HOSTILE)
