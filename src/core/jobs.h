/* SPDX-License-Identifier: MIT
 *
 * States of a forked job (mt_job.state).
 *
 *   FORKED --joiner pops it--> run by the joiner itself
 *     |
 *     +--taken by a worker--> (runs) --> DONE
 *     +--joiner waits--> AWAITED --> DONE, and the joiner is woken
 *
 *   RAN: it ran at the fork. */
#ifndef MTI_JOBS_H
#define MTI_JOBS_H

enum { MTI_JOB_FORKED = 0, MTI_JOB_AWAITED, MTI_JOB_DONE, MTI_JOB_RAN };

#endif
