/*
 * The time that whohad is asked for.
 */
#ifndef NAT64D_CTL_WHOHAD_TIME_H
#define NAT64D_CTL_WHOHAD_TIME_H

#include <stdint.h>

/*
 * RFC 3339, local time without a zone, or @ and seconds since 1970. What is
 * less exact than a millisecond is an interval, of which *to_ms is the last
 * one. Returns NULL, or an error that follows the text.
 */
const char *whohad_time(const char *text, int64_t *from_ms, int64_t *to_ms);

#endif
