#include <sys/ioctl.h>

#include <stdio.h>
#include <unistd.h>

#include <curses.h>

#include "screen.h"
#include "termcheck.h"

static SCREEN *screen;

int
screen_open(char error[TERMCHECK_SIZE])
{
	if (termcheck(error) == -1)
		return (-1);
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		snprintf(error, TERMCHECK_SIZE,
		    "the terminal cannot be used: print plain text with -b");
		return (-1);
	}
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	return (0);
}

void
screen_close(void)
{
	curs_set(1);
	endwin();
	delscreen(screen);
	screen = NULL;
}

void
screen_resize(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 &&
	    ws.ws_col > 0)
		resizeterm(ws.ws_row, ws.ws_col);
}

void
screen_size(unsigned *columns, unsigned *rows)
{
	*columns = (unsigned)getmaxx(stdscr);
	*rows = (unsigned)getmaxy(stdscr);
}

void
screen_repaint(void)
{
	clearok(curscr, TRUE);
}

static attr_t
attribute_of(enum page_style style)
{
	switch (style) {
	case PAGE_TITLE:
	case PAGE_WARNING:
		return (A_BOLD);
	case PAGE_HEADING:
		return (A_REVERSE);
	case PAGE_TEXT:
		break;
	}
	return (A_NORMAL);
}

void
screen_draw(const struct page *p)
{
	size_t i;

	erase();
	for (i = 0; i < p->n; i++) {
		attrset(attribute_of(p->lines[i].style));
		mvaddstr((int)i, 0, p->lines[i].text);
	}
	attrset(A_NORMAL);
	refresh();
}

int
screen_key(void)
{
	int key;

	/* resizeterm() has put KEY_RESIZE before the keys. */
	while ((key = getch()) == KEY_RESIZE)
		continue;
	return (key != ERR ? key : 0);
}
