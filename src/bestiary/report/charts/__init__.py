"""The charts of the report and of the dashboard: Plotly figures, plain dictionaries that tests check, and their words.

A chart is a pure function of the summary. Text that comes from data goes through `plain`, since Plotly reads a little
HTML in its texts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from bestiary.report.charts.base import Chart
from bestiary.report.charts.biplot import biplot_chart
from bestiary.report.charts.cadence import cadence_chart
from bestiary.report.charts.choice import choice_chart
from bestiary.report.charts.columns import column_chart, value_name
from bestiary.report.charts.components import loadings_chart, scree_chart
from bestiary.report.charts.days import days_chart
from bestiary.report.charts.fidelity import auc_of, confusion_chart, roc_chart
from bestiary.report.charts.flows import flows_chart, movements_chart
from bestiary.report.charts.hours import hours_chart
from bestiary.report.charts.profile import profile_chart
from bestiary.report.charts.shared_map import shared_biplot_chart, shared_space_chart
from bestiary.report.charts.shared_presence import shared_days_chart, shared_hours_chart
from bestiary.report.charts.shares import shares_chart
from bestiary.report.charts.space import space_chart
from bestiary.report.charts.tree import tree_chart
from bestiary.report.charts.worth import calibration_chart, reliability_chart
from bestiary.report.words import Words

__all__ = ["Chart", "auc_of", "draw", "value_name"]

ONCE: Mapping[str, Callable[[Mapping[str, Any], Words], Chart | None]] = {
    "shares": shares_chart,
    "space": space_chart,
    "reliability": reliability_chart,
    "silhouette": choice_chart,
    "cadence": cadence_chart,
    "calibration": calibration_chart,
    "scree": scree_chart,
    "loadings": loadings_chart,
    "biplot": biplot_chart,
    "tree": tree_chart,
    "confusion": confusion_chart,
    "roc": roc_chart,
    "days": days_chart,
}
"""The charts of which there is one each, by key."""
SHARED = {**ONCE, "space": shared_space_chart, "biplot": shared_biplot_chart, "days": shared_days_chart}
"""The same for a shared edition, which has no single customers."""


def draw(summary: Mapping[str, Any], words: Words, keys: Sequence[str] | None = None) -> dict[str, Chart]:
    """The charts that the summary has figures for, by key; all, or those that `keys` name.

    Those of one segment end in its number, those of a column in its name; a key's first word stands for all of them.
    """

    def wanted(key: str) -> bool:
        return keys is None or key in keys or key.partition("-")[0] in keys

    once = SHARED if "sharing" in summary else ONCE
    drawn = [make(summary, words) for key, make in once.items() if wanted(key)]
    drawn += [make() for key, make in _several(summary, words) if wanted(key)]
    return {chart.key: chart for chart in drawn if chart is not None}


def _several(summary: Mapping[str, Any], words: Words) -> Iterator[tuple[str, Callable[[], Chart | None]]]:
    """Key and maker of the charts of each segment, of the movements, and of each column."""
    zone, buyers = summary["time_zone"], summary["segments"]
    visitors = summary["visitors"]["segments"] if summary["visitors"] else []
    everyone = [*buyers, *visitors]
    seen = min(31 * summary["windows"][-1], len(summary["quality"].get("days") or []))
    for whose, segments in (("buyers", buyers), ("visitors", visitors)):
        for one in segments:
            number, name = one["segment"], words.name(one["name"])
            yield f"profile-{number}", partial(profile_chart, one, segments, words, whose)
            if "sharing" in summary:
                yield f"hours-{number}", partial(shared_hours_chart, one, summary, words)
            else:
                yield f"hours-{number}", partial(hours_chart, one["hours"], zone, words, name, number, seen)
            yield f"flows-{number}", partial(flows_chart, one, everyone, words)
    if summary["follow"]:
        yield "movements", partial(movements_chart, summary["follow"], words, everyone)
    for record in summary["columns"]:
        yield f"column-{record['key']}", partial(column_chart, record, words)
