#!/usr/bin/env bash
# GitHub's webhooks, with the AWS CLI.
#
# Real payloads are posted to a signed webhook, as GitHub posts them. They are
# events on the bus of a partner source; one rule sends them to a topic, and each
# subscriber says with a filter policy what it wants to see.
#
# Needs aws, jq, curl, openssl, and carillon (bin/carillon after make build) on the PATH.
set -euo pipefail

# Without keys of yours, a 12-digit access key id is the account that calls.
unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=
export AWS_ENDPOINT_URL=${AWS_ENDPOINT_URL:-http://127.0.0.1:4566} # carillon reads it, too
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" --output text "$@"; } # version 1 ignores it for SQS

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:$here/../../bin
run=$RANDOM$RANDOM # names of this run's own, so that you can run it again at once
source=aws.partner/github.com/octocat-$run
secret=$(openssl rand -hex 20) # what GitHub asks for as the webhook's secret
tmp=$(mktemp -d)
undo=("rm -rf $tmp") # in reverse, also when something fails
later() { undo=("$(printf '%q ' "$@") >/dev/null" "${undo[@]}"); }
trap 'for u in "${undo[@]}"; do eval "$u"; done' EXIT
check() { if eval "$1"; then echo "ok   $2"; else echo "NOT SO: $2" >&2; exit 1; fi; }

# Lets a service of this account in. AWS asks for such a policy, and so does --auth strict.
may_send() { # SERVICE ACTION ARN
	jq -nc --arg service "$1" --arg action "$2" --arg arn "$3" --arg account "$AWS_ACCESS_KEY_ID" '
		{Version: "2012-10-17", Statement: [{Effect: "Allow", Principal: {Service: $service}, Action: $action,
			Resource: $arn, Condition: {StringEquals: {"aws:SourceAccount": $account}}}]}'
}

# The source, its bus and the webhook in one.
hook=$(carillon webhook set "$source" --scheme github --secret-file - --bus <<<"$secret")
hook=${hook%%$'\n'*} # the first line is the address
later aws events delete-partner-event-source --name "$source" --account $AWS_ACCESS_KEY_ID
later aws events delete-event-bus --name "$source"
later carillon webhook remove "$source"
check '[[ $hook == http*/ingest/$source ]]' "GitHub may post to $hook"

topic=$(aws sns create-topic --name "github-$run" --query TopicArn)
later aws sns delete-topic --topic-arn "$topic"
aws sns set-topic-attributes --topic-arn "$topic" --attribute-name Policy \
	--attribute-value "$(may_send events.amazonaws.com sns:Publish "$topic")"
aws events put-rule --event-bus-name "$source" --name publish --event-pattern '{"account": ["'$AWS_ACCESS_KEY_ID'"]}' >/dev/null
later aws events delete-rule --event-bus-name "$source" --name publish
aws events put-targets --event-bus-name "$source" --rule publish --targets "Id=topic,Arn=$topic" >/dev/null
later aws events remove-targets --event-bus-name "$source" --rule publish --ids topic

# Subscribes a queue; its URL is in $url. Raw: the event alone, without the topic's document around it. The policy looks
# into the event, where it would otherwise look at the message's attributes.
subscribe() { # NAME [FILTER-POLICY]
	local arn=arn:aws:sqs:us-east-1:$AWS_ACCESS_KEY_ID:$1-$run
	url=$(aws sqs create-queue --queue-name "$1-$run" --query QueueUrl \
		--attributes "$(may_send sns.amazonaws.com sqs:SendMessage "$arn" | jq -c '{Policy: tojson}')")
	later aws sqs delete-queue --queue-url "$url"
	aws sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$arn" --attributes "$(jq -nc --arg policy "${2-}" \
		'{RawMessageDelivery: "true"} + if $policy == "" then {} else {FilterPolicyScope: "MessageBody", FilterPolicy: $policy} end')" >/dev/null
}
subscribe audit; audit=$url
subscribe triage '{"detail-type": ["issues", "pull_request"], "detail": {"action": ["opened", "reopened"]}}'; triage=$url
subscribe welcome '{"detail": {"sender": {"login": [{"anything-but": ["Codertocat", "github"]}]}}}'; welcome=$url

# EVENT FILE DELIVERY [SIGNATURE] posts a file as GitHub does, and prints the answer's status.
post() {
	local signature=${4:-$(openssl dgst -sha256 -hmac "$secret" -r <"$2" | cut -d' ' -f1)}
	curl -s -o /dev/null -w '%{http_code}' "$hook" --data-binary @"$2" -H 'Content-Type: application/json' \
		-H "X-GitHub-Event: $1" -H "X-GitHub-Delivery: $3" -H "X-Hub-Signature-256: sha256=$signature"
}

# Some of the payloads: the CLI takes its time to read the queues.
jq -c 'select(.event | IN("issues", "fork", "member"))' "$here/../github-webhooks/payloads.jsonl" >"$tmp/hooks"
n=0
while read -r line; do
	n=$((n + 1))
	jq -c .payload <<<"$line" >"$tmp/body"
	status=$(post "$(jq -r .event <<<"$line")" "$tmp/body" "$run-$n")
	[[ $status == 200 ]] || { echo "webhook $n was answered with $status" >&2; exit 1; }
done <"$tmp/hooks"
check '[[ $(post push "$tmp/body" forged 0000) == 401 ]]' "a webhook with a forged signature is refused"

drain() { # prints everything in a queue, each message deleted once it is read
	local got
	while got=$(aws sqs receive-message --queue-url "$1" --max-number-of-messages 10 --wait-time-seconds 1 --output json) && [[ $got ]]; do
		jq -r '.Messages[].Body' <<<"$got"
		aws sqs delete-message-batch --queue-url "$1" --entries \
			"$(jq -c '[.Messages | to_entries[] | {Id: "\(.key)", ReceiptHandle: .value.ReceiptHandle}]' <<<"$got")" >/dev/null
	done
}
# What came has to be what jq says that the policy is for.
compare() { # NAME QUEUE-URL FILTER
	jq -cS "select($3) | [.event, .payload]" "$tmp/hooks" | sort >"$tmp/want"
	drain "$2" | jq -cS '[."detail-type", .detail]' | sort >"$tmp/got"
	check 'cmp -s "$tmp/want" "$tmp/got" && [[ -s $tmp/got ]]' "$1 has the $(wc -l <"$tmp/got") of $n webhooks that it is for"
}
compare audit "$audit" true
compare triage "$triage" '.event == "issues" and (.payload.action | IN("opened", "reopened"))'
compare welcome "$welcome" '.payload.sender.login // "github" | IN("Codertocat", "github") | not'
