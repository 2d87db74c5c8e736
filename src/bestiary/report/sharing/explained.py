"""The tree as it may be shared: leaves of fewer than k customers are folded into the question above them."""

from collections.abc import Mapping
from typing import Any

from bestiary.report.sharing.crowds import Crowd
from bestiary.report.sharing.leaves import may_be_counted
from bestiary.report.sharing.ledger import Ledger

Record = Mapping[str, Any]
Nodes = dict[int, dict[str, Any]]
NODE = ("id", "column", "threshold", "left", "right", "segment", "customers", "purity")
FIGURES = ("precision", "recall", "f1")


def shared_tree(
    tree: Record | None, whose: str, segments: Mapping[int, int], ledger: Ledger, crowd: Crowd
) -> dict[str, Any] | None:
    """A tree with what may be told of it; None where its root may not be told. `whose` is its population.

    `segments` gives the number of each segment on the cards by that in the tree. Where the leaves would tell of those
    of whom it is too early to say (see `leaves`), the customers and the purity of all of them are left out.

    Only leaves keep their purity: those of a question and of its answers would add up to one another. The ROC curves
    are left out, whose every step is a leaf of the held-out customers.
    """
    if tree is None:
        return None
    own = {node["id"]: {name: node[name] for name in NODE} for node in tree["nodes"]}
    nodes, folded = folded_nodes(own, tree["nodes"], crowd.k)
    if ledger.shown(whose) is None or not nodes or nodes[0]["customers"] < crowd.k:
        crowd.held.part("tree")
        return None
    crowd.held.number(len(tree["nodes"]) - len(nodes))
    if any(one["auc"] is not None for one in tree["roc"]):
        crowd.held.part("roc")
    for node in nodes:
        leaf = node["left"] is None
        node["purity"] = crowd.share(node["purity"], node["customers"], all_of_them=True) if leaf else None
    counted = _is_counted(nodes, whose, segments, ledger)
    if not counted:
        crowd.held.part("leaves")
        nodes = [{**node, "customers": None, "purity": None} for node in nodes]
    told = {name: tree[name] for name in ("columns", "max_depth", "classes")}
    train, test = ledger.shown(("train", whose)), ledger.shown(("test", whose))
    right = crowd.share(tree["fidelity"], test, all_of_them=True)
    if whose == "buyers" and ledger.shown("right") is None:
        right = None
    return {
        **told,
        "train": train,
        "test": test,
        "leaves": sum(node["left"] is None for node in nodes),
        "accuracy": right,
        "fidelity": right,
        "fidelity_interval": None if right is None else tree["fidelity_interval"],
        "nodes": nodes,
        "rules": _rules(tree["rules"], folded, crowd, counted=counted),
        "roc": [],
        **(_confusion(tree, ledger, crowd) if whose == "buyers" else _no_confusion()),
    }


def folded_nodes(nodes: Nodes, order: Any, k: int) -> tuple[list[dict[str, Any]], list[Record]]:
    """The nodes, root first, without the children of a question of which one has fewer than k; and the lost leaves."""
    lost: list[Record] = []

    def below(node: Record) -> list[dict[str, Any]]:
        sides = [nodes[node[side]] for side in ("left", "right") if node[side] is not None]
        return [one for side in sides for one in (side, *below(side))]

    def keep(node: dict[str, Any]) -> list[dict[str, Any]]:
        if node["left"] is None:
            return [node]
        if min(nodes[node[side]]["customers"] for side in ("left", "right")) < k:
            lost.extend(one for one in below(node) if one["left"] is None)
            return [{**node, "left": None, "right": None, "column": None, "threshold": None}]
        return [node, *keep(nodes[node["left"]]), *keep(nodes[node["right"]])]

    return (keep(nodes[order[0]["id"]]) if order else []), lost


def _is_counted(nodes: list[dict[str, Any]], whose: str, segments: Mapping[int, int], ledger: Ledger) -> bool:
    leaves = [node for node in nodes if node["left"] is None]
    cards = {one: ledger.shown(("segment", number)) for one, number in segments.items()}
    # Where it is too early to say of nobody, that is known too.
    early = 0 if not ledger.cells.get(("early", whose)) else ledger.shown(("early", whose))
    return may_be_counted(leaves, cards, early, ledger.k)


def _rules(rules: Any, folded: list[Record], crowd: Crowd, *, counted: bool) -> list[dict[str, Any]]:
    """The rules of the leaves that are left: one that was folded is told by its sibling's, too, and both are not."""
    lost = {(leaf["segment"], leaf["customers"]) for leaf in folded}
    kept = [
        {"segment": one["segment"], "text": one["text"], "customers": one["customers"], "purity": one["purity"]}
        for one in rules
        if one["customers"] >= crowd.k and (one["segment"], one["customers"]) not in lost
    ]
    crowd.held.number(len(rules) - len(kept))
    if not counted:
        return [{**one, "customers": None, "purity": None} for one in kept]
    return [{**one, "purity": crowd.share(one["purity"], one["customers"], all_of_them=True)} for one in kept]


def _confusion(tree: Record, ledger: Ledger, crowd: Crowd) -> dict[str, Any]:
    """The confusion matrix, None for a cell that is held back, and of its figures those made of cells that are told."""
    at = range(len(tree["classes"]))
    cells = [[ledger.shown(("confusion", i, j)) for j in at] for i in at]
    rows = []
    for i, row in enumerate(tree["per_class"]):
        here, support = cells[i][i] is not None, ledger.shown(("support", i))
        told = {
            "precision": here and ledger.shown(("predicted", i)) is not None,
            "recall": here and support is not None,
        }
        told["f1"] = told["precision"] and told["recall"]
        figures = {name: row[name] if told[name] else None for name in told}
        crowd.held.number(sum(row[name] is not None and not told[name] for name in told))
        rows.append({"segment": row["segment"], **figures, "support": support})
    whole = all(row["f1"] is not None for row in rows)
    means = {mean: {name: tree[mean][name] if whole else None for name in FIGURES} for mean in ("macro", "weighted")}
    return {"confusion": cells, "supports": [row["support"] for row in rows], "per_class": rows, **means}


def _no_confusion() -> dict[str, Any]:
    """Of visitors the page shows none."""
    return {"confusion": [], "per_class": [], "macro": None, "weighted": None}
