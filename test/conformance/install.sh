# Installs the clients, each into a directory named after the hash of its pins,
# so that a change of pins never meets old files. Sourced by run.

# directory NAME FILE... names the directory for those pins.
directory() {
	local name=$1
	shift
	echo "$cache/$name-$(cat "$@" | cksum | cut -d' ' -f1)"
}

venv_of() { directory "$1" "$here/$2"; }
boto3_dir=$(venv_of boto3 python/requirements-boto3.txt)
botocore129_dir=$(venv_of botocore129 python/requirements-botocore129.txt)
celery_dir=$(venv_of celery celery/requirements.txt)
js_dir=$(directory js "$here/js/package.json" "$here/js/package-lock.json")
java_dir=$(directory java "$here/java/pom.xml")

# install CLIENT leaves a reason in $work/missing-CLIENT if it cannot.
install() {
	local client=$1 log=$work/install-$1.log
	if ! "install_$client" >"$log" 2>&1; then
		{ grep -m1 '^need ' "$log" || tail -n 5 "$log"; } | tr '\n' ' ' >"$work/missing-$client"
	fi
}

need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || { echo "need $tool on the PATH"; return 1; }
	done
}

# once DIRECTORY COMMAND... runs COMMAND in a new DIRECTORY, unless that succeeded before.
once() {
	local dir=$1
	shift
	(
		flock 9 || exit 1
		[[ -e $dir/.installed ]] && exit 0
		rm -rf "$dir"
		mkdir -p "$dir" && cd "$dir" && timeout 400 "$@" && touch .installed
	) 9>"$dir.lock"
}

venv() { need python3 flock && once "$1" bash -c 'python3 -m venv . && bin/pip install --quiet --disable-pip-version-check -r "$0"' "$here/$2"; }

install_boto3() { venv "$boto3_dir" python/requirements-boto3.txt; }
install_awscli() { install_boto3; }
install_strict() { install_boto3; }
install_tls() { install_boto3; }
install_botocore129() { venv "$botocore129_dir" python/requirements-botocore129.txt; }
install_celery() { venv "$celery_dir" celery/requirements.txt; }

install_js() {
	need node npm flock &&
		once "$js_dir" bash -c 'cp "$0"/package*.json . && npm ci --silent --no-audit --no-fund --ignore-scripts' "$here/js"
}

install_java() {
	need javac java mvn flock &&
		once "$java_dir" bash -c 'cp "$0/pom.xml" . && mvn -q -B -ntp -Dmaven.repo.local="$1" dependency:copy-dependencies -DoutputDirectory="$PWD/lib"' \
			"$here/java" "$cache/m2"
}

install_go() { need go && cd "$root" && go test -count=1 -run '^$' ./test/conformance/go; }
install_gocloud() { need go && cd "$here/gocloud" && go test -count=1 -run '^$' .; }
