#!/usr/bin/env bash
# A smart door, with the AWS CLI.
#
# The lock tells its bus what the door does, and knows of nobody who listens.
# One rule tells a phone over HTTP, another starts identification from a queue.
# The phone's service is down for a while and misses nothing; an event that is
# sent twice opens the door once.
#
# Needs aws, jq, and python3 for the phone.
set -euo pipefail

# Without keys of yours, a 12-digit access key id is the account that calls.
unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=
endpoint=${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}
aws() { command aws --endpoint-url "$endpoint" --output text "$@"; } # version 1 ignores AWS_ENDPOINT_URL for SQS

home=home-$RANDOM$RANDOM # a name of this run's own, so that you can run it again at once
tmp=$(mktemp -d)
undo=("rm -rf $tmp") # in reverse, also when something fails
later() { undo=("$(printf '%q ' "$@") >/dev/null" "${undo[@]}"); }
trap 'for u in "${undo[@]}"; do eval "$u"; done' EXIT
check() { if eval "$1"; then echo "ok   $2"; else echo "NOT SO: $2" >&2; exit 1; fi; }

# The phone: a notification service that can be down. It writes each event that it is told of to a file.
phone_up() {
	python3 - "${port:-0}" "$tmp" <<-'PYTHON' &
		import http.server, json, pathlib, sys

		port, tmp = int(sys.argv[1]), pathlib.Path(sys.argv[2])

		class Notify(http.server.BaseHTTPRequestHandler):
		    def do_POST(self):
		        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
		        known = self.headers["X-Api-Key"] == "hush"  # the connection's key: it is Carillon who calls
		        if known:
		            with open(tmp / "told", "a") as told:
		                print(event["detail"]["number"], file=told)
		        self.send_response(204 if known else 401)
		        self.end_headers()

		    def log_message(self, *_):
		        pass

		server = http.server.HTTPServer(("127.0.0.1", port), Notify)
		(tmp / "port").write_text(str(server.server_port))
		server.serve_forever()
	PYTHON
	phone=$!
	until [[ -s $tmp/port ]]; do kill -0 $phone && sleep 0.1; done
	port=$(<"$tmp/port")
}
phone_down() { kill $phone && { wait $phone || true; } 2>/dev/null; }
told() { sort -un "$tmp/told" 2>/dev/null | xargs; }
told_of() { # waits until the phone was told of so many events
	for ((i = 0; i < 600; i++)); do (($(told | wc -w) >= $1)) && return; sleep 0.1; done
	echo "the phone was told of $(told), want $1 events" >&2
	exit 1
}

# A queue that rules of this account may send to; its URL is in $url, its ARN in $arn. AWS asks for the policy, and so
# does --auth strict.
queue() {
	arn=arn:aws:sqs:us-east-1:$AWS_ACCESS_KEY_ID:$1
	url=$(aws sqs create-queue --queue-name "$1" --query QueueUrl --attributes "$(jq -nc --arg arn "$arn" --arg account "$AWS_ACCESS_KEY_ID" '
		{Version: "2012-10-17", Statement: [{Effect: "Allow", Principal: {Service: "events.amazonaws.com"},
			Action: "sqs:SendMessage", Resource: $arn, Condition: {StringEquals: {"aws:SourceAccount": $account}}}]}
		| {Policy: tojson}')")
	later aws sqs delete-queue --queue-url "$url"
}

rule() { # NAME TARGET-ARN
	aws events put-rule --event-bus-name "$home" --name "$1" \
		--event-pattern '{"source": ["smart.lock"], "detail-type": ["Door Status"]}' >/dev/null
	later aws events delete-rule --event-bus-name "$home" --name "$1"
	# One bad target does not fail the call: the answer says which.
	[[ $(aws events put-targets --event-bus-name "$home" --rule "$1" --targets "Id=target,Arn=$2" --query FailedEntryCount) == 0 ]]
	later aws events remove-targets --event-bus-name "$home" --rule "$1" --ids target
}

drain() { # prints everything in a queue, each message deleted once it is read
	local got
	while got=$(aws sqs receive-message --queue-url "$1" --max-number-of-messages 10 --wait-time-seconds 1 --output json) && [[ $got ]]; do
		jq -r '.Messages[].Body' <<<"$got"
		aws sqs delete-message-batch --queue-url "$1" --entries \
			"$(jq -c '[.Messages | to_entries[] | {Id: "\(.key)", ReceiptHandle: .value.ReceiptHandle}]' <<<"$got")" >/dev/null
	done
}

door() { # NUMBER; prints the event's id
	jq -nc --arg bus "$home" --argjson n "$1" '[{EventBusName: $bus, Source: "smart.lock", DetailType: "Door Status", Detail:
		({door: "front", status: ["opened", "closed"][$n % 2], number: $n, key: "front-\($n)"} | tojson)}]' >"$tmp/entry.json"
	aws events put-events --entries "file://$tmp/entry.json" --query 'Entries[0].EventId'
}

phone_up
later phone_down

# Two tags make the bus recognise an event that is put twice, by a key in the event.
aws events create-event-bus --name "$home" --tags 'Key=carillon:idempotency-key-path,Value=$.detail.key' \
	Key=carillon:idempotency-window,Value=10m >/dev/null
later aws events delete-event-bus --name "$home"

# An API destination is an address, and the connection is the right to call it.
connection=$(aws events create-connection --name "$home" --authorization-type API_KEY --query ConnectionArn \
	--auth-parameters 'ApiKeyAuthParameters={ApiKeyName=X-Api-Key,ApiKeyValue=hush}')
later aws events delete-connection --name "$home"
# Version 1 of the CLI would fetch a URL that is an argument of its own.
destination=$(aws events create-api-destination --query ApiDestinationArn --cli-input-json '{"Name": "'"$home"'",
	"ConnectionArn": "'"$connection"'", "HttpMethod": "POST", "InvocationEndpoint": "http://127.0.0.1:'"$port"'/notify"}')
later aws events delete-api-destination --name "$home"

queue "identification-$home"
rule notify "$destination"
rule identify "$arn"

first=$(door 0)
door 1 >/dev/null
told_of 2
phone_down
for n in 2 3 4 5; do door $n >/dev/null; done # as fast as before: a dead target delays nobody
check '[[ $(told) == "0 1" ]]' "4 events wait for the phone, whose service is down"
check '[[ $(door 0) == "$first" ]]' "the first event, sent again, is acknowledged with the first one's id"
phone_up
told_of 6
check '[[ $(told) == "0 1 2 3 4 5" ]]' "the phone was told of all 6 events"
check '[[ $(drain "$url" | jq .detail.number | sort | xargs) == "0 1 2 3 4 5" ]]' "identification has each of the 6 events once"
