"""The commands for who acts on segments: audiences, what a campaign did, and events for other systems."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from bestiary import cli_options as options
from bestiary.guard import telling

MOST_HELD = Fraction(9, 10)
"""The largest share that may be held back: a campaign is for somebody."""

SegmentNames = Annotated[
    list[str] | None,
    typer.Option("--segment", help="An animal, a segment's name or number; may be repeated.", show_default="all"),
]
Where = Annotated[
    str | None,
    typer.Option(help='A condition on columns: "days_since_last_purchase > 30".', show_default="everyone"),
]
Holdout = Annotated[str, typer.Option(help="The share that is held back, such as 10% or 0.1.")]
OutCsv = Annotated[Path, typer.Option("--out", help="The CSV file to write.", show_default=False)]
Campaign = Annotated[
    str | None, typer.Option(help="The campaign's name, by which people are drawn.", show_default="that of --out")
]
FileFormat = Annotated[str, typer.Option("--format", help="csv, ids, google or meta.")]
Columns = Annotated[str | None, typer.Option(help="Columns of the run or the file, with commas.", show_default=False)]
Join = Annotated[
    Path | None, typer.Option(help="The shop's own CSV or Parquet file, a row for each customer.", show_default=False)
]
On = Annotated[str, typer.Option("--on", help="Its column with the customers' ids.")]
Plain = Annotated[bool, typer.Option("--plain", help="Write addresses and numbers as they are, not hashed.")]
Days = Annotated[int, typer.Option(min=1, max=366, help="In how many days purchases are to be counted.")]
Baseline = Annotated[
    str | None, typer.Option(help="The share who buy without a campaign.", show_default="what the store tells")
]
Margin = Annotated[str | None, typer.Option(help="What is left of revenue, such as 30%.", show_default=False)]
Cost = Annotated[float | None, typer.Option("--contact-cost", min=0, help="Of one contact.", show_default=False)]
Value = Annotated[float | None, typer.Option(min=0, help="What a buyer spends.", show_default="what the store tells")]
Purpose = Annotated[str, typer.Option(help="What the data are used for, to be remembered.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what the test could see, and write nothing.")]

CampaignName = Annotated[str, typer.Option("--campaign", help="The campaign's name.", show_default=False)]
Since = Annotated[
    date | None,
    typer.Option(
        "--from",
        parser=options.as_date,
        metavar="DATE",
        help="Count from this midnight.",
        show_default="the campaign's date",
    ),
]
CountedUntil = Annotated[
    date | None,
    typer.Option(
        "--until", parser=options.as_date, metavar="DATE", help="Count up to this midnight.", show_default="as planned"
    ),
]


def audience(
    store: options.StorePath,
    out: OutCsv,
    segment: SegmentNames = None,
    where: Where = None,
    holdout: Holdout = "10%",
    campaign: Campaign = None,
    as_of: options.LatestRun = None,
    format: FileFormat = "csv",  # noqa: A002
    columns: Columns = None,
    join: Join = None,
    on: On = "user_id",
    plain: Plain = False,
    days: Days = 30,
    baseline: Baseline = None,
    margin: Margin = None,
    contact_cost: Cost = None,
    value: Value = None,
    purpose: Purpose = "",
    dry_run: DryRun = False,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Write the customers of a campaign to a file, and those held back beside it; say first what the test can see."""
    with telling(quiet, log_format) as log:
        from bestiary import audience as audiences
        from bestiary import show_audience
        from bestiary.publish.audience_asked import Asked, Joined, Money, format_of
        from bestiary.publish.holdout import campaign_name, share_of

        asked = Asked(
            campaign=campaign_name(out.stem if campaign is None else campaign),
            out=out,
            segments=tuple(segment or ()),
            where=where,
            share=share_of(holdout, "a share to hold back", MOST_HELD),
            as_of=as_of,
            format=format_of(format),
            columns=tuple(one.strip() for one in columns.split(",")) if columns else (),
            joined=None if join is None else Joined(join, on),
            plain=plain,
            days=days,
            baseline=None if baseline is None else float(share_of(baseline, "a share of buyers")),
            money=Money(None if margin is None else float(share_of(margin, "a margin")), contact_cost, value),
            purpose=purpose,
        )
        settings = options.read_settings(config, memory=memory)
        currency = show_audience.currency_of(store)
        done = audiences.audience(
            store,
            asked,
            dry_run=dry_run,
            settings=settings,
            progress=log.progress,
            told=lambda found: show_audience.plan(log, found, currency),
        )
        show_audience.written(log, done, store, dry_run=dry_run)


def lift(
    store: options.StorePath,
    campaign: CampaignName,
    since: Since = None,
    until: CountedUntil = None,
    margin: Margin = None,
    contact_cost: Cost = None,
    out: options.OutFile = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Say whether a campaign did anything: what those written to bought, beside those held back."""
    with telling(quiet, log_format) as log:
        from bestiary import lift as lifts
        from bestiary import show_audience, show_lift
        from bestiary.publish.holdout import share_of

        found = lifts.lift(
            store,
            campaign,
            since=since,
            until=until,
            margin=None if margin is None else float(share_of(margin, "a margin")),
            contact_cost=contact_cost,
            settings=options.read_settings(config, memory=memory),
            progress=log.progress,
        )
        show_lift.lift(log, found, show_audience.currency_of(store), out)
