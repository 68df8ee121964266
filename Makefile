# Everything a person or a build machine runs. Each target prepares the machine first, so that any of
# them works as the very first command.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

bin := node_modules/.bin
natives := native/libbpf-napi native/iproute2-netlink
find_sources = find $(1) '(' -name build -o -name dist -o -name node_modules ')' -prune -o -type f '(' $(2) ')' -print
c_sources = $(shell $(call find_sources,bpf native,-name '*.[ch]' -o -name '*.cc' -o -name '*.hh'))
shell_sources = .ci/run $(shell $(call find_sources,scripts examples bench test,-name '*.sh'))

# vitest, for example: make test ARGS='test/policy -t deny'
ARGS ?=
# one benchmark, for example: make bench ONLY=policy
ONLY ?=

.PHONY: help
help: ## say what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1 \t\2/p' $(MAKEFILE_LIST) | expand --tabs=18

.PHONY: demo
demo: setup build ## the star wars story on this machine's kernel, in namespaces of its own
	@examples/star-wars/demo.sh
	@examples/two-nodes/demo.sh
	@examples/star-wars-l7/demo.sh

.PHONY: test
test: setup build ## all tests; ARGS go to vitest
	@$(bin)/vitest run $(ARGS)

.PHONY: build
build: tools native bpf types ## native packages, datapath, JavaScript

.PHONY: lint
lint: tools ## format, style, directions of dependency, types
	@$(bin)/prettier --check --log-level=warn .
	@$(bin)/eslint --max-warnings=0 .
	@$(bin)/tsc --project tsconfig.check.json
	@$(if $(c_sources),clang-format-19 --dry-run -Werror $(c_sources))
	@shellcheck $(shell_sources)
	@echo 'lint: clean'

.PHONY: format
format: tools ## rewrite the sources the way lint wants them
	@$(bin)/prettier --write --log-level=warn .
	@$(if $(c_sources),clang-format-19 -i $(c_sources))

.PHONY: bench
bench: setup build ## all benchmarks, or ONLY=name; writes bench/results.json
	@node --expose-gc scripts/ts-run.mjs bench/run.ts $(ONLY)

.PHONY: clean
clean: ## remove what build made
	@for part in $(natives) bpf; do if [ -f $$part/Makefile ]; then $(MAKE) -C $$part clean; fi; done
	@rm -rf dist oclif.manifest.json coverage

.PHONY: setup
setup: ## packages, node_modules, bpffs: only what is missing
	@scripts/setup.sh kernel

# Parts of build, each quick when nothing changed.
.PHONY: tools native $(natives) bpf types
tools:
	@scripts/setup.sh tools

native: $(natives)

$(natives): tools
	@$(MAKE) -C $@

bpf: tools
	@$(MAKE) -C bpf

types: tools
	@$(bin)/tsc
	@node scripts/finish-dist.mjs
