/*
 * The vectors of tests/vectors: packets, each through a new translator,
 * IPv4-embedded addresses through pref64.c, and the example of RFC 1624 through
 * cksum.h.
 *
 * Each packet is translated three times: as in the file, as received from a
 * device with offloads, and as received from one without.
 */
#include "tests/unit/vectors.h"

#include "nat64d/wire/cksum.h"
#include "nat64d/wire/iphdr.h"

#include "tests/unit/vectors_device.h"

/* What the vectors call the reasons for a silent drop. */
static const struct {
	const char *text;
	enum nat64_reason reasons[2];
} reasons[] = {
	{ "bad icmp6 checksum", { NAT64_ICMP_CKSUM } },
	{ "bad ip header", { NAT64_BAD_IP4_CKSUM } },
	{ "error in error", { NAT64_ICMP_INNER } },
	{ "icmp type", { NAT64_ICMP_TYPE } },
	{ "martian embedded address", { NAT64_MARTIAN4 } },
	{ "martian source", { NAT64_MARTIAN6, NAT64_MULTICAST6 } },
	{ "no binding", { NAT64_NO_BINDING } },
	{ "non-global source with well-known prefix",
	    { NAT64_WKP_NONGLOBAL } },
	{ "pointer", { NAT64_ICMP_POINTER } },
	{ "source in Pref64", { NAT64_SOURCE_IN_PREF64 } },
	{ "tiny fragment", { NAT64_FRAG_TINY } },
	{ "type", { NAT64_ICMP_TYPE } },
	{ "u octet", { NAT64_BAD_U_OCTET } },
	{ "udp6 zero checksum", { NAT64_UDP_ZERO_CKSUM } },
};

/* A packet of the file: its bytes, at most one packet long. */
static size_t
unhex(uint8_t *out, const char *hex)
{
	size_t i, n = strlen(hex) / 2;
	unsigned byte;

	ck_assert_uint_le(n, PKT_MAXLEN);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return (n);
}

static void
print_hex(const char *what, const uint8_t *p, size_t len)
{
	size_t i;

	printf("  %s ", what);
	for (i = 0; i < len; i++)
		printf("%02x", p[i]);
	printf("\n");
}

static enum l4proto
proto_of(const json_t *obj)
{
	const char *name = member(obj, "proto");

	if (strcmp(name, "tcp") == 0)
		return (L4_TCP);
	if (strcmp(name, "udp") == 0)
		return (L4_UDP);
	ck_assert_str_eq(name, "icmp");
	return (L4_ICMP);
}

/* "ADDRESS#PORT": the port, and the address in addr. */
static uint16_t
split_port(const char *text, char addr[INET6_ADDRSTRLEN])
{
	const size_t n = strcspn(text, "#");

	ck_assert_uint_lt(n, INET6_ADDRSTRLEN);
	ck_assert_int_eq(text[n], '#');
	memcpy(addr, text, n);
	addr[n] = '\0';
	return ((uint16_t)atoi(text + n + 1));
}

static struct taddr4
taddr4_of(const char *text)
{
	char addr[INET6_ADDRSTRLEN];
	struct taddr4 t;

	t.port = split_port(text, addr);
	t.addr = addr4(addr);
	return (t);
}

static void
add_binding(struct setup *s, const json_t *binding)
{
	struct nat64_static *b = &s->statics[s->conf.n_statics++];
	char addr[INET6_ADDRSTRLEN];

	ck_assert_uint_le(s->conf.n_statics, 8);
	b->proto = proto_of(binding);
	b->out4 = taddr4_of(member(binding, "v4"));
	b->in6.port = split_port(member(binding, "v6"), addr);
	b->in6.addr = addr6(addr);
}

/* One port per address and protocol, each of them bound. */
static void
exhaust_pool(struct setup *s)
{
	struct nat64_static *b;
	unsigned i, proto;

	for (i = 0; i < 2; i++)
		for (proto = 0; proto < L4_NPROTO; proto++) {
			s->pool[i].ports[proto] =
			    (struct port_range){ 1024, 1024 };
			b = &s->statics[s->conf.n_statics++];
			b->proto = (enum l4proto)proto;
			b->out4.addr = s->pool[i].first;
			b->out4.port = 1024;
			b->in6.addr = addr6("2001:db8:2::99");
			b->in6.port = (uint16_t)(1 + i);
		}
}

static void
configure(struct setup *s, const json_t *c)
{
	const bool adf = json_is_true(json_object_get(c, "adf"));
	const json_t *bindings = json_object_get(c, "bindings");
	size_t i;

	setup_common(s, member(c, "pref64"));
	s->conf.self4 = addr4(member(c, "self4"));
	s->conf.self6 = addr6(member(c, "self6"));
	s->conf.xlat.mtu4 =
	    (uint32_t)json_integer_value(json_object_get(c, "mtu4"));
	s->conf.xlat.mtu6 =
	    (uint32_t)json_integer_value(json_object_get(c, "mtu6"));
	s->conf.xlat.lowest_mtu6 = (uint32_t)json_integer_value(
	    json_object_get(c, "lowest_ipv6_mtu"));
	s->first_ipid =
	    (uint16_t)json_integer_value(json_object_get(c, "next_ipid"));
	for (i = 0; i < L4_NPROTO; i++)
		s->conf.adf[i] = adf;
	s->conf.wkp_nonglobal_ok =
	    strcmp(member(c, "wkp_non_global"), "allow") == 0;
	s->conf.unbound_errors =
	    json_is_true(json_object_get(c, "unbound_icmp"));
	for (i = 0; i < json_array_size(bindings); i++)
		add_binding(s, json_array_get(bindings, i));
	if (json_is_true(json_object_get(c, "pool_exhausted")))
		exhaust_pool(s);
}

/*
 * Open the UDP session of a binding: its host sends a packet. What comes
 * out of that is not the vector's.
 */
static void
open_session(struct nat64 *n, const struct setup *s, const json_t *session,
    struct monotime now)
{
	const struct taddr4 src = taddr4_of(member(session, "src4"));
	const struct taddr4 dst = taddr4_of(member(session, "dst4"));
	const struct nat64_static *b = s->statics;
	struct iphdr6 h = { .hlim = 64,
		.proto = IPPROTO_UDP,
		.len = PKT_UDP_HLEN };
	uint8_t packet[PKT_IP6_HLEN + PKT_UDP_HLEN] = { 0 };
	uint8_t *udp = packet + PKT_IP6_HLEN;

	ck_assert_int_eq(proto_of(session), L4_UDP);
	while (b->proto != L4_UDP || b->out4.addr.s_addr != src.addr.s_addr ||
	    b->out4.port != src.port)
		ck_assert(++b < s->statics + s->conf.n_statics);
	h.src = b->in6.addr;
	pref64_embed(&s->conf.prefixes[0], dst.addr, &h.dst);
	iphdr_put6(packet, &h);
	put16(udp, b->in6.port);
	put16(udp + 2, dst.port);
	put16(udp + PKT_UDP_LEN, PKT_UDP_HLEN);
	put16(udp + PKT_UDP_CKSUM, 0xffff);
	ck_assert_int_eq(put_in(n, packet, sizeof(packet), NULL, now, NULL),
	    NAT64_SENT);
	forget_packets();
}

/* The header of the file in the layout and byte order of the device. */
static const uint8_t *
vnet_of(const json_t *j, uint8_t hdr[VNET_HDRLEN])
{
	static const char *const words[] = { "hdr_len", "gso_size",
		"csum_start", "csum_offset" };
	uint16_t word;
	size_t i;

	memset(hdr, 0, VNET_HDRLEN);
	if (!json_is_object(j))
		return (NULL);
	hdr[0] = (uint8_t)json_integer_value(json_object_get(j, "flags"));
	hdr[1] = (uint8_t)json_integer_value(json_object_get(j, "gso_type"));
	for (i = 0; i < 4; i++) {
		word =
		    (uint16_t)json_integer_value(json_object_get(j, words[i]));
		memcpy(hdr + 2 + 2 * i, &word, sizeof(word));
	}
	return (hdr);
}

/* Same bytes? Else print both and where they part. */
static bool
same_bytes(const char *what, const uint8_t *want, size_t n_want,
    const uint8_t *got, size_t n_got)
{
	size_t i = 0;

	while (i < n_want && i < n_got && want[i] == got[i])
		i++;
	if (i == n_want && i == n_got)
		return (true);
	printf("%s differ at byte %zu; %zu bytes expected, %zu got\n", what, i,
	    n_want, n_got);
	print_hex("expected", want, n_want);
	print_hex("got     ", got, n_got);
	return (false);
}

static bool
check_packets(const struct vector *v, const json_t *packets)
{
	static uint8_t want[PKT_MAXLEN];
	uint8_t vnet[VNET_HDRLEN];
	const json_t *packet;
	unsigned i;
	size_t n;
	int family;
	bool ok = true;

	if (n_recorded != json_array_size(packets)) {
		printf("%s: %zu packets expected, %u got\n", v->name,
		    json_array_size(packets), n_recorded);
		ok = false;
	}
	vnet_of(json_object_get(v->json, "vnet_out"), vnet);
	for (i = 0; i < n_recorded; i++) {
		packet = json_array_get(packets, i);
		n = packet == NULL ? 0 : unhex(want, member(packet, "hex"));
		ok &= same_bytes(v->name, want, n, recorded[i].bytes,
		    recorded[i].len);
		if (packet == NULL)
			continue;
		family = member(packet, "family")[1] - '0';
		if (recorded[i].family != (enum pkt_family)family) {
			printf("%s: family %d\n", v->name, recorded[i].family);
			ok = false;
		}
		/* DATA_VALID may be kept: the device ignores it (GSO-16). */
		vnet[0] |= recorded[i].vnet[0] & 2;
		ok &= same_bytes("vnet headers", vnet, sizeof(vnet),
		    recorded[i].vnet, sizeof(vnet));
	}
	return (ok);
}

/*
 * The same as check_packets(), looked at where they arrive. Where one error
 * answers a super-packet, each segment of it has one of its own, which
 * quotes another packet.
 */
static bool
check_arrived(const struct vector *v, const json_t *packets, bool errors)
{
	static struct arrived want, got;
	static uint8_t bytes[PKT_MAXLEN];
	uint8_t vnet[VNET_HDRLEN];
	const size_t n_want = json_array_size(packets);
	const char *hex;
	unsigned i;
	bool ok;

	want.n = got.n = 0;
	vnet_of(json_object_get(v->json, "vnet_out"), vnet);
	for (i = 0; i < n_want; i++) {
		hex = member(json_array_get(packets, i), "hex");
		arrive_written(&want, bytes, unhex(bytes, hex), vnet);
	}
	for (i = 0; i < n_recorded; i++)
		arrive_written(&got, recorded[i].bytes, recorded[i].len,
		    recorded[i].vnet);
	if (errors) {
		ck_assert_uint_eq(want.n, 1);
		for (i = 0, ok = got.n > 1; i < got.n; i++)
			ok &= same_bytes(v->name, want.bytes[0] + PKT_IP4_HLEN,
				  2, got.bytes[i] + PKT_IP4_HLEN, 2) &&
			    same_bytes(v->name,
				want.bytes[0] + PKT_IP4_HLEN + 4, 4,
				got.bytes[i] + PKT_IP4_HLEN + 4, 4);
		return (ok);
	}
	ok = want.n == got.n;
	if (!ok)
		printf("%s: %u packets expected, %u got\n", v->name, want.n,
		    got.n);
	for (i = 0; i < want.n && i < got.n; i++)
		ok &= same_bytes(v->name, want.bytes[i], want.len[i],
		    got.bytes[i], got.len[i]);
	return (ok);
}

/* Every drop is counted once, under the reason that the vector names. */
static bool
check_drop(const struct vector *v, const struct nat64 *n,
    enum nat64_verdict verdict, enum nat64_reason reason)
{
	const char *text =
	    member(json_object_get(v->json, "expected"), "reason");
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].text, text) == 0)
			break;
	ck_assert_msg(i < sizeof(reasons) / sizeof(reasons[0]),
	    "reason \"%s\" not known", text);
	if (verdict == NAT64_DROPPED && nat64_stats(n)->drops[reason] == 1 &&
	    (reason == reasons[i].reasons[0] ||
		(reason == reasons[i].reasons[1] && reason != NAT64_NONE)))
		return (true);
	printf("%s: to be dropped for \"%s\", was %s for \"%s\"\n", v->name,
	    text, verdict_name(verdict), nat64_reason_name(reason));
	return (false);
}

static bool
check_verdict(const struct vector *v, const struct nat64 *n,
    enum nat64_verdict got, enum nat64_reason reason)
{
	const char *want =
	    member(json_object_get(v->json, "expected"), "verdict");
	enum nat64_verdict verdict = NAT64_SENT;

	if (strcmp(want, "drop") == 0)
		return (check_drop(v, n, got, reason));
	if (strcmp(want, "icmp_error") == 0)
		verdict = NAT64_REPLIED;
	else if (nat64_stats(n)->counters[NAT64_ECHO_ANSWERED] > 0)
		verdict = NAT64_REPLIED;
	/* An answer that is given later. */
	if (json_object_get(v->json, "clock_advance_s") != NULL)
		verdict = NAT64_HELD;
	if (got == verdict)
		return (true);
	printf("%s: verdict %s expected, got %s for \"%s\"\n", v->name,
	    verdict_name(verdict), verdict_name(got),
	    nat64_reason_name(reason));
	return (false);
}

/* Let time pass; nothing may be said before it has. */
static bool
advance_clock(const struct vector *v, struct nat64 *n, struct monotime now)
{
	const json_t *j = json_object_get(v->json, "clock_advance_s");
	bool quiet;

	if (j == NULL)
		return (true);
	now = monotime_add_secs(now, json_integer_value(j));
	expire(n, monotime_add_ms(now, -1));
	quiet = n_recorded == 0;
	if (!quiet)
		printf("%s: answered too early\n", v->name);
	expire(n, now);
	return (quiet);
}

static bool
run_packets(const struct vector *v, enum device device)
{
	const json_t *config = json_object_get(v->json, "config");
	const json_t *sessions = json_object_get(config, "sessions");
	const json_t *input = json_object_get(v->json, "input");
	const json_t *expected = json_object_get(v->json, "expected");
	const struct monotime now = { .ns = 1000000000 };
	static uint8_t packet[PKT_MAXLEN];
	uint8_t hdr[VNET_HDRLEN];
	const uint8_t *vnet;
	const json_t *packets = json_object_get(expected, "packets");
	struct feed f = { .now = now, .verdict = NAT64_DROPPED };
	struct setup s;
	size_t i, len;
	bool ok;

	configure(&s, config);
	f.n = translator(&s, now);
	for (i = 0; i < json_array_size(sessions); i++)
		open_session(f.n, &s, json_array_get(sessions, i), now);
	vnet = vnet_of(json_object_get(v->json, "vnet_in"), hdr);
	for (i = 0; i < json_array_size(input); i++) {
		len =
		    unhex(packet, json_string_value(json_array_get(input, i)));
		feed_packet(&f, device, packet, len, vnet);
	}
	ok = advance_clock(v, f.n, now);
	ok &= check_verdict(v, f.n, f.verdict, f.reason);
	if (device == AS_WRITTEN)
		ok &= check_packets(v, packets);
	else
		ok &= check_arrived(v, packets,
		    f.verdict == NAT64_REPLIED && device == OFFLOAD_OFF &&
			vnet != NULL);
	nat64_free(f.n);
	return (ok);
}

static bool
run_as_written(const struct vector *v)
{
	return (run_packets(v, AS_WRITTEN));
}

static bool
run_offload_on(const struct vector *v)
{
	return (run_packets(v, OFFLOAD_ON));
}

static bool
run_offload_off(const struct vector *v)
{
	return (run_packets(v, OFFLOAD_OFF));
}

static bool
run_address(const struct vector *v)
{
	const struct pref64 p = prefix64(member(v->json, "prefix"));
	const struct in_addr a4 = addr4(member(v->json, "ipv4"));
	const struct in6_addr want = addr6(member(v->json, "ipv6"));
	uint8_t hex[sizeof(want)];
	struct in6_addr got;
	struct in_addr back = { 0 };

	ck_assert_uint_eq(strlen(member(v->json, "ipv6_hex")), 32);
	unhex(hex, member(v->json, "ipv6_hex"));
	ck_assert_mem_eq(hex, &want, sizeof(hex));
	pref64_embed(&p, a4, &got);
	if (!same_bytes(v->name, hex, sizeof(hex), got.s6_addr,
		sizeof(got.s6_addr)))
		return (false);
	return (pref64_match(&p, &got) &&
	    pref64_extract(&p, &got, &back) == 0 && back.s_addr == a4.s_addr);
}

static bool
run_checksum(const struct vector *v)
{
	uint16_t word[4];
	static const char *const keys[] = { "old", "m", "m_new", "new" };
	uint8_t bytes[2];
	size_t i;

	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(unhex(bytes, member(v->json, keys[i])), 2);
		word[i] = get16(bytes);
	}
	return (cksum_update(word[0], word[1], word[2]) == word[3]);
}

/*
 * Each of a list, under its name and the suffix; those without a name get
 * that of their list and their number.
 */
static void
add_list(const json_t *root, const char *list, const char *suffix,
    const char *refs, bool (*run)(const struct vector *v))
{
	static char names[MAXCASES][96];
	const json_t *array = json_object_get(root, list), *j;
	char *name;
	size_t i;

	if (json_array_size(array) == 0)
		errx(1, "no list \"%s\"", list);
	for (i = 0; i < json_array_size(array); i++) {
		j = json_array_get(array, i);
		if (n_vectors >= MAXCASES)
			errx(1, "more than %d vectors", MAXCASES);
		name = names[n_vectors];
		if (json_object_get(j, "name") != NULL) {
			snprintf(name, sizeof(names[0]), "%s%s",
			    member(j, "name"), suffix);
			add_vector(name, member(j, "refs"), j, run);
			continue;
		}
		snprintf(name, sizeof(names[0]), "%s-%zu", list, i);
		add_vector(name, refs, j, run);
	}
}

int
main(int argc, char *argv[])
{
	json_t *root = read_vectors(argc, argv);
	int rc;

	add_list(root, "packets", "", NULL, run_as_written);
	add_list(root, "packets", "/offload-on", NULL, run_offload_on);
	add_list(root, "packets", "/offload-off", NULL, run_offload_off);
	add_list(root, "addresses", "", "ADR-02 ADR-03 ADR-10 ADR-11",
	    run_address);
	add_list(root, "checksums", "", "CSM-01", run_checksum);
	rc = run_vectors("vectors");
	json_decref(root);
	return (rc);
}
