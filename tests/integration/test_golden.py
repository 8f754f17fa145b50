"""The documented answers of the main journey, member by member, and the errors every client meets."""
from harness import case, golden, pki
from harness.account import Account
from harness.tests import Tests

tests = Tests()
ORDER = "/order/certificate"
PEOPLE = ("email", "first_name", "firstname", "container.name")


@tests
def order_by_random_value(stack):
    account = Account(stack)
    client, name = account.client, "golden.example.com"
    answer = account.order(name, comments="for the shop", alternative_order_id="PO77")
    golden.check("POST order/certificate/{name_id} pending", answer)
    number, value = answer.json["id"], answer.json["dcv_random_value"]
    account.looked(number)
    golden.check("GET order/certificate/{order_id} pending", client.get(f"{ORDER}/{number}"),
                 loose=(*PEOPLE, "how_to_fix", "seen"))
    golden.check("PUT order/certificate/{order_id}/dcv-method token",
                 client.put(f"{ORDER}/{number}/dcv-method", {"dcv_method": "dns-txt-token"}))
    golden.check("PUT order/certificate/{order_id}/dcv-random-value",
                 client.put(f"{ORDER}/{number}/dcv-random-value"))
    account.looked(number)
    account.looked(number)
    golden.check("PUT order/certificate/{order_id}/check-dcv pending", account.check(number), loose=("seen",))
    account.publish(name, value)
    golden.check("PUT order/certificate/{order_id}/check-dcv issued", account.check(number))
    golden.check("GET order/certificate/{order_id} issued", client.get(f"{ORDER}/{number}"),
                 loose=PEOPLE)


@tests
def order_in_the_answer(stack):
    account = Account(stack)
    account.prove("example.com")
    answer = account.order("at-once.example.com", certificate_dcv_scope="base_domain")
    golden.check("POST order/certificate/{name_id} issued at once", answer)


@tests
def order_by_auth_key(stack):
    account = Account(stack)
    none = account.client.get("/account/auth-key")
    golden.check("GET account/auth-key none", none)
    created = account.client.post("/account/auth-key")
    golden.check("POST account/auth-key", created)
    golden.check("POST account/auth-key twice", account.client.post("/account/auth-key"))
    golden.check("GET account/auth-key", account.client.get("/account/auth-key"))
    name = "golden-token.example.com"
    missing = account.order(name, use_auth_key=True)
    golden.check("POST order/certificate/{name_id} no request token", missing)
    token = pki.request_token(created.json["auth_key"], pki.csr(), stack.now() - 60)
    stack.dns.set(f"_dnsauth.{name}", "TXT", token)
    golden.check("POST order/certificate/{name_id} by AuthKey", account.order(name, use_auth_key=True))


@tests
def approval(stack):
    account = Account(stack)
    limited = account.as_role(5)
    answer = account.order("approve.golden.example.com", client=limited)
    golden.check("POST order/certificate/{name_id} needs approval", answer)
    request = answer.json["requests"][0]["id"]
    done = account.client.put(f"/request/{request}/status", {"status": "approved", "processor_comment": "ok"})
    golden.check("PUT request/{request_id}/status approved", done)
    canceled = account.client.put(f"{ORDER}/{answer.json['id']}/status", {"status": "canceled", "note": "not any more"})
    golden.check("PUT order/certificate/{order_id}/status canceled", canceled)


@tests
def webhook(stack):
    account = Account(stack)
    client, path = account.client, "/hooks/golden"
    golden.check("GET webhook none", client.get("/webhook"))
    created = client.post("/webhook", {"endpoint": stack.sink.url + path, "secret": "s" * 32})
    golden.check("POST webhook", created)
    number = created.json["webhook_id"]
    golden.check("GET webhook", client.get("/webhook"), loose=("endpoint",))
    golden.check("PUT webhook/{webhook_id}", client.put(f"/webhook/{number}", {
        "endpoint": stack.sink.url + path, "events": ["certificate_issued", "order_rejected"]}))
    golden.check("PUT webhook/{webhook_id}/send-challenge", client.put(f"/webhook/{number}/send-challenge"))
    token = stack.sink.wait(path, "challenge_webhook_endpoint")[-1]["data"]["token"]
    golden.check("PUT webhook/{webhook_id}/check-challenge wrong token",
                 client.put(f"/webhook/{number}/check-challenge", {"token": "nonsense"}))
    golden.check("PUT webhook/{webhook_id}/check-challenge",
                 client.put(f"/webhook/{number}/check-challenge", {"token": token}))
    golden.check("PUT webhook/{webhook_id}/activate", client.put(f"/webhook/{number}/activate"))
    golden.check("PUT webhook/{webhook_id}/deactivate", client.put(f"/webhook/{number}/deactivate"))
    golden.check("POST webhook/test-endpoint",
                 client.post("/webhook/test-endpoint", {"endpoint": stack.sink.url + path}))
    golden.check("POST webhook/test-endpoint no https",
                 client.post("/webhook/test-endpoint", {"endpoint": "http://example.com/"}))
    golden.check("DELETE webhook/{webhook_id}", client.delete(f"/webhook/{number}"))
    golden.check("PUT webhook/{webhook_id}/activate unknown", client.put(f"/webhook/{number}/activate"))


@tests
def catalogue(stack):
    client = Account(stack).client
    golden.check("GET product/{name_id} DV", client.get("/product/ssl_dv_geotrust_flex"))
    listed = client.get("/product")
    case.equal("products", listed.status, 200)
    golden.check("GET product", listed)
    one = client.get("/product/ssl_dv_geotrust_flex").json
    case.inside("the list has the same document", one, listed.json["products"])


@tests
def errors_of_the_door(stack):
    account = Account(stack)
    client = account.client
    golden.check("GET order/certificate/{order_id} no key", stack.client(None).get(f"{ORDER}/1"))
    golden.check("GET order/certificate/{order_id} bad key", stack.client("a" * 47).get(f"{ORDER}/1"))
    golden.check("GET order/certificate/{order_id} unknown", client.get(f"{ORDER}/1"))
    golden.check("GET nothing there", client.get("/nothing/there"))
    golden.check("GET ctmonitor/{order_id}/ct-cert/{serial} not served", client.get("/ctmonitor/1/ct-cert/2"))
    golden.check("PATCH order/certificate/{order_id} no such method", client.call("PATCH", f"{ORDER}/1", b"{}"))
    golden.check("POST order/certificate/{name_id} unknown product", account.order("x.example.com", product="nope"))
    golden.check("POST order/certificate/{name_id} no JSON", client.call("POST", f"{ORDER}/ssl_dv_geotrust", b"{"))
    golden.check("POST order/certificate/{name_id} missing member",
                 client.post(f"{ORDER}/ssl_dv_geotrust", {"certificate": {"csr": pki.csr()}}))
    misspelt = client.post(f"{ORDER}/ssl_dv_geotrust", {"certificat": {}, "dns_names": ["x.example.com"]})
    golden.check("POST order/certificate/{name_id} misspelt member", misspelt)
    case.equal("Ignored-Members", misspelt.headers["ignored-members"],
               "certificat (certificate?), dns_names (certificate.dns_names?)")
    viewer = account.as_role(1, 102)
    golden.check("POST order/certificate/{name_id} missing permission", account.order("x.example.com", client=viewer))
