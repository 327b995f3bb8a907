/*
 * Is the terminal known to this host, and can it be drawn on?
 */
#ifndef COMMON_CTL_TERMCHECK_H
#define COMMON_CTL_TERMCHECK_H

#define TERMCHECK_SIZE 256

/*
 * Of standard output and $TERM. Returns 0, or -1 with a text that says what to
 * do.
 */
int termcheck(char error[TERMCHECK_SIZE]);

#endif
