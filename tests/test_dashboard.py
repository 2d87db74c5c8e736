"""The dashboard's pages: each in both languages and of each run; what is asked wrongly is answered clearly."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bestiary.config import Language
from bestiary.errors import StoreError
from bestiary.files import read_json
from bestiary.lake.rejects import examples
from bestiary.report.dashboard.app import create_app
from bestiary.report.dashboard.compared import Comparisons
from bestiary.report.pages import PAGES
from bestiary.report.words import Words
from dashboard_shop import RUNS, TestClient, client, is_sound, text_of

FIXED = [key for key in PAGES if key != "overview"]
ADDRESSES = ["/", *(f"/{key}" for key in FIXED), "/segments/0", "/customers", "/customers?id=nobody"]
JUNK = st.one_of(
    st.text(max_size=30),
    st.integers(-(10**30), 10**30).map(str),
    st.sampled_from(["2020-05-01", "2020-13-45", "../../etc/passwd", "' OR 1=1 --", "%00", "x" * 9000, "NaN", "1e5"]),
)


def test_the_page_of_one_segment_leads_to_all_and_marks_its_own(desk: TestClient) -> None:
    alone, every = (desk.get(address, params={"lang": "en"}).text for address in ("/segments/1", "/segments"))
    heading = Words("en", "EUR")("segments.heading")
    assert (heading in text_of(alone), heading in text_of(every)) == (False, True)
    own = re.findall(r'<li><a href="([^"]*)" aria-current="page"', alone.partition('class="legend"')[2])
    assert own == ["/segments/1"]
    assert re.search(r'<h2 class="back"><a href="/segments">', alone)


@pytest.mark.parametrize("run", ["", *(f"{one}" for one in RUNS)])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_there_in_both_languages_and_of_each_run(
    store: Path, desk: TestClient, language: str, run: str
) -> None:
    summary = read_json(store / "runs" / (run or f"{RUNS[0]}") / "summary.json")
    looking = summary["visitors"]["segments"] if summary["visitors"] else []
    segments = [f"/segments/{one['segment']}" for one in [*summary["segments"], *looking]]
    assert len(segments) >= 3
    for address in ["/", *(f"/{key}" for key in FIXED), "/customers", *segments]:
        answer = desk.get(address, params={"lang": language, "run": run})
        assert (address, answer.status_code) == (address, 200)
        assert f'<html lang="{language}">' in answer.text
        assert is_sound(answer.text, store)
        assert re.findall(r'<option value="([^"]+)" selected>', answer.text)[0] == (run or f"{RUNS[0]}")
        files = re.findall(r'href="(/segments/\d+)/customers\.(?:csv|parquet)', answer.text)
        if address in segments:
            assert files == [address] * 2
        # Addresses of other pages keep the run, and those of the latest do not name it.
        others = re.findall(r'href="(/(?:glossary|segments/\d+/customers\.csv)[^"]*)"', answer.text)
        assert others
        assert all(("run=" in one) == (run not in ("", str(RUNS[0]))) for one in others)


@pytest.mark.parametrize(
    ("asked", "cookie", "told", "accepted", "language"),
    [
        ("fr", "en", "en", "en", "fr"),
        (None, "fr", "en", "en", "fr"),
        (None, None, "fr", "en", "fr"),
        (None, None, None, "fr-CA, en;q=0.9", "fr"),
        (None, None, None, "de, fr ; q=0.4, en ; q = 0.6", "en"),
        (None, None, None, "en;q=0, fr;q=0.1", "fr"),
        (None, None, None, "en;q=x, ,;;, fr;q=nan", "en"),
        ("de", "xx", None, "", "en"),
    ],
)
def test_the_language_is_the_first_that_is_named(
    store: Path, asked: str | None, cookie: str | None, told: Language | None, accepted: str, language: str
) -> None:
    for address in ("/glossary", "/nothing"):
        visitor = client(store, language=told)
        if cookie:
            visitor.cookies.set("bestiary_language", cookie)
        params = {"lang": asked} if asked else {}
        page = visitor.get(address, params=params, headers={"Accept-Language": accepted}).text
        assert f'<html lang="{language}">' in page


def test_only_a_language_that_was_asked_for_is_remembered(store: Path) -> None:
    visitor = client(store, language="fr")
    assert "set-cookie" not in visitor.get("/").headers
    assert "set-cookie" not in visitor.get("/?lang=de").headers
    kept = visitor.get("/?lang=en").headers["set-cookie"]
    assert "bestiary_language=en" in kept
    assert "httponly" in kept.lower()
    assert '<html lang="en">' in visitor.get("/map").text


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/?run=2019-01-01", 404, "There is no run '2019-01-01' here."),
        ("/segments/99", 404, "There is no such page"),
        ("/segments/99/customers.csv", 404, "There is no such page"),
        ("/segments/99/customers.parquet", 404, "There is no such page"),
        ("/segments/x", 404, "There is no such page"),
        ("/segments/0/customers.xlsx", 404, "There is no such page"),
        ("/nothing", 404, "There is no such page"),
        ("/overview", 404, "There is no such page"),
        ("/static/nothing.js", 404, "There is no such page"),
        ("/docs", 404, "There is no such page"),
        ("/openapi.json", 404, "There is no such page"),
        ("/movement?from=2018-01-01&to=2020-04-01", 404, "There is no run '2018-01-01' here."),
        ("/movement?to=x", 404, "There is no run 'x' here."),
        ("/customers?id=nobody&run=2000-01-01", 404, "There is no run '2000-01-01' here."),
    ],
)
def test_what_is_not_there_is_said(store: Path, desk: TestClient, address: str, status: int, said: str) -> None:
    desk.cookies.clear()
    answer = desk.get(address)
    assert answer.status_code == status
    assert said in text_of(answer.text)
    assert is_sound(answer.text, store)
    french = desk.get(address, headers={"Accept-Language": "fr"}).text
    assert '<html lang="fr">' in french
    assert "Une exécution présente peut être choisie ci-dessous." in text_of(french)
    # The program's own words are in English, and a page in French says so, also to those who listen to it.
    own = said != "There is no such page"
    assert ('<div lang="en">' in french, "en anglais" in text_of(french)) == (own, own)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from=2020-05-01&to=2020-03-01", ("1 May 2020", "1 March 2020")),
        ("from=2020-04-01&to=2020-04-01", ("1 April 2020", "1 April 2020")),
        ("from=2020-05-01", ("1 May 2020", "1 May 2020")),
    ],
)
def test_two_runs_in_the_wrong_order_can_be_chosen_again(desk: TestClient, asked: str, said: tuple[str, str]) -> None:
    answer = desk.get(f"/movement?{asked}&lang=en")
    assert answer.status_code == 400
    assert f"from an earlier run to a later one, not from {said[0]} to {said[1]}" in text_of(answer.text)
    chooser = answer.text[answer.text.index("<section") :]
    chosen = re.findall(r'<option value="([^"]+)" selected', chooser)
    assert [Words("en", "").date(one) for one in chosen] == list(said)
    assert "<table" not in chooser
    assert "à une plus récente, pas du" in text_of(desk.get(f"/movement?{asked}&lang=fr").text)


def test_the_page_of_a_comparison_is_that_of_its_later_run(desk: TestClient) -> None:
    page = desk.get("/movement?from=2020-03-01&to=2020-04-01&lang=en").text
    assert "The shop's customers as of 1 April 2020" in text_of(page)
    assert 'href="/glossary?run=2020-04-01"' in page


def test_what_is_no_question_is_refused(store: Path, desk: TestClient) -> None:
    for method in ("post", "put", "delete"):
        answer = getattr(desk, method)("/")
        assert answer.status_code == 405
        assert is_sound(answer.text, store)


@given(
    path=st.sampled_from([*ADDRESSES, "/segments/0/customers.csv", "/enter", "/static/page.js"])
    | JUNK.map("/{}".format),
    asked=st.dictionaries(st.sampled_from(["run", "lang", "id", "from", "to", "next", "x"]), JUNK, max_size=4),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_junk_is_never_an_error_of_the_server(store: Path, desk: TestClient, path: str, asked: dict[str, str]) -> None:
    base, _, query = path.partition("?")
    address = f"{base}?{query}&{urlencode(asked, errors='replace')}"
    answer = desk.get(re.sub(r"[^\x21-\x7e]", lambda one: urlencode({"": one[0]}, errors="replace")[1:], address))
    assert answer.status_code in (200, 303, 307, 400, 404)
    assert is_sound(answer.text, store)


def test_a_folder_without_a_store_is_told_before_it_is_served(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a store"):
        create_app(tmp_path, Comparisons(lambda earlier, later: {}))


def test_examples_from_quarantine_are_those_of_the_store(store: Path, desk: TestClient) -> None:
    page = text_of(desk.get("/quality").text)
    shown = examples(store)
    assert len(shown) > 5
    for one in shown:
        assert one.raw is not None
        assert " ".join(one.raw[:190].split()) in page


def test_a_static_file_may_be_kept_and_a_page_may_not(desk: TestClient) -> None:
    page = desk.get("/map")
    assert page.headers["cache-control"] == "no-store"
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        answer = desk.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith("text/")
