"""A Celery application as somebody would write it, with Carillon as its broker.

The worker and the tour import the same module; what a task saw is written to
files in CARILLON_SCRATCH, so that it also outlives a killed worker.
"""

import os
import time
from urllib.parse import urlsplit

from celery import Celery

SCRATCH = os.environ["CARILLON_SCRATCH"]
ACCOUNT = os.environ.get("CARILLON_ACCOUNT", "000000000000")

app = Celery("carillon", broker=f"sqs://{ACCOUNT}:test@{urlsplit(os.environ['CARILLON_ENDPOINT']).netloc}",
             backend=f"file://{SCRATCH}")
app.conf.update(
    task_default_queue=os.environ["CARILLON_QUEUE"],
    broker_transport_options={"region": "us-east-1", "visibility_timeout": 4, "wait_time_seconds": 2, "polling_interval": 0.1},
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,  # SQS has no fan-out
    result_backend_always_retry=False,
)


def record(name, line):
    """Appends a line in one write and gives how many there are."""
    path = os.path.join(SCRATCH, f"saw-{name}")
    with open(path, "a") as f:
        f.write(line + "\n")
    with open(path) as f:
        return len(f.readlines())


@app.task(name="carillon.echo")
def echo(value):
    return value


@app.task(name="carillon.flaky", bind=True, max_retries=3)
def flaky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=1)
    return self.request.retries


@app.task(name="carillon.clock")
def clock():
    return time.time()


@app.task(name="carillon.hang")
def hang(name):
    """Hangs the first time, so that its worker can be killed in the middle."""
    if record(name, str(os.getpid())) == 1:
        time.sleep(60)
    return "survived"
