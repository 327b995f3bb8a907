/*
 * nat64ctl show maps, translate: the addresses of a stateless translator.
 */
#include <stdio.h>

#include "common/ctl/table.h"

#include "commands.h"

int
print_maps(struct ctl *ctl, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "ipv4-prefix", "IPv4" }, { "ipv6-prefix", "IPv6" }
	};
	const json_t *list = json_object_get(answer, "eam");
	const json_int_t all = table_number(answer, "eam-all");

	(void)ctl;
	if (table_print(list, columns, sizeof(columns) / sizeof(columns[0]),
		stdout) == -1)
		return (-1);
	if (all > (json_int_t)json_array_size(list))
		printf("%" JSON_INTEGER_FORMAT " more\n",
		    all - (json_int_t)json_array_size(list));
	return (CTL_DONE);
}

int
print_translation(struct ctl *ctl, const json_t *answer)
{
	const char *to = table_text(answer, "translation");

	(void)ctl;
	if (to[0] == '\0') {
		printf("%s has no counterpart\n",
		    table_text(answer, "address"));
		return (CTL_DONE);
	}
	printf("%s is %s, by a %s\n", table_text(answer, "address"), to,
	    table_text(answer, "by"));
	return (CTL_DONE);
}
