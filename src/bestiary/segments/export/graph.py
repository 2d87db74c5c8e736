"""The placement as an ONNX graph: the same layers as in SQL, each expression one or more nodes, all in double.

A null is NaN here, and comparing with it is false. The names of populations are numbers. Only what the segment needs is
in the graph. Its inputs are the columns of the customer table by their names, each double[n]; `segment` is int64[n], -1
for who is in none.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bestiary import __version__
from bestiary.errors import ConfigError
from bestiary.segments.export.placement import placement
from bestiary.segments.model import Model

if TYPE_CHECKING:
    from onnx import NodeProto

OPSET = 17
IR_VERSION = 8
"""Both of 2022, which every runtime knows that is still in use."""
NAN = float("nan")
OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "Add",
    exp.Sub: "Sub",
    exp.Mul: "Mul",
    exp.Div: "Div",
    exp.And: "And",
    exp.Or: "Or",
    exp.EQ: "Equal",
    exp.GT: "Greater",
    exp.GTE: "GreaterOrEqual",
    exp.LT: "Less",
    exp.LTE: "LessOrEqual",
}


def to_onnx(model: Model) -> bytes:
    """The model as a file for ONNX runtimes; the same model gives the same bytes.

    Raises ConfigError where the package onnx is not installed.
    """
    onnx = _onnx()
    plan = placement(model)
    first, *rest = plan.layers
    graph = _Graph({name: one for layer in rest for name, one in layer.columns.items()}, plan.sources)
    segment = graph.name("segment")
    found = graph.node("Where", graph.node("IsNaN", segment), graph.constant(-1.0), segment)
    graph.add("Cast", [found], "segment", to=onnx.TensorProto.INT64)
    kind, size = onnx.TensorProto.DOUBLE, ["customers"]
    made = onnx.helper.make_graph(
        graph.nodes,
        "bestiary",
        [onnx.helper.make_tensor_value_info(plan.sources[name], kind, size) for name in first.columns],
        [onnx.helper.make_tensor_value_info("segment", onnx.TensorProto.INT64, size)],
        [onnx.helper.make_tensor(name, kind, [], [value]) for value, name in graph.constants.values()],
    )
    whole = onnx.helper.make_model(
        made,
        producer_name="bestiary",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
    )
    where = model.provenance
    onnx.helper.set_model_props(whole, {"as_of": where.as_of, "fingerprint": where.fingerprint})
    onnx.checker.check_model(whole)
    return bytes(whole.SerializeToString(deterministic=True))


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.helper
    except ImportError as error:
        raise ConfigError(
            "Writing ONNX needs the package onnx, which is not installed.",
            allowed="Without it, a model can be written as SQL (bestiary sql score).",
            do="Install it: uv sync --extra onnx, in bestiary's folder.",
        ) from error
    return onnx


class _Graph:
    """Nodes as they are made; every method gives back the name of a tensor.

    `columns` are the expressions of all names but the inputs', which `sources` has with their names outside.
    """

    def __init__(self, columns: dict[str, exp.Expr], sources: dict[str, str]) -> None:
        self.columns, self.made = columns, {name: f"{source}" for name, source in sources.items()}
        self.taken = {"segment", *sources.values()}
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, tuple[float, str]] = {}
        self.words: dict[str, float] = {}
        self.ways: dict[type[exp.Expr], Callable[[Any], str]] = {
            exp.Column: lambda one: self.name(one.name),
            exp.Paren: lambda one: self.of(one.this),
            exp.Literal: self.literal,
            exp.Cast: self.cast,
            exp.Case: self.case,
            exp.Coalesce: self.coalesce,
            exp.Between: self.between,
            exp.Least: partial(self.best, "Min"),
            exp.Greatest: partial(self.best, "Max"),
            exp.Ln: lambda one: self.node("Log", self.of(one.this)),
            exp.Floor: lambda one: self.node("Floor", self.of(one.this)),
            exp.Is: lambda one: self.node("IsNaN", self.of(one.this)),
            **{kind: partial(self.binary, operator) for kind, operator in OPERATORS.items()},
        }

    def name(self, name: str) -> str:
        """The tensor of a column, made once."""
        if name not in self.made:
            self.made[name] = self.of(self.columns[name])
        return self.made[name]

    def of(self, one: exp.Expr) -> str:
        """The tensor of an expression."""
        return self.ways[type(one)](one)

    def node(self, operator: str, *inputs: str) -> str:
        """A node with one output."""
        name = self.fresh()
        self.add(operator, list(inputs), name)
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
        """A node with a named output."""
        self.nodes.append(_onnx().helper.make_node(operator, inputs, [output], **attributes))

    def fresh(self) -> str:
        """A name that no input has."""
        name = f"t{len(self.nodes) + len(self.constants)}"
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def constant(self, value: float) -> str:
        """A number."""
        if repr(value) not in self.constants:
            self.constants[repr(value)] = (value, self.fresh())
        return self.constants[repr(value)][1]

    def literal(self, one: exp.Literal) -> str:
        """A number, or a word as one."""
        if one.is_string:
            return self.constant(self.words.setdefault(one.name, float(len(self.words))))
        return self.constant(float(one.name))

    def cast(self, one: exp.Cast) -> str:
        """A number that was learned: nothing else is cast after the first layer."""
        return self.constant(float(one.this.name))

    def binary(self, operator: str, one: exp.Binary) -> str:
        """An operation on two."""
        return self.node(operator, self.of(one.left), self.of(one.right))

    def between(self, one: exp.Between) -> str:
        """From low to high, both included."""
        value = self.of(one.this)
        low = self.node("GreaterOrEqual", value, self.of(one.args["low"]))
        return self.node("And", low, self.node("LessOrEqual", value, self.of(one.args["high"])))

    def best(self, operator: str, one: exp.Func) -> str:
        """The least or the greatest of some."""
        return self.node(operator, self.of(one.this), *(self.of(other) for other in one.expressions))

    def coalesce(self, one: exp.Coalesce) -> str:
        """The first, or the second where that is null."""
        value = self.of(one.this)
        return self.node("Where", self.node("IsNaN", value), self.of(one.expressions[0]), value)

    def case(self, one: exp.Case) -> str:
        """The first branch that holds."""
        operand = self.of(one.this) if one.this else None
        default = one.args.get("default")
        found = self.of(default) if default else self.constant(NAN)
        for branch in reversed(one.args["ifs"]):
            when = self.of(branch.this)
            holds = self.node("Equal", operand, when) if operand else when
            found = self.node("Where", holds, self.of(branch.args["true"]), found)
        return found
