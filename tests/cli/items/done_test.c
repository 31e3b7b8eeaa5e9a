/* SPDX-License-Identifier: MIT
 *
 * The hash against the vectors that its authors publish (vectors_sip128 in vectors.h of the
 * reference implementation: key 00 01 .. 0f, input 00 01 .. n-1), and the counts against an array.
 */
#include "../test.h"
#include "items/done.h"

#include <stdio.h>
#include <string.h>

static void hashes_are_those_of_the_reference(void **unused) {
  (void)unused;
  static const char *const vectors[] = {
      "a3817f04ba25a8e66df67214c7550293", "da87c1d86b99af44347659119b22fc45",
      "8177228da4a45dc7fca38bdef60affe4", "9c70b60c5267a94e5f33b6b02985ed51",
      "f88164c12d9c8faf7d0f6e7c7bcd5579", "1368875980776f8854527a07690e9627",
      "14eeca338b208613485ea0308fd7a15e", "a1f1ebbed8dbc153c0b84aa61ff08239",
      "3b62a9ba6258f5610f83e264f31497b4", "264499060ad9baabc47f8b02bb6d71ed",
      "00110dc378146956c95447d3f3d0fbba", "0151c568386b6677a2b4dc6f81e5dc18",
      "d626b266905ef35882634df68532c125", "9869e247e9c08b10d029934fc4b952f7",
      "31fcefac66d7de9c7ec7485fe4494902",
  };
  static const uint64_t key[2] = {0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  for (size_t n = 0; n < sizeof vectors / sizeof *vectors; n++) {
    unsigned char input[16];
    char text[33];
    for (size_t i = 0; i < n; i++) input[i] = (unsigned char)i;
    struct siphash h = siphash(input, n, key);
    for (size_t i = 0; i < 16; i++)
      snprintf(text + 2 * i, 3, "%02x", (unsigned)((i < 8 ? h.low : h.high) >> 8 * (i % 8) & 255));
    assert_string_equal(text, vectors[n]);
  }
}

static void counts_are_kept_while_the_table_grows(void **unused) {
  (void)unused;
  enum { KEYS = 20000 };
  static unsigned char counts[KEYS];
  struct done_set d = {0};
  uint64_t seed = 1;
  char key[20];
  assert_false(done_take(&d, "", 0));
  for (int i = 0; i < 200000; i++) {
    size_t k = test_below(&seed, KEYS), size = (size_t)snprintf(key, sizeof key, "%zu", k);
    if (test_below(&seed, 3)) {
      assert_true(done_add(&d, key, size));
      counts[k]++;
    } else {
      assert_int_equal(done_take(&d, key, size), counts[k] > 0);
      counts[k] = (unsigned char)(counts[k] - (counts[k] > 0));
    }
  }
  assert_true(d.filled <= KEYS);
  for (size_t k = 0; k < KEYS; k++) {
    size_t size = (size_t)snprintf(key, sizeof key, "%zu", k);
    for (; counts[k] > 0; counts[k]--) assert_true(done_take(&d, key, size));
    assert_false(done_take(&d, key, size));
  }
  done_fini(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hashes_are_those_of_the_reference),
      cmocka_unit_test(counts_are_kept_while_the_table_grows),
  };
  return cmocka_run_group_tests_name("items: done", tests, NULL, NULL);
}
