/*
 * Lists of any length as the answer to a request: {"NAME":[ with an element on
 * each line, and ]}. They are made in slices (httpd_stream()): all elements in
 * the order of a walk, or, sorted, the greatest of them.
 */
#ifndef NAT64D_CONTROL_LIST_H
#define NAT64D_CONTROL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http/httpd.h"
#include "common/topn.h"

/*
 * Entries looked at, and elements made, in one slice, so that packets wait less
 * than a millisecond for it.
 */
#define LIST_STEPS 256
#define LIST_ELEMENTS 64

struct list;

struct list_ops {
	const char *name;
	size_t row_size;
	/*
	 * Look at *steps entries and call list_add() for each that belongs to
	 * the list, until *steps is 0 or list_add() returns false. Returns
	 * false at the end.
	 */
	bool (*walk)(void *arg, struct list *l, unsigned *steps);
	json_t *(*json)(void *arg, const void *row);
};

/*
 * Answer rq. arg is freed by free(3) at the end. top: how many elements of the
 * greatest keys are shown; 0: all, unsorted.
 */
void list_answer(struct httpd_request *rq, const struct list_ops *ops,
    void *arg, size_t top);

/* Add an element. Returns false when the slice is full. */
bool list_add(struct list *l, uint64_t key, const void *row);

#endif
