# What a stranger runs. `make` alone says what there is.
.DEFAULT_GOAL := help
CARGO ?= cargo
NEEDS := build-essential cmake
VENDOR ?= quiq

.PHONY: help demo play test build bench bench-smoke bench-hot bench-grow bench-profile bench-count install-build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: install-build ## build, then run the proxy between a sample shop and a sample vendor
	$(CARGO) run --locked -- demo

play: install-build ## run a vendor's browser script: make play VENDOR=halo
	$(CARGO) run --locked --example play -- $(VENDOR)

test: ## install what the tests need and run all of them
	scripts/test

build: install-build ## the release binary, in target/release/cloakroom
	$(CARGO) build --locked --release

bench: ## time the proxy beside its peers; writes docs/performance.md
	benches/load/run

bench-smoke: ## see in a minute that the bench works; judges no figure
	benches/load/run --smoke

bench-hot: install-build ## time the hot functions, how they grow, and count allocations
	$(CARGO) bench --locked --bench hot --bench grow --bench allocations

bench-grow: ## time the whole proxy as sizes and counts grow; writes docs/performance.md
	benches/load/run --grow

bench-profile: ## where a swap's CPU goes, by perf; writes docs/performance.md
	python3 benches/load/profile.py

bench-count: ## instructions and allocations a request, by callgrind; writes docs/performance.md
	python3 benches/load/count.py

install-build:
	@scripts/install $(NEEDS)
