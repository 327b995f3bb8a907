/*
 * Writing of pcapng. All numbers are in network order, which the section header
 * tells the reader; all blocks and options are padded to 4 bytes.
 */
#include <string.h>

#include "common/octets.h"

#include "pcapng.h"

#define SECTION_HEADER 0x0a0d0d0a
#define INTERFACE 1
#define ENHANCED_PACKET 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define LINKTYPE_RAW 101 /* begins with the IP header */

enum { OPT_END = 0, OPT_COMMENT = 1, SHB_USERAPPL = 4, IF_NAME = 2 };

/* Block type, its length before and after its body. */
#define BLOCK_HEAD 8
#define BLOCK_TAIL 4

struct writer {
	uint8_t *buf;
	size_t len;
};

static void
add16(struct writer *w, unsigned v)
{
	put16(w->buf + w->len, (uint16_t)v);
	w->len += 2;
}

static void
add32(struct writer *w, uint32_t v)
{
	put32(w->buf + w->len, v);
	w->len += 4;
}

static void
add_padded(struct writer *w, const void *data, size_t len)
{
	memcpy(w->buf + w->len, data, len);
	w->len += len;
	for (; w->len % 4 != 0; w->len++)
		w->buf[w->len] = 0;
}

static void
add_option(struct writer *w, unsigned code, const char *text)
{
	size_t len = strlen(text);

	if (len > PCAPNG_TEXT_MAX)
		len = PCAPNG_TEXT_MAX;
	add16(w, code);
	add16(w, (unsigned)len);
	add_padded(w, text, len);
}

static size_t
begin_block(struct writer *w, uint32_t type)
{
	const size_t at = w->len;

	add32(w, type);
	w->len += BLOCK_HEAD - 4;
	return (at);
}

/* End the options, and the block that began at "at". */
static void
end_block(struct writer *w, size_t at)
{
	uint32_t len;

	add32(w, OPT_END);
	len = (uint32_t)(w->len - at + BLOCK_TAIL);
	put32(w->buf + at + 4, len);
	add32(w, len);
}

size_t
pcapng_begin(uint8_t buf[PCAPNG_BEGIN_MAX], const char *application,
    const char *interface)
{
	struct writer w = { buf, 0 };
	size_t at;

	at = begin_block(&w, SECTION_HEADER);
	add32(&w, BYTE_ORDER_MAGIC);
	add16(&w, 1); /* version 1.0 */
	add16(&w, 0);
	add32(&w, UINT32_MAX); /* the length of the section is not known */
	add32(&w, UINT32_MAX);
	add_option(&w, SHB_USERAPPL, application);
	end_block(&w, at);

	at = begin_block(&w, INTERFACE);
	add16(&w, LINKTYPE_RAW);
	add16(&w, 0);
	add32(&w, PCAPNG_SNAPLEN);
	add_option(&w, IF_NAME, interface);
	end_block(&w, at);
	return (w.len);
}

size_t
pcapng_packet(uint8_t *buf, int64_t unix_us, const uint8_t *data, size_t len,
    size_t orig_len, const char *comment)
{
	struct writer w = { buf, 0 };
	size_t at;

	if (len > PCAPNG_SNAPLEN)
		len = PCAPNG_SNAPLEN;
	at = begin_block(&w, ENHANCED_PACKET);
	add32(&w, 0); /* the interface */
	add32(&w, (uint32_t)((uint64_t)unix_us >> 32));
	add32(&w, (uint32_t)(uint64_t)unix_us);
	add32(&w, (uint32_t)len);
	add32(&w, (uint32_t)orig_len);
	add_padded(&w, data, len);
	add_option(&w, OPT_COMMENT, comment);
	end_block(&w, at);
	return (w.len);
}
