/*
 * Tests of thread.c.
 */
#include <check.h>

#include "dns64d/thread.h"

#include "tests/unit/suite.h"

/* Larger than the whole stack that musl gives. */
#define DEEP (512 * 1024)

static void *
use_stack(void *arg)
{
	const struct thread *t = arg;
	volatile char bytes[DEEP];
	size_t i;
	uint8_t sum = 0;

	for (i = 0; i < sizeof(bytes); i += 4096)
		bytes[i] = 1;
	for (i = 0; i < sizeof(bytes); i += 4096)
		sum += bytes[i];
	thread_put(t->own_end, sum);
	while (thread_get(t->own_end) != -1)
		continue;
	return (NULL);
}

START_TEST(thread_has_room_for_large_messages)
{
	struct thread t;

	thread_start(&t, "test", use_stack, &t);
	thread_end(&t);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("thread");
	Suite *s = suite_create("thread");

	tcase_add_test(tc, thread_has_room_for_large_messages);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
