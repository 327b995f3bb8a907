#!/bin/sh
# The scripts for OpenWrt (etc/rc/openwrt) do what procd asks of them. There is
# no procd here: a stand-in for /etc/rc.common, which is written below, logs what
# the scripts call, and a program stands in for the daemons and clients.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d /tmp/check_procd.XXXXXX)
trap 'rm -rf "$dir"' EXIT
. tests/lint/tap.sh

# As rc.common and procd.sh do: a script may have a restart() of its own, the
# other actions are theirs. start() has the service replaced by what
# start_service() has described, so that one without instances is stopped.
cat >"$dir/rc.common" <<'END'
initscript=$1
action=$2
for call in open_service close_service open_instance set_param close_instance \
    kill; do
	eval "procd_$call() { echo procd_$call \"\$@\" >>\"\$CALLS\"; }"
done
restart() {
	trap '' TERM
	stop "$@"
	start "$@"
}
. "$initscript"
start() {
	procd_open_service "${initscript##*/}" "$initscript"
	start_service
	procd_close_service set
}
stop() {
	procd_kill "${initscript##*/}"
}
reload() {
	reload_service
}
[ "$USE_PROCD" = 1 ] && [ "$START" -gt 20 ] && [ "$STOP" -gt 0 ] || exit 1
"$action"
END

# It logs how it was called, and fails where a file NAME.fails is.
cat >"$dir/program" <<'END'
#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
[ ! -e "$0.fails" ]
END
chmod +x "$dir/program"
for name in nat64d dns64d nat64ctl dns64ctl nat64d-unreachable; do
	ln -s program "$dir/$name"
done
export CALLS="$dir/calls"

# Run an action of a script. It ends with this status, 0 or 1, and has called
# what is in standard input.
calls() { # status daemon action
	: >"$CALLS"
	rc=0
	sh "$dir/rc.common" "$dir/init.d/$2" "$3" || rc=$?
	sed "s,DIR,$dir,g" | diff - "$CALLS" && [ "$rc" -eq "$1" ]
}

start_calls() { # daemon [call before the instance]
	cat <<-END
	procd_open_service $1 DIR/init.d/$1
	$1 -dn -f DIR/$1.conf${2:+
	$2}
	procd_open_instance
	procd_set_param command DIR/$1 -d -f DIR/$1.conf
	procd_set_param file DIR/$1.conf
	procd_set_param respawn
	procd_set_param stderr 1
	procd_set_param term_timeout 30
	procd_close_instance
	procd_close_service set
	END
}

starts() { # daemon [call before the instance]
	start_calls "$@" | calls 0 "$1" start
}

restarts() { # daemon [call before the instance]
	{
		echo "$1 -dn -f DIR/$1.conf"
		echo "procd_kill $1"
		start_calls "$@"
	} | calls 0 "$1" restart
}

# It is not stopped.
is_not_restarted() { # daemon
	echo "$1 -dn -f DIR/$1.conf" | calls 1 "$1" restart
}

# procd is told nothing, and a daemon that runs goes on.
is_refused() { # daemon
	calls 1 "$1" start <<-END
	procd_open_service $1 DIR/init.d/$1
	$1 -dn -f DIR/$1.conf
	END
}

reloads() { # daemon status
	echo "${1%d}ctl reload" | calls "$2" "$1" reload
}

stops() { # daemon
	echo "procd_kill $1" | calls 0 "$1" stop
}

mkdir "$dir/init.d"
for daemon in nat64d dns64d; do
	sed "s,@SBINDIR@,$dir,g;s,@SYSCONFDIR@,$dir,g" \
	    "etc/rc/openwrt/$daemon" >"$dir/init.d/$daemon"
	before=
	[ "$daemon" = dns64d ] ||
	    before="nat64d-unreachable add DIR/nat64d.conf"
	check "$daemon: rc.common runs it" \
	    grep -qx '#!/bin/sh /etc/rc.common' "$dir/init.d/$daemon"
	check "$daemon: start" starts "$daemon" "$before"
	check "$daemon: stop" stops "$daemon"
	check "$daemon: restart" restarts "$daemon" "$before"
	check "$daemon: reload" reloads "$daemon" 0
	touch "$dir/${daemon%d}ctl.fails"
	check "$daemon: a reload that is refused has failed" \
	    reloads "$daemon" 1
	touch "$dir/$daemon.fails"
	check "$daemon: no start with an error in the configuration" \
	    is_refused "$daemon"
	check "$daemon: nor a restart, which would stop it" \
	    is_not_restarted "$daemon"
	rm "$dir/$daemon.fails"
done
touch "$dir/nat64d-unreachable.fails"
check "nat64d: start, without the routes for a time without it" \
    starts nat64d "nat64d-unreachable add DIR/nat64d.conf"
echo "1..$n"
exit $status
