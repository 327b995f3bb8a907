/*
 * How fast counters grow, from two answers of a daemon. Pure.
 */
#ifndef COMMON_CTL_RATES_H
#define COMMON_CTL_RATES_H

#include <jansson.h>

/*
 * The members that are integers in both objects, with how much they have grown
 * per second. One that has become smaller is left out: its counter has begun
 * anew. Returns an object that the caller owns; NULL without before, or when
 * memory is short.
 */
json_t *rates_of(const json_t *before, const json_t *now, double secs);

/*
 * The same for one member of an object: sets "MEMBER-per-second" in now.
 * Nothing is set without before.
 */
void rates_set(const json_t *before, json_t *now, const char *member,
    double secs);

/*
 * The same for lists of objects that are the same if the text of key is. An
 * object that is new has no rates.
 */
void rates_set_each(const json_t *before, json_t *now, const char *key,
    const char *member, double secs);

/*
 * Sort a list of objects by the number of a member, the greatest one first. In
 * a second call for another member those of equal numbers keep their order.
 */
void rates_sort(json_t *list, const char *member);

#endif
