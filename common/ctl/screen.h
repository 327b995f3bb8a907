/*
 * The screen of a terminal, by ncurses: it shows pages and reads keys.
 */
#ifndef COMMON_CTL_SCREEN_H
#define COMMON_CTL_SCREEN_H

#include "page.h"
#include "termcheck.h"

/*
 * Standard input and output are a terminal: take it. Returns 0, or -1 with a
 * text that says what to do; then the terminal is as it was.
 */
int screen_open(char error[TERMCHECK_SIZE]);

/* Give it back as it was. */
void screen_close(void);

/* The size has changed, or may have: use the one that it has now. */
void screen_resize(void);

void screen_size(unsigned *columns, unsigned *rows);

/* What the screen has shown is not there any more: draw it whole. */
void screen_repaint(void);

void screen_draw(const struct page *p);

/* The next key that waits; 0 when there is none. */
int screen_key(void);
#define SCREEN_CTRL_L 0x0c

#endif
