#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "dns64d/wire/msg_name.h"
#include "reverse.h"

static const uint8_t in_addr_arpa[] = "\007in-addr\004arpa";
static const uint8_t ip6_arpa[] = "\003ip6\004arpa";

/* Read an octet without leading zeros. Returns -1 when it is none. */
static int
read_octet(const uint8_t *label)
{
	int i, n = 0;

	if (label[0] < 1 || label[0] > 3 || (label[1] == '0' && label[0] > 1))
		return (-1);
	for (i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9')
			return (-1);
		n = n * 10 + label[i] - '0';
	}
	return (n > 255 ? -1 : n);
}

static int
read_nibble(const uint8_t *label)
{
	uint8_t c = name_lower(label[1]);

	if (label[0] != 1)
		return (-1);
	if (c >= '0' && c <= '9')
		return (c - '0');
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

static unsigned
count_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += *name + 1)
		n++;
	return (n);
}

static void
read_digits(struct reverse *r, const uint8_t *name, size_t n)
{
	int digit;
	size_t i;

	for (i = n; i-- > 0; name += *name + 1)
		r->label[i] = name;
	for (; r->n < n; r->n++) {
		digit = r->family == AF_INET ? read_octet(r->label[r->n]) :
					       read_nibble(r->label[r->n]);
		if (digit == -1)
			return;
		r->digit[r->n] = (uint8_t)digit;
	}
}

void
reverse_read(const uint8_t *name, struct reverse *r)
{
	size_t n, max;

	memset(r, 0, sizeof(*r));
	if (name_is_below(name, in_addr_arpa)) {
		r->family = AF_INET;
		max = 4;
	} else if (name_is_below(name, ip6_arpa)) {
		r->family = AF_INET6;
		max = REVERSE_DIGITS_MAX;
	} else
		return;
	n = count_labels(name) - 2;
	r->deeper = n > max;
	for (; n > max; n--)
		name += *name + 1;
	read_digits(r, name, n);
}

int
reverse_addr(const uint8_t *name, struct in6_addr *out)
{
	struct reverse r;
	size_t i;

	reverse_read(name, &r);
	memset(out, 0, sizeof(*out));
	if (r.deeper)
		return (0);
	if (r.family == AF_INET && r.n == 4)
		memcpy(out, r.digit, 4);
	else if (r.family == AF_INET6 && r.n == REVERSE_DIGITS_MAX)
		for (i = 0; i < sizeof(*out); i++)
			out->s6_addr[i] = (uint8_t)(r.digit[2 * i] << 4 |
			    r.digit[2 * i + 1]);
	else
		return (0);
	return (r.family);
}

size_t
reverse_name4(struct in_addr addr, uint8_t *out)
{
	uint8_t octet[4];
	size_t n = 0;
	char text[4];
	int i, len;

	memcpy(octet, &addr, sizeof(octet));
	for (i = 3; i >= 0; i--) {
		len = snprintf(text, sizeof(text), "%u", octet[i]);
		out[n] = (uint8_t)len;
		memcpy(out + n + 1, text, (size_t)len);
		n += (size_t)len + 1;
	}
	memcpy(out + n, in_addr_arpa, sizeof(in_addr_arpa));
	return (n + sizeof(in_addr_arpa));
}
