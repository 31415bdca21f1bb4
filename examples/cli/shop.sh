#!/usr/bin/env bash
# A shop, with the AWS CLI.
#
# Orders go to billing, to a warehouse that keeps the order of each customer, and
# to e-mail; new accounts to marketing, in an account of its own. Analytics comes
# late and catches up from the archive. Billing cannot read one of the orders: the
# queue puts it aside, and it is redriven once the reader is mended.
#
# Needs aws and jq. A command of the AWS CLI takes half a second: this takes a while.
set -euo pipefail

unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=
endpoint=${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}
# Without keys of yours, a 12-digit access key id is the account that calls.
shop=111111111111 marketing=222222222222
# ACCOUNT WORDS... runs the CLI as that account. Version 1 ignores AWS_ENDPOINT_URL for SQS.
as() { AWS_ACCESS_KEY_ID=$1 command aws --endpoint-url "$endpoint" --output text "${@:2}"; }

run=$RANDOM$RANDOM # names of this run's own, so that you can run it again at once
bus=shop-$run
undo=(:) # in reverse, also when something fails
later() { undo=("$(printf '%q ' "$@") >/dev/null" "${undo[@]}"); }
trap 'for u in "${undo[@]}"; do eval "$u"; done' EXIT
check() { if eval "$1"; then echo "ok   $2"; else echo "NOT SO: $2" >&2; exit 1; fi; }

make_bus() { # ACCOUNT
	as "$1" events create-event-bus --name "$bus" >/dev/null
	later as "$1" events delete-event-bus --name "$bus"
}

# A queue that rules of its account may send to; its URL is in $url, its ARN in $arn. AWS asks for the policy, and so
# does --auth strict.
queue() { # ACCOUNT NAME [JSON of more attributes]
	arn=arn:aws:sqs:us-east-1:$1:$2
	url=$(as "$1" sqs create-queue --queue-name "$2" --query QueueUrl --attributes "$(jq -nc --arg arn "$arn" --arg account "$1" '
		{Version: "2012-10-17", Statement: [{Effect: "Allow", Principal: {Service: "events.amazonaws.com"},
			Action: "sqs:SendMessage", Resource: $arn, Condition: {StringEquals: {"aws:SourceAccount": $account}}}]}
		| {Policy: tojson} + $more' --argjson more "${3:-"{}"}")")
	later as "$1" sqs delete-queue --queue-url "$url"
}

rule() { # ACCOUNT NAME DETAIL-TYPE TARGET-ARN [JSON of more of the target]
	as "$1" events put-rule --event-bus-name "$bus" --name "$2" --event-pattern '{"detail-type": ["'"$3"'"]}' >/dev/null
	later as "$1" events delete-rule --event-bus-name "$bus" --name "$2"
	# One bad target does not fail the call: the answer says which.
	[[ $(as "$1" events put-targets --event-bus-name "$bus" --rule "$2" --query FailedEntryCount \
		--targets "$(jq -nc --arg arn "$4" '[{Id: "target", Arn: $arn} + $more]' --argjson more "${5:-"{}"}")") == 0 ]]
	later as "$1" events remove-targets --event-bus-name "$bus" --rule "$2" --ids target
}

# Prints what jq's FILTER can read of the messages in a queue, and deletes those. Others are not deleted, and come again.
read_queue() { # ACCOUNT QUEUE-URL FILTER [SECONDS to wait]
	local got
	while got=$(as "$1" sqs receive-message --queue-url "$2" --max-number-of-messages 10 --wait-time-seconds "${4:-1}" --output json) && [[ $got ]]; do
		got=$(jq -c '[.Messages[] | {ReceiptHandle, read: (.Body | fromjson | '"$3"')}]' <<<"$got")
		jq -r '.[].read' <<<"$got"
		[[ $got == "[]" ]] || as "$1" sqs delete-message-batch --queue-url "$2" --entries \
			"$(jq -c '[to_entries[] | {Id: "\(.key)", ReceiptHandle: .value.ReceiptHandle}]' <<<"$got")" >/dev/null
	done
}

# The archive keeps every event of the bus, for readers that do not exist yet.
started=$(($(date +%s) - 1))
make_bus $shop
bus_arn=arn:aws:events:us-east-1:$shop:event-bus/$bus
archive=$(as $shop events create-archive --archive-name "$bus" --event-source-arn "$bus_arn" --query ArchiveArn)
later as $shop events delete-archive --archive-name "$bus"

# Billing has two tries at an order. It gets them again at once, so that this story does not wait.
queue $shop "billing-dead-$run"; dead=$arn
queue $shop "billing-$run" "$(jq -nc --arg dead "$dead" \
	'{VisibilityTimeout: "0", RedrivePolicy: ({deadLetterTargetArn: $dead, maxReceiveCount: 2} | tojson)}')"
billing=$url
rule $shop billing OrderPlaced "$arn"
# Order within a customer, and customers side by side: the message group is read from each event.
queue $shop "warehouse-$run.fifo" '{"FifoQueue": "true", "ContentBasedDeduplication": "true"}'; warehouse=$url
rule $shop warehouse OrderPlaced "$arn" '{"SqsParameters": {"MessageGroupId": "$.detail.customer"}}'
queue $shop "email-$run"; email=$url
rule $shop email OrderPlaced "$arn" '{"InputTransformer": {
	"InputPathsMap": {"customer": "$.detail.customer", "order": "$.detail.order"},
	"InputTemplate": "\"Dear <customer>, thank you for order <order>.\""}}'

# Another account's bus takes events only from whom it lets in.
make_bus $marketing
as $marketing events put-permission --event-bus-name "$bus" --statement-id shop --action events:PutEvents --principal $shop
queue $marketing "newsletter-$run"; newsletter=$url
rule $marketing newsletter NewAccount "$arn"
rule $shop to-marketing NewAccount "arn:aws:events:us-east-1:$marketing:event-bus/$bus"

# The producer: orders FROM to UNTIL, and an account for each new customer. It knows of nobody who listens.
produce() {
	[[ 0 == $(as $shop events put-events --query FailedEntryCount --entries "$(jq -nc --arg bus "$bus" --argjson from "$1" --argjson until "$2" '
		[range($from; $until) | {order: ., customer: ["anna", "ben", "clara"][. % 3], total: (if . == 5 then "twelve" else 20 + . end)}
			| (select(.order < 3) | ["NewAccount", {customer}]), ["OrderPlaced", .]
			| {EventBusName: $bus, Source: "shop", DetailType: .[0], Detail: (.[1] | tojson)}]')") ]]
}

produce 0 6
queue $shop "analytics-$run"; analytics=$url # comes late, and the producer does not change
rule $shop analytics OrderPlaced "$arn"
produce 6 12

# Order 5 has a word as its total. What billing cannot read, it does not delete.
billed=$(read_queue $shop "$billing" '.detail | select(.total | numbers) | .order')
check '[[ $(sort -n <<<"$billed" | xargs) == "0 1 2 3 4 6 7 8 9 10 11" ]]' "billing has 11 orders; it cannot read order 5"
# The reader is mended; what is in the dead-letter queue goes back to where it came from.
as $shop sqs start-message-move-task --source-arn "$dead" >/dev/null
redriven=$(read_queue $shop "$billing" '.detail | select(.total == "twelve" or (.total | numbers)) | .order' 3)
check '[[ $redriven == 5 ]]' "billing has all 12 orders, order 5 redriven"

by_customer=$(read_queue $shop "$warehouse" '.detail | "\(.customer) \(.order)"' | sort -s -k1,1 | xargs)
check '[[ $by_customer == "anna 0 anna 3 anna 6 anna 9 ben 1 ben 4 ben 7 ben 10 clara 2 clara 5 clara 8 clara 11" ]]' \
	"the warehouse has them in order for each customer"

letters=$(read_queue $shop "$email" .)
check '(($(sort -u <<<"$letters" | grep -c "^Dear [a-z]*, thank you for order [0-9]*\.$") == 12))' "12 letters are written: $(head -1 <<<"$letters")"

accounts=$(read_queue $marketing "$newsletter" .detail.customer | sort | xargs)
check '[[ $accounts == "anna ben clara" ]]' "marketing, in another account, knows the new accounts: $accounts"

# A replay to the rule of analytics alone: billing does not see the orders again.
live=$(read_queue $shop "$analytics" .detail.order)
as $shop events start-replay --replay-name "catch-up-$run" --event-source-arn "$archive" \
	--event-start-time $started --event-end-time "$(date +%s)" \
	--destination "Arn=$bus_arn,FilterArns=arn:aws:events:us-east-1:$shop:rule/$bus/analytics" >/dev/null
while [[ $(as $shop events describe-replay --replay-name "catch-up-$run" --query State) =~ STARTING|RUNNING ]]; do sleep 0.2; done
# Some come again: what counts is which orders it knows.
known=$(sort -un <<<"$live"$'\n'"$(read_queue $shop "$analytics" .detail.order)" | xargs)
check '[[ $known == "0 1 2 3 4 5 6 7 8 9 10 11" ]]' "analytics saw $(wc -w <<<"$live") orders live, and knows all 12 after the replay"
check '[[ ! $(read_queue $shop "$billing" .) ]]' "nobody else was bothered by the replay"
