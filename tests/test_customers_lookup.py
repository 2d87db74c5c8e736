"""One customer's row: the same as the table's, whatever the kind of the ids, and nobody for what is no id."""

from pathlib import Path
from typing import Any

import pytest

from bestiary.customers.lookup import customer
from bestiary.errors import ModelError
from bestiary.sql import connect, quote

ROWS = 20_000
"""Many row groups of 2,048, so that those without the customer are passed over."""


def write(path: Path, ids: str) -> Path:
    """A table of ROWS customers whose ids are an expression of the row's number."""
    with connect() as connection:
        connection.execute(f"""
            COPY (SELECT {ids} AS user_id, range AS place, 'x' || range AS text FROM range({ROWS}) ORDER BY user_id)
            TO {quote(str(path))} (FORMAT parquet, ROW_GROUP_SIZE 2048)
        """)
    return path


def found(path: Path, user_id: int | str) -> Any:
    row = customer(path, user_id)
    return None if row is None else row["place"]


@pytest.mark.parametrize("kind", ["INTEGER", "BIGINT"])
def test_every_kind_of_integer_is_found_by_number_and_by_text(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "c.parquet", f"cast(range * 3 - 300 AS {kind})")
    assert customer(path, 27_000) == {"user_id": 27_000, "place": 9_100, "text": "x9100"}
    assert [found(path, one) for one in (-300, "-300", 0, "0", 59_697, "59697")] == [0, 0, 100, 100, 19_999, 19_999]
    assert [found(path, one) for one in (-301, 1, 59_698, 2**63 - 1, 2**63, -(2**63), "", "abc", "é")] == [None] * 9


def test_an_integer_written_in_another_way_is_nobody(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet", "range")
    assert found(path, "42") == 42
    others = (" 42", "42 ", "+42", "042", "42.0", "42.4", "4.2e1", "0x2A", "4_2", "-0", "٤٢", "42 OR true", "42\n")
    assert [found(path, one) for one in others] == [None] * len(others)


def test_strings_are_found_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "c.parquet", "CASE range WHEN 7 THEN 'o''hara' ELSE cast(range AS VARCHAR) END")
    assert [found(path, one) for one in ("42", 42, "o'hara")] == [42, 42, 7]
    assert [found(path, one) for one in ("042", "O'HARA", "", "7")] == [None] * 4


def test_a_path_with_the_marks_of_a_glob_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "a[1]*").mkdir()
    assert found(write(tmp_path / "a[1]*" / "c.parquet", "range"), 5) == 5


def test_other_row_groups_are_not_read(tmp_path: Path) -> None:
    """Their bytes are overwritten, except for the group that holds the customer."""
    path = write(tmp_path / "c.parquet", "range")
    with connect() as connection:
        spans = connection.execute(f"""
            SELECT row_group_id, min(coalesce(dictionary_page_offset, data_page_offset)), sum(total_compressed_size)
            FROM parquet_metadata({quote(str(path))}) GROUP BY 1 ORDER BY 1
        """).fetchall()
    assert len(spans) == 10
    content = bytearray(path.read_bytes())
    for group, start, size in spans:
        if group != 5:
            content[start : start + size] = b"\xff" * size
    path.write_bytes(content)
    assert found(path, 5 * 2048 + 1) == 5 * 2048 + 1
    with pytest.raises(Exception, match=r"\w"):
        customer(path, 1)


def test_no_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no customer table at .*c\.parquet"):
        customer(tmp_path / "c.parquet", 1)
