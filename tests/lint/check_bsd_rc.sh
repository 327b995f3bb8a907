#!/bin/sh
# The scripts for FreeBSD and OpenBSD (etc/rc) do what rc.subr(8) asks of them.
# Neither system is here: a stand-in for each rc.subr, which is written below,
# does what its manual says of the actions, and programs stand in for the
# daemons and clients.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d /tmp/check_bsd_rc.XXXXXX)
trap 'rm -rf "$dir"' EXIT
. tests/lint/tap.sh

# A service runs while there is a file NAME.runs. FreeBSD calls ACTION_precmd
# before an action, and ends it if that fails; a restart is a stop and a start.
# Only a service that is enabled in rc.conf starts, unless it is "onestart".
cat >"$dir/freebsd.subr" <<'END'
load_rc_config() {
	[ ! -e "$DIR/rc.conf" ] || . "$DIR/rc.conf"
}
run_rc_command() {
	action=${1#one}
	eval "enabled=\$$rcvar"
	[ "$enabled" = YES ] || [ "$action" != "$1" ] || return 0
	case " start stop restart status $extra_commands " in
	*" $action "*) ;;
	*) return 1 ;;
	esac
	if [ "$action" = start ]; then
		for file in $required_files; do
			[ -r "$file" ] || return 1
		done
	fi
	eval "before=\${${action}_precmd-} other=\${${action}_cmd-}"
	${before:+"$before"} || return 1
	case $action in
	start) $command $command_args && touch "$DIR/$name.runs" ;;
	stop) rm "$DIR/$name.runs" ;;
	status) [ -e "$DIR/$name.runs" ] ;;
	restart) (run_rc_command "${1%restart}stop")
		(run_rc_command "${1%restart}start") ;;
	*) "$other" ;;
	esac
}
END

# OpenBSD calls rc_configtest before start, reload and restart, and rc_pre before
# a start.
cat >"$dir/openbsd.subr" <<'END'
daemon_flags=${FLAGS-$daemon_flags}
name=${daemon##*/}
rc_cmd() {
	case $1 in
	start | reload | restart) rc_configtest || exit 1 ;;
	esac
	case $1 in
	start) rc_pre && $daemon $daemon_flags && touch "$DIR/$name.runs" ;;
	stop) rm "$DIR/$name.runs" ;;
	check) [ -e "$DIR/$name.runs" ] ;;
	restart) sh "$0" stop && sh "$0" start ;;
	*) "rc_$1" ;;
	esac
}
END

# It logs how it was called, and fails where a file NAME.fails is.
cat >"$dir/program" <<'END'
#!/bin/sh
echo "${0##*/} $*" >>"$DIR/calls"
[ ! -e "$0.fails" ]
END
chmod +x "$dir/program"
for name in nat64d dns64d nat64ctl dns64ctl; do
	ln -s program "$dir/$name"
done
export DIR="$dir"

# Run an action. It ends with this status, 0 or 1, and has called what is in
# standard input.
calls() { # status daemon action
	: >"$dir/calls"
	rc=0
	sh "$dir/rc/$2" "$3" || rc=$?
	[ "$rc" -eq 0 ] || rc=1
	sed "s,DIR,$dir,g" | uniq >"$dir/expected"
	uniq "$dir/calls" | diff "$dir/expected" - && [ "$rc" -eq "$1" ]
}

starts() { # daemon action
	printf '%s\n' "$1 -n -f DIR/$1.conf" "$1 -f DIR/$1.conf" |
	    calls 0 "$1" "$2" && test -e "$dir/$1.runs"
}

does_not_start() { # daemon action
	echo "$1 -n -f DIR/$1.conf" | calls 1 "$1" "$2"
}

reloads() { # daemon status
	{
		[ "$system" = freebsd ] || echo "$1 -n -f DIR/$1.conf"
		echo "${1%d}ctl reload"
	} | calls "$2" "$1" reload
}

is_silent() { # status daemon action
	calls "$@" </dev/null
}

check_script() { # daemon
	on="$system: $1"
	check "$on: it is a script of rc.subr" grep -q "^\. $subr\$" \
	    "etc/rc/$system/$1"
	check "$on: start" starts "$1" start
	check "$on: it runs" is_silent 0 "$1" "$status_of"
	check "$on: reload" reloads "$1" 0
	check "$on: restart" starts "$1" restart
	touch "$dir/${1%d}ctl.fails" "$dir/$1.conf"
	check "$on: a reload that is refused has failed" reloads "$1" 1
	touch "$dir/$1.fails"
	check "$on: configtest tells an error" does_not_start "$1" configtest
	check "$on: no restart with an error in the configuration" \
	    does_not_start "$1" restart
	check "$on: it runs on" test -e "$dir/$1.runs"
	check "$on: stop" is_silent 0 "$1" stop
	check "$on: it does not run" is_silent 1 "$1" "$status_of"
	check "$on: no start with an error in the configuration" \
	    does_not_start "$1" start
	rm "$dir/$1.fails" "$dir/${1%d}ctl.fails"
}

for system in freebsd openbsd; do
	case $system in
	freebsd) subr=/etc/rc.subr status_of=status ;;
	openbsd) subr=/etc/rc.d/rc.subr status_of=check ;;
	esac
	rm -rf "$dir/rc" "$dir/rc.conf"
	mkdir "$dir/rc"
	for daemon in nat64d dns64d; do
		touch "$dir/$daemon.conf"
		sed "s,@SBINDIR@,$dir,g;s,@SYSCONFDIR@,$dir,g
		    s,^\. $subr\$,. $dir/$system.subr," \
		    "etc/rc/$system/$daemon" >"$dir/rc/$daemon"
		if [ $system = freebsd ]; then
			check "$system: $daemon: it is not enabled by itself" \
			    is_silent 0 "$daemon" start
			echo "${daemon}_enable=YES" >"$dir/rc.conf"
		fi
		check_script "$daemon"
	done
done
echo "1..$n"
exit $status
