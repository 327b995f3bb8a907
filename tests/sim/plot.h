/*
 * Plots of loads over time.
 */
#ifndef TESTS_SIM_PLOT_H
#define TESTS_SIM_PLOT_H

#include <stdio.h>

#include "loads.h"

/* With characters: a column is the range from the least to the greatest. */
void plot_text(FILE *f, const char *title, const struct loads_result *r,
    unsigned steps);

/* Both in one picture. A failure ends the program. */
void plot_svg(const char *path, const struct loads_result *damped,
    const struct loads_result *naive, unsigned steps);

#endif
