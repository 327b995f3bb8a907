#include <stdlib.h>

#include <event2/buffer.h>

#include "list.h"

struct list {
	const struct list_ops *ops;
	void *arg;
	struct evbuffer *out; /* during a call of more */
	unsigned room;	      /* elements that the slice still takes */
	bool begun;
	bool any;	 /* an element has been written */
	struct topn top; /* max 0: unsorted */
	bool sorted;	 /* the walk has ended */
	size_t rank;	 /* of the next element, when sorted */
};

static int
append(const char *data, size_t len, void *arg)
{
	return (evbuffer_add(arg, data, len));
}

/* An element is left out when memory is short. */
static void
write_element(struct list *l, const void *row)
{
	json_t *o = l->ops->json(l->arg, row);

	if (o == NULL)
		return;
	evbuffer_add_printf(l->out, l->any ? ",\n" : "\n");
	json_dump_callback(o, append, l->out, JSON_COMPACT);
	json_decref(o);
	l->any = true;
	l->room--;
}

bool
list_add(struct list *l, uint64_t key, const void *row)
{
	if (l->top.max == 0)
		write_element(l, row);
	else
		topn_add(&l->top, key, row);
	return (l->room > 0);
}

/* Returns true while there is more. */
static bool
write_sorted(struct list *l)
{
	while (l->rank < l->top.n && l->room > 0)
		write_element(l, topn_at(&l->top, l->rank++));
	return (l->rank < l->top.n);
}

static bool
more(void *arg, struct evbuffer *out)
{
	struct list *l = arg;
	unsigned steps = LIST_STEPS;

	l->out = out;
	l->room = LIST_ELEMENTS;
	if (!l->begun)
		evbuffer_add_printf(out, "{\"%s\":[", l->ops->name);
	l->begun = true;
	if (!l->sorted) {
		if (l->ops->walk(l->arg, l, &steps))
			return (true);
		l->sorted = true;
		topn_sort(&l->top);
	}
	if (write_sorted(l))
		return (true);
	evbuffer_add_printf(out, "\n]}\n");
	return (false);
}

static void
end(void *arg)
{
	struct list *l = arg;

	topn_clear(&l->top);
	free(l->arg);
	free(l);
}

void
list_answer(struct httpd_request *rq, const struct list_ops *ops, void *arg,
    size_t top)
{
	static const struct httpd_stream_ops stream_ops = { more, end };
	struct list *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL ||
	    (top > 0 && topn_init(&l->top, top, ops->row_size) == -1)) {
		free(l);
		free(arg);
		httpd_error(rq, 500, "out of memory");
		return;
	}
	l->ops = ops;
	l->arg = arg;
	httpd_stream(rq, "application/json", &stream_ops, l);
}
