"""One of the processes of an import: reads the claims that it is sent, and sends back what became of them."""

from __future__ import annotations

import sys

from stickgen.importing.clips import read_claim
from stickgen.importing.processes import answer

if __name__ == "__main__":
    for choices, (claim, row), connection in answer(int(sys.argv[1])):
        connection.send(read_claim(claim, row, choices))
