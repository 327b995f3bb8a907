#!/bin/sh
# The manifests in etc/kubernetes are what the API of Kubernetes takes, by the
# types of its client for Python, and their configurations are valid.
# e2e_package.sh runs what they say.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${1:-build}
dir=$(mktemp -d /tmp/check_kubernetes.XXXXXX)
trap 'rm -rf "$dir"' EXIT
. tests/lint/tap.sh

manifest() { # what daemon
	tests/netns/tools/manifest.py "$1" "etc/kubernetes/$2.yaml"
}

is_refused() { # problem sed-script
	sed "$2" etc/kubernetes/dns64d.yaml >"$dir/wrong.yaml"
	tests/lint/kube_types.py "$dir/wrong.yaml" >"$dir/problems"
	cat "$dir/problems"
	[ "$(wc -l <"$dir/problems")" -eq 1 ] &&
	    grep -qF -- "$1" "$dir/problems"
}

is_valid() { # daemon
	manifest data "$1" >"$dir/$1.conf" &&
	    "$BUILD/$1/$1" -nn -f "$dir/$1.conf"
}

if ! /usr/bin/python3 -c 'import kubernetes, yaml' 2>/dev/null; then
	echo "ok 1 - manifests # SKIP no client of Kubernetes for Python"
	echo "1..1"
	exit 0
fi
for daemon in nat64d dns64d; do
	verdict "$daemon: the API knows what the manifest says" \
	    "$(tests/lint/kube_types.py "etc/kubernetes/$daemon.yaml" 2>&1)"
	verdict "$daemon: its parts fit together" "$(manifest check $daemon 2>&1)"
	check "$daemon: the configuration is valid" is_valid $daemon
done
check "a field that is written wrong is found" is_refused \
	'spec.replica: not in V1DeploymentSpec' 's/^  replicas:/  replica:/'
check "and one of a container" is_refused \
	'containers.0.readynessProbe: not in V1Container' \
	's/readinessProbe/readynessProbe/'
check "a text in place of a number is found" is_refused \
	"periodSeconds: not int: '1'" 's/periodSeconds: 1$/periodSeconds: "1"/'
check "a number in place of a text is found" is_refused \
	'namespace: not str: 7' '0,/namespace: ecdysis/s//namespace: 7/'
check "a container without a name is found" is_refused \
	'`name`, must not be `None`' 's/- name: reload$/- stdin: false/'
echo "1..$n"
exit $status
