# SPDX-License-Identifier: MIT
"""Turns the C blocks of docs/from-python.md into one program.

    blocks.py PAGE OUT.c

In a block, what begins in the first column with #include, static, struct NAME { or enum NAME {, up
to the closing brace in the first column, stays at file scope; the rest becomes the body of a
function that is given an open executor, ex. The first block is for all. The others may define the
same names, so each but the first becomes a scope of its own by a suffix to what it defines.
"""

import re
import sys


def blocks(page):
    """The C blocks: the line where each begins, and its lines."""
    found, block = [], None
    for number, line in enumerate(page, 1):
        if block is None and line.rstrip() == "```c":
            block = []
            found.append((number + 1, block))
        elif block is not None and line.rstrip() == "```":
            block = None
        elif block is not None:
            block.append(line.rstrip("\n"))
    if block is not None:
        sys.exit("a block is not closed")
    return found


OPENS = re.compile(r"(static |struct \w+ \{|enum \w+ \{)")
ONE_LINE = re.compile(r"(#include|static [^({]*;)")
DEFINES = re.compile(r"static [^=;]*?(\w+)\(|static [^(]*?(\w+)(?: =.*)?;|(?:struct|enum) (\w+) \{")


def split(block):
    """File scope and body, as lists of (offset, line)."""
    scope, body, inside = [], [], False
    for offset, line in enumerate(block):
        if inside:
            scope.append((offset, line))
            inside = not re.match(r"\};?$", line)
        elif ONE_LINE.match(line):
            scope.append((offset, line))
        elif OPENS.match(line):
            scope.append((offset, line))
            inside = True
        else:
            body.append((offset, line))
    return scope, body


def names(scope):
    """What a block's file scope defines."""
    found = set()
    for _, line in scope:
        match = DEFINES.match(line)
        if match:
            found.add(next(name for name in match.groups() if name))
    return found


def write(lines, start, out, page, renamed, suffix):
    """Lines with the page's numbers, so that a compiler's message points into the page."""
    for offset, line in lines:
        for name in renamed:
            line = re.sub(r"\b%s\b(?!\.h)" % name, name + suffix, line)
        out.write('#line %d "%s"\n%s\n' % (start + offset, page, line))


def main():
    page, target = sys.argv[1:]
    with open(page, encoding="utf-8") as file:
        found = blocks(file)
    shown = "docs/from-python.md"
    count = 0
    with open(target, "w", encoding="utf-8") as out:
        out.write("/* Made of the C blocks of %s. */\n#undef NDEBUG\n" % shown)
        for number, (start, block) in enumerate(found):
            scope, body = split(block)
            renamed = names(scope) if number > 0 else set()
            suffix = "_%d" % number
            write(scope, start, out, shown, renamed, suffix)
            if not any(line.strip() for _, line in body):
                continue
            out.write("static void example_%d(mt_executor *ex) {\n(void)ex;\n" % count)
            write(body, start, out, shown, renamed, suffix)
            out.write("}\n\n")
            count += 1
        out.write("int main(int argc, char **argv) {\n")
        out.write('  mt_executor *ex;\n  assert(argc == 2 && mt_open(argv[1], NULL, &ex) == 0);\n')
        for number in range(count):
            out.write("  example_%d(ex);\n" % number)
        out.write('  assert(mt_close(ex) == 0);\n')
        out.write('  printf("%d examples\\n");\n  return 0;\n}\n' % count)
    if count < 25:
        sys.exit("only %d examples were found" % count)


main()
