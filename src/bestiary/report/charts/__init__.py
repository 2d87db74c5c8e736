"""The charts of the report and of the dashboard, as checked Plotly figures with the words around them.

A chart is a pure function of the summary. Text that comes from data goes through `plain`, since Plotly reads a little
HTML in its texts.
"""

from collections.abc import Mapping
from typing import Any

from bestiary.report.charts.base import Chart, is_amount
from bestiary.report.charts.choice import choice_chart
from bestiary.report.charts.columns import GAP_COLOURS, column_chart, gaps_chart, value_name
from bestiary.report.charts.components import biplot_chart, loadings_chart, scree_chart
from bestiary.report.charts.fidelity import auc_of, confusion_chart, roc_chart
from bestiary.report.charts.shares import shares_chart
from bestiary.report.charts.space import space_chart
from bestiary.report.charts.tree import tree_chart
from bestiary.report.charts.worth import calibration_chart, reliability_chart
from bestiary.report.words import Words

__all__ = ["GAP_COLOURS", "Chart", "auc_of", "draw", "is_amount", "value_name"]


def draw(summary: Mapping[str, Any], words: Words) -> dict[str, Chart]:
    """All charts that the summary has figures for, by key."""
    drawn = [
        shares_chart(summary, words),
        space_chart(summary, words),
        reliability_chart(summary, words),
        choice_chart(summary, words),
        calibration_chart(summary, words),
        scree_chart(summary, words),
        loadings_chart(summary, words),
        biplot_chart(summary, words),
        tree_chart(summary, words),
        confusion_chart(summary, words),
        roc_chart(summary, words),
        gaps_chart(summary, words),
        *(column_chart(record, words) for record in summary["columns"]),
    ]
    return {chart.key: chart for chart in drawn if chart is not None}
