/*
 * The statement "control" of both configurations.
 */
#include <sys/un.h>

#include <stdlib.h>
#include <string.h>

#include "control_conf.h"

int
control_conf_init(struct control_conf *c, const char *standard)
{
	c->group = NULL;
	c->path = strdup(standard);
	return (c->path == NULL ? -1 : 0);
}

void
control_conf_clear(struct control_conf *c)
{
	free(c->path);
	free(c->group);
	c->path = c->group = NULL;
}

void
control_conf_print(const struct control_conf *c, FILE *f)
{
	fputs("control ", f);
	if (c->path == NULL)
		fputs("no", f);
	else
		conf_print_string(f, c->path);
	if (c->path != NULL && c->group != NULL) {
		fputs(" group ", f);
		conf_print_string(f, c->group);
	}
	putc('\n', f);
}

static bool
same_text(const char *a, const char *b)
{
	return (a == b || (a != NULL && b != NULL && strcmp(a, b) == 0));
}

bool
control_conf_equal(const struct control_conf *a, const struct control_conf *b)
{
	return (same_text(a->path, b->path) && same_text(a->group, b->group));
}

void
control_conf_set(struct conf_file *cf, const struct conf_value *path,
    const struct conf_value *group, struct control_conf *c)
{
	_Static_assert(sizeof(((struct sockaddr_un *)NULL)->sun_path) > 103,
	    "the bound of a path");

	control_conf_clear(c);
	if (strlen(path->text) > CONTROL_PATH_MAX) {
		conf_refuse(cf, path,
		    "is longer than the 103 characters that "
		    "the path of a socket may have");
		return;
	}
	conf_set_path(cf, path, &c->path);
	if (group != NULL)
		conf_set_string(cf, group, &c->group);
}
