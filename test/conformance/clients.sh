# How each client is started. CARILLON_ENDPOINT and CARILLON_ACCOUNT say where
# and as whom; every client prints one ok or FAIL line for each scenario.
# Sourced by run.

export PYTHONDONTWRITEBYTECODE=1

bounded() { timeout -k 10 "$limit" "$@"; }

client_boto3() { bounded "$boto3_dir/bin/python" "$here/python/tour.py" boto3; }
client_botocore129() { bounded "$botocore129_dir/bin/python" "$here/python/tour.py" botocore129; }
client_strict() { CARILLON_AWS=$boto3_dir/bin/aws bounded "$boto3_dir/bin/python" "$here/python/strict.py"; }
client_tls() {
	AWS_CA_BUNDLE=$CARILLON_TLS_CA CARILLON_AWS=$boto3_dir/bin/aws bounded "$boto3_dir/bin/python" "$here/python/secure.py"
}
client_awscli() { CARILLON_AWS=$boto3_dir/bin/aws bounded "$boto3_dir/bin/python" "$here/awscli/tour.py"; }
client_celery() { bounded "$celery_dir/bin/python" "$here/celery/tour.py"; }

# node resolves modules from where a file lies, hence the copy beside node_modules.
client_js() {
	cp "$here"/js/*.mjs "$js_dir/" && cd "$js_dir" &&
		bounded node --test --test-reporter=./reporter.mjs queues.test.mjs messages.test.mjs redrive.test.mjs events.test.mjs buses.test.mjs \
			topics.test.mjs subscriptions.test.mjs publish.test.mjs identities.test.mjs
}

client_java() {
	mkdir -p "$work/classes" &&
		javac -encoding UTF-8 -nowarn -XDsuppressNotes -d "$work/classes" -cp "$java_dir/lib/*" "$here"/java/src/*.java &&
		bounded java -cp "$work/classes:$java_dir/lib/*" Main
}

# go_lines CLIENT turns go test -v into the suite's lines.
go_lines() {
	awk -v client="$1" '
		/^=== (NAME|RUN|CONT) / { name = $3 }
		/^    +[a-z_]+_test\.go:[0-9]+: / { sub(/^ +/, ""); said[name] = said[name] " " $0; next }
		/^ *--- (PASS|FAIL): / {
			full = $3; short = full; parent = sub(/^[^\/]*\//, "", short) == 0
			if (client == "go" && parent && (said[full] == "" || $2 == "PASS:")) next # its scenarios speak for it
			if ($2 == "FAIL:") { printf "FAIL %s %s:%s\n", client, short, said[full] }
			else printf "ok   %s %s %s\n", client, short, $4
		}
		/^(panic|FAIL|#|[a-z].*\.go:)/ { print }
	'
}

client_go() { (cd "$root" && bounded go test -count=1 -v ./test/conformance/go) 2>&1 | go_lines go; }
client_gocloud() { (cd "$here/gocloud" && bounded go test -count=1 -v .) 2>&1 | go_lines gocloud; }
