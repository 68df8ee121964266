// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * http server PORT PROCESSES
 *
 * Answers every request with 200, each process one connection at a time.
 *
 * http client ADDRESS PORT MODE SECONDS PROCESSES
 *
 * Prints requests a second and the mean seconds of one. MODE: keep (all requests of a process on
 * one connection), new (a connection for each), or open (a connection for each, and no request).
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: server\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

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

/* 0 at the end of the connection. */
static int read_until(int fd, const char *last) {
  char buffer[4096];
  size_t held = 0, length = strlen(last);

  for (;;) {
    ssize_t got = read(fd, buffer + held, sizeof(buffer) - held);
    if (got <= 0) return 0;
    held += (size_t)got;
    if (held >= length && !memcmp(buffer + held - length, last, length)) return 1;
    if (held == sizeof(buffer)) held = 0;
  }
}

static void serve(const char *port, int processes) {
  int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = end("0.0.0.0", port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1024)) fail("listen");
  for (int i = 1; i < processes; i++)
    if (!fork()) break;
  puts("up");
  fflush(stdout);
  for (;;) {
    int fd = undelayed(accept(listener, NULL, NULL));
    while (read_until(fd, "\r\n\r\n"))
      if (write(fd, answer, sizeof(answer) - 1) < 0) break;
    close(fd);
  }
}

static int connected(const struct sockaddr_in *to) {
  int fd = undelayed(socket(AF_INET, SOCK_STREAM, 0));
  if (connect(fd, (const struct sockaddr *)to, sizeof(*to))) fail("connect");
  return fd;
}

static void closed(int fd) {
  /* The next connection must not find this one's ends taken. */
  struct linger hard = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(fd);
}

static void ask(int fd) {
  if (write(fd, request, sizeof(request) - 1) < 0 || !read_until(fd, "ok\n")) fail("request");
}

static double asked(const struct sockaddr_in *to, const char *mode, double until) {
  int keeps = !strcmp(mode, "keep"), asks = strcmp(mode, "open");
  int fd = keeps ? connected(to) : -1;
  double done = 0;

  for (; now() < until; done++) {
    if (!keeps) fd = connected(to);
    if (asks) ask(fd);
    if (!keeps) closed(fd);
  }
  if (keeps) closed(fd);
  return done;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 4 && !strcmp(argv[1], "server")) serve(argv[2], atoi(argv[3]));
  if (argc != 7) return 2;
  const struct sockaddr_in to = end(argv[2], argv[3]);
  int processes = atoi(argv[6]);
  double *done = mmap(NULL, sizeof(double) * (size_t)processes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  double start = now(), until = start + atof(argv[5]), all = 0;

  for (int i = 0; i < processes; i++)
    if (!fork()) {
      done[i] = asked(&to, argv[4], until);
      _exit(0);
    }
  for (int i = 0, status; i < processes; i++)
    if (wait(&status) < 0 || status) return 1;
  double seconds = now() - start;
  for (int i = 0; i < processes; i++)
    all += done[i];
  printf("%f %f\n", all / seconds, processes * seconds / all);
  return 0;
}
