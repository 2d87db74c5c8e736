"""The dashboard in a real browser, served by the real command: seen, turned, asked, compared, read by a machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from bestiary.report.pages import PAGES
from browser import launched
from dashboard_served import served
from dashboard_shop import RUNS, make_hostile, make_months, shared

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

NAMES = [*PAGES, "segment", "ask", "customer", "nobody", "trouble", "compare"]
WIDTHS = (1280, 768, 360)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DRAWN = "!document.querySelector('[data-figure]:not(.unavailable):not([data-drawn])')"
CAMERA = "document.querySelector('[data-figure=space]')._fullLayout.scene._scene.getCamera().eye"
MAY, APRIL, MARCH = (str(one) for one in RUNS)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "months", make_months)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "hostile", make_hostile)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with launched() as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(store: Path) -> Iterator[str]:
    with served(store) as (address, _):
        yield address


class Visitor:
    """Somebody with a browser, and what went wrong before their eyes."""

    def __init__(self, browser: "Browser", address: str, **asked: Any) -> None:
        self.address = address
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **asked)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self._dismiss)
        inside = (address, "data:", "blob:")
        self.page.on("request", lambda one: None if one.url.startswith(inside) else self.outside.append(one.url))

    def _dismiss(self, dialog: "Dialog") -> None:
        self.faults.append(dialog.message)
        dialog.dismiss()

    def go(self, path: str) -> None:
        self.page.goto(self.address + path.lstrip("/"))

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression holds; the page's policy forbids Playwright's own way, an `eval`."""
        for _ in range(600):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"still not true after 30 s: {condition}")

    def read(self) -> None:
        """Open what is folded and scroll to each chart, so that all are drawn."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for index in range(self.page.locator("[data-figure]").count()):
            self.page.locator("[data-figure]").nth(index).scroll_into_view_if_needed()
        self.until(DRAWN)
        self.page.evaluate("window.scrollTo(0, 0)")

    def text(self) -> str:
        return self.page.locator("main").inner_text()


@contextmanager
def visiting(browser: "Browser", address: str, **asked: Any) -> Iterator[Visitor]:
    """A visit on which nothing may go wrong."""
    visitor = Visitor(browser, address, **asked)
    try:
        yield visitor
        assert visitor.faults == []
        assert visitor.outside == []
    finally:
        visitor.context.close()


def somebody(store: Path, run: str = MAY) -> dict[str, Any]:
    """A buyer who has a segment."""
    table = pl.read_parquet(store / "runs" / run / "segments.parquet")
    return table.filter((pl.col("population") == "buyers") & pl.col("segment").is_not_null()).row(7, named=True)


def address_of(name: str, store: Path) -> str:
    others = {
        "segment": "/segments/0",
        "ask": "/customers",
        "customer": f"/customers?id={somebody(store)['user_id']}",
        "nobody": "/customers?id=nobody",
        "trouble": "/?run=2000-01-01",
        "compare": f"/movement?from={MARCH}&to={MAY}",
        "overview": "/",
    }
    return others.get(name, f"/{name}")


def violations(page: "Page") -> list[str]:
    """What a machine that reads for people finds wrong beside the charts, which are the report's and held by its tests."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, context={"exclude": [[".chart"]]}, options=options).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:4]]}" for one in found]


def looks(language: str) -> list[tuple[int, str]]:
    """Widths and themes that a page is seen in: all where pictures are wanted, else each of four in one language."""
    if os.environ.get("BESTIARY_SCREENSHOTS"):
        return [(width, theme) for width in WIDTHS for theme in ("light", "dark")]
    return [(1280, "light"), (360, "dark")] if language == "en" else [(1280, "dark"), (360, "light")]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_drawn_readable_and_fits(
    browser: "Browser", desk: str, store: Path, name: str, language: str
) -> None:
    found, address, named = [], address_of(name, store), os.environ.get("BESTIARY_SCREENSHOTS")
    with visiting(browser, desk, bypass_csp=True, locale=language) as visitor:
        visitor.go(address)
        if name == "compare":
            visitor.page.wait_for_selector("[data-figure=movements]", timeout=60_000)
        assert visitor.page.locator("html").get_attribute("lang") == language
        for width, theme in looks(language):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            visitor.read()
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
            found += [f"{width} {theme} {one}" for one in violations(visitor.page)]
            if named:
                Path(named).mkdir(parents=True, exist_ok=True)
                picture = Path(named) / f"{name}-{language}-{width}-{theme}.png"
                visitor.page.screenshot(path=picture, full_page=True)
        if name in ("nobody", "trouble"):  # the browser tells of the status
            assert all("404" in one for one in visitor.faults)
            visitor.faults.clear()
    assert found == []


def test_the_picture_in_space_turns_and_says_who(browser: "Browser", desk: str, store: Path) -> None:
    ids = {str(one) for one in pl.read_parquet(store / "runs" / MAY / "sample.parquet")["user_id"]}
    with visiting(browser, desk) as visitor:
        visitor.go("/map")
        visitor.page.wait_for_selector("[data-figure=space][data-drawn]")
        box = visitor.page.locator("[data-figure=space]").bounding_box()
        assert box is not None
        before = visitor.page.evaluate(CAMERA)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        visitor.page.mouse.move(x, y)
        visitor.page.mouse.down()
        visitor.page.mouse.move(x + 120, y + 40, steps=6)
        visitor.page.mouse.up()
        visitor.until(f"Math.abs({CAMERA}.x - {before['x']}) > 0.05")
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
def test_a_customer_is_looked_up(browser: "Browser", desk: str, store: Path, way: str) -> None:
    row = somebody(store)
    with visiting(browser, desk) as visitor:
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


def test_a_download_is_the_table(browser: "Browser", desk: str, store: Path, tmp_path: Path) -> None:
    folder = store / "runs" / APRIL
    tables = [pl.read_parquet(folder / f"{name}.parquet") for name in ("customers", "segments")]
    wanted = tables[0].join(tables[1], on="user_id").filter(pl.col("segment") == 1).sort("user_id")
    with visiting(browser, desk) as visitor:
        visitor.go(f"/segments/1?run={APRIL}")
        for kind in ("CSV", "Parquet"):
            with visitor.page.expect_download() as started:
                visitor.page.get_by_role("link", name=kind, exact=True).click()
            started.value.save_as(tmp_path / started.value.suggested_filename)
    assert_frame_equal(pl.read_parquet(tmp_path / f"segment-1-{APRIL}.parquet"), wanted)
    read = pl.read_csv(tmp_path / f"segment-1-{APRIL}.csv")
    assert read["user_id"].to_list() == wanted["user_id"].to_list()
    assert read.columns == wanted.columns


def test_runs_are_chosen_and_compared_by_the_controls(browser: "Browser", desk: str) -> None:
    with visiting(browser, desk) as visitor:
        visitor.go("/")
        visitor.page.locator("select[name=run][data-submits]").select_option(MARCH)
        visitor.page.wait_for_url(re.compile(f"run={MARCH}"))
        assert "1 March 2020" in visitor.text()
        visitor.page.get_by_role("link", name="Movement").click()
        visitor.page.wait_for_url(re.compile(f"/movement\\?run={MARCH}"))
        assert "no earlier run to compare with" in visitor.text()
        visitor.page.get_by_label("From").select_option(MARCH)
        visitor.page.get_by_label("to", exact=True).select_option(MAY)
        visitor.page.get_by_role("button", name="Compare").click()
        visitor.page.wait_for_selector("[data-figure=movements]", timeout=60_000)
        assert "From 1 March 2020 to 1 May 2020" in visitor.text()


def test_without_scripts_pages_say_all_and_their_controls_work(browser: "Browser", desk: str, store: Path) -> None:
    record = read_json(store / "runs" / MAY / "summary.json")
    with visiting(browser, desk, java_script_enabled=False) as visitor:
        for name in PAGES:
            visitor.go(address_of(name, store))
            # Each figure has its numbers in a table of its section, or words that tell them.
            for figure in visitor.page.locator("[data-figure]").all():
                assert len(figure.get_attribute("aria-label") or "") > 40
        visitor.go("/segments")
        assert len(record["segments"]) <= visitor.page.locator("table").count()
        visitor.page.get_by_label("Customer id").fill(str(somebody(store)["user_id"]))
        visitor.page.get_by_role("button", name="Look up").click()
        assert str(somebody(store)["user_id"]) in visitor.text()
        visitor.page.locator("select[name=run]").select_option(APRIL)
        visitor.page.get_by_role("button", name="Show").click()
        assert "As of 1 April 2020" in visitor.text() or "1 April 2020" in visitor.text()
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
            seen += visitor.page.content() and visitor.text()
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
    assert "<img src=x onerror=alert(4)>{{7*7}}.csv" in seen
    assert any(one in seen for one in HOSTILE)
    assert "49" not in re.findall(r"\b49\b(?=\.csv)", seen)
