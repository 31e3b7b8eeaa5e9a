/* SPDX-License-Identifier: MIT
 *
 * The configuration: what it says of providers, what is refused, and that keys stay where they
 * are. */
#include "config.h"
#include "generic.h"
#include "roster.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[400], path[440];

static int begin(void **unused) {
  (void)unused;
  static const char *const variables[] = {"ALPHAVANTAGE_API_KEY", "TWELVEDATA_API_KEY",
                                          "FINNHUB_API_KEY", "MINE_KEY"};
  for (size_t i = 0; i < 4; i++) unsetenv(variables[i]);
  const char *place = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%.300s/meantime-config-XXXXXX", place ? place : P_tmpdir);
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/meantime", folder);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/meantime/quotes.conf", folder);
  return setenv("XDG_CONFIG_HOME", folder, 1);
}

static int end(void **unused) {
  (void)unused;
  char inner[440];
  unlink(path);
  snprintf(inner, sizeof inner, "%s/meantime", folder);
  rmdir(inner);
  return rmdir(folder);
}

static void write_config(const char *text, size_t size, mode_t mode) {
  unlink(path);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, size, f), size);
  fclose(f);
  assert_int_equal(chmod(path, mode), 0);
}

static bool opens(const char *text, const struct roster_options *o, struct roster *r,
                  char error[ROSTER_ERROR]) {
  write_config(text, strlen(text), 0600);
  return roster_open(o, r, error);
}

static struct roster good(const char *text, const struct roster_options *o) {
  struct roster r;
  char error[ROSTER_ERROR];
  if (!opens(text, o, &r, error)) fail_msg("%s", error);
  return r;
}

static void bad(const char *text, const struct roster_options *o, const char *word) {
  struct roster r;
  char error[ROSTER_ERROR];
  if (opens(text, o, &r, error)) fail_msg("taken: %s", text);
  if (!strstr(error, word)) fail_msg("%s instead of %s", error, word);
  /* Whatever is wrong, a key is not repeated. */
  if (strstr(error, "HUSH")) fail_msg("%s", error);
}

static const struct roster_options yahoo = {.names = NULL};
static const struct roster_options alpha = {.names = "alphavantage"};
static const struct roster_options mine = {.names = "mine"};

#define MINE "[generic mine]\nurl = https://example.org/{symbol}\nprice = .p\n"

static void without_a_file_there_is_yahoo(void **unused) {
  (void)unused;
  struct roster r;
  char error[ROSTER_ERROR];
  unlink(path);
  assert_true(roster_open(&yahoo, &r, error));
  assert_int_equal(r.count, 1);
  assert_string_equal(r.at[0]->name, "yahoo");
  assert_string_equal(r.at[0]->base_url, "https://query1.finance.yahoo.com");
  roster_close(&r);
  assert_false(roster_open(&alpha, &r, error));
  assert_non_null(strstr(error, "ALPHAVANTAGE_API_KEY"));
  struct roster_options named = {.config = path};
  assert_false(roster_open(&named, &r, error)); /* one that is named must exist */
  assert_non_null(strstr(error, "No such file"));
}

static void settings_are_applied(void **unused) {
  (void)unused;
  struct roster r = good("\xef\xbb\xbf# keys\r\n; more\r\n\r\n [ alphavantage ] \r\n"
                         "key=HUSH1\r\n\tbase_url =  https://example.org/av/ \r\n"
                         "rate = 75/min\r\npause = 0.5\r\ndetails = No\r\n"
                         "[finnhub]\nkey = HUSH2",
                         &(struct roster_options){.names = "finnhub, alphavantage"});
  assert_int_equal(r.count, 2);
  assert_string_equal(r.at[0]->key, "HUSH2");
  assert_int_equal(r.at[0]->rates.count, 2); /* its own */
  assert_int_equal(provider_requests(r.at[0]), 2);
  const struct provider *p = r.at[1];
  assert_string_equal(p->key, "HUSH1");
  assert_string_equal(p->base_url, "https://example.org/av");
  assert_int_equal(p->rates.count, 1);
  assert_int_equal(p->rates.at[0].n, 75);
  assert_int_equal(p->pause_ns, 500000000);
  assert_int_equal(provider_requests(p), 1);
  roster_close(&r);
}

static void the_environment_outranks_the_file(void **unused) {
  (void)unused;
  setenv("ALPHAVANTAGE_API_KEY", "NEARER", 1);
  struct roster r = good("[alphavantage]\nkey = HUSH\n", &alpha);
  assert_string_equal(r.at[0]->key, "NEARER");
  roster_close(&r);
  setenv("ALPHAVANTAGE_API_KEY", "", 1); /* is as good as none */
  r = good("[alphavantage]\nkey = HUSH\n", &alpha);
  assert_string_equal(r.at[0]->key, "HUSH");
  roster_close(&r);
  setenv("ALPHAVANTAGE_API_KEY", "HUSH\nInjected: header", 1);
  bad("", &alpha, "characters in it that no key has");
  unsetenv("ALPHAVANTAGE_API_KEY");
}

static void a_rate_of_the_command_line_replaces_all(void **unused) {
  (void)unused;
  struct roster_options o = alpha;
  o.rate = (struct rate){7, 1000};
  struct roster r = good("[alphavantage]\nkey = HUSH\nrate = 1/s, 25/day\n", &o);
  assert_int_equal(r.at[0]->rates.count, 1);
  assert_int_equal(r.at[0]->rates.at[0].n, 7);
  roster_close(&r);
}

static void a_generic_provider_is_a_section(void **unused) {
  (void)unused;
  struct roster r = good(MINE "currency = USD\n[generic other]\nurl = x\n", &mine);
  assert_string_equal(r.at[0]->name, "mine");
  assert_true(r.at[0]->generic);
  roster_close(&r);
  setenv("MINE_KEY", "HUSH", 1);
  r = good(MINE "header = X-Key: {key}\nkey_env = MINE_KEY\n", &mine);
  assert_string_equal(r.at[0]->key, "HUSH");
  roster_close(&r);
  r = good(MINE "header = X-Key: {key}\nkey_env = MINE_KEY\nkey = farther\n", &mine);
  assert_string_equal(r.at[0]->key, "HUSH");
  roster_close(&r);
  r = good(MINE "header = X-Key: {key}\nkey = farther\nkey_env = MINE_KEY\n", &mine);
  assert_string_equal(r.at[0]->key, "HUSH");
  roster_close(&r);
  unsetenv("MINE_KEY");
  bad(MINE "header = X-Key: {key}\nkey_env = MINE_KEY\n", &mine, "has no key");
  bad("[generic mine]\nprice = .p\n", &mine, "has no url");
  bad("[generic mine]\nurl = https://example.org/{symbol}\n", &mine, "has no price");
  bad("[generic mine]\nurl = ftp://example.org/{symbol}\nprice = .p\n", &mine, "https://");
  bad("[generic mine]\nurl = https://{symbol}.org/\nprice = .p\n", &mine, "host");
}

static void files_with_keys_are_the_user_s_alone(void **unused) {
  (void)unused;
  static const mode_t open_modes[] = {0640, 0604, 0620, 0666, 0610};
  static const char *const secret[] = {
      "[alphavantage]\nkey = HUSH\n",
      MINE "header = Authorization: Bearer HUSH\n",
      "[generic mine]\nurl = https://example.org/{symbol}?apikey=HUSH\nprice = .p\n",
  };
  struct roster r;
  char error[ROSTER_ERROR];
  for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
    for (size_t j = 0; j < sizeof open_modes / sizeof *open_modes; j++) {
      write_config(secret[i], strlen(secret[i]), open_modes[j]);
      assert_false(roster_open(&yahoo, &r, error)); /* whoever is asked */
      if (!strstr(error, "chmod 600 '") || !strstr(error, path)) fail_msg("%s", error);
      assert_null(strstr(error, "HUSH"));
    }
  static const mode_t private_modes[] = {0600, 0400, 0700};
  for (size_t j = 0; j < sizeof private_modes / sizeof *private_modes; j++) {
    write_config(secret[0], strlen(secret[0]), private_modes[j]);
    assert_true(roster_open(&yahoo, &r, error));
    roster_close(&r);
  }
  const char *harmless = "[yahoo]\nrate = 1/s\n" MINE "header = Accept: text/html\n";
  write_config(harmless, strlen(harmless), 0644);
  assert_true(roster_open(&yahoo, &r, error));
  roster_close(&r);
  if (geteuid() != 0) return; /* only root can give a file away */
  write_config(secret[0], strlen(secret[0]), 0600);
  assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
  assert_false(roster_open(&yahoo, &r, error));
  assert_non_null(strstr(error, "belongs to somebody else"));
}

static void keys_go_nowhere_unencrypted(void **unused) {
  (void)unused;
  struct roster_options o = alpha;
  o.base_url = "http://example.org";
  bad("[alphavantage]\nkey = HUSH\n", &o, "unencrypted");
  bad("[alphavantage]\nkey = HUSH\nbase_url = http://example.org\n", &alpha, "unencrypted");
  o.base_url = "http://127.0.0.1:1";
  struct roster r = good("[alphavantage]\nkey = HUSH\n", &o);
  assert_string_equal(r.at[0]->base_url, "http://127.0.0.1:1");
  roster_close(&r);
  /* A provider without a key may be anywhere. */
  struct roster_options keyless = {.base_url = "http://example.org/"};
  r = good("", &keyless);
  assert_string_equal(r.at[0]->base_url, "http://example.org");
  roster_close(&r);
  bad("[generic mine]\nurl = http://example.org/{symbol}\nprice = .p\nheader = A: b\n", &mine,
      "unencrypted");
  bad("[generic mine]\nurl = http://example.org/{symbol}?token=HUSH\nprice = .p\n", &mine,
      "unencrypted");
  bad("[generic mine]\nurl = http://example.org/{symbol}?k={key}\nkey = HUSH\nprice = .p\n", &mine,
      "unencrypted");
}

static void what_makes_no_sense_is_refused_with_its_line(void **unused) {
  (void)unused;
  bad("[yahoo]\nrate = fast\n", &yahoo, "quotes.conf:2: rate: \"fast\" is no rate");
  bad("[yahoo]\npause = -1\n", &yahoo, ":2: pause: it is a number of seconds");
  bad("[yahoo]\npause = 1 min\n", &yahoo, ":2: pause");
  bad("[yahoo]\ndetails = maybe\n", &yahoo, "yes or no");
  bad("[yahoo]\nbase_url = example.org\n", &yahoo, "https://");
  bad("[yahoo]\nbase_url = https://u:HUSH@example.org\n", &yahoo, "a user before its host");
  bad("[yahoo]\nurl = x\n", &yahoo, "there is no such setting");
  bad("[yahoo]\nkey = a b\n", &yahoo, "no key has");
  bad("\n\n[nasdaq]\n", &yahoo, ":3: there is no provider [nasdaq]");
  bad("[generic]\n", &yahoo, "[generic NAME]");
  bad("[generic yahoo]\n", &yahoo, "there is no provider [generic yahoo]");
  bad("[yahoo mine]\n", &yahoo, "there is no provider [yahoo mine]");
  bad("[generic a b]\n", &yahoo, "a section is written");
  bad("[yahoo\n", &yahoo, "a section is written");
  bad("[yahoo] rate = 1/s\n", &yahoo, "a section is written");
  bad("[]\n", &yahoo, "a section is written");
  bad("[generic a\"b]\n", &yahoo, "a section is written");
  bad("[generic a,b]\n", &yahoo, "a section is written");
  bad("[yahoo]\nkey HUSH\n", &yahoo, ":2: neither a [section] nor");
  bad("[yahoo]\n= HUSH\n", &yahoo, ":2: a setting is written");
  bad("[yahoo]\nrate =\n", &yahoo, "has no value");
  bad("key = HUSH\n", &yahoo, ":1: a setting before the first [section]");
  bad("[yahoo]\nrate = 1/s\nrate = 2/s\n", &yahoo, ":3: \"rate\" was set in line 2 already");
  bad("[yahoo]\n[yahoo]\n", &yahoo, ":2: the section of line 1 begins again");
  bad("[yahoo]\nrate = 1/s\x01\n", &yahoo, "control character");
  bad(MINE "prize = .p\n", &mine, "there is no such setting");
  bad(MINE "volume = p\n", &mine, "is no path");
  bad(MINE "base_url = https://example.org\n", &mine, "there is no such setting");
  bad("", &(struct roster_options){.names = "yahoo,yahoo"}, "twice");
  bad("", &(struct roster_options){.names = "yahoo,"}, "a list of names");
  bad("", &(struct roster_options){.names = ""}, "a list of names");
  bad("", &(struct roster_options){.names = "nobody"}, "there is no provider \"nobody\"");
  bad("", &(struct roster_options){.base_url = "localhost:80"}, "--base-url");
  bad("[alphavantage]\nkey=HUSH\n",
      &(struct roster_options){.names = "yahoo,alphavantage", .base_url = "http://[::1]"},
      "one provider's");
  bad(MINE, &(struct roster_options){.names = "mine", .base_url = "http://[::1]"}, "built-in");
}

static void a_file_that_is_none_is_refused(void **unused) {
  (void)unused;
  struct config *c;
  char error[CONFIG_ERROR];
  assert_false(config_read(folder, true, &c, error));
  assert_non_null(strstr(error, "no regular file"));
  write_config("[yahoo]\n\0\n", 10, 0600);
  assert_false(config_read(path, true, &c, error));
  assert_non_null(strstr(error, "NUL"));
  size_t size = (1 << 20) + 1;
  char *large = malloc(size);
  memset(large, '\n', size);
  write_config(large, size, 0600);
  assert_false(config_read(path, true, &c, error));
  assert_non_null(strstr(error, "1 MiB"));
  write_config(large, size - 1, 0600);
  assert_true(config_read(path, true, &c, error));
  assert_int_equal(c->count, 0);
  config_free(c);
  free(large);
}

static void any_text_is_read_or_refused(void **unused) {
  (void)unused;
  static const char *const pieces[] = {"[",    "]",           "yahoo", "generic", " ", "=",
                                       "\n",   "\n[yahoo]\n", "rate",  "1/s",     "#", ";",
                                       "\r\n", "key",         "\t",    "x"};
  uint64_t seed = 9;
  for (int i = 0; i < 3000; i++) {
    char text[400] = "", error[CONFIG_ERROR] = "";
    struct config *c = NULL;
    for (uint64_t n = test_below(&seed, 20); n > 0; n--)
      strcat(text, pieces[test_below(&seed, sizeof pieces / sizeof *pieces)]);
    write_config(text, strlen(text), 0600);
    if (config_read(path, true, &c, error))
      config_free(c);
    else
      assert_true(strlen(error) > 0);
  }
}

static void the_list_names_all_of_them(void **unused) {
  (void)unused;
  char *text = NULL, error[ROSTER_ERROR];
  size_t size;
  FILE *to = open_memstream(&text, &size);
  write_config("[finnhub]\nkey = HUSH\n" MINE, strlen("[finnhub]\nkey = HUSH\n" MINE), 0600);
  if (!roster_list(&yahoo, to, error)) fail_msg("%s", error);
  fclose(to);
  static const char *const words[] = {"yahoo ",      "2/s",    "alphavantage ", "1/s, 25/day",
                                      "twelvedata ", "8/min",  "finnhub ",      "key set",
                                      "key unset",   "no key", "mine "};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strstr(text, words[i])) fail_msg("no %s in %s", words[i], text);
  assert_null(strstr(text, "HUSH"));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_file_there_is_yahoo),
      cmocka_unit_test(settings_are_applied),
      cmocka_unit_test(the_environment_outranks_the_file),
      cmocka_unit_test(a_rate_of_the_command_line_replaces_all),
      cmocka_unit_test(a_generic_provider_is_a_section),
      cmocka_unit_test(files_with_keys_are_the_user_s_alone),
      cmocka_unit_test(keys_go_nowhere_unencrypted),
      cmocka_unit_test(what_makes_no_sense_is_refused_with_its_line),
      cmocka_unit_test(a_file_that_is_none_is_refused),
      cmocka_unit_test(any_text_is_read_or_refused),
      cmocka_unit_test(the_list_names_all_of_them),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
