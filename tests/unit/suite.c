#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

int
suite_run(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int
suite_skip(const char *name, const char *why)
{
	const char *path = getenv("CK_TAP_LOG_FILE_NAME");
	FILE *f = path == NULL ? stdout : fopen(path, "w");

	if (f == NULL)
		return (EXIT_FAILURE);
	fprintf(f, "1..1\nok 1 - %s # SKIP %s\n", name, why);
	return (f == stdout || fclose(f) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
