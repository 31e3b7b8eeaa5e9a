/* SPDX-License-Identifier: MIT
 *
 * replay.c ROUNDS FILE...: the fuzzer's target without libFuzzer, for any compiler: each file as it
 * is, then ROUNDS times damaged at random, the same way in every run. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

static size_t damage(char *data, size_t size, uint64_t *seed) {
  static const char bytes[] = "\"\"\n\r,;\t|.-+0123456789/: eEKMBT$'%nulaNJAP\x00\x80\xa0\xc2\xff";
  for (uint64_t k = 1 + next(seed) % 5; k > 0 && size > 1; k--) {
    size_t at = next(seed) % size, other = next(seed) % size, n = 1 + next(seed) % 30;
    char c = bytes[next(seed) % (sizeof bytes - 1)];
    switch (next(seed) % 5) {
    case 0:
      data[at] = c;
      break;
    case 1:
      memmove(data + at, data + at + 1, --size - at);
      break;
    case 2: /* a piece elsewhere */
      if (at + n <= size && other + n <= size) memmove(data + at, data + other, n);
      break;
    case 3: /* from here on nothing */
      if (next(seed) % 8 == 0) size = at;
      break;
    default:
      memmove(data + at + 1, data + at, size++ - at), data[at] = c;
    }
  }
  return size;
}

int main(int argc, char **argv) {
  enum { ROOM = 1 << 16 };
  static char original[ROOM], data[ROOM + 64];
  uint64_t seed = 42;
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  for (int i = 2; i < argc; i++) {
    FILE *from = fopen(argv[i], "rb");
    if (!from) {
      perror(argv[i]);
      return 1;
    }
    /* A part of a long file is enough, and leaves more of it to the damage. */
    size_t size = fread(original, 1, ROOM, from);
    fclose(from);
    LLVMFuzzerTestOneInput((const uint8_t *)original, size);
    for (long k = 0; k < rounds; k++) {
      size_t part = k % 2 ? size : size < 600 ? size : 600;
      memcpy(data, original, part);
      part = damage(data, part, &seed);
      LLVMFuzzerTestOneInput((const uint8_t *)data, part);
    }
  }
  printf("%d files, %ld rounds each\n", argc - 2, rounds);
  return 0;
}
