"""Says what the examples have left behind on the server at AWS_ENDPOINT_URL."""

import os
import sys

import boto3

left = []
for account in ("111111111111", "222222222222"):
    session = boto3.Session(aws_access_key_id=account, aws_secret_access_key="any", region_name="us-east-1")
    events, sns, sqs = (session.client(name, endpoint_url=os.environ["AWS_ENDPOINT_URL"]) for name in ("events", "sns", "sqs"))
    buses = events.list_event_buses()["EventBuses"]
    left += [b["Arn"] for b in buses if b["Name"] != "default"]
    left += [a["ArchiveName"] for a in events.list_archives()["Archives"]]
    left += [c["ConnectionArn"] for c in events.list_connections()["Connections"]]
    left += [d["ApiDestinationArn"] for d in events.list_api_destinations()["ApiDestinations"]]
    left += [s["Name"] for s in events.list_event_sources()["EventSources"]]
    left += [t["TopicArn"] for t in sns.list_topics()["Topics"]]
    left += [s["SubscriptionArn"] for s in sns.list_subscriptions()["Subscriptions"]]
    left += sqs.list_queues().get("QueueUrls", [])
sys.exit("left behind: " + ", ".join(left) if left else 0)
