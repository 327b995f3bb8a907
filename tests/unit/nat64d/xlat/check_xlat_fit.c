/*
 * Does a packet fit the MTU of the other side? By tables of sizes and MTUs.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/xlat/xlat.h"
#include "tests/unit/suite.h"
#include "tests/unit/xlat_util.h"

struct fit_row {
	const char *name;
	uint32_t l4off;
	uint32_t l4len;
	bool fh;	   /* IPv6: Fragment Header; IPv4: a fragment */
	bool df;	   /* IPv4 */
	uint16_t seg_size; /* 0: no super-packet; TCP header of 20 */
	uint32_t mtu4;
	uint32_t mtu6;
	uint32_t lowest;
	enum xlat_fit fit;
	uint32_t mtu; /* with XLAT_TOO_BIG */
};

static void
fit_packet(struct pkt *p, const struct fit_row *r)
{
	memset(p, 0, sizeof(*p));
	p->l4off = (uint16_t)r->l4off;
	p->len = r->l4off + r->l4len;
	p->l4hlen = 20;
	if (r->seg_size != 0) {
		p->ofl.seg = PKT_SEG_TCP;
		p->ofl.seg_size = r->seg_size;
	}
}

static void
fit_conf(struct xlat_conf *c, const struct fit_row *r)
{
	xlat_conf_init(c);
	c->mtu4 = r->mtu4;
	c->mtu6 = r->mtu6;
	c->lowest_mtu6 = r->lowest;
}

static const struct fit_row rows6to4[] = {
	{ "XLT-33 just fits", 40, 1480, false, false, 0, 1500, 1500, 1280,
	    XLAT_FITS, 0 },
	{ "XLT-33 one too many", 40, 1481, false, false, 0, 1500, 1500, 1280,
	    XLAT_TOO_BIG, 1520 },
	{ "XLT-33 with Fragment Header", 48, 1481, true, false, 0, 1500, 1500,
	    1280, XLAT_TOO_BIG, 1528 },
	{ "XLT-33 never below 1280", 40, 1241, false, false, 0, 1000, 1500,
	    1280, XLAT_TOO_BIG, 1280 },
	{ "XLT-34 1280 bytes, small IPv4 MTU", 40, 1240, false, false, 0, 1000,
	    1500, 1280, XLAT_FRAGMENT, 0 },
	{ "XLT-33 extension headers count on the IPv6 side", 64, 1240, false,
	    false, 0, 1000, 1500, 1280, XLAT_TOO_BIG, 1280 },
	{ "XLT-33 extension headers do not count on the IPv4 side", 120, 1480,
	    false, false, 0, 1500, 1500, 1280, XLAT_FITS, 0 },
	{ "XLT-36 beyond the total length", 40, 65516, false, false, 0, 65535,
	    65535, 1280, XLAT_TOO_BIG, 65555 },
	{ "GSO-21 by the segment", 40, 20 + 60000, false, false, 1440, 1480,
	    1500, 1280, XLAT_FITS, 0 },
	{ "GSO-21 segment one too big", 40, 20 + 60000, false, false, 1441,
	    1480, 1500, 1280, XLAT_TOO_BIG, 1500 },
	{ "GSO-21 payload below the segment size", 40, 20 + 100, false, false,
	    1441, 1480, 1500, 1280, XLAT_FITS, 0 },
	{ "GSO-21 small segments, smaller MTU", 40, 20 + 60000, false, false,
	    1200, 1000, 1500, 1280, XLAT_FRAGMENT, 0 },
	{ "GSO-18 super-packet beyond the total length", 40, 65516, false,
	    false, 1400, 1500, 1500, 1280, XLAT_FRAGMENT, 0 },
};

/* Shows: XLT-33 XLT-34 XLT-36 GSO-18 GSO-21 */
START_TEST(xlat_fit_6to4_measures_both_sides)
{
	const struct fit_row *r = &rows6to4[_i];
	struct xlat_conf c;
	struct pkt p;
	uint32_t mtu = 0;

	fit_packet(&p, r);
	p.family = PKT_V6;
	p.has_fh = r->fh;
	fit_conf(&c, r);
	ck_assert_msg(xlat_fit_6to4(&p, &c, &mtu) == r->fit, "%s", r->name);
	ck_assert_msg(mtu == r->mtu, "%s: mtu %u", r->name, mtu);
}
END_TEST

static const struct fit_row rows4to6[] = {
	{ "XLT-11 DF 0 of 1280", 20, 1240, false, false, 0, 1500, 1500, 1280,
	    XLAT_FITS, 0 },
	{ "XLT-12 DF 0 of 1281", 20, 1241, false, false, 0, 1500, 1500, 1280,
	    XLAT_FRAGMENT, 0 },
	{ "XLT-09 options do not count", 60, 1240, false, false, 0, 1500, 1500,
	    1280, XLAT_FITS, 0 },
	{ "XLT-12 fragment with its header", 20, 1232, true, false, 0, 1500,
	    1500, 1280, XLAT_FITS, 0 },
	{ "XLT-12 fragment too big with its header", 20, 1240, true, false, 0,
	    1500, 1500, 1280, XLAT_FRAGMENT, 0 },
	{ "XLT-14 lowest MTU 1400", 20, 1360, false, false, 0, 1500, 1500,
	    1400, XLAT_FITS, 0 },
	{ "XLT-11 lowest MTU above the link's", 20, 1361, false, false, 0,
	    1500, 1400, 1500, XLAT_FRAGMENT, 0 },
	{ "XLT-14 DF 1 is not held to the lowest MTU", 20, 1460, false, true,
	    0, 1500, 1500, 1280, XLAT_FITS, 0 },
	{ "XLT-13 DF 1 of 1501", 20, 1461, false, true, 0, 1500, 1500, 1280,
	    XLAT_TOO_BIG, 1480 },
	{ "XLT-13 fragment with DF 1", 20, 1456, true, true, 0, 1500, 1500,
	    1280, XLAT_TOO_BIG, 1472 },
	{ "GSO-22 DF 1, segments of 1520", 20, 20 + 60000, false, true, 1460,
	    1500, 1500, 1280, XLAT_TOO_BIG, 1480 },
	{ "GSO-22 DF 1, segments of 1500", 20, 20 + 60000, false, true, 1440,
	    1500, 1500, 1280, XLAT_FITS, 0 },
	{ "GSO-23 DF 0, segments of 1281", 20, 20 + 60000, false, false, 1221,
	    1500, 1500, 1280, XLAT_FRAGMENT, 0 },
	{ "GSO-23 DF 0, segments of 1280", 20, 20 + 60000, false, false, 1220,
	    1500, 1500, 1280, XLAT_FITS, 0 },
};

/* Shows: XLT-09 XLT-11 XLT-12 XLT-13 XLT-14 GSO-21 GSO-22 GSO-23 CFG-08 */
START_TEST(xlat_fit_4to6_measures_by_df)
{
	const struct fit_row *r = &rows4to6[_i];
	struct xlat_conf c;
	struct pkt p;
	uint32_t mtu = 0;

	fit_packet(&p, r);
	p.family = PKT_V4;
	p.is_frag = r->fh;
	p.df = r->df;
	fit_conf(&c, r);
	ck_assert_msg(xlat_fit_4to6(&p, &c, &mtu) == r->fit, "%s", r->name);
	ck_assert_msg(mtu == r->mtu, "%s: mtu %u", r->name, mtu);
}
END_TEST

/* Shows: CFG-08 CFG-09 CFG-10 CFG-12 */
START_TEST(xlat_conf_init_gives_the_defaults)
{
	static const uint16_t plateaus[] = { 65535, 32000, 17914, 8166, 4352,
		2002, 1492, 1006, 508, 296, 68 };
	struct xlat_conf c;

	memset(&c, 0xff, sizeof(c));
	xlat_conf_init(&c);
	ck_assert_uint_eq(c.mtu4, 1500);
	ck_assert_uint_eq(c.mtu6, 1500);
	ck_assert_uint_eq(c.lowest_mtu6, 1280);
	ck_assert_int_eq(c.tos, XLAT_TOS_COPY);
	ck_assert(!c.tclass_zero);
	ck_assert(!c.mss_clamp);
	ck_assert_uint_eq(c.n_plateaus, NITEMS(plateaus));
	ck_assert_mem_eq(c.plateaus, plateaus, sizeof(plateaus));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xlat_fit");
	TCase *tc = tcase_create("fit");

	tcase_add_loop_test(tc, xlat_fit_6to4_measures_both_sides, 0,
	    NITEMS(rows6to4));
	tcase_add_loop_test(tc, xlat_fit_4to6_measures_by_df, 0,
	    NITEMS(rows4to6));
	tcase_add_test(tc, xlat_conf_init_gives_the_defaults);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
