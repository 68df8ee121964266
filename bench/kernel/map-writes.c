// Fills a new map by one batched call, as often as asked, and prints the nanoseconds that each fill
// took. usage: map-writes TYPE FLAGS KEY_SIZE VALUE_SIZE CHUNK FILLS <keys and values on stdin,
// packed: count, keys, values>
#include <bpf/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void read_all(void *to, size_t size) {
  if (fread(to, 1, size, stdin) != size) {
    perror("stdin");
    exit(1);
  }
}

static int fill(int fd, const char *keys, size_t key_size, const char *values, size_t value_size,
                uint32_t count, uint32_t chunk) {
  LIBBPF_OPTS(bpf_map_batch_opts, options);
  for (uint32_t done = 0; done < count;) {
    uint32_t number = count - done < chunk ? count - done : chunk;
    if (bpf_map_update_batch(fd, keys + done * key_size, values + done * value_size, &number,
                             &options) != 0)
      return -1;
    done += number;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  enum bpf_map_type type = (enum bpf_map_type)atoi(argv[1]);
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = (uint32_t)atoi(argv[2]));
  size_t key_size = (size_t)atoi(argv[3]), value_size = (size_t)atoi(argv[4]);
  uint32_t chunk = (uint32_t)atoi(argv[5]), count;
  read_all(&count, sizeof(count));
  char *keys = malloc(count * key_size), *values = malloc(count * value_size);
  read_all(keys, count * key_size);
  read_all(values, count * value_size);
  for (int i = 0; i < atoi(argv[6]); i++) {
    int fd =
        bpf_map_create(type, "bench", (uint32_t)key_size, (uint32_t)value_size, count, &options);
    uint64_t start = now();
    if (fd < 0 || fill(fd, keys, key_size, values, value_size, count, chunk) != 0) {
      perror("bpf");
      return 1;
    }
    printf("%llu\n", (unsigned long long)(now() - start));
    close(fd);
  }
  return 0;
}
