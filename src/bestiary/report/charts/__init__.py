"""The charts of the report and of the dashboard, as checked Plotly figures with the words around them.

A chart is a pure function of the summary. Text that comes from data goes through `plain`, since Plotly reads a little
HTML in its texts.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bestiary.report.charts.base import Chart, is_amount
from bestiary.report.charts.biplot import biplot_chart
from bestiary.report.charts.cadence import cadence_chart
from bestiary.report.charts.choice import choice_chart
from bestiary.report.charts.columns import column_chart, value_name
from bestiary.report.charts.components import loadings_chart, scree_chart
from bestiary.report.charts.days import GAP_COLOURS, days_chart
from bestiary.report.charts.fidelity import auc_of, confusion_chart, roc_chart
from bestiary.report.charts.flows import flows_chart, movements_chart
from bestiary.report.charts.hours import hours_chart
from bestiary.report.charts.profile import profile_chart
from bestiary.report.charts.shares import shares_chart
from bestiary.report.charts.space import space_chart
from bestiary.report.charts.tree import tree_chart
from bestiary.report.charts.worth import calibration_chart, reliability_chart
from bestiary.report.words import Words

__all__ = ["GAP_COLOURS", "Chart", "auc_of", "draw", "is_amount", "movements_chart", "value_name"]


def draw(summary: Mapping[str, Any], words: Words) -> dict[str, Chart]:
    """All charts that the summary has figures for, by key; those of one segment end in its number."""
    drawn = [
        shares_chart(summary, words),
        space_chart(summary, words),
        reliability_chart(summary, words),
        choice_chart(summary, words),
        cadence_chart(summary, words),
        calibration_chart(summary, words),
        scree_chart(summary, words),
        loadings_chart(summary, words),
        biplot_chart(summary, words),
        tree_chart(summary, words),
        confusion_chart(summary, words),
        roc_chart(summary, words),
        days_chart(summary, words),
        *_of_segments(summary, words),
        *(column_chart(record, words) for record in summary["columns"]),
    ]
    return {chart.key: chart for chart in drawn if chart is not None}


def _of_segments(summary: Mapping[str, Any], words: Words) -> Iterator[Chart | None]:
    """Profile, hours and flows of each segment, and the hours and the movements of all."""
    zone, buyers = summary["time_zone"], summary["segments"]
    visitors = summary["visitors"]["segments"] if summary["visitors"] else []
    for whose, segments in (("buyers", buyers), ("visitors", visitors)):
        for segment in segments:
            yield profile_chart(segment, segments, words, whose)
            if "hours" in segment:
                yield hours_chart(segment["hours"], zone, words, words.name(segment["name"]), segment["segment"])
            yield flows_chart(segment, [*buyers, *visitors], words)
    if "hours" in summary:
        yield hours_chart(summary["hours"], zone, words)
    if summary["movements"] and "states" in summary["movements"]:
        yield movements_chart(summary["movements"], words, [*buyers, *visitors])
