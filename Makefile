# The front door; the words are kubebuilder's. `make` alone explains them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# the operator's image
IMG ?= postgres-operator:latest
# docker, podman or buildah
CONTAINER_TOOL ?= docker
# the one base image, in which the image is built
BASE ?= debian:bookworm-slim
# more options for the container tool, such as --isolation chroot --pull-never
CONTAINER_OPTIONS ?=
# 1: the image takes the programs of build/release instead of building them inside
PREBUILT ?=
# 1: the demo leaves everything running
KEEP ?=
# for how long each target is fuzzed
FUZZ_SECONDS ?= 60
# how many compilers and tests run at once
JOBS ?= $(shell nproc)

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*## "; print "Usage: make <target> [IMG=name:tag] [CONTAINER_TOOL=docker|podman|buildah]"} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: bootstrap
bootstrap: ## Install the Debian packages that are missing.
	@scripts/bootstrap.sh

##@ Development

.PHONY: build
build: bootstrap ## Build the programs into build/release/bin.
	@scripts/build.sh release -DWINDLASS_BUILD_TESTS=OFF windlass windlass-gen hello postgres-operator instance-manager postgres-demo

.PHONY: test
test: bootstrap ## Run all tests that need no cluster, under sanitizers where that pays.
	@JOBS=$(JOBS) scripts/test.sh

.PHONY: test-long
test-long: bootstrap ## Run what takes long or needs a cluster (KUBECONFIG, KUBEBUILDER_ASSETS).
	@JOBS=$(JOBS) scripts/test.sh --long

.PHONY: fuzz
fuzz: bootstrap ## Fuzz each target of test/fuzz for FUZZ_SECONDS of processor time.
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh

.PHONY: conformance-corpus
conformance-corpus: bootstrap ## Record kube-apiserver's answers anew (KUBEBUILDER_ASSETS).
	@test -n "$${KUBEBUILDER_ASSETS:-}" || { echo "KUBEBUILDER_ASSETS: name a folder with etcd and kube-apiserver" >&2; exit 1; }
	@scripts/build.sh release conformance_cases
	WINDLASS_CONFORMANCE_RECORD=1 build/release/test/conformance_cases --gtest_brief=1

.PHONY: demo
demo: build ## Show a highly available operator run a PostgreSQL on this machine (KEEP=1 leaves it running).
	@KEEP=$(KEEP) scripts/demo.sh

.PHONY: run
run: build ## Run the operator here, against the cluster of KUBECONFIG.
	OPERATOR_IMAGE=$(IMG) build/release/bin/postgres-operator --leader-elect=false

.PHONY: lint
lint: ## Check format, structure and, with clang-tidy, what differs from LINT_BASE (default: main; all: everything).
	@scripts/bootstrap.sh --lint
	@scripts/lint.sh

.PHONY: format
format: ## Format the code.
	@scripts/bootstrap.sh --lint
	@git ls-files -z '*.hpp' '*.cpp' | xargs -0 clang-format-19 -i

##@ Image

.PHONY: docker-build
docker-build: ## Build the operator's image.
ifeq ($(PREBUILT),1)
	@scripts/image_root.sh build/release/bin build/image
	$(CONTAINER_TOOL) build $(CONTAINER_OPTIONS) --build-arg PROGRAMS=prebuilt \
	  -t $(IMG) -f operators/postgres-operator/Dockerfile .
else
	$(CONTAINER_TOOL) build $(CONTAINER_OPTIONS) --build-arg PROGRAMS=compiled --build-arg BASE=$(BASE) \
	  -t $(IMG) -f operators/postgres-operator/Dockerfile .
endif

.PHONY: docker-push
docker-push: ## Push the operator's image.
	$(CONTAINER_TOOL) push $(IMG)

##@ Cluster (the one of KUBECONFIG; needs kubectl only)

.PHONY: install
install: ## Install the definition of Database.
	@kubectl kustomize config/crd | kubectl apply -f -

.PHONY: uninstall
uninstall: ## Remove the definition of Database.
	@scripts/remove.sh config/crd

.PHONY: deploy
deploy: ## Deploy the operator with the image IMG.
	@scripts/manifests.sh config/default $(IMG) | kubectl apply -f -

.PHONY: undeploy
undeploy: ## Remove the operator and the definition of Database.
	@scripts/remove.sh config/default

.PHONY: build-installer
build-installer: ## Write dist/install.yaml, all manifests in one file, for the image IMG.
	@mkdir -p dist
	@scripts/manifests.sh config/default $(IMG) > dist/install.yaml.new
	@mv dist/install.yaml.new dist/install.yaml
