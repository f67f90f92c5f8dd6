"""`python -m attenuate` is the command `attenuate`."""

import os
import subprocess
import sys

from ._program import program
from ._refused import Refused


def main() -> int:
    try:
        command = [program(), *sys.argv[1:]]
    except Refused as refused:
        print(f"attenuate: {refused}", file=sys.stderr)
        return 1
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
