"""Cases of a test script that print TAP. The build tree is the first argument
of the script, words of the cases to run are the others."""

import pathlib
import sys
import traceback

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build")
NAT64CTL = BUILD / "nat64d/ctl/nat64ctl"
DNS64CTL = BUILD / "dns64d/ctl/dns64ctl"
cases = []


def case(description):
    """Register a test: a function without arguments."""
    def register(function):
        cases.append((description, function))
        return function
    return register


def equal(found, expected, what="value"):
    """Fail unless equal."""
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, "
                             f"found {found!r}")


def main():
    """Run them; returns the exit status."""
    failed = 0
    only = sys.argv[2:]
    chosen = [c for c in cases
              if not only or any(word in c[0] for word in only)]
    for number, (description, function) in enumerate(chosen, 1):
        try:
            function()
            print(f"ok {number} - {description}", flush=True)
        except Exception:  # whatever went wrong is the test's failure
            failed += 1
            print(f"not ok {number} - {description}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"#   {line}", flush=True)
    print(f"1..{len(chosen)}")
    return 1 if failed else 0
