# SPDX-License-Identifier: Apache-2.0
"""What fell, said once more where a long log ends: `failed.py REPORT...` reads ctest's JUnit reports and prints, of each test
that failed or did not run, its name and the lines of its output that say why."""

import re
import sys
import xml.etree.ElementTree as tree

# As gtest, unittest, the sanitizers and the fuzzers begin what they have to say; what belongs to it follows.
WHY = re.compile(r": Failure$|^(FAIL|ERROR|Traceback)\b|\[  FAILED  \]|AddressSanitizer|runtime error:|terminate called|needs ")
LINES_AFTER = 14
MOST_LINES = 80


def reasons(output):
    lines = output.splitlines()
    wanted = set()
    for number, line in enumerate(lines):
        if WHY.search(line):
            wanted.update(range(number, min(number + LINES_AFTER, len(lines))))
    chosen = [lines[number] for number in sorted(wanted)][:MOST_LINES]
    return chosen or lines[-20:]


def main():
    for report in sys.argv[1:]:
        try:
            cases = tree.parse(report).getroot().iter("testcase")
        except (OSError, tree.ParseError) as error:
            print(f"{report}: {error}")
            continue
        for case in cases:
            if case.get("status") == "run":
                continue
            print(f"== {case.get('name')}: {case.get('status')}")
            for line in reasons(case.findtext("system-out") or ""):
                print(f"   {line}")


main()
