"""The networks that scripts/onnx_network.py makes of random models have the layers that foldline makes of them.

Certificates number neurons: both must arrange them alike, each by its own code. Takes the path of the built example
`evaluate` from the environment variable EVALUATE, and is skipped without it.
"""

import collections
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "python")]

from exact_statement import Rejection, read_json_network  # noqa: E402
from onnx_network import read_onnx_network  # noqa: E402
from readers.models import Generator  # noqa: E402

STEPS = {
    "matmul", "gemm", "elementwise", "relu", "unary", "reshape", "flatten", "transpose", "skip", "concat", "leaky",
    "clip", "several", "convolution", "pool", "bottleneck", "normalize",
}
EVALUATE = os.environ.get("EVALUATE", str(ROOT / "target" / "debug" / "examples" / "evaluate"))
MODELS = int(os.environ.get("MODELS", "200"))


class Known(Generator):
    """Models of the operators that both read."""


for name in dir(Generator):
    if name.startswith("step_") and name.removeprefix("step_") not in STEPS:
        setattr(Known, name, lambda self, name, shape: None)


def compare(content: bytes, path: pathlib.Path) -> str:
    """`same`, `different`, or that the script does not read the model."""
    path.write_bytes(content)
    done = subprocess.run([EVALUATE, str(path), "--json"], capture_output=True, text=True, check=True)
    expected = read_json_network(done.stdout)
    try:
        found = read_onnx_network(content)
    except Rejection:
        return "not read"
    parts = lambda network: (network.first, network.neurons, network.outputs)
    return "same" if parts(found) == parts(expected) else "different"


def main() -> int:
    """Compares random models and prints counts; fails where one differs or hardly any is read."""
    if not pathlib.Path(EVALUATE).exists():
        print("skipped: the example `evaluate` is not built")
        return 0
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(MODELS):
            generator = Known(seed)
            generator.is_mixed = False
            # Its factors are rounded to the tensor's type, of which the script knows one.
            if generator.dtype.__name__ == "float64":
                continue
            result = compare(generator.model().SerializeToString(), pathlib.Path(folder) / "model.onnx")
            counts[result] += 1
            if result == "different":
                print(f"seed {seed}: the layers differ")
    print(dict(counts))
    return 1 if counts["different"] or counts["same"] < counts["not read"] else 0


if __name__ == "__main__":
    sys.exit(main())
