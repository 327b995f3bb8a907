#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "request.h"

struct transfer {
	struct request *r;
	CURL *curl;
	size_t size;  /* allocated for body */
	bool stopped; /* by take() */
};

static int
keep(struct transfer *t, const char *data, size_t len)
{
	struct request *r = t->r;
	size_t size = t->size > 0 ? t->size : 4096;
	char *bigger;

	if (r->len + len >= REQUEST_MAX)
		return (-1);
	while (size < r->len + len + 1)
		size *= 2;
	if (size != t->size) {
		bigger = realloc(r->body, size);
		if (bigger == NULL)
			return (-1);
		r->body = bigger;
		t->size = size;
	}
	memcpy(r->body + r->len, data, len);
	r->len += len;
	r->body[r->len] = '\0';
	return (0);
}

/* For libcurl: any other number than len ends the transfer. */
static size_t
on_data(char *data, size_t one, size_t len, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	(void)one;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (t->r->take == NULL || status != 200)
		return (keep(t, data, len) == 0 ? len : 0);
	if (t->r->take(t->r->arg, data, len))
		return (len);
	t->stopped = true;
	return (0);
}

#define WATCH_MS 1000

static CURLcode
perform_watched(const struct request *r, CURL *curl, CURLM *multi)
{
	struct curl_waitfd fds[2];
	CURLcode rc = CURLE_ABORTED_BY_CALLBACK;
	const CURLMsg *msg;
	int running = 1, left;
	unsigned i, n = 0;

	for (i = 0; i < 2; i++)
		if (r->watch_fds[i] != -1)
			fds[n++] = (struct curl_waitfd){ .fd = r->watch_fds[i],
				.events = CURL_WAIT_POLLIN };
	curl_multi_add_handle(multi, curl);
	while (curl_multi_perform(multi, &running) == CURLM_OK &&
	    running > 0 && r->watch(r->arg))
		curl_multi_poll(multi, fds, n, WATCH_MS, NULL);
	msg = curl_multi_info_read(multi, &left);
	if (msg != NULL && msg->msg == CURLMSG_DONE)
		rc = msg->data.result;
	curl_multi_remove_handle(multi, curl);
	return (rc);
}

static CURLcode
start(const struct request *r, CURL *curl)
{
	CURLM *multi;
	CURLcode rc;

	if (r->watch == NULL)
		return (curl_easy_perform(curl));
	if ((multi = curl_multi_init()) == NULL)
		return (CURLE_OUT_OF_MEMORY);
	rc = perform_watched(r, curl, multi);
	curl_multi_cleanup(multi);
	return (rc);
}

static CURLcode
perform(struct transfer *t)
{
	struct request *r = t->r;
	char url[4096];
	CURL *curl = t->curl;

	snprintf(url, sizeof(url), "http://localhost%s", r->target);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, r->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)r->timeout_secs);
	return (start(r, curl));
}

int
request_send(struct request *r, bool *connected)
{
	struct transfer t = { .r = r };
	CURLcode rc;
	int result = -1;

	r->status = 0;
	r->body = NULL;
	r->len = 0;
	r->error[0] = '\0';
	r->error_number = 0;
	*connected = false;
	t.curl = curl_easy_init();
	if (t.curl == NULL) {
		snprintf(r->error, sizeof(r->error), "out of memory");
		return (-1);
	}
	rc = perform(&t);
	/* A path that is too long for a socket is a host without an address. */
	*connected =
	    rc != CURLE_COULDNT_CONNECT && rc != CURLE_COULDNT_RESOLVE_HOST;
	curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(t.curl, CURLINFO_OS_ERRNO, &r->error_number);
	if (rc == CURLE_COULDNT_CONNECT && r->error_number != 0)
		snprintf(r->error, sizeof(r->error), "%s",
		    strerror((int)r->error_number));
	if (rc == CURLE_OK || t.stopped)
		result = 0;
	else if (r->error[0] == '\0')
		snprintf(r->error, sizeof(r->error), "%s",
		    curl_easy_strerror(rc));
	curl_easy_cleanup(t.curl);
	return (result);
}

char *
request_encode(const char *text)
{
	char *encoded = curl_easy_escape(NULL, text, 0), *copy;

	if (encoded == NULL)
		return (NULL);
	copy = strdup(encoded);
	curl_free(encoded);
	return (copy);
}
