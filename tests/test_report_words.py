"""The words: the same keys in both languages, each of them used, and numbers as each language writes them."""

import string
from typing import Any

import pytest

from bestiary.config import Language
from bestiary.customers.features import features
from bestiary.report.quality import REASONS
from bestiary.report.words import Words, load
from report_run import text

LANGUAGES: tuple[Language, ...] = ("en", "fr")


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
