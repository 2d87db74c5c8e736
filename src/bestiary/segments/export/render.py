"""The placement as one SELECT in the dialect of an engine: a common table expression for each layer."""

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError

from bestiary import __version__
from bestiary.errors import ConfigError, did_you_mean
from bestiary.segments.export.placement import OUTPUTS, SHARED, USER, placement
from bestiary.segments.export.terms import Names
from bestiary.segments.model import Model

DIALECTS = ("duckdb", "postgres", "redshift", "snowflake", "bigquery", "spark")
FENCED = ("able", "standardised", "components", "scores", "cell_scores", "turned", "likelihoods", "distances")
"""Layers whose columns are read many times. Postgres would write each into every place that reads it, and work for
hours; OFFSET 0 keeps it from that, and costs less than AS MATERIALIZED."""


def score(model: Model, *, table: str = "customers", dialect: str) -> str:
    """One SELECT that places every row of a customer table: user_id, population, too_early, segment, persona.

    As in `segments.parquet`, segment and persona are null where it is too early to say, and segment, persona and
    population for who is of no population. A segment is also null where a number is negative that may not be, or
    infinite, or NaN, or null where the model knows no null. Raises ConfigError for another dialect, and for a table
    that is not a plain name such as `analytics.customers`.
    """
    if dialect not in DIALECTS:
        raise ConfigError(
            f"Unknown dialect '{dialect}'{did_you_mean(dialect, DIALECTS)}.",
            allowed=f"Allowed: {', '.join(DIALECTS)}.",
        )
    query = _query(model, _table(table, dialect))
    if dialect == "duckdb":  # else it is given a CASE around each LEAST, for columns of which some are null
        for best in query.find_all(exp.Least, exp.Greatest):
            best.set("ignore_nulls", True)
    if dialect == "postgres":
        for step in query.ctes:
            if step.meta.get("layer") in FENCED:
                step.this.set("offset", exp.Offset(expression=exp.Literal.number(0)))
    return f"{_heading(model)}\n{query.sql(dialect=dialect, pretty=True, max_text_width=110)}\n"


def _query(model: Model, table: exp.Table) -> exp.Select:
    """The SELECT as an expression. Each layer is named for what it is, and has all columns of the one before."""
    plan = placement(model)
    names = Names({table.name.lower()})
    steps = {layer: names.new(layer) for layer in SHARED}
    before: exp.Table | str = table
    query = exp.Select()
    for layer in plan.layers:
        kept = exp.column(USER) if isinstance(before, exp.Table) else exp.Star()
        columns = [exp.alias_(one.copy(), name) for name, one in layer.columns.items()]
        step = exp.select(kept, *columns).from_(before)
        query = query.with_(steps[layer.name], as_=step, copy=False)
        query.ctes[-1].meta["layer"] = layer.name
        before = steps[layer.name]
    outputs = [*(exp.column(name) for name in OUTPUTS[:-1]), exp.alias_(plan.persona, OUTPUTS[-1])]
    return query.select(*outputs).from_(before)


def _table(name: str, dialect: str) -> exp.Table:
    try:
        found = parse_one(name, dialect=dialect, into=exp.Table)
        bare = not any(token.comments for token in tokenize(name, read=dialect))
    except (SqlglotError, RecursionError):
        found, bare = exp.Table(), False
    given = {part: value for part, value in found.args.items() if value}
    plain = bare and "this" in given and set(given) <= {"this", "db", "catalog"}
    if not plain or not all(type(one) is exp.Identifier for one in given.values()):
        raise ConfigError(
            f"{name!r} is not the name of a table.",
            allowed="Allowed: a name, with its schema or database before it, such as analytics.customers.",
            do="Make a view of anything else, and name that.",
        )
    return found


def _heading(model: Model) -> str:
    where = model.provenance
    told = f"bestiary {__version__}: segments of a model as of {where.as_of}, fingerprint {where.fingerprint}"
    return "-- " + "".join(sign for sign in told if sign.isprintable())
