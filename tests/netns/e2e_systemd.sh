#!/usr/bin/env bash
# The units under a systemd: with its users, directories, capabilities and
# filters. systemd-nspawn(1) starts it in the gateway, with a copy of this
# system's files that nobody else sees.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/system.sh
. "$(dirname "$0")/tools/system.sh"
# shellcheck source=tools/units.sh
. "$(dirname "$0")/tools/units.sh"

need_root
! sanitized || skip_all "sanitizers need system calls and files of their own"
for program in systemd-nspawn nsenter systemctl; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
lab_create
start_nsd
start_web
echo hello >"$dir/www/file"
make_sysroot || skip_all "no overlay of the root directory"
prepare_boot
forget_all
check "make install" install_all
boot || skip_all "no systemd here: $(tail -n 1 "$dir/boot.log")"
test_units
shut_down
tap_done
