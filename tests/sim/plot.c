#include <err.h>
#include <math.h>
#include <stdio.h>

#include "plot.h"

#define COLUMNS 72
#define LINES 10 /* of 10 % each */

#define WIDTH 720  /* of the area of a curve */
#define HEIGHT 200 /* 100 % */
#define LEFT 48
#define TOP 28
#define GAP 60 /* between the two areas */

/* The range within the steps of a column. */
static void
range(const struct loads_result *r, unsigned from, unsigned to, double *least,
    double *greatest)
{
	*least = r->least[from];
	*greatest = r->greatest[from];
	for (; from < to; from++) {
		*least = fmin(*least, r->least[from]);
		*greatest = fmax(*greatest, r->greatest[from]);
	}
}

void
plot_text(FILE *f, const char *title, const struct loads_result *r,
    unsigned steps)
{
	double least, greatest;
	unsigned line, column;

	fprintf(f, "\n%s\n", title);
	for (line = LINES; line-- > 0;) {
		fprintf(f, "%4u |", (line + 1) * 100 / LINES);
		for (column = 0; column < COLUMNS; column++) {
			range(r, column * steps / COLUMNS,
			    (column + 1) * steps / COLUMNS, &least, &greatest);
			fputc(greatest * LINES >= line &&
				    least * LINES < line + 1 ?
				'#' :
				' ',
			    f);
		}
		fputc('\n', f);
	}
	fprintf(f, "     +");
	for (column = 0; column < COLUMNS; column++)
		fputc(column % 12 == 0 ? '+' : '-', f);
	fprintf(f,
	    "\n      0:00        0:20        0:40        1:00        "
	    "1:20        1:40\n");
}

static double
x_of(unsigned step, unsigned steps)
{
	return (LEFT + (double)step * WIDTH / steps);
}

static double
y_of(double load, unsigned area)
{
	return (TOP + area * (HEIGHT + GAP) + HEIGHT - load * HEIGHT);
}

/* The band between the least and the greatest, there and back. */
static void
band(FILE *f, const struct loads_result *r, unsigned steps, unsigned area,
    const char *colour)
{
	unsigned i;

	fprintf(f, "<path fill=\"%s\" stroke=\"%s\" d=\"M", colour, colour);
	for (i = 0; i < steps; i += 4)
		fprintf(f, "%.1f,%.1f ", x_of(i, steps),
		    y_of(r->greatest[i], area));
	for (i = steps; i >= 4; i -= 4)
		fprintf(f, "%.1f,%.1f ", x_of(i - 4, steps),
		    y_of(r->least[i - 4], area));
	fprintf(f, "z\"/>\n");
}

static void
axes(FILE *f, unsigned area, const char *title)
{
	unsigned i;

	fprintf(f,
	    "<text x=\"%d\" y=\"%.0f\" font-weight=\"bold\">%s</text>\n", LEFT,
	    y_of(1, area) - 10, title);
	for (i = 0; i <= 4; i++) {
		fprintf(f,
		    "<path stroke=\"#ccc\" d=\"M%d,%.0f h%d\"/>\n"
		    "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%u %%"
		    "</text>\n",
		    LEFT, y_of(i * 0.25, area), WIDTH, LEFT - 6,
		    y_of(i * 0.25, area) + 4, i * 25);
	}
	for (i = 0; i <= 6; i++)
		fprintf(f,
		    "<text x=\"%u\" y=\"%.0f\" text-anchor=\"middle\">"
		    "%u:%02u</text>\n",
		    LEFT + i * WIDTH / 6, y_of(0, area) + 16, i / 3,
		    i % 3 * 20);
}

void
plot_svg(const char *path, const struct loads_result *damped,
    const struct loads_result *naive, unsigned steps)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		err(1, "%s", path);
	fprintf(f,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
	    "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
	    LEFT + WIDTH + 24, TOP + 2 * HEIGHT + GAP + 28);
	axes(f, 0, "Loads of 20 translators: balance least-loaded");
	band(f, damped, steps, 0, "#2a7ab0");
	axes(f, 1, "The least loaded one of the last poll, for comparison");
	band(f, naive, steps, 1, "#c0504d");
	fprintf(f, "</svg>\n");
	if (fclose(f) != 0)
		err(1, "%s", path);
}
