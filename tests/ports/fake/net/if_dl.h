/* sockaddr_dl is not used: only AF_LINK, which sys/socket.h has */
