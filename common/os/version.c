#include <stdio.h>
#include <string.h>

#include "version.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const char *
version(void)
{
	return (ECDYSIS_VERSION);
}

void
version_print(const char *program, const struct version_lib *libs)
{
	printf("%s %s\n", program, ECDYSIS_VERSION);
	printf("built for %s by %s\n", ECDYSIS_OS, COMPILER);
	for (; libs->name != NULL; libs++) {
		printf("%s %s", libs->name, libs->built);
		if (strcmp(libs->built, libs->running) != 0)
			printf(" (running %s)", libs->running);
		putchar('\n');
	}
}
