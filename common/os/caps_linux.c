#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "caps.h"

#define N_WORDS _LINUX_CAPABILITY_U32S_3

static int
get_all_caps(struct __user_cap_data_struct set[N_WORDS])
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};

	return ((int)syscall(SYS_capget, &head, set));
}

/* The first 32 capabilities: all that are asked for here. */
static int
get_caps(struct __user_cap_data_struct *first)
{
	struct __user_cap_data_struct set[N_WORDS];

	if (get_all_caps(set) == -1)
		return (-1);
	*first = set[0];
	return (0);
}

static bool
has_any(void)
{
	struct __user_cap_data_struct set[N_WORDS];
	int i;

	if (get_all_caps(set) == -1)
		return (true);
	for (i = 0; i < N_WORDS; i++) {
		if ((set[i].effective | set[i].permitted |
			set[i].inheritable) != 0)
			return (true);
	}
	return (false);
}

/*
 * Keep the capabilities in mask, of the first 32, and no other. A process that
 * has none makes no system call that a filter of its service manager may
 * forbid.
 */
static int
keep_caps(uint32_t mask)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct set[N_WORDS] = { { .effective = mask,
	    .permitted = mask } };

	/* EINVAL: a kernel before 4.3 has no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 &&
	    errno != EINVAL)
		return (-1);
	if (mask == 0 && !has_any())
		return (0);
	return ((int)syscall(SYS_capset, &head, set));
}

int
caps_drop(void)
{
	return (keep_caps(0));
}

int
caps_hold(void)
{
	return (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
}

int
caps_drop_but_ports(void)
{
	struct __user_cap_data_struct caps;

	if (get_caps(&caps) == -1)
		return (-1);
	return (
	    keep_caps(caps.permitted & UINT32_C(1) << CAP_NET_BIND_SERVICE));
}

/*
 * CAP_DAC_READ_SEARCH, or CAP_DAC_OVERRIDE where a container grants only that
 * one. Landlock forbids the writing that the latter allows.
 */
int
caps_drop_but_reading(void)
{
	struct __user_cap_data_struct caps;
	uint32_t mask = UINT32_C(1) << CAP_DAC_READ_SEARCH;

	if (get_caps(&caps) == -1)
		return (-1);
	if ((caps.effective & mask) == 0)
		mask = UINT32_C(1) << CAP_DAC_OVERRIDE;
	return (keep_caps(caps.effective & mask));
}
