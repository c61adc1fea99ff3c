"""Shows the findings of docs/findings.md, one a name, by running foldline.

    FOLDLINE=target/release/foldline python scripts/findings.py theorem-6.2
    FOLDLINE=target/release/foldline python scripts/findings.py            # all of them

Every number is computed by the program, exactly; nothing is looked up. The script fails where a finding
does not show.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from fractions import Fraction
from itertools import product

FOLDLINE = os.environ.get("FOLDLINE", "foldline")


def run(*arguments, codes=(0,)):
    """The JSON answer of a command, which is shown."""
    command = [FOLDLINE, *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in codes, (arguments, done.returncode, done.stderr)
    return json.loads(done.stdout)


def unit_ball(dimension, p):
    """The unit ball of the 1-norm or the maximum norm as a region."""
    if p == "inf":
        return {"box": [[-1, 1]] * dimension}
    rows = [list(signs) for signs in product([-1, 1], repeat=dimension)]
    return {"A": rows, "b": [1] * len(rows)}


def theorem_6_2(folder):
    """[Z, Thm 6.2]: as printed, the Lipschitz constant says nothing about the clique."""
    graphs = {
        "two colors, a vertex of the first only: no clique": ([0], [], 2),
        "two colors, a vertex each, no edge: no clique": ([0, 1], [], 2),
        "two colors, a vertex each, an edge: a clique": ([0, 1], [[0, 1]], 2),
    }
    for name, (colors, edges, count) in graphs.items():
        graph = folder / "graph.json"
        graph.write_text(json.dumps({"colors": colors, "edges": edges}))
        out = folder / "printed"
        common = ("reduce", "clique", graph, "--to", "lipschitz", "--colors", count, "--out")
        printed = run(*common, out, "--variant", "printed")
        corrected = run(*common, folder / "corrected")
        print(f"{name}\n  printed: a clique exactly if L_p >= {printed['threshold']}, it is claimed")
        for p in ("1", "inf"):
            constant = run("lipschitz", out / "network.json", "--p", p)["value"]
            ball = folder / "ball.json"
            ball.write_text(json.dumps(unit_ball(count + 1, p)))
            [ends] = run("range", out / "network.json", "--over", ball)["outputs"]
            radial = max(abs(Fraction(ends[end])) for end in ("minimum", "maximum"))
            right = run("lipschitz", folder / "corrected" / "network.json", "--p", p)["value"]
            print(f"    L_{p} = {constant}, max |h| over the unit ball = {radial}; "
                  f"corrected: L_{p} = {right}, a clique exactly if >= {corrected['threshold']}")
            has_clique = bool(edges)
            assert Fraction(constant) > Fraction(printed["threshold"])
            assert (radial >= Fraction(printed["threshold"])) == has_clique
            assert (Fraction(right) >= Fraction(corrected["threshold"])) == has_clique


def theorem_4_5(folder):
    """[Z, Thm 4.5]: for k = 1 the network of Theorem 4.2 is never negative, so never surjective."""
    graph = folder / "graph.json"
    graph.write_text('{"colors": [0], "edges": []}')
    for to, which in (("positivity", "as printed"), ("surjectivity", "with bias -1/2")):
        out = folder / to
        run("reduce", "clique", graph, "--to", to, "--out", out)
        answer = run("surjective", out / "network.json", codes=(0, 1))["answer"]
        print(f"one color, one vertex (a clique), {which}: surjective: {answer}")
        assert answer == ("no" if to == "positivity" else "yes")


def theorem_7_1(folder):
    """[Z, Thm 7.1]: inclusions about 0 need all generators; about the center they need not."""
    # conv{0, a} for rays of a cone of R^3: each is an extreme ray of the cone that Z spans at 0, so a
    # zonotope with fewer of them that contains Z(A)/(1+ε) about 0 does not lie in (1+ε)Z(A).
    rays = [[1, 0, 1], [0, 1, 1], [-1, 0, 1], [0, -1, 1]]
    whole, fewer = folder / "whole.json", folder / "fewer.json"
    whole.write_text(json.dumps({"segments": rays}))
    for left_out in range(4):
        rest = [[1000 * x for x in ray] for index, ray in enumerate(rays) if index != left_out]
        fewer.write_text(json.dumps({"segments": rest}))
        point = ",".join(map(str, rays[left_out]))
        answer = run("zonotope", "member", fewer, "--point", point, codes=(0, 1))["answer"]
        print(f"the vertex ({point}) of Z(A) in a zonotope of the other rays, times 1000: {answer}")
        assert answer == "no"


def norms_below_one(folder):
    """[Z, Thm 2.1]: for p < 1 the largest norm need not be at a vertex."""
    size = lambda x, y: abs(x) ** 0.5 + abs(y) ** 0.5
    zonotope = folder / "zonotope.json"
    zonotope.write_text('{"segments": [[10, 12], [2, -2]]}')
    vertices = run("zonotope", "vertices", zonotope)["vertices"]
    at_vertices = max(size(*(float(Fraction(x)) for x in vertex)) for vertex in vertices)
    print(f"sqrt|x| + sqrt|y|: {at_vertices:.6f} at the vertices, {size(11, 11):.6f} in the middle of an edge")
    assert size(11, 11) > at_vertices + 0.001
    refused = subprocess.run([FOLDLINE, "zonotope", "norm", zonotope, "--p", "1/2"], capture_output=True, text=True)
    print(refused.stderr.strip())
    assert refused.returncode == 2


def spikes(folder):
    """[Z, B.3]: the first case of the spike function is 4(x + y - ω + 1/4); with -1/4 it would be negative."""
    graph = folder / "graph.json"
    graph.write_text('{"colors": [0, 1], "edges": [[0, 1]]}')
    out = folder / "spikes"
    run("reduce", "clique", graph, "--to", "maximum", "--out", out)
    labels = json.loads((out / "map.json").read_text())["labels"]
    omega = sum(labels)
    # Away from the vertices' spikes only the edge's spike is left: x + y = ω - 1/8, x in the middle.
    x = Fraction(1, 2) + labels[0]
    y = omega - Fraction(1, 8) - x
    [value] = run("eval", out / "network.json", "--input", f"{x},{y}")["output"]
    printed = 4 * (x + y - omega - Fraction(1, 4))
    print(f"at x + y = ω - 1/8: the network {value}, the printed first case {printed}")
    assert Fraction(value) == 4 * (x + y - omega + Fraction(1, 4)) == Fraction(1, 2)


FINDINGS = {
    "theorem-6.2": theorem_6_2,
    "theorem-4.5": theorem_4_5,
    "theorem-7.1": theorem_7_1,
    "norms-below-one": norms_below_one,
    "spikes": spikes,
}


def main():
    names = sys.argv[1:] or list(FINDINGS)
    for name in names:
        if name not in FINDINGS:
            sys.exit(f"{name}: expected one of {', '.join(FINDINGS)}")
        print(f"== {name}: {FINDINGS[name].__doc__}")
        with tempfile.TemporaryDirectory() as folder:
            FINDINGS[name](pathlib.Path(folder))


if __name__ == "__main__":
    main()
