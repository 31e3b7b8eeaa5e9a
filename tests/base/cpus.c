/* SPDX-License-Identifier: MIT
 *
 * How many CPUs this process may use. What it is told is changed in a child of its own: its
 * affinity, or, where a user namespace may be had, what its cgroup folders hold.
 */
#include "contract.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child has to say: a number of CPUs, or this. */
enum { CANNOT = 255 };

static unsigned in_a_child(int (*run)(const void *), const void *arg) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) _exit(run(arg));
  int status = 0;
  assert_true(child > 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return (unsigned)WEXITSTATUS(status);
}

static unsigned allowed(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 0;
}

static void it_is_one_at_least_and_no_more_than_affinity_allows(void) {
  assert_true(mt_cpus() >= 1);
  if (allowed() > 0) assert_true(mt_cpus() <= allowed());
}

static int confined(const void *unused) {
  (void)unused;
  cpu_set_t set, one;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return CANNOT;
  CPU_ZERO(&one);
  for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
    if (CPU_ISSET(cpu, &set)) CPU_SET(cpu, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) return CANNOT;
  return (int)mt_cpus();
}

static void affinity_is_respected(void) {
  unsigned n = in_a_child(confined, NULL);
  if (n == CANNOT) skip();
  assert_int_equal(n, 1);
}

static void an_executor_has_as_many_workers(void) {
  mt_executor *ex = open_on("threads", NULL);
  assert_int_equal(workers_of(ex), mt_cpus());
  close_here(ex);
}

/* A made-up machine: what /proc/self/cgroup and the cgroup folders say. */
struct machine {
  const char *cgroup;
  struct {
    const char *path, *text;
  } file[6];
};

static bool put(const char *path, const char *text) {
  char folder[200];
  for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    mkdir(folder, 0755);
  }
  FILE *file = fopen(path, "w");
  if (file == NULL) return false;
  bool good = fputs(text, file) >= 0;
  return fclose(file) == 0 && good;
}

/* Mounts of the child's own: with a user namespace, or as root without one. What is mounted in it
 * must not reach the outside, so all is made private first. */
static bool mounts_apart(void) {
  char user[40], group[40];
  snprintf(user, sizeof user, "0 %u 1", (unsigned)geteuid());
  snprintf(group, sizeof group, "0 %u 1", (unsigned)getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
    if (!put("/proc/self/setgroups", "deny") || !put("/proc/self/uid_map", user) ||
        !put("/proc/self/gid_map", group))
      return false;
  } else if (unshare(CLONE_NEWNS) != 0) {
    return false;
  }
  return mount("none", "/", "", MS_REC | MS_PRIVATE, "") == 0;
}

static int on_machine(const void *arg) {
  const struct machine *m = arg;
  if (!mounts_apart()) return CANNOT;
  if (mount("none", "/sys/fs/cgroup", "tmpfs", 0, "") != 0) return CANNOT;
  if (!put("/sys/fs/cgroup/self", m->cgroup)) return CANNOT;
  if (mount("/sys/fs/cgroup/self", "/proc/self/cgroup", "", MS_BIND, "") != 0) return CANNOT;
  char path[300];
  for (int i = 0; i < 6 && m->file[i].path != NULL; i++) {
    snprintf(path, sizeof path, "/sys/fs/cgroup%s", m->file[i].path);
    if (!put(path, m->file[i].text)) return CANNOT;
  }
  return (int)mt_cpus();
}

static unsigned least(unsigned a, unsigned b) {
  return a < b ? a : b;
}

/* The CPUs of a machine; `quota` is what its cgroups allow, 0 if they do not say. */
static void is(const struct machine *m, unsigned quota) {
  unsigned n = in_a_child(on_machine, m), all = allowed();
  if (n == CANNOT || all == 0) skip();
  assert_int_equal(n, quota == 0 ? all : least(quota, all));
}

static void a_quota_is_rounded_up(void) {
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", "50000 100000\n"}}}, 1);
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", "100000 100000\n"}}}, 1);
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", "100001 100000\n"}}}, 2);
}

static void without_a_quota_affinity_decides(void) {
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", "max 100000\n"}}}, 0);
  is(&(struct machine){"0::/a\n", {{NULL, NULL}}}, 0);
  is(&(struct machine){"", {{NULL, NULL}}}, 0);
}

static void the_tightest_quota_up_to_the_root_counts(void) {
  is(&(struct machine){"0::/a/b/c\n",
                       {{"/a/b/c/cpu.max", "max 100000\n"}, {"/a/cpu.max", "90000 100000\n"}}},
     1);
  is(&(struct machine){"0::/a/b\n", {{"/a/b/cpu.max", "70000 100000\n"}, {"/cpu.max", "max 1\n"}}},
     1);
  is(&(struct machine){"0::/\n", {{"/cpu.max", "1000 100000\n"}}}, 1);
}

static void the_older_kind_of_cgroup_is_read_too(void) {
  is(&(struct machine){"5:cpuset:/x\n4:cpu,cpuacct:/a/b\n1:name=systemd:/y\n",
                       {{"/cpu/a/b/cpu.cfs_quota_us", "100000\n"},
                        {"/cpu/a/b/cpu.cfs_period_us", "100000\n"}}},
     1);
  is(&(struct machine){"4:cpu,cpuacct:/a\n",
                       {{"/cpu/a/cpu.cfs_quota_us", "-1\n"},
                        {"/cpu/a/cpu.cfs_period_us", "100000\n"}}},
     0);
}

static void what_makes_no_sense_is_no_quota(void) {
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", "nonsense\n"}}}, 0);
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", "50000 0\n"}}}, 0);
  is(&(struct machine){"0::/a\n", {{"/a/cpu.max", ""}}}, 0);
  is(&(struct machine){"no colon at all\n0:half\n", {{"/cpu.max", "max 100000\n"}}}, 0);
}

static const struct check checks[] = {
    CHECK(it_is_one_at_least_and_no_more_than_affinity_allows, 0),
    CHECK(affinity_is_respected, 0),
    CHECK(an_executor_has_as_many_workers, 0),
    CHECK(a_quota_is_rounded_up, 0),
    CHECK(without_a_quota_affinity_decides, 0),
    CHECK(the_tightest_quota_up_to_the_root_counts, 0),
    CHECK(the_older_kind_of_cgroup_is_read_too, 0),
    CHECK(what_makes_no_sense_is_no_quota, 0),
};
RULE(checks)
