#!/usr/bin/env python3
"""Which requirement is shown by which test, and did it pass?

    conformance.py TAPDIR [nat64] [dns64]

Reads the rows (*.md) and the exceptions beside this file, the "Shows:"
comments of the tests, and the TAP that the last `make check` left in TAPDIR.
Prints a table and fails when a row that binds (MUST, D) is shown by no test,
when a test that shows one failed, or when a comment names an unknown row.

Where the comments stand:
    C       /* Shows: ROW ... */ above START_TEST(name); may be several
    shell   # Shows: ROW ... above the line with the test's description,
    python  the first quoted string in it
    .conf   # Shows: ROW ... anywhere; the golden file's name is the test's
    vectors "# vector NAME: ROW ...: pass" is printed by the test itself
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINDING = ("MUST", "D")
ROW = r"[A-Z0-9]+-\d+[a-z]?"


def read_pairs(path):
    """Lines "KEY rest" of a file, without comments."""
    pairs = {}
    for line in path.read_text().splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            key, _, rest = line.partition(" ")
            pairs[key] = rest.strip()
    return pairs


def read_rows(path):
    """row -> level, from the tables of a document that have that column"""
    rows, level = {}, None
    for line in path.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        if not cells:
            level = None
        elif "level" in cells:
            level = cells.index("level")
        elif level is not None and re.fullmatch(ROW, cells[0]):
            rows[cells[0]] = re.match(r"[A-Z]+|-", cells[level])[0]
    return rows


def exception(row, exceptions):
    """The reason why a row, or all of its kind, cannot be shown."""
    return exceptions.get(row) or exceptions.get(row.split("-")[0] + "-*")


def shows(text, comment_end=""):
    """(rows, position behind the comment) for each comment of a file."""
    pattern = r"Shows:((?:[\s*#]+[A-Z0-9]+-\d+[a-z]?)+)\s*" + comment_end
    for match in re.finditer(pattern, text):
        yield re.findall(r"[A-Z0-9]+-\d+[a-z]?", match[1]), match.end()


def claims_of_c(path):
    text = path.read_text()
    for rows, end in shows(text, r"\*/"):
        test = re.match(r"(?:\s*/\*(?:[^*]|\*(?!/))*\*/)*"
                        r"\s*START_TEST\(\s*(\w+)", text[end:])
        if test:
            yield rows, path.stem, test[1]
        else:
            yield rows, path.stem, None


def claims_of_script(path):
    text = path.read_text()
    for rows, end in shows(text):
        test = re.search(r"[\"']([^\"'\n]+)[\"']", text[end:])
        yield rows, path.stem, test[1] if test else None


def claims_of_conf(path):
    for rows, _ in shows(path.read_text()):
        yield rows, "conf", f"{path.parent.name}/{path.stem}"


def all_claims():
    for path in sorted(ROOT.glob("tests/unit/**/*.c")):
        yield from claims_of_c(path)
    for path in sorted(ROOT.glob("tests/netns/*.*")):
        yield from claims_of_script(path)
    for path in sorted(ROOT.glob("tests/lint/*.sh")):
        yield from claims_of_script(path)
    for path in sorted(ROOT.glob("tests/conf/*/*.conf")):
        yield from claims_of_conf(path)


def results(tapdir):
    """program -> list of (passed, skipped, description); vectors' claims"""
    tap, vectors = {}, []
    for path in sorted(tapdir.glob("*")):
        for line in path.read_text(errors="replace").splitlines():
            match = re.match(r"(not )?ok\b\s*\d*\s*-?\s*(.*)", line)
            if match and path.suffix == ".tap":
                skipped = re.search(r"# skip", match[2], re.I) is not None
                # NAME@VARIANT: it has to pass in each.
                program = path.stem.partition("@")[0]
                tap.setdefault(program, []).append(
                    (match[1] is None, skipped, match[2]))
            match = re.match(r"# vector (\S+): (.*): (\w+)$", line)
            if match:
                vectors.append((match[2].split(), path.stem, match[1],
                                match[3] == "pass"))
    return tap, vectors


def outcome(tap, program, test):
    """True, False, or None where the test was not run."""
    found = [(passed, skipped) for passed, skipped, text in tap.get(program, [])
             if re.search(rf"(^|[^\w-]){re.escape(test)}($|[^\w-])", text)]
    if not found or all(skipped for _, skipped in found):
        return None
    return all(passed for passed, _ in found)


def collect(tapdir, rows):
    """row -> {test: outcome}, and what is wrong with the comments"""
    tap, vectors = results(tapdir)
    shown, problems = {}, []
    claims = [(claimed, program, test,
               outcome(tap, program, test) if test else None)
              for claimed, program, test in all_claims()]
    claims += [(claimed, program, f"vector {name}", passed)
               for claimed, program, name, passed in vectors]
    for claimed, program, test, passed in claims:
        if test is None:
            problems.append(f"{program}: no test behind Shows: "
                            + " ".join(claimed))
            continue
        for row in claimed:
            if row in rows:
                shown.setdefault(row, {})[f"{program}: {test}"] = passed
            elif row.split("-")[0] in {r.split("-")[0] for r in rows}:
                problems.append(f"{program}: {test} names unknown row {row}")
    return shown, problems


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    rows, exceptions = {}, {}
    for name in sys.argv[2:] or ("nat64", "dns64"):
        rows.update(read_rows(HERE / f"{name}.md"))
        exceptions.update(read_pairs(HERE / f"{name}.exceptions"))
    shown, problems = collect(pathlib.Path(sys.argv[1]), rows)
    totals = {"shown": 0, "excepted": 0, "open": 0, "not run": 0}
    for row, level in rows.items():
        tests = shown.get(row, {})
        ran = {t: p for t, p in tests.items() if p is not None}
        if exception(row, exceptions) and not ran:
            verdict = f"exception: {exception(row, exceptions)}"
            key = "excepted"
        elif not tests:
            verdict, key = "shown by no test", "open"
        elif not ran:
            verdict, key = "not run", "not run"
        elif all(ran.values()):
            verdict, key = "passed", "shown"
        else:
            verdict, key = "FAILED", "open"
        totals[key] += 1
        print(f"{row:10} {level:6} {verdict}")
        for test, passed in sorted(tests.items()):
            print(f"{'':18}{test}" + (": FAILED" if passed is False else ""))
        if key in ("open", "not run") and (level in BINDING or tests):
            problems.append(f"{row} ({level}): {verdict}")
    print(", ".join(f"{n} rows {key}" for key, n in totals.items()))
    for problem in problems:
        print(f"problem: {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
