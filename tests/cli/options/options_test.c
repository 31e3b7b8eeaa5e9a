/* SPDX-License-Identifier: MIT
 *
 * options_test.c: a command line is parsed into a command's struct, and mistakes are told. What is
 * written to stderr and stdout is caught in files. */
#include "test.h"

#include "../../../cli/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct values {
  bool flag;
  unsigned long count;
  double real;
  const char *text;
  struct option_list list;
  int64_t seconds, delay;
  uint64_t bytes;
  struct option_rate rate;
  struct option_share share;
  struct option_range range;
  int choice;
};

#define AT(member) offsetof(struct values, member)

static const struct option_spec table[] = {
    {OPTION_GROUP, .help = "A heading"},
    {OPTION_FLAG, "flag", 'f', AT(flag), .help = "a flag"},
    {OPTION_COUNT, "count", 'c', AT(count), .value = "N", .help = "a count", .least = 1},
    {OPTION_REAL, "real", 0, AT(real), .value = "X", .help = "a number\nin two lines"},
    {OPTION_TEXT, "text", 't', AT(text), .value = "TEXT", .help = "a text"},
    {OPTION_LIST, "header", 'H', AT(list), .value = "LINE", .help = "again and again"},
    {OPTION_SECONDS, "max-time", 'm', AT(seconds), .value = "S", .help = "a time"},
    {OPTION_SECONDS, "timeout", 0, AT(seconds), .value = "S"},
    {OPTION_SECONDS, "delay", 0, AT(delay), .value = "S", .help = "a pause", .least = -1},
    {OPTION_BYTES, "size", 0, AT(bytes), .value = "SIZE", .help = "a size", .least = 1},
    {OPTION_RATE, "rate", 0, AT(rate), .value = "N/TIME", .help = "a rate"},
    {OPTION_SHARE, "share", 0, AT(share), .value = "N|N%", .help = "a share"},
    {OPTION_RANGE, "range", 0, AT(range), .value = "A-B", .help = "a range"},
    {OPTION_CHOICE, "choice", 0, AT(choice), .value = "one|two|three", .help = "one of them"},
    {OPTION_SET, "third", 0, AT(choice), .help = "the last of them", .least = 2},
    {OPTION_HELP, "help", 'h', .help = "this text"},
    {.kind = OPTION_END},
};

static const struct command command = {.name = "test",
                                       .usage = "[OPTION]... WORD...",
                                       .about = "About it.\n",
                                       .examples = "  test\n",
                                       .options = table};

/* Runs options_parse on `line`, whose words are divided by blanks, with the descriptor caught. */
struct parsed {
  char words[400], caught[4000];
  char *argv[40];
  struct values values;
  int argc, status, operands;
};

static void parse(struct parsed *p, int descriptor, const char *line) {
  memset(p, 0, sizeof *p);
  snprintf(p->words, sizeof p->words, "test %s", line);
  for (char *w = strtok(p->words, " "); w; w = strtok(NULL, " ")) p->argv[p->argc++] = w;
  FILE *file = tmpfile();
  assert_non_null(file);
  fflush(stdout);
  int before = dup(descriptor);
  dup2(fileno(file), descriptor);
  p->operands = -1;
  p->status = options_parse(&command, p->argc, p->argv, &p->values, &p->operands);
  fflush(stdout);
  dup2(before, descriptor);
  close(before);
  rewind(file);
  p->caught[fread(p->caught, 1, sizeof p->caught - 1, file)] = 0;
  fclose(file);
}

static void every_kind_finds_its_place(void **state) {
  (void)state;
  struct parsed p;
  parse(&p, 2,
        "-f -c 3 --real 1.5 one --text=x -m 1.5 --delay 0 --size 10k --rate 8/min "
        "--share 5% --range 100-500ms --choice two -- --flag");
  assert_int_equal(p.status, -1);
  assert_string_equal(p.caught, "");
  assert_true(p.values.flag);
  assert_int_equal(p.values.count, 3);
  assert_true(p.values.real == 1.5);
  assert_string_equal(p.values.text, "x");
  assert_int_equal(p.values.seconds, 1500000000);
  assert_int_equal(p.values.delay, 0);
  assert_int_equal(p.values.bytes, 10240);
  assert_true(p.values.rate.n == 8 && p.values.rate.per_ns == 60000000000);
  assert_true(p.values.share.percent == 5);
  assert_int_equal(p.values.range.most_ns, 500000000);
  assert_int_equal(p.values.choice, 1);
  assert_int_equal(p.argc - p.operands, 2);
  assert_string_equal(p.argv[p.operands], "one");
  assert_string_equal(p.argv[p.operands + 1], "--flag");
}

static void a_list_keeps_every_item_in_order(void **state) {
  (void)state;
  struct parsed p;
  parse(&p, 2, "-H a -Hb --header c --header=d --header=");
  assert_int_equal(p.status, -1);
  static const char *const want[] = {"a", "b", "c", "d", ""};
  assert_int_equal(p.values.list.n, 5);
  for (size_t i = 0; i < 5; i++) assert_string_equal(p.values.list.items[i], want[i]);
  option_list_fini(&p.values.list);
  assert_null(p.values.list.items);
  option_list_fini(&p.values.list);
  option_list_fini(NULL);
}

static void of_names_of_one_thing_the_last_counts(void **state) {
  (void)state;
  struct parsed p;
  parse(&p, 2, "--max-time 1 --timeout 2");
  assert_int_equal(p.values.seconds, 2000000000);
  parse(&p, 2, "--timeout 2 -m 1");
  assert_int_equal(p.values.seconds, 1000000000);
  parse(&p, 2, "--choice two --third");
  assert_int_equal(p.values.choice, 2);
}

static void mistakes_name_the_option_what_it_needs_and_what_it_got(void **state) {
  (void)state;
  static const struct {
    const char *line, *message;
  } cases[] = {
      {"-c 0", "--count needs a whole number, at least 1, not \"0\""},
      {"--real -1.5", "--real needs a number above 0, not \"-1.5\""},
      {"--max-time x", "--max-time needs a time above 0 s, as 30, 1.5, 500ms, 2m or 1h, not \"x\""},
      {"--timeout 0", "--timeout needs a time above 0 s, as 30, 1.5, 500ms, 2m or 1h, not \"0\""},
      {"--delay -1", "--delay needs a time, as 30, 1.5, 500ms, 2m or 1h, not \"-1\""},
      {"--size 10KB", "--size needs a size, at least 1, as 512, 10k, 1.5M or 64KiB (powers of "
                      "1024), not \"10KB\""},
      {"--rate x", "--rate needs a number a time, as 10/s, 8/min, 500/hour or 25/day, not \"x\""},
      {"--share 0", "--share needs a whole number from 1 on or a percentage, as 10 or 5%, not "
                    "\"0\""},
      {"--range 2-1", "--range needs a time or two, the shorter one first, as 200ms or 100-500ms, "
                      "not \"2-1\""},
      {"--choice four", "--choice can be one|two|three, not \"four\""},
      {"--rat 1/s", "there is no option --rat; is --rate meant?"},
      {"--header", "--header needs a value: LINE"},
      {"-H", "-H needs a value"},
      {"--third=1", "--third takes no value"},
      {"-x", "there is no option -x; see: meantime test --help"},
      {"--text a\x1b[31m --rate \x1b[31m", "--rate needs a number a time, as 10/s, 8/min, 500/hour "
                                           "or 25/day, not \"\\x1b[31m\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct parsed p;
    char want[400];
    parse(&p, 2, cases[i].line);
    snprintf(want, sizeof want, "meantime: test: %s\n", cases[i].message);
    assert_string_equal(p.caught, want);
    assert_int_equal(p.status, EXIT_USAGE);
    assert_int_equal(p.operands, -1);
    option_list_fini(&p.values.list);
  }
}

static void help_comes_from_the_same_table(void **state) {
  (void)state;
  struct parsed p;
  parse(&p, 1, "-c 3 --help --nonsense");
  assert_int_equal(p.status, EXIT_FINE);
  static const char *const lines[] = {
      "Usage: meantime test [OPTION]... WORD...\n\nAbout it.\n\nA heading\n",
      "\n  -f, --flag                    a flag\n",
      "\n      --real X                  a number\n                                in two lines\n",
      "\n      --timeout S               the same as --max-time\n",
      "\n      --choice one|two|three    one of them\n",
      "\nExamples\n  test\n",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (!strstr(p.caught, lines[i])) fail_msg("no \"%s\" in \"%s\"", lines[i], p.caught);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_finds_its_place),
      cmocka_unit_test(a_list_keeps_every_item_in_order),
      cmocka_unit_test(of_names_of_one_thing_the_last_counts),
      cmocka_unit_test(mistakes_name_the_option_what_it_needs_and_what_it_got),
      cmocka_unit_test(help_comes_from_the_same_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
