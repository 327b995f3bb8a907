/*
 * The capabilities of the process: caps_linux.c, and caps_none.c for systems
 * without capabilities, where these functions do nothing.
 *
 * All return 0, or -1 with errno.
 */
#ifndef COMMON_OS_CAPS_H
#define COMMON_OS_CAPS_H

/* Give up all of them. For privs_drop(). */
int caps_drop(void);

/*
 * The same, but keep the capability to bind ports below 1024, if the process
 * has it. caps_hold() must be called before the user is changed, so that
 * capabilities survive that.
 */
int caps_hold(void);
int caps_drop_but_ports(void);

/* The same, but keep the one by which the reader reads any file. */
int caps_drop_but_reading(void);

#endif
