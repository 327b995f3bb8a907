#include_next <sys/socket.h>
#ifndef FAKE_SYS_SOCKET_H
#define FAKE_SYS_SOCKET_H

#define AF_LINK AF_PACKET
/* Lengths and families are octets there; here only the name matters. */
#define sa_len sa_family
#define SO_REUSEPORT_LB 1001
#define SO_BINDANY 1002
#endif
