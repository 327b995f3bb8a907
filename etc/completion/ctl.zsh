#compdef @CTL@
# Completion of @CTL@ for zsh: @CTL@ itself knows the words.
local -a found
found=(${(f)"$(PATH=$PATH:@SBINDIR@ ${(Q)words[1]} complete \
    "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)"})
if [[ $found == FILE ]]; then
	_files
else
	compadd -a found
fi
