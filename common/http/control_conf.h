/*
 * The statement "control" of both configurations: where the control socket is,
 * and who may open it.
 */
#ifndef COMMON_HTTP_CONTROL_CONF_H
#define COMMON_HTTP_CONTROL_CONF_H

#include <stdbool.h>
#include <stdio.h>

#include "common/conf/conf_file.h"

/* Characters of the path: what the systems have in common. */
#define CONTROL_PATH_MAX 103

struct control_conf {
	char *path;  /* owned; NULL: "control no" */
	char *group; /* owned; NULL: only the user */
};

/* The default path. Returns 0, or -1 with errno ENOMEM. */
int control_conf_init(struct control_conf *c, const char *standard);
void control_conf_clear(struct control_conf *c);

/* The canonical form of the statement, with a newline. */
void control_conf_print(const struct control_conf *c, FILE *f);

bool control_conf_equal(const struct control_conf *a,
    const struct control_conf *b);

/* Carry out the statement. What is wrong is reported. group: or NULL. */
void control_conf_set(struct conf_file *cf, const struct conf_value *path,
    const struct conf_value *group, struct control_conf *c);

#endif
