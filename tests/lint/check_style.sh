#!/usr/bin/env bash
# The part of the style that can be checked by a program: line and file lengths,
# function lengths, blanks at line ends, headers that compile alone, pages that
# mandoc accepts, scripts that shellcheck accepts.
set -eu
cd "$(dirname "$0")/../.."
CC=${CC:-cc}
read -ra flags <<<"$(pkg-config --cflags libbsd-overlay libevent_core ldns)"
mapfile -t sources < <(find common nat64d dns64d tests/unit tests/fuzz \
    -name '*.[chly]' | sort)
# Not those of programs for another machine.
mapfile -t headers < <(find common nat64d dns64d -name '*.h' ! -name '*.bpf.h' |
    sort)
mapfile -t scripts < <(ls tests/*.sh tests/*/*.sh tests/*/*/*.sh etc/nat64d-unreachable 2>/dev/null)
. tests/lint/tap.sh

verdict "no line is longer than 80 columns" "$(awk '
    {
	while ((i = index($0, "\t")) > 0)
		$0 = substr($0, 1, i - 1) sprintf("%*s", 8 - (i - 1) % 8, "") \
		    substr($0, i + 1)
    }
    length > 80 { print FILENAME ":" FNR }' "${sources[@]}")"
verdict "no line ends with a blank" "$(grep -nE '[ 	]+$' "${sources[@]}" || :)"
verdict "no file is longer than 800 lines" "$(wc -l "${sources[@]}" |
    awk '$1 > 800 && $2 != "total"')"
verdict "no function is longer than 100 lines" "$(awk '
    FNR == 1 { s = 0 }
    /^{/ { s = FNR }
    /^}/ { if (s && FNR - s > 101) print FILENAME ":" s; s = 0 }' \
    "${sources[@]}")"
verdict "every header compiles alone" "$(printf '%s\n' "${headers[@]}" |
    xargs -P "$(nproc)" -n 16 "$CC" -std=gnu11 -I. "${flags[@]}" \
    -fsyntax-only -x c 2>&1 || :)"
verdict "every manual page is clean" "$(mandoc -Tlint -Wstyle man/*.[578] 2>/dev/null |
    grep -v 'referenced manual not found' || :)"
verdict "every script is clean" "$(shellcheck -S warning "${scripts[@]}" || :)"
# Their variables are read by what they include; ksh is what OpenBSD has.
verdict "every rc script is clean" \
    "$(shellcheck -s ksh -e SC1091,SC2034 -S warning etc/rc/*/* || :)"
echo "1..$n"
exit $status
