#!/usr/bin/env python3
"""Writes the same zonotope in every format that foldline reads, with numpy and scipy.

Usage: make_zonotope_files.py [FOLDER]   (default: data/zonotopes)
"""

import gzip
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.io import savemat

CENTER = np.array([0.5, -1.0, 0.25])
GENERATORS = np.array(
    [[1.0, 0.0, 0.5, -2.0], [0.0, 1.0, -0.75, 0.125], [3.0, -1.0, 0.0, 0.1]]
)


def fractions(vector):
    """Every float as the fraction it is."""
    return [str(Fraction(float(value))) for value in vector]


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/zonotopes")
    folder.mkdir(parents=True, exist_ok=True)
    names = {"center": CENTER, "generators": GENERATORS}
    np.savez(folder / "small.npz", **names)
    np.savez_compressed(folder / "small_compressed.npz", **names)
    np.save(folder / "small_generators.npy", GENERATORS)
    np.save(folder / "small_columns_first.npy", np.asfortranarray(GENERATORS.astype(">f4")))
    matlab = {"c": CENTER.reshape(-1, 1), "G": GENERATORS}
    savemat(folder / "small.mat", matlab)
    savemat(folder / "small_compressed.mat", {**matlab, "note": "text"}, do_compression=True)
    savemat(folder / "small_cora.mat", {"Z": np.column_stack([CENTER, GENERATORS])})
    exact = {"center": fractions(CENTER), "generators": [fractions(g) for g in GENERATORS.T]}
    (folder / "small.json").write_text(json.dumps(exact) + "\n")
    with open(folder / "small.json.gz", "wb") as file:
        file.write(gzip.compress((folder / "small.json").read_bytes(), mtime=0))


if __name__ == "__main__":
    main()
