"""Say in one sentence why this Python cannot run the course; say nothing if it can.

Any Python from 2.7 on must be able to read this file, hence its old-fashioned style.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)
ADVICE = "install Python 3.11, 3.12 or 3.13, or name one that you have: make lab PYTHON=python3.12"


def complaint(version, modules=("venv", "ensurepip")):
    """What keeps a Python of this version with these modules from running the course, if anything."""
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        found = ".".join([str(number) for number in version[:2]])
        return "This is Python " + found + ", which the course's libraries do not support: " + ADVICE
    for name in modules:
        try:
            __import__(name)
        except ImportError:
            return (
                "This Python has no module " + name + ": on Debian and Ubuntu, `sudo apt install "
                "python" + ".".join([str(number) for number in version[:2]]) + "-venv` brings it."
            )
    return None


if __name__ == "__main__":
    sys.exit(complaint(sys.version_info))
