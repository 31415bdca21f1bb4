"""A shop, with boto3.

Orders go to billing, to a warehouse that keeps the order of each customer, and
to e-mail; new accounts to marketing, in an account of its own. Analytics comes
late and catches up from the archive. Billing cannot read one of the orders:
the queue puts it aside, and it is redriven once the reader is mended.

    pip install boto3 && python3 shop.py
"""

import contextlib
import datetime
import json
import os
import sys
import time
import uuid

import boto3

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
REGION = "us-east-1"
RUN = uuid.uuid4().hex[:8]  # names of this run's own, so that you can run it again at once
ORDERS, CUSTOMERS = 12, ["anna", "ben", "clara"]
POISON = 5  # the order whose total is a word


class Account:
    """The clients of one account: without keys of yours, a 12-digit access key id says which."""

    def __init__(self, number):
        self.number = number
        session = boto3.Session(aws_access_key_id=number, aws_secret_access_key="any", region_name=REGION)
        self.events = session.client("events", endpoint_url=ENDPOINT)
        self.sqs = session.client("sqs", endpoint_url=ENDPOINT)

    def bus(self, name):
        arn = self.events.create_event_bus(Name=name)["EventBusArn"]
        cleanup.callback(self.events.delete_event_bus, Name=name)
        return arn

    def queue(self, name, **attributes):
        """A queue that rules of this account may send to. AWS asks for the policy, and so does --auth strict."""
        arn = f"arn:aws:sqs:{REGION}:{self.number}:{name}"
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": {"StringEquals": {"aws:SourceAccount": self.number}}}]}
        url = self.sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy), **attributes})["QueueUrl"]
        cleanup.callback(self.sqs.delete_queue, QueueUrl=url)
        return url, arn

    def rule(self, bus, name, detail_type, arn, **target):
        rule = self.events.put_rule(EventBusName=bus, Name=name, EventPattern=json.dumps({"detail-type": [detail_type]}))
        cleanup.callback(self.events.delete_rule, EventBusName=bus, Name=name)
        # One bad target does not fail the call: the answer says which.
        failed = self.events.put_targets(EventBusName=bus, Rule=name, Targets=[{"Id": "target", "Arn": arn, **target}])["FailedEntries"]
        if failed:
            sys.exit(f"target of {name}: {failed}")
        cleanup.callback(self.events.remove_targets, EventBusName=bus, Rule=name, Ids=["target"])
        return rule["RuleArn"]

    def read(self, url, handle, wait=1):
        """Reads a queue until it is empty. What handle cannot read is not deleted, and comes again."""
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages"):
            for m in messages:
                try:
                    handle(json.loads(m["Body"]))
                except ValueError:
                    continue
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])


def check(holds, what):
    print("ok  " if holds else "NOT SO:", what)
    if not holds:
        sys.exit(1)


with contextlib.ExitStack() as cleanup:  # undone in reverse, also when something fails
    shop, marketing = Account("111111111111"), Account("222222222222")
    started = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)

    # The archive keeps every event of the bus, for readers that do not exist yet.
    bus = f"shop-{RUN}"
    bus_arn = shop.bus(bus)
    archive = shop.events.create_archive(ArchiveName=bus, EventSourceArn=bus_arn)["ArchiveArn"]
    cleanup.callback(shop.events.delete_archive, ArchiveName=bus)

    # Billing has two tries at an order. It gets them again at once, so that this story does not wait.
    dead, dead_arn = shop.queue(f"billing-dead-{RUN}")
    billing, billing_arn = shop.queue(f"billing-{RUN}", VisibilityTimeout="0", RedrivePolicy=json.dumps(
        {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}))
    warehouse, warehouse_arn = shop.queue(f"warehouse-{RUN}.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    email, email_arn = shop.queue(f"email-{RUN}")

    shop.rule(bus, "billing", "OrderPlaced", billing_arn)
    # Order within a customer, and customers side by side: the message group is read from each event.
    shop.rule(bus, "warehouse", "OrderPlaced", warehouse_arn, SqsParameters={"MessageGroupId": "$.detail.customer"})
    shop.rule(bus, "email", "OrderPlaced", email_arn, InputTransformer={
        "InputPathsMap": {"customer": "$.detail.customer", "order": "$.detail.order"},
        "InputTemplate": '"Dear <customer>, thank you for order <order>."'})

    # Another account's bus takes events only from whom it lets in.
    marketing_arn = marketing.bus(bus)
    marketing.events.put_permission(EventBusName=bus, StatementId="shop", Action="events:PutEvents", Principal=shop.number)
    newsletter, newsletter_arn = marketing.queue(f"newsletter-{RUN}")
    marketing.rule(bus, "newsletter", "NewAccount", newsletter_arn)
    shop.rule(bus, "to-marketing", "NewAccount", marketing_arn)

    def put(detail_type, **detail):
        entry = {"EventBusName": bus, "Source": "shop", "DetailType": detail_type, "Detail": json.dumps(detail)}
        answer = shop.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            sys.exit(f"refused: {answer['Entries']}")

    for n in range(ORDERS):
        if n == ORDERS // 2:  # the producer below does not change
            analytics, analytics_arn = shop.queue(f"analytics-{RUN}")
            analytics_rule = shop.rule(bus, "analytics", "OrderPlaced", analytics_arn)
        if n < len(CUSTOMERS):
            put("NewAccount", customer=CUSTOMERS[n])
        put("OrderPlaced", order=n, customer=CUSTOMERS[n % len(CUSTOMERS)], total="twelve" if n == POISON else 20 + n)

    billed = {}

    def bill(event, words={}):
        order = event["detail"]
        billed[order["order"]] = words.get(order["total"]) or int(order["total"])  # ValueError: no number

    shop.read(billing, bill)
    check(len(billed) == ORDERS - 1 and POISON not in billed, f"billing has {ORDERS - 1} orders; it cannot read order {POISON}")
    # The reader is mended; what is in the dead-letter queue goes back to where it came from.
    shop.sqs.start_message_move_task(SourceArn=dead_arn)
    shop.read(billing, lambda event: bill(event, {"twelve": 12}), wait=3)
    check(sorted(billed) == list(range(ORDERS)) and billed[POISON] == 12, f"billing has all {ORDERS} orders, order {POISON} redriven")

    by_customer = {}
    shop.read(warehouse, lambda event: by_customer.setdefault(event["detail"]["customer"], []).append(event["detail"]["order"]))
    check(by_customer == {c: list(range(i, ORDERS, 3)) for i, c in enumerate(CUSTOMERS)}, "the warehouse has them in order for each customer")

    letters = []
    shop.read(email, letters.append)
    check(sorted(letters) == sorted(f"Dear {CUSTOMERS[n % 3]}, thank you for order {n}." for n in range(ORDERS)),
          f"{ORDERS} letters are written: {letters[0]}")

    accounts = []
    marketing.read(newsletter, lambda event: accounts.append(event["detail"]["customer"]))
    check(sorted(accounts) == CUSTOMERS, "marketing, in another account, knows the new accounts: " + ", ".join(sorted(accounts)))

    # A replay to the rule of analytics alone: billing does not see the orders again.
    known = set()
    shop.read(analytics, lambda event: known.add(event["detail"]["order"]))
    live = len(known)
    shop.events.start_replay(
        ReplayName=f"catch-up-{RUN}", EventSourceArn=archive,
        EventStartTime=started, EventEndTime=datetime.datetime.now(datetime.timezone.utc),
        Destination={"Arn": bus_arn, "FilterArns": [analytics_rule]})
    while shop.events.describe_replay(ReplayName=f"catch-up-{RUN}")["State"] in ("STARTING", "RUNNING"):
        time.sleep(0.1)
    shop.read(analytics, lambda event: known.add(event["detail"]["order"]))  # some come again: the set does not mind
    check(known == set(range(ORDERS)), f"analytics saw {live} orders live, and knows all {ORDERS} after the replay")
    again = []
    shop.read(billing, again.append)
    check(not again, "nobody else was bothered by the replay")
