"""What the yardstick asks: every question of foldline on fixed inputs, with a certificate where there is one."""

import json
from dataclasses import dataclass
from pathlib import Path

import inputs

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"


@dataclass
class Question:
    """One row of the yardstick."""

    name: str
    command: list
    """The arguments of foldline; names of input files stand for their paths."""
    files: list
    """The files that the certificate is about, in its order; empty where there is none."""
    one_thread: bool = True
    """Whether the command has an option for threads."""


def write_inputs(folder):
    """Writes all input files into `folder`; their paths by name."""
    paths = {}
    for name, content in contents().items():
        path = folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        paths[name] = str(path)
    for path in sorted(EXAMPLES.rglob("*")):
        if path.is_file():
            paths[f"examples/{path.relative_to(EXAMPLES)}"] = str(path)
    return paths


def contents():
    """The generated input files by name."""
    deep = inputs.network(1, [4, 20, 20, 20, 2])
    wide = inputs.network(2, [4, 300, 1])
    pair = inputs.network(3, [3, 16, 16, 1])
    plain = inputs.network(4, [4, 24, 16, 1], bias=False)
    outer = inputs.zonotope(7, 5, 24)
    made = {
        "deep.json": deep,
        "deep_holds.vnnlib": inputs.property_text(4, 2, ["(>= Y_0 20.4)"]),
        "deep_violated.vnnlib": inputs.property_text(4, 2, ["(>= Y_0 20.38)"]),
        "deep_two_clauses.vnnlib": inputs.property_text(4, 2, ["(or (>= Y_0 20.5) (and (>= Y_0 12) (>= Y_1 (+ Y_0 1))))"]),
        "wide.json": wide,
        "wide_holds.vnnlib": inputs.property_text(4, 1, ["(>= Y_0 14.2)"]),
        "low.json": inputs.lowered(deep, 21),
        "pair.json": pair,
        "pair_changed.json": inputs.changed(pair, 1, 3, 2, "1/64"),
        "plain.json": plain,
        "zero.json": inputs.cancelling(5, 2, 8),
        "slope.json": inputs.network(6, [3, 12, 12, 1]),
        "slopes.json": inputs.network(8, [2, 10, 3]),
        "cells.json": inputs.network(9, [2, 60, 60, 1]),
        "cells_3.json": inputs.network(10, [3, 24, 12, 1]),
        "convex.json": inputs.convex(11, 3, 24),
        "reading.json": inputs.network(12, [5, 200, 200, 5]),
        "box_2.json": inputs.box(2),
        "box_4.json": inputs.box(4),
        "box_3.json": inputs.box(3),
        "half_space_3.json": inputs.half_space(3),
        "flat_4.json": inputs.flat(4),
        "outer.json": outer,
        "inner_inside.json": inputs.scaled(inputs.zonotope(13, 5, 10), "4/3"),
        "inner_same.json": inputs.scaled(outer, "255/256"),
        "inner_outside.json": inputs.scaled(inputs.zonotope(13, 5, 10), 6),
        "norms.json": inputs.zonotope(14, 5, 30),
        "space.json": inputs.zonotope(15, 4, 40),
        "many.json": inputs.zonotope(16, 3, 400),
        "planes.json": inputs.arrangement(17, 4, 40),
        "planes_3.json": inputs.arrangement(18, 3, 60),
        "fit_1.csv": inputs.data(19, 1, 14, inputs.kink),
        "fit_2.csv": inputs.data(20, 2, 20, inputs.kink),
        "noise.csv": inputs.data(21, 2, 9, inputs.noise),
        "corner.csv": inputs.data(22, 3, 60, inputs.corner),
        "random_labels.csv": inputs.data(23, 3, 30, lambda _, numbers: numbers.below(2)),
        "graph_yes.json": inputs.graph(24, 3, 4, clique=True),
        "graph_no.json": {"colors": [0, 0, 1, 1, 2, 2], "edges": [[0, 2], [2, 4], [0, 5], [1, 3], [3, 5]]},
    }
    return made


def questions():
    """All rows."""
    verify = [
        ("holds", "deep.json", "deep_holds.vnnlib"), ("violated", "deep.json", "deep_violated.vnnlib"),
        ("two clauses", "deep.json", "deep_two_clauses.vnnlib"), ("wide", "wide.json", "wide_holds.vnnlib"),
        ("collision", "examples/collision/collision.onnx", "examples/collision/head_on_holds.vnnlib"),
        ("touching", "examples/obstacle/obstacle.onnx", "examples/obstacle/steering_limit_holds.vnnlib"),
    ]
    rows = [Question(f"verify, {name}", ["verify", net, spec], [net, spec]) for name, net, spec in verify]

    def about(name, question, net, *options, over=None):
        region = ["--over", over] if over else []
        files = [net, over] if over else [net]
        rows.append(Question(name, [question, net, *region, *options], files))

    about("maximum, box", "maximum", "deep.json", "--output", "0", over="box_4.json")
    about("maximum, half-space", "maximum", "slope.json", over="half_space_3.json")
    about("maximum, flat", "maximum", "deep.json", "--output", "1", over="flat_4.json")
    about("range", "range", "pair.json", over="box_3.json")
    about("positive, everywhere", "positive", "plain.json")
    about("positive, box", "positive", "low.json", "--output", "0", over="box_4.json")
    about("surjective, yes", "surjective", "pair.json")
    about("surjective, no", "surjective", "convex.json")
    about("zero", "zero", "zero.json")
    rows.append(Question("equivalent, same", ["equivalent", "pair.json", "pair.json"], ["pair.json", "pair.json"]))
    other = ["pair.json", "pair_changed.json"]
    rows.append(Question("equivalent, changed", ["equivalent", *other, "--over", "box_3.json"], [*other, "box_3.json"]))
    for exponent in ["1", "2", "inf", "3/2"]:
        about(f"lipschitz, p = {exponent}, box", "lipschitz", "slope.json", "--p", exponent, over="box_3.json")
    about("lipschitz, p = 1, everywhere", "lipschitz", "slope.json", "--p", "1")
    about("lipschitz, p = 0, box", "lipschitz", "slopes.json", "--p", "0", "--output", "1", over="box_2.json")
    about("lipschitz, three outputs", "lipschitz", "slopes.json", "--p", "2", over="box_2.json")
    about("lipschitz, convex", "lipschitz", "convex.json", "--p", "2")
    rows.append(Question("regions, all counts", ["regions", "cells.json", "--over", "box_2.json"], []))
    about("regions, cells", "regions", "cells_3.json", "--count", "cells", over="box_3.json")
    for method, planes in [("deletion", "planes.json"), ("enumerate", "planes_3.json")]:
        rows.append(Question(f"arrangement, {method}", ["arrangement", "cells", planes, "--method", method], []))
    for name, inner in [("inside", "inner_inside.json"), ("same", "inner_same.json"), ("outside", "inner_outside.json")]:
        command = ["zonotope", "contains", "outer.json", inner]
        rows.append(Question(f"containment, {name}", command, ["outer.json", inner]))
    for exponent in ["1", "2", "inf", "3"]:
        rows.append(Question(f"norm, p = {exponent}", ["zonotope", "norm", "norms.json", "--p", exponent], ["norms.json"]))
    for question in ["vertices", "facets", "volume"]:
        rows.append(Question(f"zonotope, {question}", ["zonotope", question, "space.json"], [], one_thread=False))
    reduce = ["zonotope", "order-reduce", "many.json", "--epsilon", "1/2"]
    rows.append(Question("order reduction", reduce, [], one_thread=False))
    for name, data, *options in [
        ("relu, one input", "fit_1.csv", "--hidden", "2"), ("linear, one input", "fit_1.csv", "--hidden", "2", "--output", "linear"),
        ("relu, two inputs", "fit_2.csv", "--hidden", "1"), ("zero loss", "noise.csv", "--hidden", "2", "--zero-loss"),
    ]:
        rows.append(Question(f"train, {name}", ["train", data, *options], [data]))
    rows.append(Question("interpolate", ["interpolate", "noise.csv"], ["noise.csv"], one_thread=False))
    for name, points in [("yes", "corner.csv"), ("no", "random_labels.csv")]:
        rows.append(Question(f"separable, {name}", ["separable", points], [points]))
    for target in ["maximum", "zonotope"]:
        command = ["reduce", "clique", "graph_yes.json", "--to", target, "--out", "OUT"]
        rows.append(Question(f"reduce, {target}", command, [], one_thread=False))
    rows.append(Question("inspect", ["inspect", "reading.json"], [], one_thread=False))
    point = ["eval", "reading.json", "--input", "1/3,0.1,-2,5/7,0"]
    rows.append(Question("eval", point, [], one_thread=False))
    return rows
