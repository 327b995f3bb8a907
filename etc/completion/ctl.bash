# Completion of @CTL@ for bash: @CTL@ itself knows the words.
_@CTL@() {
	local line=${COMP_LINE:0:COMP_POINT} words
	# COMP_WORDS are cut at each colon, of which addresses are full.
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=('')
	mapfile -t COMPREPLY < <(PATH=$PATH:@SBINDIR@ \
	    "$1" complete "${words[@]:1}" 2>/dev/null)
	if [[ ${COMPREPLY[*]} == FILE ]]; then
		COMPREPLY=()
		compopt -o default
	fi
}
complete -F _@CTL@ @CTL@
