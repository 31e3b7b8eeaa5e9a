/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>

bool output_begin(struct output *out, enum output_format format, bool all, bool header, FILE *to) {
  static const struct output_format_ops *const formats[] = {[OUTPUT_TABLE] = &output_table,
                                                            [OUTPUT_JSON] = &output_json,
                                                            [OUTPUT_NDJSON] = &output_ndjson,
                                                            [OUTPUT_CSV] = &output_csv,
                                                            [OUTPUT_TSV] = &output_tsv};
  *out = (struct output){.ops = formats[format], .to = to, .all = all, .header = header};
  return !out->ops->begin || out->ops->begin(out);
}

bool output_record(struct output *out, const struct record *r) {
  errno = 0;
  bool fine = out->ops->record(out, r);
  out->records++;
  return fine && !ferror(out->to);
}

bool output_end(struct output *out) {
  errno = 0;
  bool fine = !out->ops->end || out->ops->end(out);
  return fflush(out->to) == 0 && fine && !ferror(out->to);
}
