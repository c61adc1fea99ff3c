"""What the checker in Python says of the certificates that a long random test kept.

check_kept.py FOLDER: each folder in it has a file `certificate` and the files that this names (see
crates/foldline/tests/random_certificates/main.rs). Prints rejections, and counts by question. Kinds of statements that the checker
does not read count as `unread`. Exit code 1 if one is rejected.
"""

import collections, pathlib, re, subprocess, sys

CHECKER = pathlib.Path(__file__).with_name("check_certificate.py")
WORDS = {0: "accepted", 1: "rejected"}

def named_files(certificate):
    """The names in the lines `ROLE NAME SHA256` of a certificate's head."""
    return re.findall(r"^[a-z]+ (\S+) [0-9a-f]{64}$", certificate, re.MULTILINE)

def main(arguments):
    if len(arguments) != 1:
        print("usage: check_kept.py FOLDER", file=sys.stderr)
        return 2
    counts = collections.Counter()
    for folder in sorted(pathlib.Path(arguments[0]).iterdir()):
        if not (folder / "certificate").exists():
            continue
        files = named_files((folder / "certificate").read_text())
        found = subprocess.run([sys.executable, CHECKER, "certificate", *files], cwd=folder, capture_output=True, text=True)
        word = WORDS.get(found.returncode, "unread")
        counts[folder.name.split("-")[0], word] += 1
        if word == "rejected":
            print(f"{folder.name}: {found.stdout.strip()[:300]}")
    for (question, word), count in sorted(counts.items()):
        print(f"{question}: {count} {word}")
    return 1 if any(word == "rejected" for _, word in counts) else 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
