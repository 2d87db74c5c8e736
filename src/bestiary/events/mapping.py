"""Other shops' columns: a TOML file that says how each contract column is made from the columns of a file.

    currency = "EUR"   of a store that is made from such files and has no setting for it; may be left out
    [columns]      contract column = "source column"
    [constants]    contract column = "value"
    [expressions]  contract column = "a simple SQL expression over source columns"
    [[reject]]     reason = "snake_case_reason", when = "a condition over source columns"

An expression may use columns, constants, arithmetic, comparisons, CASE, CAST and the functions listed in
`FUNCTIONS`. It is parsed by DuckDB and every node of its tree is checked, so a mapping file can neither read a file
nor a table. A column that the mapping does not name is null.
"""

import json
import re
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bestiary.config import read_toml
from bestiary.errors import ConfigError, did_you_mean
from bestiary.events.contract import COLUMNS, REQUIRED
from bestiary.sql import connect, identifier, quote

SHIPPED = Path(__file__).parent / "mappings"
_FUNCTIONS = """
    + - * / % || ~~ !~~ abs round floor ceil trunc coalesce nullif greatest least lower upper trim ltrim rtrim
    replace substr substring left right length contains starts_with ends_with prefix suffix concat strptime
    regexp_full_match regexp_matches regexp_extract split_part
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
_NODES = {
    "COLUMN_REF",
    "CONSTANT",
    "FUNCTION",
    "COMPARISON",
    "CONJUNCTION",
    "CASE",
    "CAST",
    "OPERATOR",
    "BETWEEN",
    "TYPE",
}
_TYPES = {"double", "bigint", "integer", "varchar", "timestamp", "boolean", "decimal"}


@dataclass(frozen=True)
class Mapping:
    """How the nine columns are made: SQL for each, refusals with their conditions, and the source columns needed."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rejects: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    currency: str | None = None


CONTRACT = Mapping("contract", tuple((name, name) for name in COLUMNS), (), COLUMNS)
"""The mapping of a file that follows the contract itself."""


def load_mapping(name_or_path: str) -> Mapping:
    """Read a mapping shipped with the package by its name, or a TOML file by its path.

    Raises ConfigError for an unknown name, key or contract column, a required column left out, or an expression
    that is not a simple one.
    """
    path = SHIPPED / f"{name_or_path}.toml"
    if not re.fullmatch(r"[a-z0-9_]+", name_or_path) or not path.is_file():
        path = Path(name_or_path).expanduser()
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise ConfigError(f"No mapping '{name_or_path}'.", allowed=f"Allowed: a TOML file, or one of: {shipped}.")
    return _build(path, read_toml(path))


def _build(path: Path, content: dict[str, Any]) -> Mapping:
    blocks = ("columns", "constants", "expressions", "reject")
    currency = content.pop("currency", None)
    if not isinstance(currency, str | None) or (currency is not None and not 0 < len(currency) <= 8):
        raise ConfigError(f"{path}: currency is {currency!r}.", allowed="Allowed: a text of 1 to 8 characters.")
    for key, block in content.items():
        _known(path, key, ("currency", *blocks))
        entries = block if key == "reject" and isinstance(block, list) else [block]
        if isinstance(block, list) != (key == "reject") or not all(isinstance(entry, dict) for entry in entries):
            title = "[[reject]]" if key == "reject" else f"[{key}]"
            raise ConfigError(f"{path}: {key} is {block!r}.", allowed=f"Allowed: a table, written {title}.")
    made: dict[str, str] = {}
    needs: list[str] = []
    rejects: list[tuple[str, str]] = []
    for name, column in content.get("columns", {}).items():
        made[_new(path, name, made)] = identifier(str(column))
        needs.append(str(column))
    for name, value in content.get("constants", {}).items():
        made[_new(path, name, made)] = quote(str(value))
    for name, expression in content.get("expressions", {}).items():
        sql, columns = simple_expression(str(expression), path)
        made[_new(path, name, made)] = f"TRY({sql})"
        needs += columns
        if name == "price":  # a price that cannot be worked out is bad, not unknown
            known = "".join(f" AND {identifier(column)} IS NOT NULL" for column in columns)
            rejects.append(("bad_price", f"TRY({sql}) IS NULL{known}"))
    for rule in content.get("reject", []):
        sql, columns = simple_expression(str(rule.get("when")), path)
        needs += columns
        rejects.append((_reason(path, rule), f"TRY({sql})"))
    missing = [name for name in REQUIRED if name not in made]
    if missing:
        raise ConfigError(f"{path}: nothing is given for {', '.join(missing)}.", do="Name a column for each.")
    columns_sql = tuple((name, made.get(name, "cast(NULL AS VARCHAR)")) for name in COLUMNS)
    return Mapping(path.stem, columns_sql, tuple(rejects), tuple(dict.fromkeys(needs)), currency)


def _new(path: Path, name: str, made: dict[str, str]) -> str:
    _known(path, name, COLUMNS)
    if name in made:
        raise ConfigError(f"{path}: {name} is given twice.", do="Keep one of the two.")
    return name


def _known(path: Path, key: str, known: tuple[str, ...]) -> None:
    if key not in known:
        allowed = f"Allowed: {', '.join(known)}."
        raise ConfigError(f"{path}: unknown key '{key}'{did_you_mean(key, known)}.", allowed=allowed)


def _reason(path: Path, rule: Map[str, Any]) -> str:
    reason = str(rule.get("reason", ""))
    if set(rule) != {"reason", "when"} or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", reason):
        allowed = "Allowed: reason = 'snake_case', when = 'condition'."
        raise ConfigError(f"{path}: a [[reject]] entry holds {dict(rule)!r}.", allowed=allowed)
    return reason


def simple_expression(expression: str, path: Path) -> tuple[str, list[str]]:
    """An expression as DuckDB writes it back, and the source columns that it uses, in order.

    Raises ConfigError where it is not a simple expression. What is checked is what is returned: a comment or a second
    statement in the text cannot slip through.
    """
    with connect() as connection:
        text, sql, plain = cast(
            "tuple[str, str | None, str]",
            connection.execute(
                "WITH tree AS (SELECT json_serialize_sql(?) AS t) "
                "SELECT t, CASE WHEN NOT (t ->> 'error')::BOOLEAN THEN json_deserialize_sql(t) END, "
                "json_serialize_sql('SELECT (1)') -> 'statements' -> 0 -> 'node' FROM tree",
                [f"SELECT ({expression})"],
            ).fetchone(),
        )
    tree = json.loads(text)
    if tree["error"] or sql is None:
        raise ConfigError(f"{path}: cannot read the expression {expression!r}: {tree['error_message']}.")
    select = tree["statements"][0]["node"]
    selected = select.get("select_list", ())
    if len(tree["statements"]) != 1 or len(selected) != 1 or _clauses(select) != _clauses(json.loads(plain)):
        raise _refused(path, expression, "more than one expression")
    columns = []
    for node in _walk(selected[0]):
        refusal = _fault(node)
        if refusal:
            raise _refused(path, expression, refusal)
        if node["class"] == "COLUMN_REF":
            columns.append(node["column_names"][-1])
    return sql.removeprefix("SELECT "), list(dict.fromkeys(columns))


def _clauses(select: dict[str, Any]) -> dict[str, Any]:
    """All of a SELECT but what it selects, and where in the text it stands."""
    return {key: _without_places(value) for key, value in select.items() if key != "select_list"}


def _without_places(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_places(value) for key, value in node.items() if key != "query_location"}
    return [_without_places(value) for value in node] if isinstance(node, list) else node


def _fault(node: dict[str, Any]) -> str:
    kind = str(node["class"])
    if kind not in _NODES:
        return kind.lower()
    if kind == "FUNCTION" and (node["function_name"] not in FUNCTIONS or node["schema"] or node["catalog"]):
        return f"the function {node['function_name']}"
    if kind == "COLUMN_REF" and len(node["column_names"]) != 1:
        return f"the name {'.'.join(node['column_names'])}"
    if kind == "TYPE" and node["type_name"].lower() not in _TYPES:
        return f"the type {node['type_name']}"
    return ""


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "class" in node:
            yield node
        for child in node.values():
            yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)


def _refused(path: Path, expression: str, what: str) -> ConfigError:
    return ConfigError(
        f"{path}: the expression {expression!r} holds {what}.",
        allowed="Allowed: columns, constants, arithmetic, comparisons, CASE, CAST and: " + " ".join(sorted(FUNCTIONS)),
    )
