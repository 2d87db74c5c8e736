"""Whether a shop's ids are integers or strings, told from the first records of its first file."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bestiary.events.contract import IDS
from bestiary.events.cut import cut
from bestiary.events.kernel import raw_types
from bestiary.events.mapping import Mapping
from bestiary.events.source import Source
from bestiary.events.survey import readable
from bestiary.sql import connect, quote, render

HERE = Path(__file__).parent
SAMPLE = 10_000
TOLERANCE = 0.01


def infer_id_kinds(source: Source, mapping: Mapping) -> dict[str, str]:
    """`integer` or `string` for user_id, product_id and category_id, from the first 10,000 records; {} for none.

    Integer, unless over 1 % of the known values are not numbers, have more than 19 digits, or begin with a 0 that
    would be lost. A number that is not an integer ('2.10381E+18', 17850.0) speaks for integers: it is one that a
    spreadsheet has written, and its row is judged later. No known value: integer.
    Raises EventsError for a damaged file.
    """
    with (
        readable(source.path),
        TemporaryDirectory() as folder,
        connect() as connection,
        closing(cut(source, SAMPLE, Path(folder))) as pieces,
    ):
        head = replace(next(pieces), plain=False)
        types = raw_types(connection, source, head, mapping)
        ctes = render(HERE / "raw.sql", source=source, piece=head, mapping=mapping, numbered=False)
        text = quote("-?(0[0-9]+|[0-9]{20,}|.*[^0-9.eE+-].*)")
        shares = ", ".join(
            f"coalesce(avg(cast(regexp_full_match(cast({name} AS VARCHAR), {text}) AS INTEGER)), 0)" for name in IDS
        )
        query = f"WITH {ctes} SELECT count(*), {shares} FROM (FROM raw WHERE fault IS NULL LIMIT {SAMPLE})"
        records, *found = connection.execute(query).fetchall()[0]
    if not records:
        return {}
    return {
        name: "string" if types[name] not in ("DOUBLE", "FLOAT") and share > TOLERANCE else "integer"
        for name, share in zip(IDS, found, strict=True)
    }
