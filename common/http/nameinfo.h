/*
 * The program's own getnameinfo(3), for evhttp alone.
 *
 * evhttp asks for the name and port of each client that connects. Before
 * libevent 2.2 it ends the process where getnameinfo() fails, and that of some
 * C libraries (musl, OpenBSD) fails for all Unix sockets, that of glibc for
 * those of clients whose own address is longer than NI_MAXSERV. This one is
 * linked in place of the library's, and has an answer for every client.
 */
#ifndef COMMON_HTTP_NAMEINFO_H
#define COMMON_HTTP_NAMEINFO_H

#include <sys/socket.h>

/*
 * The address and port of sa as numbers; "unix" and "0" of a Unix socket,
 * whatever its address. It asks no server and reads no file for names: flags
 * are ignored, except NI_NAMEREQD.
 *
 * host, serv: may be NULL or have a length of 0.
 * Returns 0, EAI_FAMILY, EAI_OVERFLOW, or EAI_NONAME with NI_NAMEREQD.
 *
 * It has a name of its own because systems differ in the types of the lengths.
 */
int nameinfo(const struct sockaddr *sa, socklen_t salen, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen,
    int flags) __asm__("getnameinfo");

#endif
