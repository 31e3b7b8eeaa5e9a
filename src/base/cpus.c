/* SPDX-License-Identifier: MIT
 * How many CPUs this process may use: its affinity mask, lowered by its cgroup's CPU quota. */
#include <errno.h>
#include <meantime/executor.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned by_affinity(void) {
#ifdef __linux__
  /* The kernel's mask may be larger than cpu_set_t: grow until it fits. */
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
    cpu_set_t *set = CPU_ALLOC((size_t)cpus);
    if (set == NULL) break;
    size_t size = CPU_ALLOC_SIZE((size_t)cpus);
    int rc = sched_getaffinity(0, size, set);
    int n = rc == 0 ? CPU_COUNT_S(size, set) : 0;
    int retry = rc != 0 && errno == EINVAL;
    CPU_FREE(set);
    if (n > 0) return (unsigned)n;
    if (!retry) break;
  }
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (unsigned)n : 1;
}

#ifdef __linux__
/* The quota of one cgroup folder, in CPUs rounded up; 0 if it has none. */
static unsigned quota_in(const char *folder) {
  char path[4200];
  double quota = -1, period = 0;
  snprintf(path, sizeof path, "%s/cpu.max",
           folder); /* cgroup v2: "max 100000" or "150000 100000" */
  FILE *file = fopen(path, "re");
  if (file != NULL) {
    if (fscanf(file, "%lf %lf", &quota, &period) != 2) quota = -1;
    fclose(file);
  } else { /* cgroup v1 */
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if ((file = fopen(path, "re")) == NULL) return 0;
    if (fscanf(file, "%lf", &quota) != 1) quota = -1;
    fclose(file);
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    if ((file = fopen(path, "re")) == NULL) return 0;
    if (fscanf(file, "%lf", &period) != 1) period = 0;
    fclose(file);
  }
  if (quota <= 0 || period <= 0) return 0;
  double cpus = quota / period;
  unsigned whole = (unsigned)cpus;
  return whole < cpus ? whole + 1 : whole;
}

/* The tightest quota from our cgroup up to the root. */
static unsigned by_quota(void) {
  unsigned least = 0;
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return 0;
  char line[4096];
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = 0;
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL) continue;
    *group++ = 0;
    controllers++;
    const char *root = "/sys/fs/cgroup";
    if (*controllers != 0) {
      if (strstr(controllers, "cpu") == NULL || strstr(controllers, "cpuset") == controllers)
        continue;
      root = "/sys/fs/cgroup/cpu";
    }
    for (;;) {
      char folder[4160];
      snprintf(folder, sizeof folder, "%s%s", root, group);
      unsigned n = quota_in(folder);
      if (n > 0 && (least == 0 || n < least)) least = n;
      char *slash = strrchr(group, '/');
      if (slash == NULL || (slash == group && group[1] == 0)) break;
      slash[slash == group ? 1 : 0] = 0;
    }
  }
  fclose(file);
  return least;
}
#else
static unsigned by_quota(void) {
  return 0;
}
#endif

unsigned mt_cpus(void) {
  unsigned cpus = by_affinity(), quota = by_quota();
  return quota > 0 && quota < cpus ? quota : cpus;
}
