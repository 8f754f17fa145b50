# shellcheck shell=bash disable=SC2154
# Part of tools/stack: the main job before your eyes, over HTTP like any customer, and what is printed.

base_url() { echo "http://$address:$api_port"; }

steps=0
step() { printf '\n%d. %s\n' "$((++steps))" "$*"; }
tell() { printf '   %s\n' "$*"; }
show() { sed -e 's/^/   /' -e '$a\' "$@"; }

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# One call to the API; its answer is in demo/answer.
api() { # expected-status method path [json]
    local status began
    began=$(milliseconds)
    status=$(curl -sS -m 60 -o demo/answer -w '%{http_code}' -X "$2" \
        -H "X-DC-DEVKEY: $(cat secrets/operator/api-key)" -H 'Content-Type: application/json' \
        ${4:+--data-binary "$4"} "$(base_url)/services/v2$3") || status="no answer"
    tell "$2 /services/v2$3 -> $status ($(($(milliseconds) - began)) ms)"
    if [ "$status" != "$1" ]; then
        show demo/answer >&2
        show_log gateway
        die "$1 was expected"
    fi
}

field() { jq -r "$1 // empty" demo/answer; }

# The newest request that the sink has taken for which this jq condition holds.
posted() { # condition
    jq -c "{ key: .headers[\"x-webhook-key\"], body: (.body | fromjson) } | select($1)" sink/requests.log |
        tail -1 | grep .
}

demonstrate() {
    mkdir -p demo
    chmod 700 demo
    tell_account
    set_up_webhook
    order_with_proof
    order_at_once
}

tell_account() {
    step "An account and an API key (chancery account create, chancery key create)"
    show secrets/operator/account
}

# ---- the webhook

set_up_webhook() {
    local endpoint
    endpoint=$(sink_url)/hook
    step "A webhook to $endpoint, whose certificate is by a private authority"
    if [ "$(cut -d' ' -f2 demo/webhook 2>/dev/null)" = "$endpoint" ]; then
        webhook=$(cut -d' ' -f1 demo/webhook)
        tell "webhook $webhook is there and active since an earlier run"
        return
    fi
    api 201 POST /webhook "{\"endpoint\":\"$endpoint\",\"secret\":\"$(secret operator/webhook-secret)\",
        \"events\":[\"certificate_issued\",\"order_rejected\"],
        \"webhook_settings\":{\"instant_issue_webhook_notification\":true}}"
    webhook=$(field .webhook_id)
    pass_challenge
    api 204 PUT "/webhook/$webhook/activate"
    echo "$webhook $endpoint" >demo/webhook
}

pass_challenge() {
    local token
    api 204 PUT "/webhook/$webhook/send-challenge"
    wait_for 15 posted ".body.event == \"challenge_webhook_endpoint\" and .body.data.webhook_id == $webhook" \
        >demo/challenge || { show_log notifier && die "the challenge did not arrive"; }
    tell "the sink took $(jq -c .body demo/challenge)"
    token=$(jq -r .body.data.token demo/challenge)
    api 204 PUT "/webhook/$webhook/check-challenge" "{\"token\":\"$token\"}"
}

# ---- orders

make_request() { # name: a key and a CSR for it
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
        -keyout demo/key.pem -out demo/csr.pem 2>demo/openssl.log ||
        { show demo/openssl.log >&2 && die "openssl req failed"; }
}

place_order() { # name; the answer is in demo/answer
    make_request "$1"
    api 201 POST /order/certificate/ssl_dv_geotrust "$(jq -n --arg name "$1" --rawfile csr demo/csr.pem '{
        certificate: { common_name: $name, csr: $csr, signature_hash: "sha256" },
        order_validity: { years: 1 }, dcv_method: "dns-txt-token", certificate_dcv_scope: "fqdn" }')"
    order=$(field .id)
    jq 'walk(if type == "string" and length > 60 then .[:57] + "..." else . end)' demo/answer | show
}

# Each run takes a name of its own, so that there is something to prove.
fresh_name() {
    local n
    n=$(($(cat demo/count 2>/dev/null || echo 0) + 1))
    echo "$n" >demo/count
    echo "www.shop-$n.example.com"
}

order_with_proof() {
    local random placed
    name=$(fresh_name)
    step "An order for $name, with a key made by openssl"
    placed=$(milliseconds)
    place_order "$name"
    random=$(field .dcv_random_value)
    step "The proof, published in the DNS server at ${address%.*}.53 (signed from the root down)"
    dns set "$name" TXT "$random"
    tell "$name TXT $(kdig "@${address%.*}.53" +short "$name" TXT)"
    step "The check"
    wait_for 30 checked || { show_log validation && die "the proof was not found"; }
    await_issued
    tell "issued $(($(milliseconds) - placed)) ms after the order"
    step "The webhook"
    await_webhook
    step "The certificate"
    download
}

# That the record is absent may be remembered for a second: the order itself has looked already.
checked() {
    api 200 PUT "/order/certificate/$order/check-dcv"
    jq -c . demo/answer | show
    [ "$(field .dcv_status)" = valid ] && return
    tell "not seen yet, so once more"
    sleep 1
    return 1
}

issued() {
    api 200 GET "/order/certificate/$order" >demo/call && [ "$(field .status)" = issued ]
}

await_issued() {
    wait_for 30 issued || {
        jq '{ status, blockers }' demo/answer | show >&2
        show_log issuer
        die "order $order was not issued"
    }
    tell "order $order is $(field .status), certificate $(field .certificate.id)"
}

await_webhook() {
    wait_for 30 posted ".body.event == \"certificate_issued\" and .body.data.order_id == $order" \
        >demo/event || { show_log notifier && die "the webhook did not arrive"; }
    tell "the sink took $(jq -c .body demo/event)"
    [ "$(jq -r .key demo/event)" = "$(cat secrets/operator/webhook-secret)" ] ||
        die "the webhook did not bring its secret"
    tell "with the secret in X-WEBHOOK-KEY"
}

download() {
    api 200 GET "/certificate/download/order/$order/format/pem_all"
    cp demo/answer demo/chain.pem
    verify_chain
    openssl x509 -in demo/chain.pem -noout -subject -issuer -serial -dates -ext subjectAltName | show
}

# From the leaf (first in the file) to the root that the ceremony left behind.
verify_chain() {
    tell "openssl verify -x509_strict -purpose sslserver -verify_hostname $name:"
    openssl verify -x509_strict -purpose sslserver -verify_hostname "$name" -CAfile ceremony/root.pem \
        -untrusted demo/chain.pem demo/chain.pem >demo/verify 2>&1 ||
        { show demo/verify >&2 && die "the chain does not hold"; }
    show demo/verify
    openssl x509 -in demo/chain.pem -noout -pubkey >demo/certified.pub
    openssl pkey -in demo/key.pem -pubout | cmp -s - demo/certified.pub || die "it is for another key"
}

order_at_once() {
    step "A second order for $name: the proof is there, so the answer brings the certificate"
    place_order "$name"
    [ -n "$(field .certificate_id)" ] || die "it was not issued at once"
    field '.certificate_chain[0].pem' >demo/chain.pem
    field '.certificate_chain[1:][].pem' >>demo/chain.pem
    verify_chain
}

# ---- what is told at the end, and to programs

show_ending() {
    cat <<-END

	Chancery runs.
	   base URL   $(base_url)/services/v2
	   API key    $(cat secrets/operator/api-key)   (header X-DC-DEVKEY)
	   root       $dir/ceremony/root.pem
	   private    $dir/ceremony/private-root.pem   (root of private certificates)
	   both       $(base_url)/ca   (for everybody, with fingerprints)
	   logs       $dir/log
	   reached    from this machine alone
	   data       kept; to throw them away, end this and: rm -rf $(printf %q "$dir")
	   try        curl -H "X-DC-DEVKEY: $(cat secrets/operator/api-key)" $(base_url)/services/v2/product

	END
}

print_env() {
    local role
    [ -s secrets/operator/api-key ] || die "nothing was started in $dir yet"
    print_lines STACK_DIR "$dir" STACK_URL "$(base_url)/services/v2" STACK_KEY "$(cat secrets/operator/api-key)" \
        STACK_HOST "$address:$api_port" STACK_ROOT "$dir/ceremony/root.pem" STACK_PRIVATE_ROOT "$dir/ceremony/private-root.pem" STACK_CEREMONY "$dir/ceremony" \
        STACK_ACCOUNT "$(awk '$1 == "account_id" { print $2 }' secrets/operator/account)" \
        STACK_USER "$(awk '$1 == "user_id" { print $2 }' secrets/operator/account)" \
        STACK_DATABASE "host='$dir/run/postgres' user=postgres dbname=chancery password=$(cat secrets/postgres/password)" \
        STACK_REDIS "$dir/run/redis/socket" STACK_DNS "$dir/dns" STACK_DNS_ADDRESS "${address%.*}.53" \
        STACK_SINK "$(sink_url)" STACK_SINK_LOG "$dir/sink/requests.log" STACK_SINK_CA "$dir/sink/ca.pem" STACK_MAILS "$dir/mail" \
        STACK_LOGS "$dir/log" STACK_RUN "$dir/run" STACK_BIN "$dir/app/bin" STACK_VARIANT "$(cat variant)"
    for role in $services; do
        print_lines "STACK_ADMIN_${role^^}" "http://$address:${admin_port[$role]}"
    done
}

print_lines() { # name value...
    while [ $# -gt 0 ]; do
        printf '%s=%q\n' "$1" "$2"
        shift 2
    done
}
