"""The page: complete in both languages, escaped, self-contained, and whole when figures are not defined."""

import html
import json
import re
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bestiary.config import Language, Settings
from bestiary.customers.features import features
from bestiary.report.html import as_script_json, policy, write_report
from bestiary.report.quality import REASONS
from bestiary.report.words import Words, load
from report_run import FIRST_ID, HOSTILE, NAMES, make_run, text

LANGUAGES: tuple[Language, ...] = ("en", "fr")
SECTIONS = ["animals", "visitors", "early", "movements", "space", "choice", "candidates", "expected", "components"]
SECTIONS += ["tree", "quality", "columns", "glossary"]


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


def written(run: Path, language: Language = "en", currency: str = "EUR") -> str:
    path = write_report(run, Settings(language=language), currency=currency, time_zone="Europe/Paris")
    assert path == run / "report.html"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, str]:
    run = make_run(tmp_path_factory.mktemp("run"))
    return {language: written(run, language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sections_stand_in_their_order(pages: dict[Language, str], language: Language) -> None:
    page = Page(pages[language])
    assert [attrs["id"] for tag, attrs in page.elements if tag == "section"] == SECTIONS
    assert ("html", {"lang": language}) in page.elements
    assert all(name[language == "fr"] in page.text for name in NAMES.values())


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_customer_id_is_in_the_page(pages: dict[Language, str], language: Language) -> None:
    page = pages[language][pages[language].rindex('id="figures"') :] + Page(pages[language]).text
    numbers = set(re.findall(r"\d{9,}", page))
    assert numbers.isdisjoint(str(FIRST_ID + i) for i in range(1400))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_brand_is_shown_and_never_run(pages: dict[Language, str], language: Language) -> None:
    source, page = pages[language], Page(pages[language])
    assert HOSTILE not in source
    assert html.escape(HOSTILE).replace("&#x27;", "&#39;") in source
    assert [tag for tag, _ in page.elements].count("script") == 3
    assert HOSTILE in html.unescape(page.text)


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


def test_json_in_a_script_cannot_end_it() -> None:
    value = {"</script>": ["<!--", "&amp;", "\u2028\u2029"]}
    source = str(as_script_json(value))
    assert not set(source) & set("<>&\u2028\u2029")
    assert json.loads(source) == value


def test_policy_allows_only_the_scripts_of_the_page(pages: dict[Language, str]) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", pages["en"], re.DOTALL)
    assert len(scripts) == 2
    assert html.escape(policy(scripts)).replace("&#x27;", "&#39;") in pages["en"]
    assert "unsafe" not in policy(scripts).partition("style-src")[0]


def test_same_run_gives_the_same_bytes(tmp_path: Path, pages: dict[Language, str]) -> None:
    assert written(make_run(tmp_path)) == pages["en"]


def test_amounts_carry_the_currency_as_the_language_does(pages: dict[Language, str]) -> None:
    assert "EUR 144,000" in Page(pages["en"]).text
    assert "144\u202f000\u00a0EUR" in "".join(Page(pages["fr"]).words)
    assert "33.0%" in Page(pages["en"]).text
    assert "33,0\u202f%" in "".join(Page(pages["fr"]).words)
    assert "1er décembre 2019" in Page(pages["fr"]).text


def test_figures_of_quality_and_provenance_are_told(pages: dict[Language, str]) -> None:
    said = Page(pages["en"]).text
    assert "20,000 read = 19,900 kept + 40 duplicates + 60 rejected + 0 erased" in said
    assert "no <customer> named" in html.unescape(said)
    assert "2019-Nov.csv.gz" in said
    assert "ab" * 32 in said
    assert "fidelity, not prediction" in said


def test_counts_that_do_not_close_are_a_warning(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["quality"]["counts"]["kept"] -= 1

    said = Page(written(make_run(tmp_path, personas=("lion", "fox"), change=change))).text
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
    said = Page(written(run, language)).text
    for key in ("tree.none", "choice.undefined", "choice.none_chosen", "components.none", "quality.gaps_none"):
        assert " ".join(words(key).split()) in said
    for key in ("animals.confidence_why", "animals.match_why", "animals.value_why", "animals.basket_why"):
        assert " ".join(words(key).split()) in said
    assert words("animals.unnamed") in said
    assert "None" not in said
    assert "nan" not in said.split()


def test_a_k_that_was_asked_for_is_said_once(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["silhouette"]["rule"] = text("k = 2, as configured.", "k = 2, comme demandé.")

    said = Page(written(make_run(tmp_path, personas=("lion", "fox"), visitors=0, change=change))).text
    assert said.count("k = 2") == 1


def test_a_class_without_figures_says_why(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        tree = parts["scorecard"]["tree"]
        tree["per_class"][1].update(precision=None, recall=None, f1=None, support=0)
        tree["macro"] = tree["weighted"] = dict.fromkeys(("precision", "recall", "f1"))
        tree["accuracy"] = tree["fidelity"] = tree["fidelity_interval"] = None
        tree["roc"] = [{**curve, "auc": None, "fpr": [], "tpr": []} for curve in tree["roc"]]

    said = Page(written(make_run(tmp_path, personas=("lion", "fox"), change=change))).text
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

    source = written(make_run(tmp_path, change=change))
    assert [attrs.get("class") for tag, attrs in Page(source).elements if tag == "article"] == ["card"] * 14


def keys(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def test_both_languages_have_the_same_keys_and_places() -> None:
    english, french = keys(load("en")), keys(load("fr"))
    assert list(english) == list(french)
    for key, sentence in english.items():
        assert type(sentence) is type(french[key])
        if isinstance(sentence, str) and "%{" not in sentence:
            places = [{p[1] for p in string.Formatter().parse(s) if p[1]} for s in (sentence, french[key])]
            assert places[0] == places[1], key


def test_every_column_unit_and_reason_has_a_word() -> None:
    bases = {f.name.removesuffix(f"_{f.window}m") for f in features()}
    for language in LANGUAGES:
        locale = load(language)
        assert set(locale["columns"]) == bases
        assert set(locale["units"]) == {f.unit for f in features()} - {"currency"}
        assert set(locale["reasons"]) == {reason for reasons in REASONS.values() for reason in reasons}


def test_the_dictionary_is_translated_whole_and_nothing_more() -> None:
    said = {sentence for f in features() for sentence in (f.formula, f.null_rule, f.source)}
    assert set(load("columns.fr")) == said


def test_words_format_and_name_what_is_missing() -> None:
    english, french = Words("en", "USD"), Words("fr", "USD")
    assert [english.number(x, d) for x, d in ((None, 0), (1234.5, 1), (-7, 0), (-0.001, 2))] == [
        "–",
        "1,234.5",
        "−7",
        "0.00",
    ]
    assert [english.percent(x) for x in (None, 0, 0.0001, 0.314)] == ["–", "0.0%", "<\u202f0.1%", "31.4%"]
    assert [english.money(x) for x in (None, 12.5, -1234.5)] == ["–", "USD 12.50", "USD −1,234"]
    assert french.sentence({"fr": "un lion : 3 % de tous ; vraiment ?"}) == (
        "Un lion\u202f: 3\u202f% de tous\u202f; vraiment\u202f?"
    )
    assert french.of({"fr": ["a : b"]}) == ["a\u202f: b"]
    assert english.of({"en": "a : b"}) == "a : b"
    assert french.money(1234567.0) == "1\u202f234\u202f567\u00a0USD"
    assert [english.compact(x) for x in (3, 0.5, 1500, 3e6)] == ["3", "0.5", "1.5k", "3M"]
    assert (english.date(None), french.date("2019-08-09")) == ("–", "9 août 2019")
    assert english.column("avg_price_5m") == "Mean price paid, 5 months"
    assert (english.column("lifecycle"), english.column("r_score_x")) == ("Stage of life", "r_score_x")
    assert english.sentence(text("k = 6, as asked", "")) == "k = 6, as asked."
    assert english.sentence(text("buyers only.", "")) == "Buyers only."
    with pytest.raises(KeyError, match=r"no\.such\.key"):
        english("no.such.key")
