#!/bin/bash
# real-cluster.sh [FOLDER]: the manifests on a real Kubernetes of one node, as root, beside nothing of the host's:
# an order through it, a rolling restart of everything under load, a pod that dies. The programs of Kubernetes
# are compiled from Debian's source the first time (some minutes) and stay in FOLDER (/var/tmp/chancery-cluster).
# shellcheck source=tools/help.sh
. "$(dirname "$(readlink -f "$0")")/../../tools/help.sh"
set -euo pipefail
self=$(readlink -f "$0")
here=$(dirname "$self")
top=$here/../..
network=10.249.255 # the DNS of the world has .53 to .55 of it, beside the node's own .1

# What kubelet sets for the whole host.
kernel="vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes"

outside() {
    local folder=$1
    "$top/tools/install" build run containers cluster
    mkdir -p "$folder"
    "$here/build-kubernetes" "$folder/kubernetes"
    make -C "$top" --no-print-directory -s V=release bins
    # shellcheck disable=SC2064,SC2086 # as they are now
    trap "sysctl -q -w $(sysctl -e $kernel | sed 's/ = /=/' | tr '\n' ' ')" EXIT
    DOCKERD_OPTIONS="--add-runtime rig=$here/cluster/runtime --default-runtime rig" \
        "$top/tests/containers/sandbox" "$folder/docker" "$self" --inside "$folder"
}

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }

kube() { kubectl --kubeconfig "$state/kubeconfig" -n chancery "$@"; }

world() {
    local last
    for last in 53 54 55; do # its odd servers are beside it
        ip address add "$network.$last/32" dev lo
    done
    mkdir -p "$here/cluster/world"
    DNS_RIG_USER=knot "$top/tools/dns-rig" "$state/dns" start "$network.53"
    cp "$state/dns/root.key" "$state/dns/root.hints" "$here/cluster/world/"
}

volumes() {
    local name
    for name in chancery-token chancery-journal chancery-heads chancery-record data-postgres-0; do
        mkdir -p "$state/volumes/$name"
        chown 10001:10001 "$state/volumes/$name"
    done
}

apply() {
    "$top/deploy/k8s/local/make-secrets"
    # The API of 1.20 has the same objects under older names, and Pod Security only since 1.22.
    kubectl kustomize "$here/cluster" --load-restrictor LoadRestrictionsNone |
        sed -e 's#policy/v1$#policy/v1beta1#' -e "s#/VOLUMES#$state/volumes#" >"$state/all.yaml"
    kube apply -f "$state/all.yaml" >"$state/applied"
    say "applied: $(wc -l <"$state/applied") objects"
}

images() {
    local target
    [ -s "$folder/base.tar" ] || "$top/tests/containers/base" "$folder/base.tar"
    /usr/bin/docker image inspect debian:bookworm-slim >/dev/null 2>&1 ||
        /usr/bin/docker import "$folder/base.tar" debian:bookworm-slim
    for target in gateway validation issuer notifier scheduler tools postgres redis; do
        DOCKER_BUILDKIT=1 /usr/bin/docker build -q -f "$top/Containerfile" --target "$target" \
            -t "chancery-$target:dev" "$top"
    done
}

guide() {
    (mkdir "$state/guide" && cd "$state/guide" && KUBECONFIG=$state/kubeconfig "$top/tests/guides/run" --have cluster \
        "$top/docs/guide/kubernetes.md#The first certificate")
}

inside() {
    folder=$1
    state=$(mktemp -d "$folder/run.XXXXXX")
    chmod 755 "$state"
    say "images"
    images >"$state/images.log" 2>&1 || { tail -n 30 "$state/images.log" && exit 1; }
    say "cluster"
    "$here/cluster/up" "$state" "$folder/kubernetes/bin"
    world
    volumes
    apply
    say "jobs and pods"
    kube wait --for=condition=complete job/release job/ceremony --timeout=120s
    kube rollout status deployment/gateway --timeout=120s
    kube get pods -o wide
    say "the first certificate, as docs/guide/kubernetes.md has it"
    guide
    "$here/journey.py" "$state"
}

case ${1:-} in
--inside) inside "$2" ;;
*) outside "$(readlink -m "${1:-/var/tmp/chancery-cluster}")" ;;
esac
