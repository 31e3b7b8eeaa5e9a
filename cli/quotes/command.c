/* SPDX-License-Identifier: MIT */
#include "../command.h"
#include "../message.h"
#include "quotes.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct quotes_options, member)

static const struct option_spec options[] = {
    {OPTION_GROUP, .help = "What is asked"},
    {OPTION_LIST, "input", 'i', AT(input), .value = "FILE",
     .help = "a list of symbols, - for stdin: lines, or CSV, TSV or\nNDJSON with \"symbol\" or "
             "\"ticker\"; may be repeated"},
    {OPTION_TEXT, "provider", 'p', AT(providers), .value = "LIST",
     .help = "yahoo (the default), alphavantage, twelvedata,\nfinnhub, or names of the "
             "configuration; of several,\neach is asked if those before it fail"},
    {OPTION_TEXT, "config", 0, AT(config), .value = "FILE",
     .help = "keys, rates and providers of your own\n(~/.config/meantime/quotes.conf)"},
    {OPTION_TEXT, "base-url", 0, AT(base_url), .value = "URL",
     .help = "the provider's server, if it is another one"},
    {OPTION_FLAG, "list-providers", 0, AT(list_providers),
     .help = "which there are, how often each may be asked, and\nwhether there is a key"},

    {OPTION_GROUP, .help = "How much at once, and how long"},
    {OPTION_COUNT, "jobs", 'j', AT(run.jobs), .value = "N",
     .help = "requests at once to a provider (8)", .least = 1},
    {OPTION_RATE, "rate", 0, AT(rate), .value = "N/TIME",
     .help = "so many requests a time to a provider, instead of its\nown limits: 10/s, 75/min, "
             "500/day"},
    {OPTION_SECONDS, "timeout", 0, AT(timeout_ns), .value = "SECONDS",
     .help = "for a request; waiting for its turn does not count (30)"},
    {OPTION_SECONDS, "deadline", 0, AT(deadline_ns), .value = "SECONDS",
     .help = "for a symbol, with its waits and all its attempts"},
    {OPTION_SECONDS, "run-deadline", 0, AT(run.run_deadline_ns), .value = "SECONDS",
     .help = "for all of it"},

    {OPTION_GROUP, .help = "When something fails"},
    {OPTION_COUNT, "retries", 0, AT(retries), .value = "N",
     .help = "repeats after the first attempt, where they may help\n(2)"},
    CONDUCT_STOPS(struct quotes_options, run, "symbols"),
    {OPTION_TEXT, "failed", 0, AT(failed), .value = "FILE",
     .help = "write the symbols that failed, to be fed back by -i"},
    {OPTION_TEXT, "log", 0, AT(log), .value = "FILE",
     .help = "one line of JSON for each symbol that is done"},
    {OPTION_FLAG, "resume", 0, AT(resume),
     .help = "leave out the symbols that the log says are done"},

    {OPTION_GROUP, .help = "What is printed"},
    {OPTION_CHOICE, "format", 'f', AT(format), .value = OUTPUT_CHOICES,
     .help = "table: for people, at the end\njson, ndjson, csv, tsv: as it comes"},
    {OPTION_FLAG, "no-header", 0, AT(no_header), .help = "csv, tsv: without the line of names"},
    CONDUCT_ORDER(struct quotes_options, run),
    CONDUCT_PROGRESS(struct quotes_options, run),
    {OPTION_FLAG, "quiet", 'q', AT(quiet),
     .help = "no summary on stderr; failures have rows still"},
    {OPTION_HELP, "help", 'h', .help = "this text"},
    {.kind = OPTION_END},
};

static bool wrong(const char *text) {
  message("quotes: %s", text);
  return false;
}

static bool agree(const struct quotes_options *o, size_t symbols) {
  if (symbols == 0 && o->input.n == 0)
    return wrong("no symbols given; name some, or a list of them: -i FILE, or -i - for stdin, as "
                 "in: meantime quotes AAPL MSFT");
  const char *missing;
  if (!item_files_readable(o->input.items, o->input.n, &missing)) {
    message("quotes: --input: %s: %s", missing, strerror(errno));
    return false;
  }
  if (o->resume && !o->log) return wrong("--resume needs --log FILE: the log tells what is done");
  return true;
}

static int run(int argc, char **argv) {
  struct quotes_options o = {
      .run = {.on = "threads", .jobs = 8}, .retries = 2, .timeout_ns = MT_SECONDS(30)};
  int first;
  int status = options_parse(&command_quotes, argc, argv, &o, &first);
  if (status < 0 && o.list_providers) status = quotes_list_providers(&o);
  if (status < 0 && !agree(&o, (size_t)(argc - first))) status = EXIT_USAGE;
  if (status < 0) status = quotes_run(&o, argv + first, (size_t)(argc - first));
  option_list_fini(&o.input);
  return status;
}

const struct command command_quotes = {
    .name = "quotes",
    .summary = "prices of many symbols, from the web",
    .usage = "[OPTION]... SYMBOL...",
    .about = "Asks a provider for the latest price of each symbol, its change since the close "
             "before, its\n"
             "volume and its extremes of 52 weeks. One that fails says why and harms no other; "
             "each\n"
             "provider is asked no more often than it lets itself be asked.\n",
    .examples = "  meantime quotes AAPL MSFT VOD.L ^GSPC\n"
                "  meantime quotes -i watchlist.txt --provider yahoo,finnhub -f ndjson "
                "--as-completed\n"
                "  meantime quotes --list-providers\n"
                "\nExit status: 0 all succeeded, 1 some failed, 2 wrong usage.\n",
    .options = options,
    .run = run,
};
