# shellcheck shell=bash disable=SC2154 # those of lib.sh
# The images of etc/oci, made by buildah(1) without a registry: of a Debian in a
# folder, and of packages that were built before; to be sourced after lib.sh.
# Commands of the recipe run in a chroot and need no privilege of the kernel but
# that.

buildah_here() { # argument ...
	buildah --root "$dir/oci/root" --runroot "$dir/oci/run" \
	    --storage-driver vfs "$@"
}

# An image with nothing but these files.
import_image() { # name file ...
	local container
	container=$(buildah_here from scratch) &&
	    buildah_here copy -q "$container" "${@:2}" / &&
	    buildah_here commit -q "$container" "localhost/$1" &&
	    buildah_here rm "$container"
}

# The recipe as it is, but for the stage that compiles.
build_image() { # daemon
	buildah_here build --isolation chroot --pull-never \
	    --build-arg DEBIAN=localhost/debian \
	    --build-context packages=container-image://localhost/packages \
	    -f "$root/etc/oci/Containerfile" --target "$1" \
	    -t "localhost/$1" "$dir/oci/empty"
}

inspect_image() { # daemon field
	buildah_here inspect --type image --format "{{.OCIv1.Config.$2}}" \
	    "localhost/$1"
}

run_image() { # daemon option command ...
	buildah_here run --isolation chroot "$2" "$1-container" -- "${@:3}"
}

test_oci_image() { # daemon capability
	check "the image of $1 is built" build_image "$1" || return
	check_equal "it runs as nobody" "$(inspect_image "$1" User)" \
	    65534:65534
	check_equal "and starts the daemon in the foreground" \
	    "$(inspect_image "$1" Cmd)" "[$1 -d]"
	check "a container" buildah_here from --pull-never \
	    --name "$1-container" "localhost/$1"
	check_match "its program has a capability" \
	    "$(getcap "$(buildah_here mount "$1-container")/usr/sbin/$1")" \
	    " $2=ep\$"
	check "a container that has it starts the daemon" \
	    run_image "$1" "--cap-add=${2^^}" "$1" -V
	# Now and then, buildah loses what a command says that ends at once.
	check "one that has not does not" wait_for 30 \
	    fails_with "operation not permitted" \
	    run_image "$1" "--cap-drop=${2^^}" "$1" -V
	check_equal "the container's user is that of the image" \
	    "$(run_image "$1" "--cap-add=${2^^}" id -u)" 65534
	check "it has a place for its socket" \
	    run_image "$1" "--cap-add=${2^^}" test -w "/run/$1"
}

test_oci() { # folder of a Debian, folder of packages
	command -v buildah >/dev/null || {
		skip "images by buildah" "no buildah"
		return
	}
	mkdir -p "$dir/oci/empty"
	check "an image of Debian" import_image debian "$1" || return
	check "and one of the packages" import_image packages \
	    "$2"/{nat,dns}64d_*.deb || return
	test_oci_image nat64d cap_net_admin
	test_oci_image dns64d cap_net_bind_service
	test_rootless
}
