"""What `movements` and `cadence` print: tables for people, the same as a result for the log, and all of it as JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from bestiary.files import write_json
from bestiary.logs import Log
from bestiary.show import Out

if TYPE_CHECKING:
    from bestiary.segments.follow.cadence import Cadence

TOP = 10
"""So many flows are printed."""
LEGEND = (
    "A customer counts in the segment where they are settled: a clear placement moves them, or the same one twice "
    "running. So totals differ a little from those of the segments, where everyone counts as placed."
)
Record = Mapping[str, Any]


def movements(log: Log, found: Record, file: Path | None) -> None:
    """Print the matrix, the flows that differ most from ageing alone, and what became of the segments."""
    out, states = Out(log), found["states"]
    title = f"Customers as of {found['from']} (rows) and {found['to']} (columns)"
    out.print(_matrix(states["from"], states["to"], found["counts"], title))
    flows = [flow for flow in found["flows"] if flow["surprise"]]
    if flows:
        title = "Other than ageing alone would have it, the largest first"
        out.print(_flows(flows[:TOP], states["from"], states["to"], title))
    elif all(flow["expected"] is not None for flow in found["flows"]):
        out.say("Nothing that ageing alone does not tell.")
    else:
        out.say(f"The customers of {found['from']} are not there any more: what ageing moves is not known.")
    out.say(LEGEND, wrap=True)
    notes = _notes(found)
    for note in notes:
        out.say(f"Note: {note}", wrap=True)
    _write(out, found, file)
    moved = sum(flow["customers"] for flow in found["flows"] if not flow["stayed"])
    log.result(
        "movements",
        **{"from": found["from"], "to": found["to"]},
        moved=moved,
        surprises=len(flows),
        flows=[_told(flow, states["from"], states["to"]) for flow in flows[:TOP]],
        notes=notes,
        path=file,
    )


def cadence(log: Log, found: "Cadence", file: Path | None) -> None:
    """Print a line for each interval, and the recommendation."""
    out, record = Out(log), found.record()
    if found.intervals:
        out.print(_intervals(record, f"{found.dates} dates replayed: a model against a fresh one"))
    out.say(found.sentence["en"], wrap=True)
    if found.note:
        out.say(f"Note: {found.note['en']}", wrap=True)
    _write(out, record, file)
    log.result(
        "cadence",
        **{name: record[name] for name in ("dates", "steps", "days", "open")},
        intervals=record["intervals"],
        sentence=found.sentence["en"],
        path=file,
    )


def _write(out: Out, record: Record, file: Path | None) -> None:
    if file is not None:
        write_json(file, record)
        out.say(f"Everything as JSON: {file}")


def _matrix(old: Sequence[Record], new: Sequence[Record], counts: Sequence[Sequence[int]], title: str) -> Table:
    """The matrix, without states that nobody was in."""
    columns = [place for place, state in enumerate(new) if state["customers"]]
    table = Table("", box=None, pad_edge=False, title=title, title_justify="left")
    for place in columns:
        table.add_column(escape(new[place]["name"]["en"]), justify="right")
    table.add_column("all", justify="right")
    for state, row in zip(old, counts, strict=True):
        if state["customers"]:
            cells = [f"{row[place]:,}" if row[place] else "-" for place in columns]
            table.add_row(escape(state["name"]["en"]), *cells, f"{state['customers']:,}")
    total = [f"{new[place]['customers']:,}" for place in columns]
    table.add_row("all", *total, f"{sum(state['customers'] for state in old):,}")
    return table


def _flows(flows: Sequence[Record], old: Sequence[Record], new: Sequence[Record], title: str) -> Table:
    table = Table("from", "to", box=None, pad_edge=False, title=title, title_justify="left")
    for name in ("customers", "by ageing", "95 % interval", "excess"):
        table.add_column(name, justify="right")
    for flow in flows:
        table.add_row(
            escape(old[flow["from"]]["name"]["en"]),
            escape(new[flow["to"]]["name"]["en"]),
            f"{flow['customers']:,}",
            f"{flow['expected']:z,.0f}",
            f"{flow['low']:z,.0f} to {flow['high']:z,.0f}",
            f"{flow['excess']:+z,.0f}",
        )
    return table


def _told(flow: Record, old: Sequence[Record], new: Sequence[Record]) -> dict[str, Any]:
    """A flow with names for numbers."""
    return {**flow, "from": old[flow["from"]]["name"]["en"], "to": new[flow["to"]]["name"]["en"]}


def _notes(found: Record) -> list[str]:
    """What is to be said of segments: of each new one that is not plainly an old one, and of each old one not kept."""
    told = []
    for one in found["populations"].values():
        told += [f"{new['name']['en']}: {new['note']['en']}" for new in one["segments"] if new["note"]]
        told += [old["note"]["en"] for old in one["before"] if old["note"]]
    return told


def _intervals(record: Record, title: str) -> Table:
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for name in ("days", "replays", "agreement", "adjusted Rand", "largest drift (PSI)", "change of value", "lasts"):
        table.add_column(name, justify="right")
    for one in record["intervals"]:
        table.add_row(
            f"{one['days']:.0f}",
            f"{one['replays']:,}",
            f"{one['agreement']:.1%}",
            f"{one['rand']:.2f}",
            f"{max(one['psi']):.2f}",
            "-" if one["loss"] is None else f"{-round(one['loss'], 3) or 0:+.3f}",
            "yes" if one["kept"] else "no",
        )
    return table
