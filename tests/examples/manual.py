# SPDX-License-Identifier: MIT
"""manual.py SOURCE CC...: holds the manual against the headers.

Every function of a public header is in the SYNOPSIS of the page named after it, with the same
prototype; it is in that page's NAME section, and in man/meson.build, which installs a link for it;
no page has functions that the header has not. Every constant and every field is mentioned. Structs
that a page quotes are the header's. The code in the pages' EXAMPLES compiles.
"""

import pathlib
import re
import shlex
import subprocess
import sys

source = pathlib.Path(sys.argv[1])
cc = sys.argv[2:]
wrong = []


def normal(text):
    """C declarations that differ in white space only become equal."""
    return re.sub(r"\s*([(),;*{}])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def declared(header):
    """{name: prototype} of a header's functions and function types."""
    text = without_comments(header.read_text())
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    found = {}
    for m in re.finditer(r"(?:MT_API|static inline|typedef)\s+([^;{}]*?\b(mt_\w+)\([^;{]*?\))\s*"
                         r"(MT_PRINTF\([^)]*\))?\s*[;{]", text):
        prefix = "typedef " if m.group(0).startswith("typedef") else ""
        found[m.group(2)] = normal(prefix + m.group(1))
    return found


def mentioned(header):
    """The constants of a header, and the fields of its structs, but for those that are opaque."""
    text = without_comments(header.read_text())
    names = set(re.findall(r"^#define (MT_[A-Z]+)\b(?!_)", text, flags=re.M))
    names -= {"MT_API", "MT_PRINTF"}
    for body in re.findall(r"\benum \w*\s*\{(.*?)\}", text, flags=re.S):
        names |= set(re.findall(r"\bMT_\w+", body))
    for name, body in re.findall(r"\bstruct (\w+) \{(.*?)^\}", text, flags=re.S | re.M):
        if name != "mt_job":
            names |= set(re.findall(r"(\w+)(?=[;,])", re.sub(r"\)\([^;]*", "", body)))
    return names


def section(page, name):
    m = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page, flags=re.M | re.S)
    return m.group(1) if m else ""


def literals(text):
    """The code between .Bd -literal and .Ed, as a reader sees it."""
    blocks = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed$", text, flags=re.M | re.S)
    return [b.replace("\\e", "\\").replace("\\&", "") for b in blocks]


def documented(page):
    """{name: prototype} of a page's SYNOPSIS, from .Ft, .Fn and .Fo/.Fa/.Fc lines."""
    found, returns, name, arguments = {}, "", None, []
    for line in section(page, "SYNOPSIS").splitlines():
        word, *rest = shlex.split(line, posix=True) if line.startswith(".F") else [""]
        if word == ".Ft":
            returns = " ".join(rest)
        elif word == ".Fo":
            name, arguments = rest[0], []
        elif word == ".Fa":
            arguments += rest
        if word == ".Fn":
            name, arguments = rest[0], rest[1:]
        if word in (".Fn", ".Fc") and name.startswith("mt_"):
            found[name] = normal(f"{returns} {name}({', '.join(arguments)})")
    return found


def compiles(page_name, code):
    includes = ["errno.h", "meantime.h", "stdatomic.h", "poll.h", "stdio.h", "stdlib.h", "string.h",
                "unistd.h"]
    text = "".join(f"#include <{name}>\n" for name in includes) + code
    command = [*cc, "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wconversion",
               "-Wno-unused-function", "-fsyntax-only", f"-I{source / 'include'}", "-x", "c", "-"]
    run = subprocess.run(command, input=text, text=True, capture_output=True)
    if run.returncode:
        wrong.append(f"{page_name}: its example does not compile:\n{run.stderr}")


installed = (source / "man/meson.build").read_text()
examples = 0
headers = sorted((source / "include/meantime").glob("*.h"))
for header in headers:
    path = source / "man" / f"meantime-{header.stem}.3"
    if not path.exists():
        wrong.append(f"{header.name} has no page {path.name}")
        continue
    page, wanted = path.read_text(), declared(header)
    given = documented(page)
    for name in sorted(wanted.keys() | given.keys()):
        if wanted.get(name) != given.get(name):
            wrong.append(f"{path.name}: {name}\n  header: {wanted.get(name)}\n"
                         f"  page:   {given.get(name)}")
    named = set(re.findall(r"^\.Nm (\w+)", section(page, "NAME"), flags=re.M))
    functions = {n for n, p in wanted.items() if not p.startswith("typedef")} or named
    listed = re.search(rf"'{header.stem}': \[(.*?)\]", installed, flags=re.S)
    links = set(re.findall(r"'(\w+)'", listed.group(1))) if listed else set()
    for where, names in ("its NAME section", named), ("man/meson.build", links):
        if names != functions:
            wrong.append(f"{path.name}: {where} differs in {sorted(names ^ functions)}")
    for name in sorted(mentioned(header)):
        if not re.search(rf"\b{name}\b", page):
            wrong.append(f"{path.name}: {name} is not mentioned")
    quoted = normal(without_comments(header.read_text()))
    for block in literals(section(page, "SYNOPSIS")):
        for part in re.split(r"\n\s*\n", block):
            if normal(part) not in quoted:
                wrong.append(f"{path.name}: not in {header.name}:\n{part}")

for path in sorted((source / "man").glob("*.[37]")):
    for code in literals(section(path.read_text(), "EXAMPLES")):
        examples += 1
        compiles(path.name, code)

if len(headers) < 10 or examples < 10:
    wrong.append(f"only {len(headers)} headers and {examples} examples were found")
print("\n".join(wrong) or f"{len(headers)} pages, {examples} examples")
sys.exit(bool(wrong))
