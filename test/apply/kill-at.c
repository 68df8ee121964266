// Runs a command and kills it at the entry of the N-th system call that can change anything,
// counted over all of its threads from the first mkdir below DIR on; N = 0: never. Processes that
// it starts are let go. Prints, as JSON, whether it was killed, at which call, and how often each
// was seen.
//
//     kill-at N DIR COMMAND [ARGUMENT...]
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
  long number;
  const char *name;
  unsigned long seen;
};

static struct call calls[] = {
    {SYS_bpf, "bpf"},
    {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_sendmmsg, "sendmmsg"},
    {SYS_write, "write"},
    {SYS_writev, "writev"},
    {SYS_pwrite64, "pwrite64"},
    {SYS_openat, "openat"},
    {SYS_linkat, "linkat"},
    {SYS_renameat, "renameat"},
    {SYS_renameat2, "renameat2"},
    {SYS_unlinkat, "unlinkat"},
    {SYS_symlinkat, "symlinkat"},
    {SYS_mkdirat, "mkdirat"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_fchmod, "fchmod"},
    {SYS_mount, "mount"},
    {SYS_umount2, "umount2"},
    {SYS_ioctl, "ioctl"},
    {SYS_connect, "connect"},
    {SYS_bind, "bind"},
    {SYS_listen, "listen"},
    {SYS_kill, "kill"},
    {SYS_clone, "clone"},
    {SYS_clone3, "clone3"},
#ifdef SYS_mkdir
    {SYS_link, "link"},
    {SYS_rename, "rename"},
    {SYS_unlink, "unlink"},
    {SYS_symlink, "symlink"},
    {SYS_mkdir, "mkdir"},
    {SYS_rmdir, "rmdir"},
    {SYS_chmod, "chmod"},
    {SYS_fork, "fork"},
    {SYS_vfork, "vfork"},
#endif
};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

// Commands of bpf(2) that only look.
static bool only_reads(uint64_t command) {
  switch (command) {
  case BPF_MAP_LOOKUP_ELEM:
  case BPF_MAP_GET_NEXT_KEY:
  case BPF_MAP_LOOKUP_BATCH:
  case BPF_OBJ_GET:
  case BPF_OBJ_GET_INFO_BY_FD:
  case BPF_PROG_GET_NEXT_ID:
  case BPF_MAP_GET_NEXT_ID:
  case BPF_BTF_GET_NEXT_ID:
  case BPF_LINK_GET_NEXT_ID:
  case BPF_PROG_GET_FD_BY_ID:
  case BPF_MAP_GET_FD_BY_ID:
  case BPF_BTF_GET_FD_BY_ID:
  case BPF_LINK_GET_FD_BY_ID:
  case BPF_PROG_QUERY:
  case BPF_TASK_FD_QUERY:
    return true;
  default:
    return false;
  }
}

// A wake-up of another thread of the same process.
static bool is_wakeup(pid_t pid, uint64_t fd) {
  char path[64], target[32] = "";
  snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)fd);
  return readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "[eventfd]");
}

static bool peek(pid_t pid, uint64_t address, void *to, size_t size) {
  char file[64];
  snprintf(file, sizeof(file), "/proc/%d/mem", pid);
  int memory = open(file, O_RDONLY | O_CLOEXEC);
  ssize_t got = memory < 0 ? -1 : pread(memory, to, size, (off_t)address);
  if (memory >= 0) close(memory);
  return got > 0;
}

// A request of rtnetlink for what is there: of each four types, the third.
static bool is_netlink_get(pid_t pid, uint64_t address, uint64_t size) {
  struct nlmsghdr header = {0};
  return size >= sizeof(header) && peek(pid, address, &header, sizeof(header)) &&
         header.nlmsg_len == size && header.nlmsg_type >= RTM_BASE &&
         header.nlmsg_type <= RTM_MAX && (header.nlmsg_type - RTM_BASE) % 4 == 2;
}

static bool is_netlink_address(pid_t pid, uint64_t address) {
  sa_family_t family = 0;
  return peek(pid, address, &family, sizeof(family)) && family == AF_NETLINK;
}

static bool is_new_thread(pid_t pid, uint64_t arguments) {
  uint64_t flags = 0;
  return peek(pid, arguments, &flags, sizeof(flags)) && (flags & CLONE_THREAD);
}

static bool can_change(pid_t pid, long number, const uint64_t *args) {
  switch (number) {
  case SYS_bpf:
    return !only_reads(args[0]);
  case SYS_sendto:
    return !is_netlink_get(pid, args[1], args[2]);
  case SYS_bind:
    return !is_netlink_address(pid, args[1]);
  case SYS_openat:
    return (args[2] & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY;
  case SYS_write:
    return !is_wakeup(pid, args[0]);
  case SYS_clone:
    return !(args[0] & CLONE_THREAD);
  case SYS_clone3:
    return !is_new_thread(pid, args[0]);
  default:
    return true;
  }
}

static bool is_below(pid_t pid, uint64_t address, const char *directory) {
  char path[512] = "";
  return peek(pid, address, path, sizeof(path) - 1) &&
         strncmp(path, directory, strlen(directory)) == 0;
}

static bool is_first(pid_t pid, long number, const uint64_t *args, const char *directory) {
#ifdef SYS_mkdir
  if (number == SYS_mkdir) return is_below(pid, args[0], directory);
#endif
  return number == SYS_mkdirat && is_below(pid, args[1], directory);
}

static struct call *find(long number) {
  for (int i = 0; i < CALLS; i++)
    if (calls[i].number == number) return &calls[i];
  return NULL;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const unsigned long at = strtoul(argv[1], NULL, 10);
  const char *killed = NULL;
  unsigned long count = 0;
  bool counting = false;
  int status, code = 1;
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  waitpid(child, &status, 0);
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SETOPTIONS, child, 0, options)) fail("ptrace");
  ptrace(PTRACE_SYSCALL, child, 0, 0);
  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) break;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (pid == child) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      struct __ptrace_syscall_info info;
      signal = 0;
      if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
          info.op == PTRACE_SYSCALL_INFO_ENTRY && killed == NULL) {
        long number = (long)info.entry.nr;
        const uint64_t *args = (const uint64_t *)info.entry.args;
        struct call *call = find(number);
        if (!counting) counting = is_first(pid, number, args, argv[2]);
        if (counting && call != NULL && can_change(pid, number, args)) {
          call->seen++;
          if (++count == at) {
            killed = call->name;
            kill(child, SIGKILL);
          }
        }
      }
    } else if (signal == SIGTRAP || signal == SIGSTOP) {
      // events of ptrace, and the first stop of a new thread
      signal = 0;
    }
    ptrace(PTRACE_SYSCALL, pid, 0, (long)signal);
  }
  printf("{\"killed\":%s%s%s,\"code\":%d,\"count\":%lu,\"calls\":{", killed ? "\"" : "",
         killed ? killed : "null", killed ? "\"" : "", code, count);
  const char *separator = "";
  for (int i = 0; i < CALLS; i++) {
    if (calls[i].seen == 0) continue;
    printf("%s\"%s\":%lu", separator, calls[i].name, calls[i].seen);
    separator = ",";
  }
  printf("}}\n");
  return 0;
}
