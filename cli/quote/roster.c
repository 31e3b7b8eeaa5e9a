/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include "config.h"
#include "generic.h"
#include "redact.h"
#include "server.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct making {
  const struct roster_options *options;
  struct config *config;
  char *error;
};

static bool fail(struct making *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct making *m, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(m->error, ROSTER_ERROR, format, args);
  va_end(args);
  return false;
}

static bool fail_memory(struct making *m) {
  return fail(m, "out of memory");
}

static bool fail_setting(struct making *m, const struct setting *s, const char *why) {
  return fail(m, "%.200s:%zu: %.40s: %s", m->config->path, s->line, s->name, why);
}

/* -- settings of a section -------------------------------------------------------------------- */

static bool set_pause(struct provider *p, const char *value, const char **ret_why) {
  char *end;
  double seconds = strtod(value, &end);
  *ret_why = "it is a number of seconds, at least 0, as 30 or 0.5";
  if (end == value || *end || !(seconds >= 0) || seconds > 86400) return false;
  p->pause_ns = (int64_t)(seconds * 1e9);
  return true;
}

static bool set_details(struct provider *p, const char *value, const char **ret_why) {
  bool yes = strcasecmp(value, "yes") == 0, no = strcasecmp(value, "no") == 0;
  *ret_why = "it is yes or no";
  if (yes || no) p->details = yes;
  return yes || no;
}

static bool key_is_good(const char *key) {
  for (const char *c = key; *c; c++)
    if (*c <= ' ' || *c == 0x7f) return false;
  return *key && strlen(key) < 4096;
}

static bool set_key(struct making *m, struct provider *p, const char *key, const char *from) {
  if (!key_is_good(key))
    return fail(m, "the key of %s, from %.200s, has characters in it that no key has", p->name,
                from);
  return provider_set_key(p, key) || fail_memory(m);
}

static bool set_key_from(struct making *m, struct provider *p, const char *variable) {
  const char *value = getenv(variable);
  return !value || !*value || set_key(m, p, value, variable);
}

static bool apply(struct making *m, struct provider *p, const struct setting *s) {
  char rate_error[RATE_ROOM], generic_error[GENERIC_ERROR], server_error[SERVER_ERROR];
  const char *why = NULL, *name = s->name, *value = s->value;
  bool own_url = !p->generic, fine;
  if (strcmp(name, "key") == 0) /* one of the environment, by key_env, goes before it */
    return p->key || set_key(m, p, value, m->config->path);
  if (strcmp(name, "rate") == 0) {
    fine = rates_parse(value, &p->rates, rate_error);
    why = rate_error;
  } else if (strcmp(name, "pause") == 0) {
    fine = set_pause(p, value, &why);
  } else if (own_url && strcmp(name, "base_url") == 0) {
    if (server_check(value, false, false, server_error))
      return provider_set_base_url(p, value) || fail_memory(m);
    fine = false;
    why = server_error;
  } else if (own_url && strcmp(name, "details") == 0) {
    fine = set_details(p, value, &why);
  } else if (p->generic && strcmp(name, "key_env") == 0) {
    return set_key_from(m, p, value);
  } else if (p->generic && generic_has(name)) {
    fine = generic_set(p, name, value, generic_error);
    why = generic_error;
  } else {
    fine = false;
    snprintf(generic_error, sizeof generic_error,
             "there is no such setting; there are key, rate, pause, %s%s",
             p->generic ? "key_env, " : "base_url, details", p->generic ? generic_names() : "");
    why = generic_error;
  }
  return fine || fail_setting(m, s, why);
}

/* -- one provider ----------------------------------------------------------------------------- */

/* A generic provider is its section, and is named after it. */
static bool is_of(const struct section *s, const char *name) {
  if (strcmp(s->kind, provider_generic.name) == 0) return s->name && strcmp(s->name, name) == 0;
  return !s->name && strcmp(s->kind, name) == 0;
}

static bool is_known(const struct section *s) {
  return strcmp(s->kind, provider_generic.name) == 0 ? s->name && !provider_find(s->name)
                                                     : !s->name && provider_find(s->kind);
}

static const struct section *find_section(const struct config *c, const char *name) {
  for (size_t i = 0; i < c->count; i++)
    if (is_of(&c->sections[i], name)) return &c->sections[i];
  return NULL;
}

static struct provider *make(struct making *m, const char *name) {
  const struct section *s = find_section(m->config, name);
  const struct provider_ops *ops = provider_find(name);
  if (!ops && !s) {
    fail(m,
         "there is no provider \"%.60s\"; there are yahoo, alphavantage, twelvedata, finnhub, and "
         "those that %.200s describes in sections [generic NAME]",
         name, m->config->path);
    return NULL;
  }
  struct provider *p = provider_new(ops ? ops : &provider_generic, name);
  bool fine = p && (ops || (p->generic = generic_new()));
  if (!fine) fail_memory(m);
  for (size_t i = 0; fine && s && i < s->count; i++) fine = apply(m, p, &s->settings[i]);
  /* The environment is nearer than a file. */
  if (fine && p->ops->key_variable) fine = set_key_from(m, p, p->ops->key_variable);
  if (fine) return p;
  provider_free(p);
  return NULL;
}

static bool takes_secrets(const struct provider *p) {
  if (p->key || p->secret_count) return true;
  return p->generic && (generic_has_headers(p) || redact_suspects_url(generic_url(p)));
}

/* What can only be said once all is known. */
static bool check(struct making *m, struct provider *p) {
  char error[SERVER_ERROR], why[GENERIC_ERROR];
  if (p->generic && !generic_check(p, why))
    return fail(m, "%.200s: [generic %.60s]: %s", m->config->path, p->name, why);
  if (p->ops->key_variable && !p->key)
    return fail(m,
                "%s needs a key: set %s in the environment, or write [%s] and \"key = ...\" into "
                "%.200s (mode 0600)",
                p->name, p->ops->key_variable, p->name, m->config->path);
  const char *base = m->options->base_url;
  if (base && p->generic)
    return fail(m, "--base-url is for built-in providers; the URL of %s stands whole in %.200s",
                p->name, m->config->path);
  if (base && !server_check(base, false, takes_secrets(p), error))
    return fail(m, "--base-url cannot be used with %s: %s", p->name, error);
  if (base && !provider_set_base_url(p, base)) return fail_memory(m);
  const char *url = p->generic ? generic_url(p) : p->base_url;
  if (!server_check(url, p->generic, takes_secrets(p), error))
    return fail(m, "%.200s: the URL of %s cannot be used: %s", m->config->path, p->name, error);
  if (m->options->rate.n) p->rates = (struct rates){{m->options->rate}, 1};
  return true;
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool read_config(struct making *m) {
  char *usual = m->options->config ? NULL : config_default_path();
  const char *path = m->options->config ? m->options->config : usual;
  char error[CONFIG_ERROR];
  bool fine = config_read(path ? path : "", m->options->config, &m->config, error);
  free(usual);
  if (!fine) return fail(m, "%s", error);
  for (size_t i = 0; i < m->config->count; i++) {
    const struct section *s = &m->config->sections[i];
    if (is_known(s)) continue;
    return fail(
        m,
        "%.200s:%zu: there is no provider [%.40s%s%.40s]; there are [yahoo], [alphavantage], "
        "[twelvedata], [finnhub] and [generic NAME] with a name of your own",
        m->config->path, s->line, s->kind, s->name ? " " : "", s->name ? s->name : "");
  }
  return true;
}

static bool add(struct making *m, struct roster *r, const char *name) {
  for (size_t i = 0; i < r->count; i++)
    if (strcmp(r->at[i]->name, name) == 0) return fail(m, "--provider names %.60s twice", name);
  struct provider **more = realloc(r->at, (r->count + 1) * sizeof *more);
  if (!more) return fail_memory(m);
  r->at = more;
  struct provider *p = make(m, name);
  if (!p) return false;
  r->at[r->count++] = p;
  return check(m, p);
}

static bool add_all(struct making *m, struct roster *r) {
  char *names = strdup(m->options->names ? m->options->names : "yahoo"), *rest = names;
  bool fine = names || fail_memory(m);
  for (char *name; fine && (name = strsep(&rest, ","));) {
    name += strspn(name, " ");
    name[strcspn(name, " ")] = 0;
    fine = *name ? add(m, r, name) : fail(m, "--provider is a list of names, as yahoo,finnhub");
  }
  free(names);
  if (fine && m->options->base_url && r->count > 1)
    return fail(m, "--base-url is one provider's; for several, set base_url in the configuration");
  return fine;
}

/* What one of them must not show, none of them may: a server can repeat anything. */
static bool share_secrets(struct making *m, struct roster *r) {
  for (size_t i = 0; i < r->count; i++)
    for (size_t j = 0; j < r->count; j++)
      if (i != j && r->at[j]->key && !provider_add_secret(r->at[i], r->at[j]->key))
        return fail_memory(m);
  return true;
}

bool roster_open(const struct roster_options *o, struct roster *ret, char error[ROSTER_ERROR]) {
  struct making m = {.options = o, .error = error};
  struct roster r = {.at = NULL};
  bool fine = read_config(&m) && add_all(&m, &r) && share_secrets(&m, &r);
  config_free(m.config);
  if (fine)
    *ret = r;
  else
    roster_close(&r);
  return fine;
}

void roster_close(struct roster *r) {
  for (size_t i = 0; i < r->count; i++) provider_free(r->at[i]);
  free(r->at);
  *r = (struct roster){.at = NULL};
}

static void list_rates(const struct rates *rates, FILE *to) {
  char text[80];
  size_t n = 0;
  for (size_t i = 0; i < rates->count; i++) {
    const struct rate *r = &rates->at[i];
    double seconds = (double)r->per_ns / 1e9;
    const char *unit = seconds == 1       ? "s"
                       : seconds == 60    ? "min"
                       : seconds == 3600  ? "hour"
                       : seconds == 86400 ? "day"
                                          : NULL;
    const char *comma = i ? ", " : "";
    n += (size_t)(unit ? snprintf(text + n, sizeof text - n, "%s%u/%s", comma, r->n, unit)
                       : snprintf(text + n, sizeof text - n, "%s%u in %g s", comma, r->n, seconds));
    if (n >= sizeof text) n = sizeof text - 1;
  }
  fprintf(to, "%-18s", n ? text : "");
}

static bool list_one(struct making *m, const char *name, FILE *to) {
  struct provider *p = make(m, name);
  if (!p) return false;
  bool wants = p->generic ? generic_wants_key(p) : p->ops->key_variable != NULL;
  fprintf(to, "%-14s", p->name);
  list_rates(&p->rates, to);
  fprintf(to, "%-10s%s\n", !wants ? "no key" : p->key ? "key set" : "key unset", p->ops->title);
  provider_free(p);
  return true;
}

bool roster_list(const struct roster_options *o, FILE *to, char error[ROSTER_ERROR]) {
  struct making m = {.options = o, .error = error};
  bool fine = read_config(&m);
  for (size_t i = 0; fine && provider_table[i]; i++)
    fine = list_one(&m, provider_table[i]->name, to);
  for (size_t i = 0; fine && i < m.config->count; i++)
    if (m.config->sections[i].name) fine = list_one(&m, m.config->sections[i].name, to);
  config_free(m.config);
  return fine;
}
