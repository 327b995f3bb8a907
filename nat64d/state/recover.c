#include "recover.h"

static void
take_origin(void *arg, int64_t wall_ms, const char *program)
{
	struct recover *r = arg;

	(void)program;
	r->saved_ms = wall_ms;
}

static void
take_prefix(void *arg, uint8_t i, const struct pref64 *p)
{
	struct recover *r = arg;

	nat64_restore_prefix(&r->restore, i, p);
}

static void
take_binding(void *arg, const struct nat64_saved_binding *b)
{
	struct recover *r = arg;

	r->n_bindings++;
	nat64_restore_binding(&r->restore, b);
}

static void
take_session(void *arg, const struct nat64_saved_session *s)
{
	struct recover *r = arg;

	nat64_restore_session(&r->restore, s);
}

static void
take_block(void *arg, const struct nat64_saved_block *block)
{
	struct recover *r = arg;

	nat64_restore_block(&r->restore, block);
}

static void
take_role(void *arg, const struct nat64_saved_role *role)
{
	struct recover *r = arg;

	nat64_restore_role(&r->restore, role);
}

static void
take_mapping(void *arg, const struct nat64_saved_mapping *m)
{
	struct recover *r = arg;

	nat64_restore_mapping(&r->restore, m);
}

static void
take_epoch(void *arg, int64_t epoch_ms)
{
	struct recover *r = arg;

	nat64_restore_epoch(&r->restore, epoch_ms);
}

static void
take_unknown(void *arg, bool session)
{
	struct recover *r = arg;

	nat64_restore_unknown(&r->restore, session);
}

void
recover_begin(struct recover *r, struct nat64 *n,
    const struct nat64_clocks *at, bool ports_only)
{
	const struct record_sink sink = {
		.origin = take_origin,
		.prefix = take_prefix,
		.binding = take_binding,
		.session = take_session,
		.block = take_block,
		.role = take_role,
		.mapping = take_mapping,
		.epoch = take_epoch,
		.unknown = take_unknown,
		.arg = r,
	};

	record_reader_init(&r->reader, &sink);
	nat64_restore_begin(&r->restore, n, at, ports_only);
	r->saved_ms = 0;
	r->n_bindings = 0;
}

int
recover_end(struct recover *r)
{
	nat64_restore_end(&r->restore);
	return (record_finish(&r->reader));
}
