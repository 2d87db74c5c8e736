"""What a card and a segment's part of the page say: each figure is the summary's, behind its own label."""

import html
import re
from typing import Any

import pytest

from bestiary.report.html import context, environment, render
from bestiary.report.pages import anchored
from bestiary.report.words import Words
from report_drawn import FRENCH, WORDS, summary_with_all
from report_run import NAMES, PEOPLE, followed

PROFILE = {
    "low": 1.5,
    "high": 2.5,
    "role": "monetary",
    "column": "total_purchase_value",
    "q1": 11.0,
    "median": 22.0,
    "q3": 33.0,
    "index": 44.0,
}


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    """Every figure of the first segment is another, so that none can stand for another."""
    found = summary_with_all() | {"cadence": None, "follow": followed([NAMES[persona] for persona in PEOPLE])}
    found["segments"][0] |= {
        "customers": 61,
        "share_of_customers": 0.123,
        "share_of_value": 0.456,
        "value": 7_777.0,
        "expects": {"rank": 0.9, "low": 105.0, "middle": 111.0, "high": 122.0},
        "change": {"before": 50, "now": 60},
        "actions": {"en": ["first", "second", "third"], "fr": ["un", "deux", "trois"]},
        "mean_confidence": 0.71,
        "match": 0.82,
        "jaccard": 0.93,
        "profile": [{**PROFILE, "shop": {"q1": 1.0, "median": 50.0, "q3": 99.0}}],
        "brands": [
            {"value": "<b>b</b>", "customers": 9, "share": 0.5, "rest": 0.25, "lift": 1.9, "low": 1.4, "high": 2.8},
        ],
        "common_brands": [
            {"value": "<i>c</i>", "customers": 30, "share": 0.6},
            {"value": "d", "customers": 20, "share": 0.4},
        ],
    }
    return found


@pytest.fixture(scope="module")
def page(summary: dict[str, Any]) -> str:
    return render(summary, "en").split("<template")[0]


def plain(source: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", source)).split())


def listed(source: str) -> dict[str, str]:
    """The terms of a description list with what stands behind each."""
    pairs = re.findall(r"<dt>(.*?)</dt>(.*?)</div>", source, re.DOTALL)
    return {plain(term): plain(told) for term, told in pairs}


def article(page: str, begins: str) -> str:
    return page[page.index(begins) :].split("</article>")[0]


def test_a_card_says_each_figure_behind_its_label(page: str, summary: dict[str, Any]) -> None:
    card = article(page, '<article class="card"')
    assert listed(card) == {
        "Customers": "61",
        "of the buyers": "12.3%",
        "of the revenue": "45.6%",
        "Revenue": "EUR 7,777",
        "Expected next of the median customer": "EUR 111.00 EUR 105.00 … EUR 122.00",
        f"Change since {WORDS.date(summary['follow']['from'])}": "+10 (+20.0%)",
    }
    actions = card[card.index('<ol class="actions">') :].split("</ol>")[0]
    assert re.findall(r"<li>(.*?)</li>", actions) == ["first", "second", "third"]
    assert plain(card).startswith(WORDS.name(summary["segments"][0]["name"]))


def test_a_segment_says_how_sure_it_is_and_how_it_differs(page: str, summary: dict[str, Any]) -> None:
    number = summary["segments"][0]["segment"]
    told = article(page, f'id="segment-{number}"')
    facts = listed(told)
    assert (facts["Confidence"], facts["Fit to the animal"], facts["Steadiness"]) == ("71%", "82%", "0.93")
    lines = re.findall(r"<tr>(.*?)</tr>", told)
    rows = [[plain(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", line)] for line in lines]
    amounts = [f"EUR {amount}.00" for amount in (11, 22, 33, 50)]
    assert ["Total spent, net of refunds", *amounts, "44"] in rows
    assert ["<b>b</b>", "50.0%", "25.0%", "× 1.9 1.4 … 2.8"] in rows


def test_a_segment_tells_what_most_bought_and_has_its_own_pictures(page: str, summary: dict[str, Any]) -> None:
    for one in summary["segments"]:
        number = one["segment"]
        told = article(page, f'id="segment-{number}"')
        assert re.findall(r'data-figure="([^"]+)"', told) == [
            f"{kind}-{number}" for kind in ("profile", "hours", "flows")
        ]
    told = article(page, f'id="segment-{summary["segments"][0]["segment"]}"')
    assert f"{WORDS('segments.common')}: <i>c</i> (60%), d (40%)." in plain(told)
    since = WORDS.date(summary["segments"][0]["flows"]["from"])
    for side, of in (("came", "from"), ("went", "to")):
        assert f"{plain(WORDS(f'segments.{side}', date=since))} {WORDS(f'movements.{of}')} " in plain(told)


def test_the_head_of_the_page_tells_how_many_and_who_matters(page: str, summary: dict[str, Any]) -> None:
    head = page[page.index('<header class="top">') :].split("</header>")[0]
    people = summary["population"]
    facts = listed(head)
    assert len({people[name] for name in ("customers", "placed", "early")}) == 3
    for name, key in (("customers", "customers"), ("segmented", "placed"), ("early", "early")):
        assert facts[WORDS(f"page.{name}")] == WORDS.number(people[key])
    by_number = {one["segment"]: one for one in summary["segments"]}
    top, quiet = (by_number[summary["finding"][kind]] for kind in ("top", "quiet"))
    shares = [WORDS.percent(top[share]) for share in ("share_of_customers", "share_of_value")]
    assert shares == ["12.3%", "45.6%"]
    told = WORDS("finding.top", name=WORDS.name(top["name"]), customers=shares[0], value=shares[1])
    assert plain(told) in plain(head)
    days = WORDS("terms.days", count=quiet["medians"]["days_since_last_purchase"])
    value = WORDS.percent(quiet["share_of_value"])
    told = WORDS("finding.quiet", name=WORDS.name(quiet["name"]), days=days, value=value)
    assert plain(told) in plain(head)


def test_each_card_leads_to_its_own_segment(page: str, summary: dict[str, Any]) -> None:
    looking = summary["visitors"]["segments"]
    wanted = [f"#segment-{one['segment']}" for one in (*summary["segments"], *looking)]
    assert re.findall(r'<article class="card".*?<h3><a href="([^"]+)"', page, re.DOTALL) == wanted


def part(summary: dict[str, Any], name: str, words: Words = WORDS) -> str:
    shown = context(summary, words, {}, anchored, ["en", "fr"])
    return plain(environment().get_template(f"{name}.html.j2").render(shown))


def test_one_customer_gone_quiet_in_one_month_is_told_in_the_singular(summary: dict[str, Any]) -> None:
    finding = {"top": summary["segments"][0]["segment"], "quiet": None, "lapsed": 1}
    some = summary | {"finding": finding, "windows": [1, 5, 7]}
    assert "1 of them has gone quiet, and bought nothing in 1 month." in part(some, "header")
    assert "1 d'entre eux s'est tu\u202f: il n'a rien acheté en 1 mois." in html.unescape(
        environment().get_template("header.html.j2").render(context(some, FRENCH, {}, anchored, ["en", "fr"]))
    )


def test_one_segment_has_as_many_buyers_in_the_sentence_as_on_its_card(summary: dict[str, Any]) -> None:
    """Some buyers are too early: they are of the population and not of the segment."""
    some = summary | {"segments": summary["segments"][:1], "finding": {"top": None, "quiet": None, "lapsed": None}}
    some["population"] = summary["population"] | {"segmented": 999}
    told = part(some, "header")
    assert "All the buyers who are placed form one segment (61)" in told
    assert "999" not in told


def test_what_is_most_widely_bought_is_not_said_to_be_bought_by_most(summary: dict[str, Any]) -> None:
    common = [{"value": "b", "customers": 9, "share": 0.3}]
    first = summary["segments"][0] | {"common_brands": common, "common_categories": []}
    some = summary | {"segments": [first, *summary["segments"][1:]]}
    told = plain(article(render(some, "en").split("<template")[0], f'id="segment-{first["segment"]}"'))
    assert "Most widely bought among them: b (30%)." in told
    assert "by most" not in told


def test_rules_that_count_others_than_the_card_say_so(page: str, summary: dict[str, Any]) -> None:
    for one in summary["segments"]:
        assert WORDS("tree.rules_count") in plain(article(page, f'id="segment-{one["segment"]}"'))


@pytest.mark.parametrize("kind", ["buyers", "visitors"])
def test_a_segment_has_the_rules_of_its_own(page: str, summary: dict[str, Any], kind: str) -> None:
    whole = summary if kind == "buyers" else summary["visitors"]
    first = min(one["segment"] for one in whole["segments"])
    for one in whole["segments"]:
        told = article(page, f'id="segment-{one["segment"]}"')
        own = [r for r in whole["tree"]["rules"] if r["segment"] == one["segment"] - first]
        others = [r for r in whole["tree"]["rules"] if r["segment"] != one["segment"] - first]
        assert own
        for rule in own:
            count = WORDS("terms.customers_count", count=rule["customers"])
            purity = f"{WORDS('terms.purity').lower()} {WORDS.percent(rule['purity'])}"
            assert f"{WORDS.sentence(rule['text'])} {count} · {purity}" in plain(told)
        distinct = {WORDS.sentence(r["text"]) for r in others} - {WORDS.sentence(r["text"]) for r in own}
        assert not [rule for rule in distinct if f" {rule} " in plain(told)]
