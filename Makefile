# SPDX-License-Identifier: MIT
#
# The everyday words, on top of Meson and Ninja. GNU make.
#
#   make build      build/meantime and the library (CC=clang chooses another compiler at first)
#   make demo       what it does: many price files, sequentially and in parallel
#   make check      all tests
#   make install    to PREFIX (/usr/local), below DESTDIR if given; make uninstall takes it away
#   make lint       formatting, licences, layers, static analysis
#   make asan       the tests under AddressSanitizer and UBSan, with gcc and with clang
#   make tsan       the tests under ThreadSanitizer, with clang
#   make clean      removes every build folder
#
# TESTS="contract rules" narrows what check, asan and tsan run to these suites, REPEAT=20 repeats it,
# SETUP=-Dreactor=poll gives Meson's options.

BUILD ?= build
MESON ?= meson
JOBS ?= $(shell nproc)
REPEAT ?= 1
TESTS ?=
SETUP ?=

# An ordinary build takes what there is; the words that need a part insist on it.
configure = tools/configure
prefix = $(if $(PREFIX),-Dprefix=$(PREFIX))
compile = ninja -C $(1) -j $(JOBS) $(shell test -t 2 || echo --quiet) $(2) && \
  { test ! -x $(1)/cli/meantime || ln -sf cli/meantime $(1)/meantime; }
# Meson's own --repeat ends at the first failure, and would leave the rest unseen.
test = status=0; for round in $$(seq $(REPEAT)); do \
    $(MESON) test -C $(1) --no-rebuild --print-errorlogs --num-processes $(JOBS) \
      $(2) $(TESTS:%=--suite %) \
      || status=1; \
    tools/skipped $(1); \
  done; exit $$status
sanitized = -Db_lundef=false -Dcli=enabled -Dtests=enabled -Dc_args=-fno-omit-frame-pointer $(SETUP)

.SILENT:
.PHONY: build demo check install uninstall lint asan asan-gcc asan-clang tsan clean help

build:
	$(configure) $(BUILD) $(prefix) $(SETUP)
	$(call compile,$(BUILD))

demo:
	tools/deps demo
	$(configure) $(BUILD) $(prefix) $(SETUP) -Dcli=enabled
	$(call compile,$(BUILD))
	tools/demo $(BUILD)/meantime

check:
	tools/deps check
	$(configure) $(BUILD) $(prefix) $(SETUP) -Dcli=enabled -Dtests=enabled
	$(call compile,$(BUILD),all meson-test-prereq)
	$(call test,$(BUILD))

install: PREFIX ?= /usr/local
install: build
	$(MESON) install -C $(BUILD) --no-rebuild --quiet $(if $(DESTDIR),--destdir "$(DESTDIR)")
	test -n "$(DESTDIR)" || ldconfig 2>/dev/null || :

uninstall: PREFIX ?= /usr/local
uninstall: build
	DESTDIR="$(DESTDIR)" tools/uninstall $(BUILD)

lint:
	tools/lint

asan: asan-gcc asan-clang

asan-gcc asan-clang:
	CC=$(@:asan-%=%) $(configure) build-$@ -Db_sanitize=address,undefined $(sanitized)
	$(call compile,build-$@,all meson-test-prereq)
	$(call test,build-$@,--no-suite headers)

# gcc's ThreadSanitizer spends 0.8 MB on every fiber and dies past 8,128 of them.
tsan:
	CC=clang $(configure) build-$@ -Db_sanitize=thread $(sanitized)
	$(call compile,build-$@,all meson-test-prereq)
	$(call test,build-$@,--no-suite headers)

clean:
	rm -rf build build-*

help:
	sed -n 's/^#   //p' Makefile
