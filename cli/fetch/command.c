/* SPDX-License-Identifier: MIT */
#include "../command.h"
#include "../message.h"
#include "fetch.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct fetch_options, member)

static const struct option_spec options[] = {
    {OPTION_GROUP, .help = "What is asked for"},
    {OPTION_LIST, "input", 'i', AT(input), .value = "FILE",
     .help = "a list of items: URLs, or rows with columns; - is\nstdin; may be repeated"},
    {OPTION_CHOICE, "input-format", 0, AT(input_format), .value = "auto|lines|ndjson|csv|tsv",
     .help = "how the lists are written (auto: by name and content)"},
    {OPTION_FLAG, "null", '0', AT(null_separated), .help = "lines of the lists end with NUL"},
    {OPTION_TEXT, "url", 0, AT(url), .value = "TEMPLATE",
     .help = "https://host/v1/{symbol}?d={date}, filled in from the\ncolumns; {item} is a whole "
             "line"},
    {OPTION_TEXT, "request", 'X', AT(method), .value = "METHOD",
     .help = "the method (GET, or POST with -d)"},
    {OPTION_FLAG, "head", 'I', AT(head),
     .help = "only ask whether it is there (HEAD): a record each"},
    {OPTION_LIST, "header", 'H', AT(headers), .value = "LINE",
     .help = "\"Name: value\", or @FILE with such lines; may be\nrepeated"},
    {OPTION_TEXT, "data", 'd', AT(data), .value = "TEXT",
     .help = "the request's body, or @FILE with it"},
    {OPTION_TEXT, "user-agent", 'A', AT(user_agent), .value = "TEXT",
     .help = "who asks (meantime/VERSION)"},
    {OPTION_FLAG, "netrc", 'n', AT(netrc), .help = "names and passwords from ~/.netrc"},
    {OPTION_TEXT, "netrc-file", 0, AT(netrc_file), .value = "FILE",
     .help = "names and passwords from this file"},
    {OPTION_TEXT, "bearer-file", 0, AT(bearer_file), .value = "FILE",
     .help = "a token to be sent, from a file of mode 0600"},
    {OPTION_FLAG, "compressed", 0, AT(compressed),
     .help = "ask for compressed bodies, and undo that"},
    {OPTION_FLAG, "location", 'L', AT(location), .help = "follow redirects"},
    {OPTION_COUNT, "max-redirs", 0, AT(max_redirects), .value = "N",
     .help = "that many at most (10)"},

    {OPTION_GROUP, .help = "Connections"},
    {OPTION_TEXT, "proxy", 'x', AT(proxy), .value = "URL",
     .help = "through this proxy (http_proxy, https_proxy)"},
    {OPTION_SET, "http1.1", 0, AT(version), .help = "no HTTP/2", .least = HTTP_VERSION_11},
    {OPTION_SET, "http2", 0, AT(version), .help = "HTTP/2, also without TLS",
     .least = HTTP_VERSION_2},
    {OPTION_TEXT, "cacert", 0, AT(ca_file), .value = "FILE",
     .help = "trust these certificates instead of the system's"},
    {OPTION_FLAG, "insecure", 'k', AT(insecure), .help = "do not verify certificates"},
    {OPTION_SECONDS, "connect-timeout", 0, AT(connect_timeout_ns), .value = "SECONDS",
     .help = "for a connection to be made (300)"},

    {OPTION_GROUP, .help = "How much at once, and how long"},
    {OPTION_COUNT, "jobs", 'j', AT(run.jobs), .value = "N", .help = "transfers at once (50)",
     .least = 1},
    {OPTION_COUNT, "per-host", 0, AT(per_host), .value = "N",
     .help = "transfers at once from one server", .least = 1},
    {OPTION_RATE, "rate", 0, AT(rate), .value = "N/TIME",
     .help = "so many requests a time: 10/s, 8/min, 500/hour"},
    {OPTION_SECONDS, "max-time", 'm', AT(timeout_ns), .value = "SECONDS",
     .help = "for an attempt; waiting for its turn does not count"},
    {OPTION_SECONDS, "timeout", 0, AT(timeout_ns), .value = "SECONDS",
     .help = "the same as --max-time"},
    {OPTION_SECONDS, "deadline", 0, AT(deadline_ns), .value = "SECONDS",
     .help = "for an item, its waits and all its attempts, from\nwhen it was read"},
    {OPTION_SECONDS, "run-deadline", 0, AT(run.run_deadline_ns), .value = "SECONDS",
     .help = "for all of it"},
    {OPTION_BYTES, "max-bytes", 0, AT(max_bytes), .value = "SIZE",
     .help = "the largest body taken: 500k, 10M", .least = 1},
    CONDUCT_WHERE(struct fetch_options, run, "1"),
    CONDUCT_IN_FLIGHT(struct fetch_options, run, "(more than jobs:\nsome wait for their turn)"),

    {OPTION_GROUP, .help = "When something fails"},
    {OPTION_COUNT, "retries", 0, AT(retries), .value = "N",
     .help = "repeats after the first attempt (0)"},
    {OPTION_COUNT, "retry", 0, AT(retries), .value = "N", .help = "the same as --retries"},
    {OPTION_TEXT, "retry-on", 0, AT(retry_on), .value = "LIST",
     .help = "what is worth it: statuses (429), classes (5xx) and\nerrors (timeout); by "
             "default\n" RETRY_ON_DEFAULT},
    {OPTION_SECONDS, "retry-delay", 0, AT(retry_delay_ns), .value = "SECONDS",
     .help = "the first wait is at most that (0.1); it doubles"},
    {OPTION_SECONDS, "retry-max-delay", 0, AT(retry_most_ns), .value = "SECONDS",
     .help = "... up to that (30)"},
    {OPTION_FLAG, "retry-unsafe", 0, AT(retry_unsafe),
     .help = "repeat methods, too, that do something each time\n(POST, PATCH)"},
    CONDUCT_STOPS(struct fetch_options, run, "items"),
    {OPTION_TEXT, "failed", 0, AT(failed), .value = "FILE",
     .help = "write the items that failed, to be fed back by -i"},
    {OPTION_TEXT, "log", 0, AT(log), .value = "FILE",
     .help = "one line of JSON for each item that is done"},
    {OPTION_FLAG, "resume", 0, AT(resume),
     .help = "leave out the items that the log says are done"},

    {OPTION_GROUP, .help = "What is printed"},
    {OPTION_TEXT, "output", 'o', AT(output), .value = "FILE",
     .help = "to this file, not to stdout"},
    {OPTION_TEXT, "output-dir", 0, AT(output_dir), .value = "DIR",
     .help = "each body to a file of its own in this folder"},
    {OPTION_TEXT, "name", 0, AT(name), .value = "TEMPLATE",
     .help = "its name: {index}, {host}, {basename}, {ext} and\ncolumns (" NAME_DEFAULT ")"},
    {OPTION_LIST, "pick", 0, AT(picks), .value = "PATH",
     .help = "a column with a value out of JSON: .meta.price,\n.items[0].name; may be repeated"},
    {OPTION_CHOICE, "format", 'f', AT(format), .value = OUTPUT_CHOICES,
     .help = "a record for each item instead of its body"},
    {OPTION_FLAG, "no-header", 0, AT(no_header), .help = "csv, tsv: without the line of names"},
    CONDUCT_ORDER(struct fetch_options, run),
    CONDUCT_PROGRESS(struct fetch_options, run),
    {OPTION_FLAG, "quiet", 'q', AT(quiet), .help = "no summary on stderr; failures are told still"},
    {OPTION_HELP, "help", 'h', .help = "this text"},
    {.kind = OPTION_END},
};

static bool wrong(const char *text) {
  message("fetch: %s", text);
  return false;
}

/* Whether the options make sense together. */
static bool agree(const struct fetch_options *o, size_t urls) {
  if (urls == 0 && o->input.n == 0)
    return wrong("nothing to fetch; name URLs, or a list of them: -i FILE, or -i - for stdin, as "
                 "in: meantime fetch https://example.com/");
  const char *missing;
  if (!item_files_readable(o->input.items, o->input.n, &missing)) {
    message("fetch: --input: %s: %s", missing, strerror(errno));
    return false;
  }
  if (o->resume && !o->log) return wrong("--resume needs --log FILE: the log tells what is done");
  if (o->name && !o->output_dir)
    return wrong("--name names files of --output-dir, which is missing");
  if (o->head && o->data) return wrong("-I asks for headers only, so there can be no -d");
  if (o->null_separated && (o->input_format == ITEM_CSV || o->input_format == ITEM_TSV))
    return wrong("-0 is for lines; CSV and TSV have line ends of their own");
  if (o->output && o->output_dir && o->format == FETCH_BODIES)
    return wrong("bodies go to --output FILE or to files of --output-dir; not both without -f");
  return true;
}

static int run(int argc, char **argv) {
  struct fetch_options o = {.run = {.on = "threads", .jobs = 50},
                            .format = FETCH_BODIES,
                            .max_redirects = 10,
                            .retry_on = RETRY_ON_DEFAULT};
  int first;
  int status = options_parse(&command_fetch, argc, argv, &o, &first);
  if (status < 0 && !agree(&o, (size_t)(argc - first))) status = EXIT_USAGE;
  /* Where there are no bodies to show, records are. */
  bool records = o.picks.n > 0 || o.head;
  if (records && o.format == FETCH_BODIES && !o.output_dir) o.format = OUTPUT_TABLE;
  if (status < 0) status = fetch_run(&o, argv + first, (size_t)(argc - first));
  option_list_fini(&o.input);
  option_list_fini(&o.headers);
  option_list_fini(&o.picks);
  return status;
}

const struct command command_fetch = {
    .name = "fetch",
    .summary = "many URLs at once, with retries, limits and a log",
    .usage = "[OPTION]... [URL]...",
    .about = "Fetches URLs, many at once, and prints their bodies in the order of the list. Each "
             "item ends\n"
             "as a body, a file or a record, or as a failure that says why.\n",
    .examples =
        "  meantime fetch https://example.com/a https://example.com/b\n"
        "  meantime fetch -i urls.txt --output-dir pages --retries 3 --log run.ndjson --resume\n"
        "  meantime fetch -i days.csv --url 'https://example.com/v1/{symbol}?d={date}' \\\n"
        "    --pick .meta.price -f csv --rate 10/s\n",
    .options = options,
    .run = run,
};
