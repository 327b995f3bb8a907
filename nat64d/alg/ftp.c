/*
 * The gateway for FTP. Lines are looked at as a whole if they may have to be
 * changed, else their bytes pass as they come.
 */
#include <arpa/inet.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ftp.h"

/* Telnet (RFC 854). */
#define T_WILL 251
#define T_WONT 252
#define T_DO 253
#define T_DONT 254
#define T_IAC 255

/* Refusals of options that one direction has room for. */
#define MAX_REFUSALS 4

/* The reply that is to come. */
enum reply {
	REPLY_PLAIN, /* passes */
	REPLY_AUTH,  /* passes, and says whether translation goes on */
	REPLY_EPSV,  /* 227 becomes 229 */
	/* That to a NOOP of ours becomes: */
	REPLY_OWED_504,
	REPLY_OWED_522,
	REPLY_OWED_NONE,
	REPLY_OWED_EPSVEPRT
};

static const char *const owed[] = {
	[REPLY_OWED_504] = "504 Command not implemented for that parameter",
	[REPLY_OWED_522] = "522 Network protocol not supported",
	[REPLY_OWED_NONE] = "216 NONE",
	[REPLY_OWED_EPSVEPRT] = "216 EPSVEPRT",
};

struct ftp {
	bool off;      /* ALGS DISABLE64 */
	bool watching; /* AUTH was sent: change nothing until its reply */
	bool in_line[ALG_NDIRS]; /* the rest of a line passes */
	uint16_t many;		 /* code of a reply of many lines, or 0 */
	uint8_t first;		 /* of replies */
	uint8_t n_replies;
	uint8_t replies[FTP_MAX_REPLIES]; /* a ring; enum reply */
	/* To be sent in that direction at the beginning of a line. */
	uint8_t n_refusals[ALG_NDIRS];
	uint8_t refusals[ALG_NDIRS][3 * MAX_REFUSALS];
};

/* A line without Telnet commands and without its end. */
struct line {
	const uint8_t *data; /* from its beginning on */
	size_t n_data;
	size_t raw; /* bytes of it; 0: it is not complete */
	size_t len;
	char text[ALG_MAX_HELD + 1];
};

static void
ftp_init(void *state)
{
	struct ftp *f = state;

	f->replies[0] = REPLY_PLAIN; /* the greeting */
	f->n_replies = 1;
}

static bool
ftp_is_idle(const void *state)
{
	const struct ftp *f = state;

	return (f->n_replies == 0 && !f->off && !f->watching && f->many == 0 &&
	    !f->in_line[ALG_FROM_CLIENT] && !f->in_line[ALG_FROM_SERVER] &&
	    f->n_refusals[ALG_FROM_CLIENT] == 0 &&
	    f->n_refusals[ALG_FROM_SERVER] == 0);
}

/* --- what a step does --- */

static void
pass(struct alg_step *step, size_t used)
{
	step->what = ALG_PASS;
	step->used = used;
}

static void
replace(struct alg_step *step, size_t used, const void *bytes, size_t len)
{
	step->what = ALG_REPLACE;
	step->used = used;
	step->n_bytes = len;
	memcpy(step->bytes, bytes, len);
}

static void
replace_text(struct alg_step *step, size_t used, const char *text)
{
	step->what = ALG_REPLACE;
	step->used = used;
	step->n_bytes = (size_t)snprintf((char *)step->bytes,
	    sizeof(step->bytes), "%s\r\n", text);
}

/* --- the queue of replies --- */

/* Too many commands without a reply: nobody knows what is whose any more. */
static bool
expect_reply(struct ftp *f, enum reply r, struct alg_step *step)
{
	if (f->n_replies == FTP_MAX_REPLIES) {
		step->what = ALG_LET_GO;
		return (false);
	}
	f->replies[(f->first + f->n_replies++) % FTP_MAX_REPLIES] = (uint8_t)r;
	return (true);
}

/* REPLY_PLAIN for one that no command has asked for, such as 421. */
static enum reply
next_reply(const struct ftp *f)
{
	return (f->n_replies == 0 ? REPLY_PLAIN :
				    (enum reply)f->replies[f->first]);
}

static void
reply_came(struct ftp *f)
{
	if (f->n_replies == 0)
		return;
	f->first = (uint8_t)((f->first + 1) % FTP_MAX_REPLIES);
	f->n_replies--;
}

/* --- Telnet --- */

/* Bytes of the Telnet command at data, or 0: there are not enough. */
static size_t
telnet_len(const uint8_t *data, size_t len)
{
	const size_t need =
	    len > 1 && data[1] >= T_WILL && data[1] != T_IAC ? 3 : 2;

	return (len < need ? 0 : need);
}

/* Options are refused (RFC 1123, 4.1.2.12): the answer goes back. */
static void
refuse_option(struct ftp *f, enum alg_dir dir, const uint8_t *cmd)
{
	const enum alg_dir back =
	    dir == ALG_FROM_CLIENT ? ALG_FROM_SERVER : ALG_FROM_CLIENT;
	uint8_t *to = f->refusals[back] + 3 * f->n_refusals[back];

	if (cmd[1] == T_WONT || cmd[1] == T_DONT ||
	    f->n_refusals[back] == MAX_REFUSALS)
		return;
	to[0] = T_IAC;
	to[1] = cmd[1] == T_WILL ? T_DONT : T_WONT;
	to[2] = cmd[2];
	f->n_refusals[back]++;
}

/* A Telnet command: options are taken out, all others pass. */
static void
step_telnet(struct ftp *f, enum alg_dir dir, const uint8_t *data, size_t len,
    struct alg_step *step)
{
	const size_t n = telnet_len(data, len);

	if (n == 0)
		step->what = ALG_WAIT;
	else if (n == 2)
		pass(step, 2);
	else {
		refuse_option(f, dir, data);
		replace(step, 3, "", 0);
	}
}

/* --- lines --- */

static void
step_refusals(struct ftp *f, enum alg_dir dir, struct alg_step *step)
{
	replace(step, 0, f->refusals[dir], 3U * f->n_refusals[dir]);
	f->n_refusals[dir] = 0;
}

/* The rest of a line that passes, up to a Telnet command. */
static void
step_in_line(struct ftp *f, enum alg_dir dir, const uint8_t *data, size_t len,
    struct alg_step *step)
{
	size_t i;

	for (i = 0; i < len && data[i] != T_IAC; i++)
		if (data[i] == '\n') {
			f->in_line[dir] = false;
			pass(step, i + 1);
			return;
		}
	if (i > 0)
		pass(step, i);
	else
		step_telnet(f, dir, data, len, step);
}

/* Copy a line as far as it is there, without Telnet commands. */
static void
read_line(const uint8_t *data, size_t len, struct line *l)
{
	size_t i = 0, n;

	l->data = data;
	l->n_data = len;
	l->len = l->raw = 0;
	while (i < len && l->raw == 0) {
		if (data[i] == T_IAC) {
			n = telnet_len(data + i, len - i);
			i = n == 0 ? len : i + n;
			continue;
		}
		if (data[i] == '\n')
			l->raw = i + 1;
		else if (l->len < ALG_MAX_HELD)
			l->text[l->len++] = (char)data[i];
		i++;
	}
	while (l->raw > 0 && l->len > 0 &&
	    (l->text[l->len - 1] == '\r' || l->text[l->len - 1] == ' '))
		l->len--;
	l->text[l->len] = '\0';
}

/* The options in a line that is replaced as a whole. */
static void
refuse_options(struct ftp *f, enum alg_dir dir, const uint8_t *data,
    size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n == 0 ? 1 : n) {
		n = data[i] == T_IAC ? telnet_len(data + i, len - i) : 0;
		if (n == 3)
			refuse_option(f, dir, data + i);
	}
}

/* --- commands --- */

enum command { CMD_EPSV, CMD_EPRT, CMD_ALGS, CMD_AUTH, CMD_OTHER, CMD_OPEN };

static bool
is_word(const char *text, size_t len, const char *word)
{
	size_t i;

	for (i = 0; i < len && word[i] != '\0'; i++)
		if (tolower((unsigned char)text[i]) != word[i])
			return (false);
	return (true);
}

/* Which command is it? CMD_OPEN: one of ours, if more of it follows. */
static enum command
find_command(const struct ftp *f, const struct line *l)
{
	static const char words[][5] = { [CMD_EPSV] = "epsv",
		[CMD_EPRT] = "eprt",
		[CMD_ALGS] = "algs",
		[CMD_AUTH] = "auth" };
	unsigned i;

	if (f->watching)
		return (CMD_OTHER);
	for (i = f->off ? CMD_ALGS : CMD_EPSV; i < CMD_OTHER; i++) {
		if (!is_word(l->text, l->len, words[i]) ||
		    (l->len > 4 && l->text[4] != ' ' && l->text[4] != '\r'))
			continue;
		if (l->raw == 0)
			return (CMD_OPEN);
		return (l->len < 4 ? CMD_OTHER : (enum command)i);
	}
	return (CMD_OTHER);
}

/* What follows the command of four letters. */
static const char *
argument(const struct line *l)
{
	const char *arg = l->text + 4;

	while (*arg == ' ')
		arg++;
	return (arg);
}

/* The server gets a NOOP; the reply to that becomes another one. */
static void
step_noop(struct ftp *f, const struct line *l, enum reply r,
    struct alg_step *step)
{
	if (!expect_reply(f, r, step))
		return;
	refuse_options(f, ALG_FROM_CLIENT, l->data, l->raw);
	replace_text(step, l->raw, "NOOP");
}

static void
step_unchanged(struct ftp *f, const struct line *l, enum reply r,
    struct alg_step *step)
{
	if (!expect_reply(f, r, step))
		return;
	f->in_line[ALG_FROM_CLIENT] = true;
	step_in_line(f, ALG_FROM_CLIENT, l->data, l->n_data, step);
}

/* RFC 6384, 6. */
static void
step_epsv(struct ftp *f, const struct line *l, struct alg_step *step)
{
	const char *arg = argument(l);

	if (arg[0] == '\0' || strcmp(arg, "2") == 0) {
		if (!expect_reply(f, REPLY_EPSV, step))
			return;
		refuse_options(f, ALG_FROM_CLIENT, l->data, l->raw);
		replace_text(step, l->raw, "PASV");
	} else if (strcasecmp(arg, "ALL") == 0)
		step_noop(f, l, REPLY_OWED_504, step);
	else if (arg[strspn(arg, "0123456789")] == '\0')
		step_noop(f, l, REPLY_OWED_522, step);
	else
		step_unchanged(f, l, REPLY_PLAIN, step);
}

/* Read digits up to end; -1: no number from 1 to max. */
static int
read_number(const char *text, const char *end, int max)
{
	int n = 0;

	if (text == end)
		return (-1);
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return (-1);
		n = n * 10 + (*text - '0');
		if (n > max)
			return (-1);
	}
	return (n);
}

/*
 * "|2|2001:db8::1|5282|" (RFC 2428, 2): the port, or 0 if it is anything else
 * or the address is not that of the client.
 */
static uint16_t
parse_eprt(const char *arg, const struct alg_flow *flow)
{
	const char d = arg[0];
	const char *addr, *port, *end;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr a;
	int n;

	if (d < 33 || d > 126 || arg[1] != '2' || arg[2] != d)
		return (0);
	addr = arg + 3;
	port = strchr(addr, d);
	if (port == NULL || (size_t)(port - addr) >= sizeof(text))
		return (0);
	memcpy(text, addr, (size_t)(port - addr));
	text[port - addr] = '\0';
	end = strchr(++port, d);
	if (end == NULL || end[1] != '\0' ||
	    inet_pton(AF_INET6, text, &a) != 1 ||
	    memcmp(&a, &flow->client.addr, sizeof(a)) != 0)
		return (0);
	n = read_number(port, end, UINT16_MAX);
	return (n > 0 ? (uint16_t)n : 0);
}

/* RFC 6384, 7.2. What cannot be translated is for the server to refuse. */
static void
step_eprt(struct ftp *f, const struct line *l, const struct alg_flow *flow,
    struct alg_step *step)
{
	const uint16_t port = parse_eprt(argument(l), flow);
	struct taddr4 out4;
	char text[64];
	uint32_t a;

	if (port == 0 || f->n_replies == FTP_MAX_REPLIES ||
	    !flow->expect(flow->arg, port, &out4)) {
		step_unchanged(f, l, REPLY_PLAIN, step);
		return;
	}
	(void)expect_reply(f, REPLY_PLAIN, step);
	refuse_options(f, ALG_FROM_CLIENT, l->data, l->raw);
	a = ntohl(out4.addr.s_addr);
	snprintf(text, sizeof(text), "PORT %u,%u,%u,%u,%u,%u", a >> 24,
	    a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff, (unsigned)out4.port >> 8,
	    (unsigned)out4.port & 0xff);
	replace_text(step, l->raw, text);
}

/* RFC 6384, 11. */
static void
step_algs(struct ftp *f, const struct line *l, struct alg_step *step)
{
	const char *arg = argument(l);

	if (strcasecmp(arg, "DISABLE64") == 0)
		f->off = true;
	else if (strcasecmp(arg, "ENABLE64") == 0)
		f->off = false;
	else if (strcasecmp(arg, "STATUS64") != 0) {
		step_noop(f, l, REPLY_OWED_504, step);
		return;
	}
	step_noop(f, l, f->off ? REPLY_OWED_NONE : REPLY_OWED_EPSVEPRT, step);
}

static void
step_command(struct ftp *f, enum command cmd, const struct line *l,
    const struct alg_flow *flow, struct alg_step *step)
{
	switch (cmd) {
	case CMD_EPSV:
		step_epsv(f, l, step);
		break;
	case CMD_EPRT:
		step_eprt(f, l, flow, step);
		break;
	case CMD_ALGS:
		step_algs(f, l, step);
		break;
	default: /* AUTH: see RFC 6384, 5 */
		f->watching = true;
		step_unchanged(f, l, REPLY_AUTH, step);
		break;
	}
}

static void
step_client(struct ftp *f, const struct alg_flow *flow, const uint8_t *data,
    size_t len, struct alg_step *step)
{
	struct line l;
	enum command cmd;

	if (data[0] == '\r' || data[0] == '\n') { /* an empty line */
		pass(step, 1);
		return;
	}
	read_line(data, len, &l);
	cmd = find_command(f, &l);
	if (cmd == CMD_OPEN)
		step->what = ALG_WAIT;
	else if (cmd != CMD_OTHER)
		step_command(f, cmd, &l, flow, step);
	else
		step_unchanged(f, &l, REPLY_PLAIN, step);
}

/* --- replies --- */

/* The code of a line "227 ..." or "227-...", or 0. */
static unsigned
reply_code(const struct line *l)
{
	const char *t = l->text;

	if (l->len < 3 || !isdigit((unsigned char)t[0]) ||
	    !isdigit((unsigned char)t[1]) || !isdigit((unsigned char)t[2]) ||
	    (l->len > 3 && t[3] != ' ' && t[3] != '-' && t[3] != '\r'))
		return (0);
	return ((unsigned)(t[0] - '0') * 100U + (unsigned)(t[1] - '0') * 10U +
	    (unsigned)(t[2] - '0'));
}

/*
 * Bytes of a whole reply, of one line or many (RFC 959, 4.2); 0: it is not
 * complete. l: its first line; then the line with the numbers.
 */
static size_t
reply_len(const uint8_t *data, size_t len, unsigned code, struct line *l)
{
	size_t n = l->raw;

	if (l->len < 4 || l->text[3] != '-')
		return (n);
	while (n > 0 && n < len) {
		read_line(data + n, len - n, l);
		if (l->raw == 0)
			return (0);
		n += l->raw;
		if (reply_code(l) == code && (l->len < 4 || l->text[3] != '-'))
			return (n);
	}
	return (0);
}

/* Six numbers "h1,h2,h3,h4,p1,p2" at text: the port, or 0. */
static uint16_t
parse_six(const char *text)
{
	int n[6];
	unsigned i;
	size_t len;

	for (i = 0; i < 6; i++) {
		len = strspn(text, "0123456789");
		n[i] = read_number(text, text + len, UINT8_MAX);
		if (n[i] == -1 || (i < 5 && text[len] != ','))
			return (0);
		text += len + 1;
	}
	return ((uint16_t)(n[4] << 8 | n[5]));
}

/*
 * The port of a reply 227; 0: there is none. Not all servers put the numbers in
 * brackets (RFC 1123, 4.1.2.6). Their address is ignored (RFC 6384, 6).
 */
static uint16_t
parse_227(const char *text)
{
	uint16_t port = 0;

	for (text += 3; *text != '\0' && port == 0;) {
		text += strcspn(text, "0123456789");
		port = parse_six(text);
		text += strspn(text, "0123456789");
	}
	return (port);
}

/* A reply that the client gets in another form; it is complete. */
static void
step_translate(struct ftp *f, size_t used, unsigned code, const struct line *l,
    struct alg_step *step)
{
	const enum reply r = next_reply(f);
	uint16_t port;
	char text[64];

	reply_came(f);
	if (r != REPLY_EPSV) {
		if (code == 200)
			replace_text(step, used, owed[r]);
		else /* RFC 6384, 12 */
			step->what = ALG_END;
		return;
	}
	port = parse_227(l->text);
	if (port == 0) {
		replace_text(step, used, "425 Can't open data connection");
		return;
	}
	snprintf(text, sizeof(text),
	    "229 Entering Extended Passive Mode (|||%u|)", port);
	replace_text(step, used, text);
}

/* A reply that passes, of which this is the first line. */
static void
step_reply(struct ftp *f, unsigned code, const struct line *l,
    const uint8_t *data, size_t len, struct alg_step *step)
{
	enum reply r;

	if (l->len > 3 && l->text[3] == '-')
		f->many = (uint16_t)code;
	if (code >= 200) { /* else another one follows */
		r = next_reply(f);
		reply_came(f);
		if (r == REPLY_AUTH && code < 400) {
			step->what = ALG_LET_GO;
			return;
		}
		if (r == REPLY_AUTH)
			f->watching = false;
	}
	f->in_line[ALG_FROM_SERVER] = true;
	step_in_line(f, ALG_FROM_SERVER, data, len, step);
}

static void
step_server(struct ftp *f, const uint8_t *data, size_t len,
    struct alg_step *step)
{
	struct line l;
	unsigned code;
	size_t n;
	enum reply r = next_reply(f);

	read_line(data, len, &l);
	if (l.raw == 0 && l.len < 4) {
		step->what = ALG_WAIT;
		return;
	}
	code = reply_code(&l);
	if (f->many != 0 || code == 0) {
		if (code != 0 && code == f->many &&
		    (l.len == 3 || l.text[3] == ' '))
			f->many = 0;
		f->in_line[ALG_FROM_SERVER] = true;
		step_in_line(f, ALG_FROM_SERVER, data, len, step);
		return;
	}
	if (code < 200 || r < REPLY_EPSV || (r == REPLY_EPSV && code != 227)) {
		step_reply(f, code, &l, data, len, step);
		return;
	}
	n = reply_len(data, len, code, &l);
	if (n == 0)
		step->what = ALG_WAIT;
	else {
		refuse_options(f, ALG_FROM_SERVER, data, n);
		step_translate(f, n, code, &l, step);
	}
}

static void
ftp_step(void *state, const struct alg_flow *flow, enum alg_dir dir,
    const uint8_t *data, size_t len, struct alg_step *step)
{
	struct ftp *f = state;

	if (f->in_line[dir])
		step_in_line(f, dir, data, len, step);
	else if (f->n_refusals[dir] > 0)
		step_refusals(f, dir, step);
	else if (data[0] == T_IAC)
		step_telnet(f, dir, data, len, step);
	else if (dir == ALG_FROM_CLIENT)
		step_client(f, flow, data, len, step);
	else
		step_server(f, data, len, step);
}

_Static_assert(sizeof(struct ftp) <= ALG_MAX_STATE, "state of FTP");

const struct alg_gateway ftp_gateway = {
	.init = ftp_init,
	.is_idle = ftp_is_idle,
	.step = ftp_step,
};
