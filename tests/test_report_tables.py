"""The report's tables: every figure stands in the row and under the heading that it belongs to."""

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest

from bestiary.customers.features import features
from bestiary.report.html import GAP_ROWS, render
from report_beliefs import follow
from report_drawn import WORDS, summary_with_all
from report_habits import cadence
from report_run import WINDOWS

Row = dict[str, str]


def _distinct(summary: dict[str, Any]) -> None:
    """Figures that the tables show, so changed that none can stand for another."""
    point = {"ari": 0.11, "jaccard": 0.22, "smallest_share": 0.033, "null_mean": 0.444, "low": 0.555, "high": 0.666}
    summary["silhouette"]["curve"][0] |= point | {"silhouette": 0.611}
    candidate = {"k": 5, "ari": 0.12, "jaccard": 0.23, "smallest_share": 0.034, "fidelity": 0.945, "leaves": 17}
    summary["comparison"]["candidates"][1] |= candidate
    summary["segments"][1]["expects"] = {"rank": 0.71, "low": 10.0, "middle": 20.0, "high": 30.0}
    summary["tree"]["per_class"][0] |= {"precision": 0.801, "recall": 0.702, "f1": 0.603, "support": 54}
    summary["tree"]["roc"][0]["auc"] = 0.905
    summary["tree"] |= {"train": 1230, "test": 321}
    summary["enough"]["deciding"]["points"][0] |= {"customers": 601, "share": 0.62, "low": 0.53, "high": 0.74}
    column = next(one for record in summary["columns"] for one in record["columns"] if record["kind"] == "numeric")
    column |= {"nulls": 9, "min": 11.0, "q1": 22.0, "median": 33.0, "q3": 44.0, "max": 55.0}
    summary["pca"]["explained_variance"][:2] = [7.77, 6.66]
    summary["pca"]["loadings"][0][:2], summary["pca"]["loadings"][1][:2] = [0.55, 0.66], [-0.44, -0.33]
    source = {"read": 101, "kept": 92, "duplicates": 5, "rejected": 2, "erased": 1, "excluded": 1}
    summary["quality"]["sources"][0] |= source
    summary["quality"]["missing"] = {"brand": 2_900}
    summary["cadence"] = {**cadence(), "as_of": "2019-12-01"}
    summary["cadence"]["intervals"][0] |= {"replays": 8, "agreement": 0.971, "loss": 0.012}


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    found = summary_with_all() | {"follow": follow()}
    _distinct(found)
    return found


@pytest.fixture(scope="module")
def page(summary: dict[str, Any]) -> str:
    return render(summary, "en").split("<template")[0]


def plain(source: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", source.replace("<wbr>", ""))).split())


def rows(page: str, section: str) -> list[Row]:
    """The rows of all tables of a section, by heading."""
    found = []
    part = page[page.index(f'<section id="{section}"') :].split("</section>")[0]
    for table in re.findall(r"<table.*?</table>", part, re.DOTALL):
        head, _, body = table.partition("</thead>")
        names = [plain(one) for one in re.findall(r"<th[ >].*?</th>", head, re.DOTALL)]
        for line in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
            cells = [plain(one) for one in re.findall(r"<t[hd].*?</t[hd]>", line, re.DOTALL)]
            found.append(dict(zip(names, cells, strict=False)))
    return found


def named(summary: dict[str, Any], number: int) -> str:
    return next(WORDS.name(one["name"]) for one in summary["segments"] if one["segment"] == number)


def headed(group: str, **cells: str) -> Row:
    return {WORDS(f"{group}.{key}"): told for key, told in cells.items()}


def test_the_choice(page: str) -> None:
    wanted = headed("terms", silhouette="0.611", interval="0.555 … 0.666", null_mean="0.444")
    wanted |= headed("terms", ari="0.11", jaccard="0.22", smallest="3.3%", kind="exact")
    assert rows(page, "choice")[0] == {"k": "2", **wanted}
    chosen = re.findall(r'<tr class="chosen"><th scope="row">(\d+)</th>', page[page.index('<section id="choice"') :])
    assert chosen[0] == "7"
    assert WORDS("choice.test", p="0.325", gap="0.012") in plain(page)


def test_the_candidates(page: str) -> None:
    wanted = headed("candidates", ari="0.12", jaccard="0.23", smallest="3.4%", fidelity="94.5%", leaves="17")
    second = rows(page, "candidates")[1]
    assert second | wanted | {"k": "5"} == second
    wanted = headed("worth", gini="0.720 0.70…0.74", r_squared="0.670 0.65…0.69", top_10="62.0% 60…64%")
    told = next(row for row in rows(page, "candidates")[3:] if row.get(WORDS("worth.gini"), "").startswith("0.720"))
    assert told | wanted == told
    worth = WORDS("worth.intro", n="812", start="1 October 2019", end="1 December 2019", base="20.0%")
    assert plain(worth) in plain(page)


def test_what_is_expected(page: str, summary: dict[str, Any]) -> None:
    wanted = headed("expected", rank="71", middle="EUR 20.00", interval="EUR 10.00 … EUR 30.00")
    assert (
        rows(page, "expected")[1]
        == {WORDS("terms.segment"): named(summary, summary["segments"][1]["segment"])} | wanted
    )


def test_the_tree(page: str, summary: dict[str, Any]) -> None:
    wanted = headed("terms", precision="0.801", recall="0.702", f1="0.603", support="54", auc="0.905")
    assert rows(page, "tree")[0] == {WORDS("terms.segment"): named(summary, 0)} | wanted
    assert plain(WORDS("tree.held_out", train="1,230", test="321")) in plain(page)
    purity = f"{WORDS('terms.purity').lower()} 97.0%"
    assert f"{WORDS('terms.customers_count', count=100)} · {purity}" in plain(page[page.index('<section id="tree"') :])


def test_who_is_too_early(page: str) -> None:
    wanted = headed("early", visits="1", customers="601", kept="62.0%", interval="53.0% … 74.0%", events="3")
    assert rows(page, "early")[0] == wanted


def test_the_columns(page: str, summary: dict[str, Any]) -> None:
    numeric = next(one for record in summary["columns"] for one in record["columns"] if record["kind"] == "numeric")
    wanted = headed(
        "columns_section", column=numeric["name"], nulls="9", min="11", q1="22", median="33", q3="44", max="55"
    )
    assert rows(page, "columns")[0] == wanted
    time = next(record["columns"][0] for record in summary["columns"] if record["kind"] == "time")
    told = next(row for row in rows(page, "columns") if row[WORDS("columns_section.column")] == time["name"])
    ends = headed("columns_section", min=WORDS.date(time["min"]), max=WORDS.date(time["max"]))
    assert ends[WORDS("columns_section.min")] != ends[WORDS("columns_section.max")]
    assert told | ends == told


def test_the_components(page: str, summary: dict[str, Any]) -> None:
    one, other = (WORDS("terms.component", number=number) for number in (1, 2))
    share, variance, first, second = rows(page, "components")[:4]
    ratios = summary["pca"]["explained_variance_ratio"]
    assert (share[one], share[other]) == tuple(WORDS.number(100 * ratio, 1) for ratio in ratios[:2])
    assert (variance[one], variance[other]) == ("7.77", "6.66")
    assert (first[one], first[other], second[one], second[other]) == ("0.55", "−0.44", "0.66", "−0.33")


def test_the_quality(page: str) -> None:
    found = rows(page, "quality")
    wanted = headed(
        "quality", source="2019-Oct.csv", read="101", kept="92", duplicates="5", rejected="2", erased="1", excluded="1"
    )
    assert [row for row in found if row | wanted == row]
    day = headed("quality", day=WORDS.date("2019-11-15"), events="12", usual="1,100")
    assert [row for row in found if row | day == row]
    missing = headed("quality", share="14.5%") | {WORDS("columns_section.column"): "brand"}  # of the 20,000 rows read
    assert [row for row in found if row | missing == row]
    reasons = [row[WORDS("quality.rows")] for row in found if WORDS("quality.rows") in row]
    assert reasons == ["25", "20", "10", "5"]


def test_of_many_gaps_the_latest_are_told(summary: dict[str, Any]) -> None:
    days = [(date(2018, 1, 1) + timedelta(days=n)).isoformat() for n in range(GAP_ROWS + 5)]
    gaps = [{"day": day, "kind": "few_events", "events": 1, "usual": 9.0} for day in days]
    many = summary | {"quality": summary["quality"] | {"gaps": gaps}}
    found = rows(render(many, "en").split("<template")[0], "quality")
    told = [row[WORDS("quality.day")] for row in found if WORDS("quality.day") in row]
    assert told == [WORDS.date(day) for day in days[5:]]


def test_who_moved(page: str) -> None:
    wanted = headed("movements", **{"from": "Fox", "to": "Lion", "expected": "2", "surprise": WORDS("movements.more")})
    wanted |= headed("terms", customers="12", interval="−3 … 7")
    assert rows(page, "movements")[0] == wanted
    assert WORDS("movements.ends", new="15", gone="8") in plain(page)


def test_how_long_a_model_lasts(page: str) -> None:
    wanted = headed("cadence", days="30", replays="8", agreement="97.1%", loss="0.012", kept=WORDS("terms.yes"))
    assert rows(page, "cadence")[0] == wanted


def test_the_glossary(page: str) -> None:
    for row, feature in zip(rows(page, "glossary"), features(WINDOWS), strict=True):
        wanted = headed("glossary", formula=feature.formula, null_rule=feature.null_rule, source=feature.source)
        assert row | {name: " ".join(told.split()) for name, told in wanted.items()} == row
