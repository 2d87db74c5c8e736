"""The words: the same keys in both languages, each of them used, and numbers as each language writes them."""

import re
import string
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from bestiary import report
from bestiary.config import Language
from bestiary.customers.features import features
from bestiary.report.comparison import METRICS
from bestiary.report.pages import PAGES
from bestiary.report.quality import REASONS
from bestiary.report.words import Words, load
from bestiary.segments.choice.silhouette import Kind
from bestiary.segments.personas import personas
from report_run import text

LANGUAGES: tuple[Language, ...] = ("en", "fr")
SOURCES = Path(report.__file__).parents[1]
COUNTS = ("read", "kept", "duplicates", "rejected", "erased", "excluded")
FLAWS = ("missing", "duplicates", *REASONS, "other", "zero_price", "sessions_with_several_customers", "gaps")
FLAWS += ("products_with_several_brands", "products_with_several_categories", "sessions_over_500_events")
FLAWS += ("view_only_floods",)
BELIEF = ("natural", "reproducible", "constructed")
CURVE = ("silhouette", "kind", *get_args(Kind), "interval", "null_mean", "ari", "jaccard", "smallest")
TREE = ("precision", "recall", "f1", "support", "auc")
LEANINGS = ("brands", "categories")
PARTS: tuple[str, ...] = (
    "leaves",
    "quality",
    "sources",
    "points",
    "presence",
    "segments",
    "tree",
    "roc",
    "columns",
    "movements",
)
PARTS += ("worth", "expected", "cadence")
"""What a shared edition may hold back."""
BUILT: dict[str, tuple[str, ...]] = {
    "candidates.": ("word", "ari", "jaccard", "smallest", "fidelity", "leaves"),
    "cadence.": ("days", "replays", "agreement", "loss", "kept"),
    "chart_terms.": ("null_above", "null_inside", "null_below", "stable_best", "stable_other"),
    "chart_terms.all_": ("buyers", "visitors"),
    "chart_terms.index_axis_": ("buyers", "visitors"),
    "chart_terms.less_": ("recency", "visit", "frequency", "monetary", "sessions", "carts", "abandonment"),
    "chart_terms.more_": ("recency", "visit", "frequency", "monetary", "sessions", "carts", "abandonment"),
    "columns.": tuple({f.name.removesuffix(f"_{f.window}m") for f in features()}),
    "columns_section.": ("min", "q1", "median", "q3", "max", "nulls"),
    "early.": ("visits", "customers", "kept", "interval", "events"),
    "error_done.": FLAWS,
    "error_types.": FLAWS,
    "error_units.": ("values", "rows", "sessions", "products", "days"),
    "footer.": ("settings", "provenance"),
    "gaps.": ("no_purchases", "few_events"),
    "glossary.": ("column", "formula", "unit", "window", "null_rule", "source", "type"),
    "kinds.": ("ambiguous", "merged", "split", "new"),
    "languages.": get_args(Language),
    "movements.": ("from", "to", "from_run", "to_run", "more", "fewer"),
    "names.": tuple(personas()),
    "nav.": (*PAGES, "customer"),
    "presets.": ("default",),
    "quality.": (*COUNTS, "gaps"),
    "reasons.": tuple(reason for reasons in REASONS.values() for reason in reasons),
    "scorer_kinds.": ("segments", "segments_and_distances", "baseline", "expected", "ceiling"),
    "scorers.": ("grid", "quintile_cells", "frequency", "monetary_deciles", "monetary", "expected", "ceiling"),
    "sharing.none_": LEANINGS,
    "sharing_parts.": PARTS,
    "segments.": (*LEANINGS, "came", "went"),
    "segments.none_": LEANINGS,
    "segments.value_": LEANINGS,
    "steady.": ("confidence_means", "match_means", "steadiness_means"),
    "space.": ("left", "right", "up", "down"),
    "terms.": ("recency", "frequency", "monetary", "share_of_customers", "share_of_value", *CURVE, *TREE),
    "terms.against_": ("next", "all"),
    "terms.by_": ("day", "week"),
    "tree.": ("macro", "weighted"),
    "trouble.status_": ("400", "404", "413", "500", "503"),
    "trouble.do_": ("400", "404", "413", "500", "503"),
    "units.": tuple({f.unit for f in features()} - {"currency"}),
    "values.": tuple(f"most_active_time.{part}" for part in ("night", "morning", "afternoon", "evening"))
    + tuple(f"lifecycle.{state}" for state in ("visitor", "one_time", "repeat"))
    + tuple(f"most_active_day.{day}day" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")),
    "ways.": ("kept", "warm", "cold", "matched"),
    "whose.": ("buyers", "active_buyers", "visitors", "all"),
    "words.": (*BELIEF, *(f"{word}_means" for word in BELIEF)),
    "worth.": (*METRICS, "better", "worse", "unknown"),
    "worth.metric_": ("gini", "r_squared", "average_precision"),
}
"""Keys that are put together from a word met in data; all others stand whole in a template or a module."""


PLURAL = {"one", "many"}
"""A sentence that depends on a count is a table of these."""


def keys(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in table.items():
        found |= keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


def whole_key(key: str) -> str:
    """The key that is asked for: a sentence for one or for many is chosen by its count."""
    base, _, last = key.rpartition(".")
    *tables, name = base.split(".")
    found: Any = load("en")
    for table in (*tables, name):
        found = found.get(table, {}) if isinstance(found, dict) else {}
    return base if last in PLURAL and isinstance(found, dict) and set(found) == PLURAL else key


def test_both_languages_have_the_same_keys_and_places() -> None:
    english, french = keys(load("en")), keys(load("fr"))
    assert list(english) == list(french)
    for key, sentence in english.items():
        assert type(sentence) is type(french[key])
        if isinstance(sentence, str) and "%{" not in sentence:
            places = [{p[1] for p in string.Formatter().parse(s) if p[1]} for s in (sentence, french[key])]
            assert places[0] == places[1], key


def literals(folder: Path, kinds: tuple[str, ...]) -> set[str]:
    """Every text in quotes in the files of a folder that is one word, or words with dots between."""
    files = [path for kind in kinds for path in folder.rglob(f"*.{kind}")]
    return {one for path in files for one in re.findall(r"[\"']([\w.]+)[\"']", path.read_text(encoding="utf-8"))}


def test_every_sentence_is_used_somewhere_and_every_one_used_is_there() -> None:
    whole = literals(SOURCES, ("py", "j2"))
    built = {prefix + name for prefix, names in BUILT.items() for name in names}
    there = {whole_key(key) for key in keys(load("en")) if not key.startswith("charts.")}
    assert there - whole - built == set()
    assert built - there == set()
    groups = tuple(f"{group}." for group in load("en") if group != "charts")
    asked = "\n".join(path.read_text(encoding="utf-8") for kind in ("py", "j2") for path in SOURCES.rglob(f"*.{kind}"))
    called = set(re.findall(r"\b(?:w|words|self)\(\s*[\"']([\w.]+)[\"']\s*[,)]", asked))
    assert len(called) > 200
    assert {key for key in called if key.startswith(groups)} - there == set()


def test_every_finding_of_a_chart_is_said_by_its_module() -> None:
    """Some are put together, such as `settled_next`: then the first part stands before a brace."""
    modules = [path.read_text(encoding="utf-8") for path in (SOURCES / "report" / "charts").glob("*.py")]
    for name, sentences in load("en")["charts"].items():
        own = "".join(module for module in modules if re.search(rf"[\"']{name}(?:-\{{|[\"'])", module))
        said = set(re.findall(r"[\"'](\w+)[\"']", own)) | {"shows"} | ({"day", "week"} if name == "column" else set())
        begun = tuple(re.findall(r"f[\"'](\w{3,})\{", own))
        ended = tuple(re.findall(r"[\"'}](_\w{3,})[\"']", own))
        unsaid = [one for one in sentences if one not in said and not one.startswith(begun) and not one.endswith(ended)]
        assert unsaid == [], name


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
    assert (english.short_date("2019-11-03"), french.short_date("2019-12-01")) == ("3 Nov 2019", "1er déc. 2019")
    assert (english.month("2019-11-03"), french.month("2019-11-03")) == ("Nov 2019", "nov. 2019")
    assert english.column("avg_price_5m") == "Mean price paid, 5 months"
    assert (english.column("lifecycle"), english.column("r_score_x")) == ("Stage of life", "r_score_x")
    assert english.sentence(text("k = 6, as asked", "")) == "k = 6, as asked."
    assert english.sentence(text("buyers only.", "")) == "Buyers only."
    with pytest.raises(KeyError, match=r"no\.such\.key"):
        english("no.such.key")


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 customers", "0 client"),
        (1, "1 customer", "1 client"),
        (2, "2 customers", "2 clients"),
        (1500, "1,500 customers", "1\u202f500 clients"),
    ],
)
def test_a_count_chooses_the_sentence_as_its_language_does(count: int, english: str, french: str) -> None:
    found = [Words(language, "EUR")("terms.customers_count", count=count) for language in LANGUAGES]
    assert found == [english, french]


def test_a_sentence_for_a_count_is_asked_for_with_one() -> None:
    with pytest.raises(KeyError, match=r"terms\.customers_count"):
        Words("en", "EUR")("terms.customers_count", n="1")
    told = Words("fr", "EUR")("finding.lapsed", count=1, months=Words("fr", "EUR")("terms.months", count=1))
    assert told == "1 d'entre eux s'est tu\u202f: il n'a rien acheté en 1 mois."


def test_no_sentence_puts_a_number_before_a_plural_that_it_may_contradict() -> None:
    """A number that stands before what is counted has a sentence for one, or is never one."""
    nouns = {
        "en": "customers|buyers|visitors|months|days|events|purchases|leaves|segments|visits|rows|gaps|questions",
        "fr": "clients|acheteurs|visiteurs|jours|événements|achats|feuilles|segments|visites|lignes|lacunes|questions",
    }
    never_one = {"charts.silhouette.found", "charts.silhouette.chosen", "charts.roc.alike", "page.windows_value"}
    never_one |= {key for key in keys(load("en")) if "{k}" in str(keys(load("en"))[key])}  # the smallest group
    for language in LANGUAGES:
        found = re.compile(rf"\{{(?!share|customers|value)\w+\}} (?:d'|more |other )?(?:{nouns[language]})\b")
        said = {key for key, text in keys(load(language)).items() if isinstance(text, str) and found.search(text)}
        assert {key for key in said if not key.endswith(".many")} - never_one == set(), language


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_a_part_never_reads_as_nothing_nor_as_all(digits: int) -> None:
    words = Words("en", "EUR")
    for part in (1e-9, 0.0004, 0.004, 0.0049, 0.9949, 0.995, 0.99951, 1 - 1e-9):
        assert words.percent(part, digits) not in (words.percent(0, digits), words.percent(1, digits))


def test_what_is_not_once_never_reads_as_once() -> None:
    words = Words("en", "EUR")
    told = [words.times(ratio) for ratio in (None, 1, 1.004, 0.9996, 2.04)]
    assert told == ["–", "1.0", "1.004", "0.9996", "2.0"]


def test_a_change_is_a_number_and_a_part_of_what_was() -> None:
    english, french = Words("en", "EUR"), Words("fr", "EUR")

    def change(before: int, now: int) -> tuple[str, str]:
        told = {"before": before, "now": now}
        return english.change(told), french.change(told)

    assert change(1200, 2400) == ("+1,200 (+100.0%)", "+1\u202f200 (+100,0\u202f%)")
    assert change(2400, 1200) == ("−1,200 (−50.0%)", "−1\u202f200 (−50,0\u202f%)")
    assert change(40, 0) == ("−40 (−100.0%)", "−40 (−100,0\u202f%)")
    assert change(7, 7) == change(0, 0) == ("0", "0")
    assert change(0, 12) == ("+12", "+12")  # of nothing there is no part
    assert change(1_000_000, 1_000_001) == ("+1", "+1")  # too small a part to tell
    assert english.change(None) == french.change(None) == "–"


@pytest.mark.parametrize(
    ("column", "value", "english", "french"),
    [
        ("total_purchase_value", 1234.5, "EUR 1,234", "1\u202f234\u00a0EUR"),
        ("avg_price_7m", 0, "EUR 0.00", "0,00\u00a0EUR"),
        ("avg_price_viewed_2m", 12.345, "EUR 12.35", "12,35\u00a0EUR"),
        ("number_of_purchases_7m", 0, "0", "0"),
        ("number_of_purchases_7m", 2.0, "2", "2"),
        ("days_since_last_purchase", 1234.5, "1,234.5", "1\u202f234,5"),
        ("cart_abandonments", -3, "−3", "−3"),
        ("total_purchase_value", None, "–", "–"),
        ("number_of_carts_5m", None, "–", "–"),
    ],
)
def test_a_figure_is_written_by_what_its_column_counts(
    column: str, value: float | None, english: str, french: str
) -> None:
    assert (Words("en", "EUR").figure(column, value), Words("fr", "EUR").figure(column, value)) == (english, french)
    assert Words("en", "EUR").value(column, value) == english


def test_a_moment_is_written_to_the_second() -> None:
    moment = datetime(2019, 8, 1, 7, 5, 9, 500_000)
    assert Words("en", "EUR").value("last_seen", moment) == "1 August 2019 07:05:09"
    assert Words("fr", "EUR").value("last_seen", moment) == "1er août 2019 07:05:09"
    assert Words("fr", "EUR").value("last_purchase", None) == "–"
