"""The yardstick's inputs are what they were, and every question on them has the answer that is written down.

    FOLDLINE=target/debug/foldline tests/python/test_regression.py
    FOLDLINE=target/release/foldline tests/python/test_regression.py --write

The second form writes `benches/regression/answers.json` anew, after a change of the inputs.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benches" / "regression"
sys.path.insert(0, str(FOLDER))

from compare import answer  # noqa: E402
from questions import contents, questions, write_inputs  # noqa: E402


def digest():
    """The hash of all generated inputs."""
    return hashlib.sha256(json.dumps(contents(), sort_keys=True).encode()).hexdigest()


def found_answers(foldline):
    """What the program answers to every question."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = write_inputs(Path(folder))
        found = {}
        for question in questions():
            arguments = [inputs.get(word, word) for word in question.command]
            arguments = [f"{folder}/reduced" if word == "OUT" else word for word in arguments]
            run = subprocess.run([foldline, *arguments, "--json"], capture_output=True, text=True, check=False)
            assert run.returncode in (0, 1), f"{question.name}: exit code {run.returncode}: {run.stderr}"
            found[question.name] = answer(run.stdout)
        return found


def main():
    """Compares, or writes."""
    found = {"inputs": digest(), "answers": found_answers(os.environ["FOLDLINE"])}
    path = FOLDER / "answers.json"
    if "--write" in sys.argv:
        path.write_text(json.dumps(found, indent=1) + "\n")
        return
    known = json.loads(path.read_text())
    assert found["inputs"] == known["inputs"], "the inputs changed: old figures cannot be compared with new ones"
    for name, expected in known["answers"].items():
        assert found["answers"].get(name) == expected, f"{name}: {found['answers'].get(name)}, not {expected}"
    assert found["answers"].keys() == known["answers"].keys()
    print(f"{len(found['answers'])} questions have the answers that are written down")


if __name__ == "__main__":
    main()
