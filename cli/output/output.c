/* SPDX-License-Identifier: MIT */
#include "output.h"

#include "format.h"

#include <errno.h>

bool output_begin(struct output *out, enum output_format format,
                  const struct output_column *columns, size_t n, bool header, FILE *to) {
  static const struct output_format_ops *const formats[] = {[OUTPUT_TABLE] = &output_table,
                                                            [OUTPUT_JSON] = &output_json,
                                                            [OUTPUT_NDJSON] = &output_ndjson,
                                                            [OUTPUT_CSV] = &output_csv,
                                                            [OUTPUT_TSV] = &output_tsv};
  *out = (struct output){
      .ops = formats[format], .to = to, .columns = columns, .n = n, .header = header};
  return !out->ops->begin || out->ops->begin(out);
}

bool output_row(struct output *out, const struct cell *cells) {
  errno = 0;
  bool fine = out->ops->row(out, cells);
  out->records++;
  return fine && !ferror(out->to);
}

bool output_end(struct output *out) {
  errno = 0;
  bool fine = !out->ops->end || out->ops->end(out);
  return fflush(out->to) == 0 && fine && !ferror(out->to);
}
