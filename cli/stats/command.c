/* SPDX-License-Identifier: MIT */
#include "../command.h"
#include "../message.h"
#include "stats.h"

#include <stddef.h>
#include <stdio.h>

#define AT(member) offsetof(struct stats_options, member)

static const struct option_spec options[] = {
    {OPTION_GROUP, .help = "What is computed"},
    {OPTION_FLAG, "all", 'a', AT(all), .help = "all statistics instead of the first seven"},
    {OPTION_REAL, "rf", 0, AT(rf), .value = "RATE",
     .help = "risk-free rate a year for Sharpe and Sortino: 0.04 is\n4 % (0)", .least = -1},
    {OPTION_REAL, "periods", 0, AT(periods), .value = "N",
     .help = "periods a year (252, 52 or 12 by the dates' median gap)", .least = 0},
    {OPTION_TEXT, "price-column", 0, AT(price_column), .value = "NAME",
     .help = "the column with the prices, by its header or its\nnumber from 1"},
    {OPTION_TEXT, "date-column", 0, AT(date_column), .value = "NAME",
     .help = "the column with the dates"},
    {OPTION_TEXT, "volume-column", 0, AT(volume_column), .value = "NAME",
     .help = "the column with the volumes"},
    {OPTION_FLAG, "explain", 0, AT(explain), .help = "print how each number is defined"},

    {OPTION_GROUP, .help = "How it runs"},
    {OPTION_COUNT, "jobs", 'j', AT(run.jobs), .value = "N", .help = "files at once (the CPUs)",
     .least = 1},
    CONDUCT_WHERE(struct stats_options, run, "as many as jobs"),
    CONDUCT_IN_FLIGHT(struct stats_options, run, "(the workers)"),
    CONDUCT_STOPS(struct stats_options, run, "files"),
    {OPTION_TEXT, "log", 0, AT(log), .value = "FILE",
     .help = "one line of JSON for each file that is done"},
    {OPTION_FLAG, "resume", 0, AT(resume),
     .help = "leave out the files that the log says are done"},
    {OPTION_TEXT, "failed", 0, AT(failed), .value = "FILE",
     .help = "write the paths that failed, to be fed back by -"},
    {OPTION_FLAG, "null", '0', AT(null_separated),
     .help = "paths on stdin end with NUL, as find -print0 writes"},

    {OPTION_GROUP, .help = "What is printed"},
    {OPTION_CHOICE, "format", 'f', AT(format), .value = OUTPUT_CHOICES,
     .help = "table: for people, two places, at the end\njson, ndjson, csv, tsv: as it comes, full "
             "precision"},
    CONDUCT_ORDER(struct stats_options, run),
    {OPTION_FLAG, "no-header", 0, AT(no_header), .help = "csv, tsv: without the line of names"},
    CONDUCT_PROGRESS(struct stats_options, run),
    {OPTION_FLAG, "quiet", 'q', AT(quiet), .help = "no notes on stderr; failures are told still"},
    {OPTION_HELP, "help", 'h', .help = "this text"},
    {.kind = OPTION_END},
};

static int run(int argc, char **argv) {
  struct stats_options o = {.run = {.on = "threads"}};
  int first;
  int status = options_parse(&command_stats, argc, argv, &o, &first);
  if (status >= 0) return status;
  if (o.explain) return fputs(statistics_definitions, stdout) < 0 ? EXIT_ITEMS : EXIT_FINE;
  if (first == argc) {
    message("stats: no files given; name files, folders, or - for a list of paths on stdin, as in: "
            "meantime stats prices/");
    return EXIT_USAGE;
  }
  if (o.resume && !o.log) {
    message("stats: --resume needs --log FILE: the log tells what is done");
    return EXIT_USAGE;
  }
  /* So many files at once need so many workers, whatever WHERE says. */
  if (!o.run.workers) o.run.workers = o.run.jobs;
  return stats_run(&o, argv + first, (size_t)(argc - first));
}

const struct command command_stats = {
    .name = "stats",
    .summary = "statistics of many price files, in parallel",
    .usage = "[OPTION]... PATH...",
    .about = "Computes return, volatility, Sharpe ratio and more of price files, one task a file. "
             "A PATH\n"
             "is a file, a folder (its .csv, .tsv and .txt files, by name), or - for a list of "
             "paths on\n"
             "stdin. The usual exports (Yahoo, Stooq, Alpha Vantage, Nasdaq, Investing.com, "
             "MetaTrader,\n"
             "yfinance, files with many tickers) are recognised without options.\n",
    .examples = "  meantime stats prices/\n"
                "  meantime stats --all --format json AAPL.csv | jq '.[0].max_drawdown'\n"
                "  find . -name '*.csv' -print0 | meantime stats -0 --as-completed -f ndjson -\n"
                "  meantime stats --price-column NAV --date-column Day fund.csv\n"
                "\nExit status: 0 all files succeeded, 1 some failed, 2 wrong usage.\n",
    .options = options,
    .run = run,
};
