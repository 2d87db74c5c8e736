"""The page: complete in both languages, escaped, self-contained, and whole when figures are not defined."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bestiary.config import Language
from bestiary.report.html import policy, write_report
from bestiary.report.pages import PAGES, anchored
from bestiary.report.words import Words
from report_habits import cadence
from report_run import FIRST_ID, HOSTILE, LOOKING, NAMES, PEOPLE, follow, followed, make_run, text

LANGUAGES: tuple[Language, ...] = ("en", "fr")
SECTIONS = ["animals", "visitors", "segments", "space", "components", "choice", "candidates", "early", "expected"]
SECTIONS += ["cadence", "tree", "quality", "movements", "columns", "glossary"]


class Page(HTMLParser):
    """The elements of a page and its text outside scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._within: str | None = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag if tag in {"script", "style"} else self._within

    def handle_endtag(self, tag: str) -> None:
        self._within = None if tag == self._within else self._within

    def handle_data(self, data: str) -> None:
        if self._within is None:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def written(run: Path, language: Language = "en") -> str:
    path = write_report(run, language)
    assert path == run / "report.html"
    return path.read_text(encoding="utf-8")


def book(source: str, language: Language) -> str:
    """The part of a page that is in one language; both are there, one of them in a template."""
    parts = dict(
        re.findall(r'<(?:div class="book"|template) data-book="(\w+)"(.*?)(?=\n<template |\n<script )', source, re.S)
    )
    assert set(parts) == set(LANGUAGES)
    return f"<div {parts[language]}"


def told(run: Path, language: Language = "en") -> str:
    """What a run's report says in one language."""
    return Page(book(written(run, language), language)).text


def one_line(sentence: str) -> str:
    return " ".join(sentence.split())


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, str]:
    run = make_run(tmp_path_factory.mktemp("run"))
    return {language: written(run, language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_have_every_section_in_its_order(pages: dict[Language, str], language: Language) -> None:
    assert ("html", {"lang": language}) in Page(pages[language]).elements
    for shown in LANGUAGES:
        page = Page(book(pages[language], shown))
        assert [attrs["id"] for tag, attrs in page.elements if tag == "section"] == SECTIONS
        assert all(name[shown == "fr"] in page.text for name in NAMES.values())
        assert Words(shown, "EUR")("page.lead", as_of=Words(shown, "EUR").date("2019-12-01")) in page.text


def test_the_language_asked_for_is_shown_and_the_other_waits(pages: dict[Language, str]) -> None:
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        elements = Page(pages[language]).elements
        books = [(tag, attrs["data-book"]) for tag, attrs in elements if "data-book" in attrs]
        assert books == [("div", language), ("template", other)]
        assert [attrs["data-switch"] for _, attrs in elements if "data-switch" in attrs] == [other, language]
    for language in LANGUAGES:
        english, french = (Page(book(pages[first], language)) for first in LANGUAGES)
        assert (english.elements[1:], english.words) == (french.elements[1:], french.words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_the_page_leads_somewhere_in_it(pages: dict[Language, str], language: Language) -> None:
    elements = Page(book(pages["en"], language)).elements
    ids = [attrs["id"] for _, attrs in elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {attrs["href"] or "" for tag, attrs in elements if tag == "a"}
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert {anchored(page) for page in PAGES} <= links
    assert {f"segment-{number}" for number in range(len(PEOPLE) + len(LOOKING))} <= set(ids)
    assert anchored("segments", "segment-3") == "#segment-3"


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_one_small_file_that_loads_nothing(pages: dict[Language, str], language: Language) -> None:
    source = pages[language]
    assert len(source.encode()) < 8_000_000
    for tag, attrs in Page(source).elements:
        for name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href"):
            assert (attrs.get(name) or "#").startswith(("#", "data:")), (tag, attrs)
    styles = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    assert len(styles) == 1
    assert "url(" not in styles[0]
    assert "@import" not in styles[0]
    assert "default-src &#39;none&#39;" in source


@pytest.mark.parametrize("mail", [False, True])
def test_no_customer_id_is_in_the_page(tmp_path: Path, mail: bool) -> None:
    """All of the file is looked at but Plotly's own script, whose long numbers are not ours."""
    source = written(make_run(tmp_path, mail=mail, change=_followed))
    page = re.sub(r'<script type="text/plain".*?</script>', "", source, flags=re.DOTALL)
    assert len(page) > 500_000
    assert set(re.findall(r"\d{9,}", page)).isdisjoint(str(FIRST_ID + i) for i in range(1400))
    assert "example.com" not in source


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_brand_is_shown_and_never_run(pages: dict[Language, str], language: Language) -> None:
    source = pages[language]
    assert HOSTILE not in source
    assert [tag for tag, _ in Page(source).elements].count("script") == 3
    for shown in LANGUAGES:
        part = book(source, shown)
        assert html.escape(HOSTILE).replace("&#x27;", "&#39;") in part
        assert HOSTILE in Page(part).text


def test_names_from_a_model_are_escaped_too(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)></script>"

    def change(parts: dict[str, Any]) -> None:
        card = parts["scorecard"]
        for segment in card["segments"]:
            segment["name"] = segment["description"] = segment["note"] = text(evil, evil)
            segment["actions"] = {"en": [evil], "fr": [evil]}
        for rule in card["tree"]["rules"]:
            rule["text"] = text(evil, evil)
        card["warnings"] = [text(evil, evil)]
        parts["quality"]["sources"][0]["name"] = evil
        parts["quality"]["rejected_by_reason"] = {evil: 60}
        parts["quality"]["missing"] = {evil: 3}
        parts["model"]["provenance"][evil] = evil

    source = written(make_run(tmp_path, personas=("lion", "fox"), change=change))
    assert evil not in source
    assert "img" not in {tag for tag, _ in Page(source).elements}


def test_policy_allows_only_the_scripts_of_the_page(pages: dict[Language, str]) -> None:
    held = re.findall(r'<script type="text/plain" id="plotly">(.*?)</script>', pages["en"], re.DOTALL)
    run = re.findall(r"<script>(.*?)</script>", pages["en"], re.DOTALL)
    assert (len(held), len(run)) == (1, 1)
    scripts = held + run
    assert html.escape(policy(scripts)).replace("&#x27;", "&#39;") in pages["en"]
    assert "unsafe" not in policy(scripts).partition("style-src")[0]
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy(scripts).split("; "))


def test_same_run_gives_the_same_bytes(tmp_path: Path, pages: dict[Language, str]) -> None:
    assert written(make_run(tmp_path)) == pages["en"]


def test_amounts_carry_the_currency_as_the_language_does(pages: dict[Language, str]) -> None:
    english, french = (Page(book(pages["en"], language)) for language in LANGUAGES)
    assert "EUR 144,000" in english.text
    assert "144\u202f000\u00a0EUR" in "".join(french.words)
    assert "33.0%" in english.text
    assert "33,0\u202f%" in "".join(french.words)
    assert "1er décembre 2019" in french.text


def test_figures_of_quality_and_provenance_are_told(pages: dict[Language, str]) -> None:
    said = Page(book(pages["en"], "en")).text
    assert "read 20,000 = kept 19,900 + duplicates 40 + rejected 60 + erased 0" in said
    assert "no <customer> named" in html.unescape(said)
    assert "2019-Nov.csv.gz" in said
    assert "ab" * 32 in said
    assert "fidelity, not prediction" in said


def test_counts_that_do_not_close_are_a_warning(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["quality"]["counts"]["kept"] -= 1

    said = told(make_run(tmp_path, personas=("lion", "fox"), change=change))
    assert "do NOT close" in said


def _undefined(parts: dict[str, Any]) -> None:
    card = parts["scorecard"]
    for segment in card["segments"]:
        segment.update(persona=None, match=None, share_of_value=None, mean_confidence=None, note=None)
        segment["percentiles"]["basket"] = segment["medians"]["basket"] = None
        segment["name"] = text("Segment 0: recent", "Segment 0 : récents")
    for point in card["silhouette"]["curve"]:
        point.update(silhouette=None, low=None, high=None, sample=None, null_mean=None, null_low=None, null_high=None)
        point.update(ari=None, jaccard=None, smallest_share=None)
    card["silhouette"]["chosen_k"] = None
    card["pca"] = {"columns": ["cart_abandonments"], "constant_columns": ["cart_abandonments"], "loadings": []}
    card["pca"] |= {"explained_variance": [], "explained_variance_ratio": [], "mean": [1.0], "scale": [0.0]}
    card["warnings"] = [text("Only one point.", "Un seul point.")]
    parts["quality"].update(gaps=[], usual=None, days=[], rejected_by_reason={}, missing={}, sources=[])
    parts["quality"]["counts"] = dict.fromkeys(parts["quality"]["counts"], 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_segment_and_nothing_defined(tmp_path: Path, language: Language) -> None:
    run = make_run(tmp_path, personas=("swallow",), visitors=0, change=_undefined)
    words = Words(language, "EUR")
    said = told(run, language)
    for key in ("tree.none", "choice.undefined", "choice.none_chosen", "components.none", "quality.gaps_none"):
        assert " ".join(words(key).split()) in said
    for key in ("animals.confidence_why", "animals.match_why", "animals.value_why"):
        assert " ".join(words(key).split()) in said
    assert words("animals.unnamed") in said
    assert "None" not in said
    assert "nan" not in said.split()


def test_a_k_that_was_asked_for_is_said_once(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["silhouette"]["rule"] = text("k = 2, as configured.", "k = 2, comme demandé.")

    said = told(make_run(tmp_path, personas=("lion", "fox"), visitors=0, change=change))
    assert said.count("k = 2") == 1


def test_a_class_without_figures_says_why(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        tree = parts["scorecard"]["tree"]
        tree["per_class"][1].update(precision=None, recall=None, f1=None, support=0)
        tree["macro"] = tree["weighted"] = dict.fromkeys(("precision", "recall", "f1"))
        tree["accuracy"] = tree["fidelity"] = tree["fidelity_interval"] = None
        tree["roc"] = [{**curve, "auc": None, "fpr": [], "tpr": []} for curve in tree["roc"]]

    said = told(make_run(tmp_path, personas=("lion", "fox"), change=change))
    words = Words("en", "EUR")
    assert words("tree.why") in said
    assert words("tree.roc_none") in said
    assert "Fidelity: –" in said


def test_twelve_segments_with_shared_animals(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        card = parts["scorecard"]
        first = card["segments"][0]
        for number in range(7, 12):
            name = text(f"Lion, larger baskets {number}", f"Lion, paniers plus gros {number}")
            card["segments"].append({**first, "segment": number, "name": name, "value": 10.0 * number})

    elements = Page(book(written(make_run(tmp_path, change=change)), "en")).elements
    assert [attrs.get("class") for tag, attrs in elements if tag == "article"] == ["card"] * 14 + ["segment"] * 14


def _followed(parts: dict[str, Any]) -> None:
    parts["scorecard"]["follow"] = followed([NAMES[persona] for persona in PEOPLE])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_segment_tells_where_its_members_were_and_are(tmp_path: Path, language: Language) -> None:
    """By `followed`, of the 60 + 10 * 2 foxes of then 60 stayed, 6 went to each other segment and 7 are gone."""
    source = book(written(make_run(tmp_path, change=_followed)), language)
    fox = Page(re.findall(r'<article class="segment" id="segment-2".*?</article>', source, re.DOTALL)[0])
    words = Words(language, "EUR")
    assert one_line(words("segments.came", date=words.date("2019-11-01"))) in fox.text
    caption = one_line(words("segments.went", date=words.date("2019-11-01")))
    went = fox.text[fox.text.index(caption) :]
    name, gone = ("Fox", "Gone") if language == "en" else ("Renard", "Partis")
    assert re.findall(rf"({name}|{gone}) (\d+)", went) == [(name, "60"), (gone, "7")]
    assert re.findall(r" (\d+)(?= |$)", went[len(caption) :]) == ["60", "7", *["6"] * 6]


def test_a_segment_that_continues_none_says_so_and_visitors_without_flows_too(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["follow"] = follow()

    source = book(written(make_run(tmp_path, personas=("lion", "fox"), change=change)), "en")
    _, fox, *visitors = (Page(one).text for one in re.findall(r'<article class="segment".*?</article>', source, re.S))
    assert one_line(Words("en", "EUR")("segments.continues_none")) in fox
    assert len(visitors) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cadence_is_told_where_it_was_measured(tmp_path: Path, language: Language) -> None:
    words, run = Words(language, "EUR"), make_run(tmp_path, personas=("lion", "fox"))
    assert one_line(words("cadence.none")) in told(run, language)
    path = write_report(run, language, {**cadence(), "as_of": "2019-12-01"})
    page = book(path.read_text(encoding="utf-8"), language)
    said = Page(page).text
    assert one_line(words.of(cadence()["sentence"])) in said
    assert one_line(words("cadence.none")) not in said
    assert 'data-figure="cadence"' in page
    for one in cadence()["intervals"]:
        assert one_line(words.percent(one["agreement"])) in said
    assert one_line(words("cadence.loss_why")) in said
