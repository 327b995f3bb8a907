/*
 * Fuzz target of hosts files: reading one in pieces has the same result as
 * reading it at once, and the messages about faults are printable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/siphash.h"
#include "dns64d/local/hosts_file.h"

#define LIMIT 20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hosts *
read_pieces(struct hosts_file *f, const char *text, size_t size, size_t piece)
{
	static const struct siphash_key key;
	struct hosts *hosts = hosts_new(&key);
	int error = 0;

	if (hosts == NULL)
		abort();
	hosts_limit(hosts, LIMIT);
	hosts_file_begin(f, hosts);
	for (; error == 0 && size > piece; text += piece, size -= piece)
		error = hosts_file_read(f, text, piece);
	if (error == 0 && hosts_file_read(f, text, size) == 0)
		hosts_file_end(f);
	hosts_finish(hosts);
	return (hosts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hosts_file whole, parts;
	struct hosts *a, *b;
	unsigned i;

	a = read_pieces(&whole, (const char *)data, size, size + 1);
	b = read_pieces(&parts, (const char *)data, size, 3);
	if (hosts_bytes(a) > LIMIT || hosts_bytes(a) != hosts_bytes(b) ||
	    whole.line != parts.line || whole.bad_lines != parts.bad_lines)
		abort();
	for (i = 0; i < whole.bad_lines && i < HOSTS_FAULTS_MAX; i++)
		if (memcmp(&whole.faults[i], &parts.faults[i],
			sizeof(whole.faults[i])) != 0)
			abort();
	hosts_free(a);
	hosts_free(b);
	return (0);
}
