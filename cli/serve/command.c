/* SPDX-License-Identifier: MIT */
#include "../command.h"
#include "../message.h"
#include "server.h"

#include <meantime.h>
#include <stddef.h>

#define AT(member) offsetof(struct serve_options, member)

static const struct option_spec options[] = {
    {OPTION_GROUP, .help = "Where it listens"},
    {OPTION_COUNT, "port", 'p', AT(port), .value = "N", .help = "0: any that is free (8765)"},
    {OPTION_TEXT, "host", 0, AT(host), .value = "ADDRESS",
     .help = "127.0.0.1, or ::1 or another of this machine's\n(127.0.0.1)"},
    {OPTION_FLAG, "public", 0, AT(is_public),
     .help = "allow a --host that other machines can reach"},

    {OPTION_GROUP, .help = "How quotes and charts are answered"},
    {OPTION_RANGE, "latency", 0, AT(latency), .value = "RANGE",
     .help = "how long each takes: 100-500ms, 0.2, 0 (100-500ms)"},
    {OPTION_TEXT, "slow", 0, AT(slow), .value = "A,B,...", .help = "these symbols take 0.8 s"},
    {OPTION_TEXT, "fail", 0, AT(fail), .value = "A,B,...",
     .help = "these symbols are unknown: 404\n(BAD,INVALID,ERROR,UNKNOWN)"},
    {OPTION_REAL, "failure-rate", 0, AT(failure_rate), .value = "P",
     .help = "this share fails, half by 503, half by a reset\nconnection: 0 to 1 (0)", .least = -1},
    {OPTION_RATE, "rate-limit", 0, AT(rate_limit), .value = "RATE",
     .help = "beyond it 429 and Retry-After: 10/s, 8/min"},
    {OPTION_SEED, "seed", 's', AT(seed), .value = "N",
     .help = "another seed gives other prices, latencies and\nfailures (0)"},

    {OPTION_GROUP, .help = "How it runs"},
    {OPTION_SECONDS, "seconds", 0, AT(seconds_ns), .value = "S",
     .help = "end after that (never, but by SIGINT or SIGTERM)", .least = 0},
    {OPTION_SECONDS, "idle", 0, AT(idle_ns), .value = "S",
     .help = "how long a client may take for a request's headers,\nor stop reading (60)",
     .least = 0},
    {OPTION_COUNT, "workers", 0, AT(workers), .value = "N", .help = "worker threads (the CPUs)",
     .least = 1},
    {OPTION_FLAG, "quiet", 'q', AT(quiet), .help = "no summary on stderr at the end"},
    {OPTION_HELP, "help", 'h', .help = "this text"},
    {.kind = OPTION_END},
};

static int run(int argc, char **argv) {
  struct serve_options o = {.host = "127.0.0.1",
                            .port = 8765,
                            .fail = "BAD,INVALID,ERROR,UNKNOWN",
                            .slow = "",
                            .latency = {MT_MS(100), MT_MS(500)},
                            .idle_ns = MT_SECONDS(60)};
  int first;
  int status = options_parse(&command_serve, argc, argv, &o, &first);
  if (status >= 0) return status;
  if (first < argc) {
    message("serve: takes no operands, so not \"%s\"; see: meantime serve --help", argv[first]);
    return EXIT_USAGE;
  }
  if (o.port > 65535) {
    message("serve: --port can be 65535 at most, not %lu", o.port);
    return EXIT_USAGE;
  }
  if (o.failure_rate < 0 || o.failure_rate > 1) {
    message("serve: --failure-rate is a share from 0 to 1, not %g", o.failure_rate);
    return EXIT_USAGE;
  }
  return serve_run(&o);
}

const struct command command_serve = {
    .name = "serve",
    .summary = "a quote server on this machine, to try things with",
    .usage = "[OPTION]...",
    .about = "Serves made-up quotes over HTTP, as slow and as unreliable as asked for: each "
             "connection is\n"
             "a task. It prints its address, and ends by SIGINT, SIGTERM or --seconds.\n"
             "\n"
             "  /quote/SYMBOL                                      a quote as JSON\n"
             "  /v8/finance/chart/SYMBOL?range=1y&interval=1d      the same in Yahoo's shape\n"
             "  /delay/MS  /bytes/N  /healthz                      plain answers\n",
    .examples = "  meantime serve\n"
                "  meantime serve --port 0 --seed 7 --latency 200ms --slow TSLA,META,NVDA\n"
                "  meantime serve --failure-rate 0.1 --rate-limit 8/min --seconds 60\n"
                "  curl http://127.0.0.1:8765/quote/AAPL\n",
    .options = options,
    .run = run,
};
