/*
 * The gateway for FTP (RFC 6384): IPv6 clients use EPSV and EPRT, IPv4 servers
 * PASV and PORT. In the control connection
 *
 *	EPSV		becomes PASV, and its reply 227 becomes 229 (6)
 *	EPRT		becomes PORT with a binding for it (7.2)
 *	ALGS		is answered (11)
 *	AUTH		ends the translation if the server accepts (5)
 *	Telnet options	are refused, in both directions (5)
 *
 * and all else passes. A command that the server must not see becomes NOOP, and
 * the reply to that becomes the one owed to the client, so that commands and
 * replies keep their order (12). Which reply belongs to which command follows
 * from the order as well: there is a queue of the replies that are to come.
 *
 * Of the state it shows no more than the sizes need. No data connection is
 * looked at: it is a session like any other.
 */
#ifndef NAT64D_ALG_FTP_H
#define NAT64D_ALG_FTP_H

#include "alg.h"

#define FTP_PORT 21

/* At most so many commands may wait for their replies. */
#define FTP_MAX_REPLIES 64

extern const struct alg_gateway ftp_gateway;

#endif
