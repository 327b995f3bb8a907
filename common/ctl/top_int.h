/*
 * The parts of "top": samples (top_sample.c), the screen that follows the
 * daemon (top_screen.c), and the rest (top.c).
 */
#ifndef COMMON_CTL_TOP_INT_H
#define COMMON_CTL_TOP_INT_H

#include "ctl_int.h"
#include "top.h"

#define TOP_INTERVAL_MIN 0.1
#define TOP_INTERVAL_MAX 86400.0

/* One sample, and when it was taken by the monotonic clock, in seconds. */
struct top_sample {
	json_t *answers; /* NULL: there is none */
	double at;
};

struct top {
	struct ctl *ctl;
	const struct top_program *program;
	double interval;
	unsigned count;	   /* samples to show; 0: until the user ends it */
	unsigned rows;	   /* of a list; 0: as many as fit */
	size_t sort;	   /* of the next sample */
	size_t sort_asked; /* of the one that is being taken */
	struct top_sample last;	 /* the last one that was due */
	struct top_sample base;	 /* what shown is compared with */
	struct top_sample shown; /* compared, to be shown */
	/* While an answer is waited for; as in struct request */
	bool (*watch)(void *arg);
	void *arg;
	int watch_fds[2];
};

/* Seconds of the monotonic clock. */
double top_now(void);

/*
 * Take a sample and compare it. due: others will be compared with it; else it
 * only replaces what is shown, as after a change of the order. Returns
 * CTL_DONE, or another status with a message in *why, which the caller frees:
 * then the old one stays.
 */
int top_take(struct top *t, bool due, char **why);

/* The samples are as if none had been taken. */
void top_forget(struct top *t);

/* The title: state says how it is shown, as "paused", or is NULL. */
void top_draw_title(const struct top *t, struct page *p, const char *state);

/* The rest: the daemon's warnings, and what the program draws. */
void top_draw(const struct top *t, struct page *p, unsigned rows);

/* On a screen, until the user or the count ends it. Returns a status. */
int top_follow(struct top *t);

#endif
