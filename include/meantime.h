/* SPDX-License-Identifier: MIT
 *
 * meantime: plain C functions whose waiting overlaps, on threads, with results in input order or as
 * they finish. This header is all a program needs; each part can be included alone.
 *
 *   status.h    what calls return; time           executor.h  open, shutdown, close, counters
 *   value.h     values and errors                 task.h      submit, attributes, retry
 *   future.h    wait, get, take, cancel           promise.h   futures settled by foreign code
 *   group.h     tasks that live and die together  stream.h    map, as_completed
 *   wait.h      sleep, descriptors, blocking      limit.h     permits and rates
 *   fork.h      fork-join, parallel for           hooks.h     observation
 */
#ifndef MEANTIME_H
#define MEANTIME_H

#include <meantime/executor.h>
#include <meantime/fork.h>
#include <meantime/future.h>
#include <meantime/group.h>
#include <meantime/hooks.h>
#include <meantime/limit.h>
#include <meantime/promise.h>
#include <meantime/status.h>
#include <meantime/stream.h>
#include <meantime/task.h>
#include <meantime/value.h>
#include <meantime/wait.h>

#endif
