/*
 * What -V and dumps print. Owns the version of the project, which the
 * Makefile gives.
 */
#ifndef COMMON_OS_VERSION_H
#define COMMON_OS_VERSION_H

/*
 * Print program's name and version, then a line with the system and the
 * compiler it was built for and by, and one per library: its name, the
 * version it was built with, and in parentheses the running one if it differs.
 * libs ends with an empty entry.
 */
struct version_lib {
	const char *name;
	const char *built;
	const char *running;
};

/* "1.0" */
const char *version(void);

void version_print(const char *program, const struct version_lib *libs);

#endif
