#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "tests/unit/tun_fake.h"

struct waiting {
	STAILQ_ENTRY(waiting) next;
	size_t len;
	uint8_t bytes[];
};

struct tun {
	int fd;
	int far_end;
	STAILQ_HEAD(, waiting) waiting;
	uint8_t refused_proto; /* 0: none */
	unsigned refused;      /* packets, since the last tun_flush() */
	struct tun_refusal refusal;
	uint8_t buf[PKT_BUFSIZE];
};

struct tun *
tun_fake_new(void)
{
	struct tun *t;
	int pair[2];

	t = calloc(1, sizeof(*t));
	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	STAILQ_INIT(&t->waiting);
	t->fd = pair[0];
	t->far_end = pair[1];
	return (t);
}

int
tun_fake_far_end(const struct tun *t)
{
	return (t->far_end);
}

static void
close_end(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
tun_fake_be_device(struct tun *t)
{
	close_end(&t->far_end);
}

void
tun_fake_refuse(struct tun *t, uint8_t proto)
{
	t->refused_proto = proto;
}

void
tun_fake_be_far_end(struct tun *t)
{
	close_end(&t->fd);
}

const char *
tun_name(const struct tun *t)
{
	(void)t;
	return ("fake");
}

int
tun_fd(const struct tun *t)
{
	return (t->fd);
}

void
tun_close(struct tun *t)
{
	if (t == NULL)
		return;
	(void)tun_flush(t);
	close_end(&t->fd);
	close_end(&t->far_end);
	free(t);
}

int
tun_recv_batch(struct tun *t, unsigned max, size_t max_bytes, tun_rx_fn rx,
    void *arg)
{
	struct pkt p;
	size_t bytes = 0;
	unsigned n;
	ssize_t len;

	for (n = 0; n < max && bytes < max_bytes; n++) {
		pkt_init(&p, t->buf, sizeof(t->buf));
		len = recv(t->fd, p.data, PKT_MAXLEN, MSG_DONTWAIT);
		if (len == -1 && errno == EAGAIN)
			break;
		if (len <= 0) {
			errno = EBADFD;
			return (-1);
		}
		p.len = (uint32_t)len;
		bytes += p.len;
		rx(arg, &p, 1);
	}
	return ((int)n);
}

bool
tun_is_drained(const struct tun *t)
{
	(void)t;
	return (true);
}

void
tun_send(struct tun *t, const struct pkt *p)
{
	struct waiting *w;

	if (p->proto == t->refused_proto) {
		t->refused++;
		t->refusal.count++;
		t->refusal.error = EINVAL;
		snprintf(t->refusal.packet, sizeof(t->refusal.packet),
		    "IPv%d protocol %u", p->family, p->proto);
		return;
	}
	w = malloc(sizeof(*w) + p->len);
	ck_assert_ptr_nonnull(w);
	w->len = p->len;
	memcpy(w->bytes, p->data, p->len);
	STAILQ_INSERT_TAIL(&t->waiting, w, next);
}

unsigned
tun_flush(struct tun *t)
{
	struct waiting *w;
	unsigned refused = t->refused;

	t->refused = 0;
	while ((w = STAILQ_FIRST(&t->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&t->waiting, next);
		if (send(t->fd, w->bytes, w->len,
			MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
			refused++;
		free(w);
	}
	return (refused);
}

const struct tun_refusal *
tun_refusal(const struct tun *t)
{
	return (&t->refusal);
}

const char *
tun_why(int error)
{
	return (strerror(error));
}
