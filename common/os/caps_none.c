/*
 * The BSDs have no capabilities to give up.
 */
#include "caps.h"

int
caps_drop(void)
{
	return (0);
}

int
caps_hold(void)
{
	return (0);
}

int
caps_drop_but_ports(void)
{
	return (0);
}

int
caps_drop_but_reading(void)
{
	return (0);
}
