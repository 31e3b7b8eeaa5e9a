# SPDX-License-Identifier: MIT
"""Whether docs/from-python.md speaks of everything that Python documents in concurrent.futures.

    names.py PAGE [HEADER...]

Every name of the list must be in the page, in code marks or in a Python block; and every name that
begins with mt_ or MT_ in the page must be in a header.
"""

import re
import sys

# The documentation of Python 3.14, from top to bottom.
DOCUMENTED = """
Executor submit map timeout chunksize buffersize shutdown wait cancel_futures with
ThreadPoolExecutor max_workers thread_name_prefix initializer initargs process_cpu_count
InterpreterPoolExecutor ExecutionFailed
ProcessPoolExecutor mp_context max_tasks_per_child terminate_workers kill_workers
Future cancel cancelled running done result exception add_done_callback
set_running_or_notify_cancel set_result set_exception
return_when FIRST_COMPLETED FIRST_EXCEPTION ALL_COMPLETED as_completed
CancelledError TimeoutError BrokenExecutor InvalidStateError
BrokenThreadPool BrokenInterpreterPool BrokenProcessPool
""".split()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        page = file.read()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.S))
    code += "\n".join(re.findall(r"`([^`\n]+)`", page))
    said = set(re.findall(r"\w+", code))
    missing = [name for name in DOCUMENTED if name not in said]
    declared = set()
    for header in sys.argv[2:]:
        with open(header, encoding="utf-8") as file:
            declared |= set(re.findall(r"\b(?:mt|MT)_\w+", file.read()))
    used = set(re.findall(r"\b(?:mt|MT)_\w+", page)) - {"mt_", "MT_"}
    unknown = sorted(used - declared)
    for name in missing:
        print("not in the page: Python's", name)
    for name in unknown:
        print("in no header:", name)
    if missing or unknown:
        sys.exit(1)
    print("%d names of Python, %d of meantime" % (len(DOCUMENTED), len(used)))


main()
