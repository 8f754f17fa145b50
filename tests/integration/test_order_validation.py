"""What has been validated for an order, name by name, and what order info says."""
from harness import case, golden
from harness.account import Account
from harness.tests import Tests

tests = Tests()


def validation(account, number, query=""):
    answer = account.client.get(f"/order/certificate/{number}/validation{query}")
    case.equal(f"validation: {answer}", answer.status, 200)
    return answer


def by_name(answer):
    """Each name of the order once, exactly as it was ordered."""
    rows = answer.json["dns_name_validations"]
    case.true("one name a row", all(len(r["dns_names"]) == 1 for r in rows))
    return {r["dns_names"][0]: r for r in rows}


@tests
def at_the_base_domain(stack):
    account = Account(stack)
    account.prove("example.com")
    names = ["www.shop.example.com", "a.b.example.net", "*.example.org"]
    order = account.place(names[0], product="ssl_dv_geotrust_flex", certificate_dcv_scope="base_domain",
                          certificate={"dns_names": names[1:]}, dcv_method="dns-cname-token")
    answer = validation(account, order["id"])
    golden.check("GET order/certificate/{order_id}/validation pending", answer, loose=("order_id",))
    document = answer.json
    case.equal("order", (document["order_id"], document["order_status"], document["order_name_scope"],
                         document["order_dcv_method"]), (str(order["id"]), "pending", "base_domain", "dns-cname-token"))
    found = by_name(answer)
    case.equal("names in order", list(found), names)
    case.equal("proved before", found[names[0]]["status"], "approved")
    case.true("no scope where it is approved", "name_scope" not in found[names[0]])
    for name, base in zip(names[1:], ("example.net", "example.org")):
        case.equal(name, (found[name]["status"], found[name]["name_scope"], found[name]["base_domain"]),
                   ("unapproved", base, base))
        case.true("no date where nothing is approved", "approval_expiration_date" not in found[name])


@tests
def a_method_of_another_release(stack):
    """While a newer release runs beside this one: the order is shown without what is not known here."""
    account = Account(stack)
    order = account.place("newer.example.com")["id"]
    account.looked(order)
    stack.db.run("UPDATE challenge c SET method = 'tls-alpn-01' FROM orders o"
                 f" WHERE o.request_id = c.subject AND c.asked_by = 'request' AND o.id = {order}")
    info = account.info(order)
    case.equal("no method", (info["status"], info.get("dcv_method")), ("pending", None))
    blocker, = info["blockers"]
    case.inside("what is to be done", "newer.example.com", blocker["how_to_fix"])
    document = account.client.get(f"/order/certificate/{order}/validation").json
    case.equal("nor there", (document["order_status"], document.get("order_dcv_method")), ("pending", None))
    case.equal("nor name by name", [(v["status"], v.get("method")) for v in document["dns_name_validations"]],
               [("unapproved", None)])
    for path, body in (("check-dcv", None), ("dcv-random-value", None), ("resend-emails", {})):
        answer = account.client.put(f"/order/certificate/{order}/{path}", body)
        case.equal(f"{path}: {answer}", (answer.status, answer.error["code"]), (400, "invalid_dcv_method"))
    case.equal("cancel", account.client.put(f"/order/certificate/{order}/status", {"status": "canceled"}).status, 204)


@tests
def at_the_name(stack):
    """Below a name of the order: proved there; the base domain is what it is."""
    account = Account(stack)
    order = account.place("www.example.com", certificate_dcv_scope="fqdn",
                          certificate={"dns_names": ["x.www.example.com", "y.example.co.uk"]})
    answer = validation(account, order["id"])
    case.equal("scope", answer.json["order_name_scope"], "fqdn")
    found = by_name(answer)
    case.equal("scopes", {n: r["name_scope"] for n, r in found.items()},
               {"www.example.com": "www.example.com", "x.www.example.com": "www.example.com",
                "y.example.co.uk": "y.example.co.uk"})
    case.equal("base domains", {n: r["base_domain"] for n, r in found.items()},
               {"www.example.com": "example.com", "x.www.example.com": "example.com",
                "y.example.co.uk": "example.co.uk"})
    account.publish("www.example.com", order["dcv_random_value"])

    def first_proved():
        account.check(order["id"])
        rows = by_name(validation(account, order["id"]))
        return rows if rows["www.example.com"]["status"] == "approved" else None
    found = case.until("the record is seen", first_proved)
    case.equal("one proof, two names", {n: r["status"] for n, r in found.items()},
               {"www.example.com": "approved", "x.www.example.com": "approved", "y.example.co.uk": "unapproved"})


@tests
def an_old_proof(stack):
    """It counts as long as the rule of the day says, and nothing else decides."""
    account = Account(stack)
    life = int(stack.db.rule("reuse.dcv"))
    names = {"young.example.com": "approved", "old.example.com": "unapproved"}
    for name, days in zip(names, (life - 1, life + 1)):
        stack.db.run("INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence) VALUES"
                     f" ({account.id}, '{name}', 'dns-txt-token', '3.2.2.4.7',"
                     f" :now - {days} * interval '24 hours', '{{}}')")
    order = account.place("young.example.com", certificate={"dns_names": ["old.example.com"]})
    found = by_name(validation(account, order["id"]))
    case.equal("which count", {n: r["status"] for n, r in found.items()}, names)
    blocked = {b["dns_name"] for b in account.info(order["id"])["blockers"]}
    case.equal("the same that order info waits for", blocked, {"old.example.com"})


@tests
def issued(stack):
    """Until when the approval counts, as the issuer would see it."""
    account = Account(stack)
    order = account.prove("example.com")
    answer = validation(account, order["id"])
    golden.check("GET order/certificate/{order_id}/validation issued", answer, loose=("order_id",))
    until = answer.json["dns_name_validations"][0]["approval_expiration_date"]
    wanted = stack.db.value(f"""
        SELECT to_char(e.valid_until, 'YYYY-MM-DD"T"HH24:MI:SS') FROM orders o JOIN request r ON r.id = o.request_id
          JOIN request_name n ON n.request_id = r.id
         CROSS JOIN LATERAL dcv_evidence(r.account_id, n.name, n.domain, r.rule_scope, r.csr_sha256,
                                         :now, true) e WHERE o.id = {order['id']}""")  # below a demonstration
    case.equal("the date of the one that decides", until[:19], wanted)


@tests
def what_was_seen(stack):
    """Who asks for it is shown what the checks have seen: instead of the proof, and as the proof; else nobody."""
    account = Account(stack)
    order = account.place("seen.example.com")
    stack.dns.add("_dnsauth.seen.example.com", "TXT", "another value")

    def checked():
        account.check(order["id"])
        row = validation(account, order["id"], "?include_evidence=true").json["dns_name_validations"][0]
        return row if row.get("evidence") else None
    row = case.until("a check is over", checked)
    case.equal("unproved", row["status"], "unapproved")
    look = {look["name"]: look for look in row["evidence"][0]["looks"]}["_dnsauth.seen.example.com"]
    case.equal("what is there instead", (look["type"], look["state"], look["dnssec"], look["records"]),
               ("TXT", "found", "secure", ["another value"]))
    case.equal("which name server", look["server"], stack.dns.address)
    case.equal("no value of ours", order["dcv_random_value"] in str(row["evidence"]), False)
    case.equal("only who asks", "evidence" in validation(account, order["id"]).json["dns_name_validations"][0], False)
    proved = account.prove("proved.example.com")
    proof = validation(account, proved["id"], "?include_evidence=true").json["dns_name_validations"][0]["evidence"][0]
    case.equal("the proof", (proof["domain"], proof["method"], proof["type"], proof["dnssec_secure"]),
               ("proved.example.com", "3.2.2.4.7", "TXT", True))


@tests
def risk(stack):
    """DV always says; an order that an operator must see to is flagged."""
    account = Account(stack)
    number = account.place("risk.example.com")["id"]
    for query in ("", "?include_risk_check=true", "?include_risk_check=false"):
        case.equal(f"risk {query}", validation(account, number, query).json["risk_status"], "passed")
    stack.db.run("INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, found_at)"
                 f" SELECT decode('{number:020x}', 'hex'), 'X', request_id, 1, true, '', :now FROM orders WHERE id = {number}")
    case.equal("flagged", validation(account, number).json["risk_status"], "flagged")
    stack.db.run(f"UPDATE quarantine SET settled_at = :now, changed_at = :now WHERE request_id = (SELECT request_id FROM orders WHERE id = {number})")
    case.equal("settled", validation(account, number).json["risk_status"], "passed")


@tests
def of_somebody_else(stack):
    account, stranger = Account(stack), Account(stack)
    number = account.place("hidden.example.com")["id"]
    for order in (number, 999999999):
        golden.check("GET order/certificate/{order_id}/validation unknown",
                     stranger.client.get(f"/order/certificate/{order}/validation"))


VARYING = ("user.first_name", "firstname", "user.email", "container.name")
CONTACT = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.net", "telephone": "1"}


def info(account, number):
    answer = account.client.get(f"/order/certificate/{number}")
    case.equal(f"order info: {answer}", answer.status, 200)
    return answer


@tests
def order_info(stack):
    account = Account(stack)
    account.prove("example.com")
    more = {"technical_contact": CONTACT, "additional_emails": ["b@example.net"], "comments": "please",
            "alternative_order_id": "abc-1", "order_validity": {"years": 2},
            "custom_renewal_message": "Renew me"}
    platform = {"dns_names": ["www.info.example.com"], "server_platform": {"id": 45}}
    issued = account.place("info.example.com", certificate_dcv_scope="base_domain", certificate=platform, **more)
    account.client.post(f"/order/certificate/{issued['id']}/note", {"text": "done"})
    answer = info(account, issued["id"])
    golden.check("GET order/certificate/{order_id} issued with everything", answer, loose=VARYING)
    waiting = account.place("info.example.net", certificate=platform, **more)
    account.looked(waiting['id'])
    golden.check("GET order/certificate/{order_id} pending with everything", info(account, waiting["id"]), loose=VARYING + ("how_to_fix",))


@tests
def notices(stack):
    """An order has all notices or none."""
    account = Account(stack)
    for off in (False, True):
        number = account.place(f"notice{int(off)}.example.com", disable_renewal_notifications=off)["id"]
        found = {k: v for k, v in account.info(number).items() if k.startswith("send_")}
        case.equal("notices", found, {k: not off for k in ("send_minus_90", "send_minus_60", "send_minus_30",
                                                           "send_minus_7", "send_minus_3", "send_plus_7")})
