"""Celery over kombu's SQS transport: tasks, retries, ETAs, a worker that dies.

Usage: python tour.py [scenario ...]
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

os.environ["CARILLON_SCRATCH"] = SCRATCH = tempfile.mkdtemp(prefix="carillon-celery-")
os.environ["CARILLON_QUEUE"] = f"celery-{uuid.uuid4().hex[:8]}"
for variable in [v for v in os.environ if v.startswith("AWS_")]:
    del os.environ[variable]

import tasks  # noqa: E402  (it reads the environment)
from kombu import Connection  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
LOG = os.path.join(SCRATCH, "worker.log")


def check(truth, what):
    if not truth:
        raise AssertionError(what)


def start_worker():
    with open(LOG, "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "INFO",
             "--without-gossip", "--without-mingle", "--without-heartbeat"],
            cwd=HERE, stdout=log, stderr=log, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})


def stop(worker, how=signal.SIGTERM):
    worker.send_signal(how)
    try:
        worker.wait(20)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(5)


def with_worker(scenario):
    def run():
        worker = start_worker()
        try:
            scenario()
        finally:
            stop(worker)
    run.__name__ = scenario.__name__
    return run


@with_worker
def tasks_run():
    values = [f"Grüße 🎉 {i}" for i in range(60)] + ["x" * 100_000, {"nested": [1, 2.5, None, True]}]
    results = [tasks.echo.delay(v) for v in values]
    check([r.get(timeout=60) for r in results] == values, "results differ from what was sent")


@with_worker
def task_retry():
    check(tasks.flaky.delay().get(timeout=40) == 2, "it did not take two retries")


@with_worker
def task_eta():
    at = time.time() + 3
    result = tasks.clock.apply_async(countdown=3)
    ran = result.get(timeout=40)
    check(ran >= at - 0.5, f"ran {at - ran:.1f} s too early")


def task_redelivered():
    name = uuid.uuid4().hex
    first = start_worker()
    try:
        result = tasks.hang.delay(name)
        deadline = time.monotonic() + 30
        while not os.path.exists(os.path.join(SCRATCH, f"saw-{name}")):
            check(time.monotonic() < deadline, "the first worker never took the task")
            time.sleep(0.1)
    finally:
        stop(first, signal.SIGKILL)
    second = start_worker()
    try:
        check(result.get(timeout=60) == "survived", "the task of the killed worker is lost")
    finally:
        stop(second)


def purge():
    """Runs while no worker does."""
    for i in range(5):
        tasks.echo.delay(i)
    with tasks.app.connection_for_read() as connection:
        channel = connection.default_channel
        queue = tasks.app.amqp.queues[os.environ["CARILLON_QUEUE"]].bind(channel)
        check(queue.queue_declare(passive=False).message_count == 5, "the broker counts other than five messages")
        queue.purge()
        check(queue.queue_declare(passive=False).message_count == 0, "messages after a purge")


def kombu_simple():
    broker = tasks.app.conf.broker_url
    options = tasks.app.conf.broker_transport_options
    with Connection(broker, transport_options=options) as connection:
        simple = connection.SimpleQueue(f"simple-{uuid.uuid4().hex[:8]}")
        sent = [{"n": i, "text": "世界"} for i in range(12)]
        for body in sent:
            simple.put(body)
        got = []
        for _ in sent:
            message = simple.get(timeout=20)
            got.append(message.payload)
            message.ack()
        check(sorted(b["n"] for b in got) == list(range(12)) and got[0]["text"] == "世界", f"got {got}")
        simple.close()


SCENARIOS = [purge, kombu_simple, tasks_run, task_retry, task_eta, task_redelivered]

if __name__ == "__main__":
    passed = failed = 0
    for scenario in SCENARIOS:
        label = scenario.__name__.replace("_", "-")
        if sys.argv[1:] and label not in sys.argv[1:]:
            continue
        began = time.monotonic()
        try:
            scenario()
            passed += 1
            print(f"ok   celery {label} ({time.monotonic() - began:.2f}s)", flush=True)
        except Exception as e:  # a scenario's failure must not stop the others
            failed += 1
            print(f"FAIL celery {label}: {type(e).__name__}: {' '.join(str(e).split())}", flush=True)
    if failed:
        with open(LOG) as log:
            sys.stderr.write("".join(log.readlines()[-40:]))
    shutil.rmtree(SCRATCH, ignore_errors=True)
    print(f"celery: {passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)
