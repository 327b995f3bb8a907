/*
 * Replaces the function of libcheck that sends a message to the parent for
 * every assertion that holds, so that the parent can say where a test crashed:
 * with millions of assertions, the calls of write(2) take minutes on a loaded
 * machine. The name of a test that crashes is still reported.
 */
void __wrap__mark_point(const char *file, int line);

void
__wrap__mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}
