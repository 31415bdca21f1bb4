"""The tour of a botocore client: `python tour.py <client name> [scenario ...]`.

The same scenarios run with a botocore that speaks JSON and with one of 2022
that speaks the query protocol; what the old one lacks is left out.
"""

import sys

import harness
import buses  # noqa: F401  (importing registers the scenarios)
import archives  # noqa: F401  (importing registers the scenarios)
import audit  # noqa: F401
import destinations  # noqa: F401
import events  # noqa: F401
import fifo  # noqa: F401
import identities  # noqa: F401
import messages  # noqa: F401
import queues  # noqa: F401
import redrive  # noqa: F401
import sessions  # noqa: F401
import publish  # noqa: F401
import subscribers  # noqa: F401
import topics  # noqa: F401
import visibility  # noqa: F401

if __name__ == "__main__":
    endpoint, account = harness.environment()
    client, only = sys.argv[1], sys.argv[2:]
    sys.exit(harness.run(client, lambda: harness.Tour(endpoint, account), only))
