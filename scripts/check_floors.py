"""The plan of the house: imports go down only, and rooms of one floor do not import each other.

Run as `python scripts/check_floors.py [SRC]`; prints a line for each offence and exits 1 where there is one. Every
import counts, also inside a function, under TYPE_CHECKING, and `importlib.import_module("bestiary.x")`.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "bestiary"
COMMANDS = ("cli_tools", "cli_audience", "cli_events", "cli_export", "cli_publish", "cli_serve", "cli_subject")
SHOWS = ("show_audience", "show_changes", "show_events", "show_lift", "show_segments", "show_subject", "show_worth")
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        *("config", "config_tables", "contract", "errors", "faults", "files", "ids", "parts", "progress"),
        *("sql", "streams", "web", "windows"),
    ),
    ("events", "lake", "customers", "segments", "simulate"),
    ("report", "serve", "publish", "privacy"),
    (
        *("pipeline", "intake", "gate", "steps", "past", "changes", "evaluation", "dashboard", "service", "stored"),
        *("audience", "lift", "events_out", "publishing", "sharing"),
        *("rights", "removal", "beyond", "rekeying"),
    ),
    ("cli", *COMMANDS, "cli_options", "show", *SHOWS, "guard", "logs", "bars"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
NEIGHBOURS = {
    *(("pipeline", room) for room in ("intake", "gate", "steps", "sharing", "changes", "evaluation", "dashboard")),
    ("sharing", "steps"),
    *((room, other) for room in ("rights", "rekeying") for other in ("removal", "beyond")),
    ("rekeying", "publishing"),
    ("dashboard", "changes"),
    ("service", "stored"),
    ("intake", "gate"),
    *((room, "past") for room in ("steps", "changes", "evaluation")),
    *((room, other) for room in ("cli", *COMMANDS) for other in ("cli_options", "show", *SHOWS, "guard", "logs")),
    *((room, other) for room in SHOWS for other in ("show", "logs")),
    *(("cli", room) for room in COMMANDS),
    *(("guard", "logs"), ("show", "logs"), ("logs", "bars")),
}
"""Who may import whom on one floor; on the ground floor everyone may, as long as nobody imports himself in the end."""

Import = tuple[int, str]


def imports(file: Path, module: str) -> Iterator[Import]:
    """Line and full name of everything that a module imports from the package."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        if isinstance(node, ast.stmt | ast.expr):
            yield from ((node.lineno, name) for name in _names(node, package) if name.partition(".")[0] == PACKAGE)


def _names(node: ast.AST, package: str) -> Iterator[str]:
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom():
            parts = package.split(".")
            base = [] if node.level == 0 else parts[: len(parts) - node.level + 1]
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from bestiary import x` may name a room; in `from bestiary.x import y` the room is known already.
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str(name)), *_]):
            if called in ("import_module", "__import__"):
                yield name if not name.startswith(".") else PACKAGE + name  # relative to the package


def room_of(name: str) -> str:
    """The room of a module's full name; empty for the package itself."""
    return ".".join(name.split(".")[1:2])


def offences(src: Path) -> list[str]:
    """Every import in `src/bestiary` that the plan does not allow, as `file:line: what; what is allowed`."""
    found, ground = [], {room: set[str]() for room in FLOORS[0]}
    for file in sorted((src / PACKAGE).rglob("*.py")):
        relative = file.relative_to(src)
        module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
        room = room_of(module)
        if room and room not in FLOOR:
            found.append(f"{relative}:1: {room} has no floor; give it one in scripts/check_floors.py")
            continue
        for line, name in imports(file, module):
            target = room_of(name)
            if not target or target == room or target.startswith("__"):  # such as bestiary.__version__
                continue
            fault = _fault(room, target)
            if fault:
                found.append(f"{relative}:{line}: {module} imports {name}; {fault}")
            elif room in ground and target in ground:
                ground[room].add(target)
    return found + [f"{PACKAGE}: {' -> '.join(cycle)}; the ground floor has no cycles" for cycle in _cycles(ground)]


def _fault(room: str, target: str) -> str:
    """Why a room may not import another; empty where it may."""
    if not room:
        return "the package's own __init__ imports no room, so that importing it loads nothing heavy"
    if target not in FLOOR:
        return f"{target} has no floor; give it one in scripts/check_floors.py"
    floor, other = FLOOR[room], FLOOR[target]
    if other < floor or other == floor == 0 or (room, target) in NEIGHBOURS:
        return ""
    below = ", ".join(name for rooms in FLOORS[: floor or 1] for name in rooms)
    return f"floor {floor} may not import floor {other}, only: {below}"


def _cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    def walk(path: list[str]) -> Iterator[list[str]]:
        for target in sorted(graph[path[-1]]):
            if target == path[0]:
                yield [*path, target]
            elif target not in path and target > path[0]:  # each cycle once, from its first name
                yield from walk([*path, target])

    return [cycle for room in sorted(graph) for cycle in walk([room])]


def main() -> int:
    """Check the tree beside this script, or the one that is named."""
    src = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "src"
    found = offences(src)
    print("\n".join(found) if found else "floors: imports go down only")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
