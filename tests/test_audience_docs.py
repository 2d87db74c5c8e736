"""The page for marketers says what is so: the table of smallest effects, and the figures of its sentences."""

import re

from bestiary.events_out import BATCH, RUNNING
from bestiary.publish.power import BreakEven, Test
from bestiary.publish.webhook import SECONDS
from bestiary.publish.webhook_retry import Patience
from test_docs import ROOT, text

PAGE = text(ROOT / "docs" / "audiences.md")


def test_the_smallest_effects_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| ([0-9,]+) \| ([0-9]+) % \|(.+)\|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    for customers, share, told in rows:
        everyone = int(customers.replace(",", ""))
        held = everyone * int(share) // 100
        for base, cell in zip((0.02, 0.12, 0.3), told.split("|"), strict=True):
            smallest = Test(everyone - held, held, base).smallest()
            assert smallest is not None
            assert f"{100 * (base + smallest):.1f} %" == cell.strip()


def test_the_figures_in_sentences() -> None:
    assert "one more buyer in 240, or 0.42 points" in PAGE
    rise = BreakEven(0.3, 0.05, 40.0).rise
    assert (round(1 / rise), f"{100 * rise:.2f}") == (240, "0.42")
    patience = Patience()
    assert f"no answer in {SECONDS:g} s" in PAGE
    assert f"`--attempts {patience.attempts}` in all" in PAGE
    assert f"double from {patience.first:g} s to {patience.longest:g} s" in PAGE
    assert f"waited for up to {patience.asked:g} s" in PAGE
    assert f"or {patience.in_all / 60:g} minutes of waiting in all" in PAGE
    assert (RUNNING, BATCH) == (3, 100)
    assert "three requests given up running" in PAGE
    assert "`--batch 100` in a request" in PAGE
