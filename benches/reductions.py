"""Time to decide clique-free instances against n and k: a table, and a plot in docs/.

    FOLDLINE=target/release/foldline python benches/reductions.py --limit 60 --plot docs/reductions.svg

For each number of colors k the number of vertices grows until an instance takes longer than the limit.
Graphs without clique make the verifier walk through everything, and `maximum` networks have k inputs.
The time is CPU time of `foldline verify --threads 1`. The slope is that of log time against log n.
"""

import argparse
import csv
import math
import os
import pathlib
import resource
import subprocess
import tempfile

COLORS = {2: "#0072b2", 3: "#d55e00", 4: "#009e73", 5: "#cc79a7"}


def seconds_of(pack, row, limit):
    files = [str(pack / row[key]) for key in ("network", "property")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [os.environ["FOLDLINE"], "verify", *files, "--threads", "1", "--timeout", str(20 * limit)]
    run = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode in (0, 3), run.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run.returncode == 0


def measure(colors, limit):
    """Triples (vertices, neurons, seconds)."""
    points = []
    for each in range(2, 31):
        with tempfile.TemporaryDirectory() as folder:
            pack = pathlib.Path(folder)
            sizes = f"{colors}:{each}"
            command = [os.environ["FOLDLINE"], "hard-instances", "--out", folder, "--sizes", sizes]
            subprocess.run(command, check=True, capture_output=True)
            rows = csv.DictReader(open(pack / "truth.csv", newline=""))
            row = next(row for row in rows if row["name"].endswith("free_maximum"))
            seconds, done = seconds_of(pack, row, limit)
        if not done:
            break
        points.append((int(row["vertices"]), int(row["neurons"]), seconds))
        print(f"k = {colors}  n = {points[-1][0]:3}  neurons {points[-1][1]:4}  {seconds:8.2f} s", flush=True)
        if seconds > limit:
            break
    return points


def slope(points):
    """The least-squares slope of log seconds against log vertices, over what took 0.05 s or more."""
    logs = [(math.log(n), math.log(s)) for n, _, s in points if s >= 0.05]
    if len(logs) < 3:
        return None
    x, y = (sum(column) / len(logs) for column in zip(*logs))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, b in logs)


def plot(path, series):
    """Both axes logarithmic."""
    width, height, left, bottom = 560, 360, 60, 44
    everything = [point for points in series.values() for point in points]
    x_low, x_high = (math.log10(f(n for n, _, _ in everything)) for f in (min, max))
    y_low, y_high = -2.5, max(math.log10(s) for _, _, s in everything) + 0.2
    place_x = lambda n: left + (math.log10(n) - x_low) / (x_high - x_low) * (width - left - 130)
    place_y = lambda s: 14 + (y_high - math.log10(max(s, 10**y_low))) / (y_high - y_low) * (height - bottom - 14)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for power in range(math.ceil(y_low), math.floor(y_high) + 1):
        y = place_y(10**power)
        lines.append(f'<line x1="{left}" x2="{width - 125}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:g} s</text>')
    for n in (4, 8, 16, 32, 64):
        if 10**x_low <= n <= 10**x_high:
            lines.append(f'<text x="{place_x(n):.1f}" y="{height - bottom + 18}" text-anchor="middle">{n}</text>')
    lines.append(f'<text x="{(left + width - 125) / 2}" y="{height - 8}" text-anchor="middle">vertices n</text>')
    for index, (colors, points) in enumerate(series.items()):
        shown = " ".join(f"{place_x(n):.1f},{place_y(s):.1f}" for n, _, s in points)
        lines.append(f'<polyline points="{shown}" fill="none" stroke="{COLORS[colors]}" stroke-width="1.5"/>')
        for n, _, s in points:
            lines.append(f'<circle cx="{place_x(n):.1f}" cy="{place_y(s):.1f}" r="2.5" fill="{COLORS[colors]}"/>')
        grows = slope(points)
        text = f"k = {colors}" + (f", n^{grows:.1f}" if grows else "")
        lines.append(f'<text x="{width - 115}" y="{40 + 18 * index}" fill="{COLORS[colors]}">{text}</text>')
    path.write_text("\n".join([*lines, "</svg>", ""]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--plot", type=pathlib.Path)
    arguments = parser.parse_args()
    series = {colors: measure(colors, arguments.limit) for colors in COLORS}
    for colors, points in series.items():
        grows = slope(points)
        print(f"k = {colors}: time grows like n^{grows:.1f}" if grows else f"k = {colors}: too few points")
    if arguments.plot:
        plot(arguments.plot, series)


if __name__ == "__main__":
    main()
