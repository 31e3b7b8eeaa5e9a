/* SPDX-License-Identifier: MIT
 *
 * Switching stacks: what the ABI says a call preserves is preserved, for each stack its own. The
 * same tests hold for the assembly and for ucontext.
 *
 * On a stack of ours nothing is asserted, since a failed assertion jumps to another stack: what was
 * seen is recorded, and asserted by the thread's own stack.
 */
#include "threads/switch.h"
#include "contract.h"
#include "registers.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A stack and what runs on it. The body returns when it is done. */
struct strand {
  mti_context context;
  char *low, *high;
  size_t mapped;
  unsigned stack_id;
  void (*body)(struct strand *s);
  void *arg;
  bool done;
};

static mti_context home; /* the thread's own stack, from where each strand is entered */

static void entered(void *arg) {
  struct strand *s = arg;
  mti_context_entered(&home);
  s->body(s);
  s->done = true;
  mti_context_switch(&s->context, &home, 1);
  abort(); /* nobody comes back here */
}

static void begin(struct strand *s, size_t size, size_t trimmed, void (*body)(struct strand *),
                  void *arg) {
  *s = (struct strand){.body = body, .arg = arg, .mapped = size};
  s->low = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(s->low, MAP_FAILED);
  s->high = s->low + size - trimmed;
  s->stack_id = MTI_STACK_REGISTER(s->low, s->high);
  mti_context_init(&s->context, s->low, s->high, entered, s);
}

static void end(struct strand *s) {
  assert_true(s->done);
  MTI_STACK_FORGET(s->stack_id);
  mti_context_fini(&s->context);
  munmap(s->low, s->mapped);
}

static void run(struct strand *s) { /* until it switches back */
  mti_context_adopt(&home);
  mti_context_switch(&home, &s->context, 0);
}

static void back(struct strand *s) {
  mti_context_switch(&s->context, &home, 0);
}

enum { STACK = 256 * 1024 };

static void counts_to_three(struct strand *s) {
  for (int *n = s->arg; *n < 3; ++*n) back(s);
}

static void a_switch_returns_where_it_left(void) {
  int n = 0;
  struct strand s;
  begin(&s, STACK, 0, counts_to_three, &n);
  for (int i = 0; i < 3; i++) {
    run(&s);
    assert_int_equal(n, i);
    assert_false(s.done);
  }
  run(&s);
  assert_int_equal(n, 3);
  end(&s);
}

#ifdef HAVE_REGISTERS
struct registers {
  struct strand *strand;
  uint64_t set[REGISTERS], got[REGISTERS];
};

static void switches_a_few_times(void *arg) {
  for (int i = 0; i < 5; i++) back(((struct registers *)arg)->strand);
}

static void keeps_registers(struct strand *s) {
  struct registers *r = s->arg;
  call_with_registers(switches_a_few_times, r, r->set, r->got);
}

struct both {
  struct strand *strand[2];
};

static void runs_both(void *arg) {
  struct both *both = arg;
  for (int i = 0; i < 5; i++) {
    run(both->strand[0]);
    run(both->strand[1]);
  }
}

/* Three stacks, each with registers of its own: two strands, and the one that runs them. */
static void each_stack_has_its_registers(void) {
  static struct registers r[3];
  struct strand s[2];
  struct both both = {{&s[0], &s[1]}};
  for (unsigned k = 0; k < 3; k++)
    for (unsigned i = 0; i < REGISTERS; i++)
      r[k].set[i] = 0x0123456789abcdefu * (k + 1) + 0x1111111111111111u * i;
  for (int k = 0; k < 2; k++) {
    r[k].strand = &s[k];
    begin(&s[k], STACK, 0, keeps_registers, &r[k]);
  }
  call_with_registers(runs_both, &both, r[2].set, r[2].got);
  run(&s[0]);
  run(&s[1]);
  for (int k = 0; k < 3; k++) assert_memory_equal(r[k].got, r[k].set, sizeof r[k].set);
  end(&s[0]);
  end(&s[1]);
}
#else
static void each_stack_has_its_registers(void) {
  skip(); /* no assembly that could tell */
}
#endif

struct rounding {
  int mode;
  int wrong;
  double third, thirds[4]; /* 1/3 as this mode rounds it, and as it was after each switch */
};

static double divide(void) {
  volatile double one = 1, three = 3;
  return one / three;
}

static void rounds_its_own_way(struct strand *s) {
  struct rounding *r = s->arg;
  if (fesetround(r->mode) != 0) r->wrong++;
  r->third = divide();
  for (int i = 0; i < 4; i++) {
    back(s);
    if (fegetround() != r->mode) r->wrong++;
    r->thirds[i] = divide();
  }
}

static void each_stack_has_its_rounding_mode(void) {
  struct rounding r[3] = {{.mode = FE_UPWARD}, {.mode = FE_DOWNWARD}, {.mode = FE_TOWARDZERO}};
  struct strand s[3];
  if (fesetround(FE_UPWARD) != 0) skip();
  double up = divide();
  fesetround(FE_TONEAREST);
  double nearest = divide();
  for (int k = 0; k < 3; k++) begin(&s[k], STACK, 0, rounds_its_own_way, &r[k]);
  int changed = 0;
  for (int round = 0; round < 5; round++)
    for (int k = 0; k < 3; k++) {
      run(&s[k]);
      changed += fegetround() != FE_TONEAREST || divide() < nearest || divide() > nearest;
    }
  assert_int_equal(changed, 0);
  for (int k = 0; k < 3; k++) {
    assert_int_equal(r[k].wrong, 0);
    for (int i = 0; i < 4; i++) assert_memory_equal(&r[k].thirds[i], &r[k].third, sizeof(double));
    end(&s[k]);
  }
  /* The modes do make a difference, where the machine (or Valgrind) has them. */
  if (up > nearest) assert_true(r[0].third > r[1].third);
}

static void notes_its_rounding_mode(struct strand *s) {
  *(int *)s->arg = fegetround();
}

static void a_new_stack_rounds_as_its_maker(void) {
  int mode = -1;
  struct strand s;
  if (fesetround(FE_DOWNWARD) != 0) skip();
  begin(&s, STACK, 0, notes_its_rounding_mode, &mode);
  fesetround(FE_TONEAREST);
  run(&s);
  int after = fegetround();
  fesetround(FE_TONEAREST);
  end(&s);
  assert_int_equal(mode, FE_DOWNWARD);
  assert_int_equal(after, FE_TONEAREST);
}

struct alignment {
  uintptr_t frame, local;
  char text[40];
};

/* Formatting a double spills vector registers, which faults on a stack that is not aligned. */
static __attribute__((noinline)) void notes_alignment(struct strand *s) {
  struct alignment *a = s->arg;
  _Alignas(16) char local[16] = "aligned";
  __asm__ volatile("" : : "r"(local) : "memory");
  a->local = (uintptr_t)local;
  a->frame = (uintptr_t)__builtin_frame_address(0);
  snprintf(a->text, sizeof a->text, "%s %.3f %.2Lf", local, 1.5, (long double)2.25);
}

static void the_stack_is_aligned_as_the_abi_wants(void) {
  for (size_t trimmed = 0; trimmed < 64; trimmed += 8) { /* wherever its high end lies */
    struct alignment a = {0};
    struct strand s;
    begin(&s, STACK, trimmed, notes_alignment, &a);
    run(&s);
    end(&s);
    assert_int_equal(a.local % 16, 0);
    assert_int_equal(a.frame % 16, 0);
    assert_string_equal(a.text, "aligned 1.500 2.25");
    assert_true((char *)a.frame > s.low && (char *)a.frame < s.high);
  }
}

struct depth {
  struct strand *strand;
  char *least;
  size_t damaged, most;
};

/* Switches on the way down and on the way up; each frame finds its own bytes again. */
static __attribute__((noinline)) void descend(struct depth *d, size_t level) {
  volatile char frame[128];
  for (size_t i = 0; i < sizeof frame; i++) frame[i] = (char)(level + i);
  if ((char *)(uintptr_t)frame < d->least) d->least = (char *)(uintptr_t)frame;
  back(d->strand);
  if (level < d->most) descend(d, level + 1);
  back(d->strand);
  for (size_t i = 0; i < sizeof frame; i++) d->damaged += frame[i] != (char)(level + i);
}

static void descends(struct strand *s) {
  struct depth *d = s->arg;
  d->strand = s;
  descend(d, 1);
}

static void deep_recursion_on_small_stacks_keeps_every_frame(void) {
  /* Sanitizers make frames several times as large. */
  size_t size = shrunk(100) == 100 ? (size_t)32 * 1024 : (size_t)256 * 1024;
  struct depth d[3];
  struct strand s[3];
  for (int k = 0; k < 3; k++) {
    d[k] = (struct depth){.most = 60};
    begin(&s[k], size, 0, descends, &d[k]);
    d[k].least = s[k].high;
  }
  for (int step = 0; step <= 2 * 60; step++)
    for (int k = 0; k < 3; k++) run(&s[k]);
  for (int k = 0; k < 3; k++) {
    assert_int_equal(d[k].damaged, 0);
    assert_true(d[k].least > s[k].low);
    assert_true(s[k].high - d[k].least > 60 * 128);
    end(&s[k]);
  }
}

static void adds_up(struct strand *s) {
  size_t *sum = s->arg, step = *sum, rounds = *sum;
  for (size_t i = 0; i < rounds; i++) {
    back(s);
    *sum += step;
  }
}

static void many_stacks_in_any_order(void) {
  enum { N = 64 };
  static struct strand s[N];
  static size_t sum[N], runs[N];
  unsigned seed = 1;
  for (size_t k = 0; k < N; k++) {
    sum[k] = k;
    runs[k] = 0;
    begin(&s[k], (size_t)64 * 1024, 0, adds_up, &sum[k]);
  }
  for (size_t left = N; left > 0;) {
    seed = seed * 1103515245 + 12345;
    size_t k = (seed >> 16) % N;
    if (s[k].done) continue;
    run(&s[k]);
    runs[k]++;
    left -= s[k].done;
  }
  for (size_t k = 0; k < N; k++) {
    assert_int_equal(runs[k], k + 1);
    assert_int_equal(sum[k], k + k * k);
    end(&s[k]);
  }
}

static const struct check checks[] = {
    CHECK(a_switch_returns_where_it_left, 0),
    CHECK(each_stack_has_its_registers, 0),
    CHECK(each_stack_has_its_rounding_mode, 0),
    CHECK(a_new_stack_rounds_as_its_maker, 0),
    CHECK(the_stack_is_aligned_as_the_abi_wants, 0),
    CHECK(deep_recursion_on_small_stacks_keeps_every_frame, 0),
    CHECK(many_stacks_in_any_order, 0),
};
RULE(checks)
