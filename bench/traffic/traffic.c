// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * traffic server PORT                      answers one connection after the other, for ever
 * traffic client ADDRESS PORT MODE SECONDS prints what was done a second
 * MODE: rr (transactions of one byte on one connection), crr (the same, each on a connection of its
 * own), bulk (bytes one way).
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 17];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in end(const char *address, const char *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, address, &at.sin_addr) != 1) fail(address);
  return at;
}

static int undelayed(int fd) {
  int on = 1;
  if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) fail("socket");
  return fd;
}

static void serve(const char *port) {
  int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = end("0.0.0.0", port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 128)) fail("listen");
  puts("up");
  fflush(stdout);
  for (;;) {
    int fd = undelayed(accept(listener, NULL, NULL));
    ssize_t got;
    /* A transaction is one byte; what comes in bulk is only taken. */
    while ((got = read(fd, buffer, sizeof(buffer))) > 0)
      if (got == 1 && write(fd, buffer, 1) != 1) break;
    close(fd);
  }
}

static int connected(const struct sockaddr_in *to) {
  int fd = undelayed(socket(AF_INET, SOCK_STREAM, 0));
  if (connect(fd, (const struct sockaddr *)to, sizeof(*to))) fail("connect");
  return fd;
}

static void transact(int fd) {
  if (write(fd, buffer, 1) != 1 || read(fd, buffer, 1) != 1) fail("transaction");
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 3 && !strcmp(argv[1], "server")) serve(argv[2]);
  if (argc != 6) return 2;
  const struct sockaddr_in to = end(argv[2], argv[3]);
  const char *mode = argv[4];
  double start = now(), until = start + atof(argv[5]), done = 0;

  if (!strcmp(mode, "crr")) {
    for (; now() < until; done++) {
      int fd = connected(&to);
      transact(fd);
      /* The next connection must not find this one's ends taken. */
      struct linger hard = {.l_onoff = 1};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
      close(fd);
    }
  } else {
    int fd = connected(&to);
    if (!strcmp(mode, "rr"))
      for (; now() < until; done++)
        transact(fd);
    else
      while (now() < until) {
        ssize_t sent = write(fd, buffer, sizeof(buffer));
        if (sent < 0) fail("write");
        done += (double)sent;
      }
    close(fd);
  }
  printf("%f\n", done / (now() - start));
  return 0;
}
