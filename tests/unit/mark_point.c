/*
 * Check sends a message to the parent for every assertion that holds, so that
 * it can say where a test crashed. That is a write(2) for each of millions,
 * and on a loaded machine minutes of waiting. Linked in its place: nothing;
 * of a crash the name of the test is known, and a debugger knows the rest.
 */
void __wrap__mark_point(const char *file, int line);

void
__wrap__mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}
