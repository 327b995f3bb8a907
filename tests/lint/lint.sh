#!/usr/bin/env bash
# Run by `make lint`: clang-tidy (its checks are in .clang-tidy) and cppcheck
# over all sources, which take too long for every test run, clang-format, and
# the checks in this folder, which `make check` runs as well.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
status=0

sources=()
while read -r file; do
	case $file in
	*bsd.c | */tun_ifhead.c) ;; # of other systems
	*.bpf.c) ;; # for another machine, see below
	*) sources+=("$file") ;;
	esac
done < <(find common nat64d dns64d -name '*.c' | sort)
read -ra flags <<<"-std=gnu11 -I. -I$BUILD -DECDYSIS_VERSION=\"\" \
    -DECDYSIS_OS=\"\" $(pkg-config --cflags libbsd-overlay libevent_core \
    libevent_extra ldns libseccomp jansson libcurl)"

echo "clang-tidy, ${#sources[@]} files"
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I '{}' \
    clang-tidy --quiet '{}' -- "${flags[@]}" >"$BUILD/tidy.log" 2>&1 || :
read -ra bpf_flags <<<"-target bpf -O2 -ffreestanding -std=gnu11 -I. \
    -idirafter /usr/include/$(${CC:-cc} -print-multiarch)"
find nat64d -name '*.bpf.c' -exec clang-tidy --quiet '{}' -- \
    "${bpf_flags[@]}" ';' >>"$BUILD/tidy.log" 2>&1 || :
found=$(grep -E '(warning|error):' "$BUILD/tidy.log" | sort -u || :)
if [ -n "$found" ]; then
	echo "$found"
	status=1
fi

echo "cppcheck, ${#sources[@]} files"
cppcheck --quiet --std=c11 --enable=warning,performance,portability \
    --inline-suppr --suppress='*:/usr/include/*' --error-exitcode=1 \
    -j "$(nproc)" -I. -I/usr/include/bsd "${sources[@]}" || status=1

echo "clang-format"
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror || {
	echo "make fmt mends it"
	status=1
}

for check in tests/lint/check_*.sh; do
	"$check" "$BUILD" >"$BUILD/lint.tap" || status=1
	sed -n '/^not ok/,/^ok/p' "$BUILD/lint.tap" | grep -v '^ok' || :
done
[ "$status" -ne 0 ] || echo "clean"
exit "$status"
