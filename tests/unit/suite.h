/*
 * The main() of a test program: run its suite as the environment asks for
 * (CK_VERBOSITY, CK_TAP_LOG_FILE_NAME ...).
 */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>

/* Returns the exit status: 0 when all tests have passed. Frees s. */
int suite_run(Suite *s);

/*
 * Instead: the tests of the program called name cannot be run here, and why.
 * Returns the exit status.
 */
int suite_skip(const char *name, const char *why);

#endif
