/*
 * Linux: nftables marks packets for us, after conntrack has reassembled
 * fragments and reversed its own NAT, and a policy routing rule before the
 * table "local" routes marked packets to the tun.
 *
 *	ports of TCP and UDP	by the destination port
 *	echo replies		when an echo request of that identifier went
 *				to that host from our interface
 *	echo requests		identifiers with a static binding
 *	ICMP errors		by the packet that they quote
 *
 * The packets that we send have a source address that is the host's own
 * (accept_local), which the source check lets pass only on an interface with
 * an address: the tun gets the dummy address of RFC 7600, 4.8. It is also the
 * source of the host's own ICMP errors about our packets (too big, no route),
 * which the host would otherwise send from the shared address to itself.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "divert.h"
#include "nat64d/pool/portset.h"

#define MARK "0x8000000"
#define SET_MARK "meta mark set meta mark or " MARK
#define TABLE "6464"
#define RULE_MARK "1"  /* preferences of rules */
#define RULE_LOCAL "2" /* of the table "local", which is at 0 by default */
#define DUMMY_ADDR "192.0.0.8"

#define RESERVED "/proc/sys/net/ipv4/ip_local_reserved_ports"

#define ERRORS                                                 \
	"icmp type { destination-unreachable, source-quench, " \
	"time-exceeded, parameter-problem }"
/*
 * Fields of the quoted packet: protocol, source port of TCP and UDP, and
 * destination address and identifier of an echo request.
 */
#define QUOTED_PROTO "@th,136,8"
#define QUOTED_SPORT "@th,224,16"
#define QUOTED_ECHO "@th,192,32 . @th,256,16"

/* Ports of a protocol: dynamic ones and those of static bindings. */
static void
collect(const struct conf *c, enum l4proto proto, bool dynamic,
    struct portset *set)
{
	const struct pool4_range *r = &c->pool_if;
	const struct conf_static *s;
	uint32_t port;

	for (port = r->ports[proto].first;
	     dynamic && port <= r->ports[proto].last; port++)
		if (!portlist_has(&r->holes[proto], (uint16_t)port) &&
		    !portset_has(set, (uint16_t)port))
			portset_add(set, (uint16_t)port);
	for (s = c->statics; s < c->statics + c->n_statics; s++) {
		if (s->proto != proto)
			continue;
		for (port = s->ports4.first; port <= s->ports4.last; port++)
			if (!portset_has(set, (uint16_t)port))
				portset_add(set, (uint16_t)port);
	}
}

static void
print_set(FILE *f, const struct portset *set, const char *between)
{
	const char *sep = "";
	uint32_t first, port;

	for (port = 0; port <= UINT16_MAX; port++) {
		if (!portset_has(set, (uint16_t)port))
			continue;
		first = port;
		while (port < UINT16_MAX &&
		    portset_has(set, (uint16_t)(port + 1)))
			port++;
		fprintf(f, "%s%u", sep, first);
		if (port > first)
			fprintf(f, "-%u", port);
		sep = between;
	}
}

static void
print_marks(FILE *f, const char *match, const struct portset *set)
{
	if (portset_count(set, PORTSET_ALL) == 0)
		return;
	fprintf(f, "\t\t%s { ", match);
	print_set(f, set, ", ");
	fputs(" } " SET_MARK "\n", f);
}

/* ICMP errors about packets of ours. what: a statement to put first. */
static void
print_errors(FILE *f, const char *what, const struct portset *tcp,
    const struct portset *udp)
{
	fprintf(f, "\t\t" ERRORS " " QUOTED_PROTO " 6 " QUOTED_SPORT " { ");
	print_set(f, tcp, ", ");
	fprintf(f,
	    " } %s" SET_MARK "\n\t\t" ERRORS " " QUOTED_PROTO
	    " 17 " QUOTED_SPORT " { ",
	    what);
	print_set(f, udp, ", ");
	fprintf(f,
	    " } %s" SET_MARK "\n\t\t" ERRORS " " QUOTED_PROTO " 1 " QUOTED_ECHO
	    " @echo %s" SET_MARK "\n",
	    what, what);
}

static void
print_ruleset(FILE *f, const struct conf *c, const char *tun)
{
	struct portset tcp, udp, ids;

	portset_init(&tcp, 1, 0);
	portset_init(&udp, 1, 0);
	portset_init(&ids, 1, 0);
	collect(c, L4_TCP, true, &tcp);
	collect(c, L4_UDP, true, &udp);
	collect(c, L4_ICMP, false, &ids);
	fprintf(f,
	    "table ip nat64d\ndelete table ip nat64d\n"
	    "table ip nat64d {\n"
	    "\tset echo {\n"
	    "\t\ttypeof @nh,128,32 . @th,32,16\n"
	    "\t\tsize 65536\n"
	    "\t\tflags dynamic,timeout\n"
	    "\t\ttimeout 2m\n"
	    "\t}\n"
	    "\tchain prerouting {\n"
	    "\t\ttype filter hook prerouting priority -90\n"
	    "\t\tct state invalid continue comment \"puts fragments "
	    "together\"\n"
	    "\t\tiifname \"%s\" icmp type echo-request "
	    "update @echo { @nh,128,32 . @th,32,16 }\n"
	    "\t\tiifname != \"%s\" return\n"
	    "\t\tfib daddr . iif type != local return\n",
	    tun, c->pool_ifname);
	print_marks(f, "tcp dport", &tcp);
	print_marks(f, "udp dport", &udp);
	print_marks(f, "icmp type echo-request icmp id", &ids);
	fputs("\t\ticmp type echo-reply @nh,96,32 . @th,32,16 @echo " SET_MARK
	      "\n",
	    f);
	print_errors(f, "", &tcp, &udp);
	fputs("\t}\n"
	      "\tchain output {\n"
	      "\t\ttype route hook output priority -90\n"
	      "\t\toifname != \"lo\" return\n",
	    f);
	print_errors(f, "ip saddr set " DUMMY_ADDR " ", &tcp, &udp);
	fputs("\t}\n}\n", f);
}

/* "32768-60999,8080" into a set; -1 when it cannot be read. */
static int
read_reserved(char text[BUFSIZ], struct portset *set)
{
	unsigned first, last;
	char *p, *saved;
	char copy[BUFSIZ];
	FILE *f;

	portset_init(set, 1, 0);
	f = fopen(RESERVED, "re");
	if (f == NULL)
		return (-1);
	if (fgets(text, BUFSIZ, f) == NULL)
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	strlcpy(copy, text, sizeof(copy));
	for (p = strtok_r(copy, ",", &saved); p != NULL;
	     p = strtok_r(NULL, ",", &saved)) {
		if (sscanf(p, "%u-%u", &first, &last) == 1)
			last = first;
		for (; first <= last && last <= UINT16_MAX; first++)
			if (!portset_has(set, (uint16_t)first))
				portset_add(set, (uint16_t)first);
	}
	return (0);
}

/* Set ours to the ports that the host must not use; the kernel has one list. */
static int
first_unreserved(const struct portset *reserved, struct portset *ours,
    const struct conf *c)
{
	uint32_t port;

	portset_init(ours, 1, 0);
	collect(c, L4_TCP, true, ours);
	collect(c, L4_UDP, true, ours);
	for (port = 1; port <= UINT16_MAX; port++)
		if (portset_has(ours, (uint16_t)port) &&
		    !portset_has(reserved, (uint16_t)port))
			return ((int)port);
	return (0);
}

int
divert_unreserved(const struct conf *c)
{
	struct portset reserved, ours;
	char text[BUFSIZ];

	if (read_reserved(text, &reserved) == -1)
		return (-1);
	return (first_unreserved(&reserved, &ours, c));
}

/* Set the list of reserved ports, with ours added or removed. */
static void
print_reserved(FILE *f, const struct conf *c, bool begin)
{
	struct portset reserved, ours;
	char text[BUFSIZ];

	if (read_reserved(text, &reserved) == -1 ||
	    first_unreserved(&reserved, &ours, c) == 0)
		return;
	fprintf(f, "echo %s", text);
	if (begin) {
		fputs(text[0] != '\0' ? "," : "", f);
		print_set(f, &ours, ",");
	}
	fputs(" >" RESERVED "\n", f);
}

/* Remove everything, whether it exists or not. */
static void
print_end(FILE *f)
{
	fputs("nft delete table ip nat64d 2>/dev/null || :\n"
	      "ip rule del pref " RULE_MARK " fwmark " MARK "/" MARK
	      " lookup " TABLE " 2>/dev/null || :\n"
	      "if ip rule show | grep -q '^" RULE_LOCAL
	      ":.*lookup local'; then\n"
	      "\tip rule add pref 0 lookup local\n"
	      "\tip rule del pref " RULE_LOCAL " lookup local\n"
	      "fi\n",
	    f);
}

static void
print_begin_commands(FILE *f, const struct conf *c, const char *tun)
{
	print_end(f);
	print_reserved(f, c, true);
	fprintf(f,
	    "echo 1 >/proc/sys/net/ipv4/conf/%s/accept_local\n"
	    "echo 2 >/proc/sys/net/ipv4/conf/%s/rp_filter\n"
	    "ip addr replace " DUMMY_ADDR "/32 dev %s\n"
	    "ip route replace default dev %s table " TABLE "\n"
	    "nft -f - <<'END'\n",
	    tun, tun, tun, tun);
	print_ruleset(f, c, tun);
	fputs("END\n"
	      "ip rule add pref " RULE_MARK " fwmark " MARK "/" MARK
	      " lookup " TABLE "\n"
	      "if ip rule show | grep -q '^0:.*lookup local'; then\n"
	      "\tip rule add pref " RULE_LOCAL " lookup local\n"
	      "\tip rule del pref 0 lookup local\n"
	      "fi\n",
	    f);
}

/*
 * That a table was removed says nothing about ours, and by the time that we
 * know it, it may be there again.
 */
static void
print_repair_commands(FILE *f, const struct conf *c, const char *tun)
{
	fputs("nft list table ip nat64d >/dev/null 2>&1 || nft -f - <<'END'\n",
	    f);
	print_ruleset(f, c, tun);
	fputs("END\n", f);
}

static void
print_end_commands(FILE *f, const struct conf *c, const char *tun)
{
	print_end(f);
	print_reserved(f, c, false);
	fprintf(f,
	    "ip route flush table " TABLE " 2>/dev/null || :\n"
	    "ip addr del " DUMMY_ADDR "/32 dev %s 2>/dev/null || :\n",
	    tun);
}

/* Return the printed text as a string. */
static char *
commands(const struct conf *c, const char *tun,
    void (*print)(FILE *f, const struct conf *c, const char *tun))
{
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (f == NULL)
		return (NULL);
	print(f, c, tun);
	if (fclose(f) == 0)
		return (text);
	free(text);
	return (NULL);
}

char *
divert_begin_commands(const struct conf *c, const char *tun)
{
	return (commands(c, tun, print_begin_commands));
}

char *
divert_end_commands(const struct conf *c, const char *tun)
{
	return (commands(c, tun, print_end_commands));
}

char *
divert_repair_commands(const struct conf *c, const char *tun)
{
	return (commands(c, tun, print_repair_commands));
}
