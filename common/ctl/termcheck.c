/*
 * A file of its own because <term.h> defines macros called lines and columns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "termcheck.h"

#define OTHERWISE "or print plain text with -b"

int
termcheck(char error[TERMCHECK_SIZE])
{
	const char *name = getenv("TERM"), *move;
	int found;

	if (name == NULL || *name == '\0') {
		snprintf(error, TERMCHECK_SIZE,
		    "TERM is not set: set it, " OTHERWISE);
		return (-1);
	}
	if (setupterm(NULL, STDOUT_FILENO, &found) != OK) {
		snprintf(error, TERMCHECK_SIZE,
		    "TERM=%s: this host does not know such a terminal: set it "
		    "to another kind, " OTHERWISE,
		    name);
		return (-1);
	}
	move = tigetstr("cup");
	found = move != NULL && move != (const char *)-1;
	del_curterm(cur_term);
	if (!found)
		snprintf(error, TERMCHECK_SIZE,
		    "TERM=%s: such a terminal cannot move its cursor: set it "
		    "to another kind, " OTHERWISE,
		    name);
	return (found ? 0 : -1);
}
