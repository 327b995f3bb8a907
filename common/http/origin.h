/*
 * Was a request to a TCP address made by a page of another site? Pure.
 *
 * A browser sends requests to any address that a page asks it to. Its headers
 * tell: Origin and Sec-Fetch-Site name or describe the page. A page whose name
 * was made to resolve to our address (DNS rebinding) is of the same origin for
 * the browser, but its name is in Host. Therefore Host must be an address,
 * localhost, or the name of this host.
 */
#ifndef COMMON_HTTP_ORIGIN_H
#define COMMON_HTTP_ORIGIN_H

/*
 * host, origin, fetch_site: the values of these headers, or NULL.
 * own: the name of this host, or NULL; its first label counts as well.
 * Returns NULL, or why the request is refused, as a static string.
 */
const char *origin_refuse(const char *host, const char *origin,
    const char *fetch_site, const char *own);

#endif
