/*
 * Runs a fuzz target over the files of its corpus, in directories given as
 * arguments, without libFuzzer: part of `make check`. Prints TAP.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAXLEN (1024 * 1024)

static size_t
read_file(const char *path, uint8_t *buf)
{
	FILE *fp;
	size_t n;

	fp = fopen(path, "rb");
	if (fp == NULL)
		err(1, "%s", path);
	n = fread(buf, 1, INPUT_MAXLEN, fp);
	fclose(fp);
	return (n);
}

/* Memory of exactly its size, so that ASan detects reads beyond it. */
static void
replay(const uint8_t *buf, size_t n)
{
	uint8_t *copy;
	size_t i;

	copy = malloc(n > 0 ? n : 1);
	if (copy == NULL)
		err(1, "malloc");
	for (i = 0; i < n; i++)
		copy[i] = buf[i];
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

int
main(int argc, char *argv[])
{
	static uint8_t buf[INPUT_MAXLEN];
	struct dirent *entry;
	char path[4096];
	DIR *dir;
	int i, count = 0;

	for (i = 1; i < argc; i++) {
		dir = opendir(argv[i]);
		if (dir == NULL)
			err(1, "%s", argv[i]);
		while ((entry = readdir(dir)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i],
			    entry->d_name);
			replay(buf, read_file(path, buf));
			printf("ok %d - %s\n", ++count, path);
		}
		closedir(dir);
	}
	printf("1..%d\n", count);
	return (0);
}
