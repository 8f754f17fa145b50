"""Notes and contacts of one order."""
from harness import case, golden
from harness.account import Account
from harness.tests import Tests

tests = Tests()

CONTACT = {"contact_type": "technical_contact", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.net",
           "job_title": "Lead", "telephone": "+47 22 00 00 00", "telephone_extension": "7"}

BAD_NOTES = [  # body, code, field
    ({}, "missing_field", "text"),
    ({"text": ""}, None, "text"),
    ({"text": " \n\t"}, "missing_field", "text"),
    ({"text": "a" * 1025}, "invalid_field", "text"),
    ({"text": "a\x1b[2J"}, "invalid_field", "text"),
    ({"text": "a\u0085b"}, "invalid_field", "text"),
    ({"text": {"a": 1}}, "invalid_field", "text"),
]

BAD_CONTACTS = [  # what is sent, code, field
    ({}, "missing_field", "contacts"),
    ({"contacts": []}, "missing_field", "contacts"),
    ([CONTACT, CONTACT], "contact_type_duplicate", "contacts[1].contact_type"),
    ([dict(CONTACT, contact_type="organization_contact")], "invalid_field", "contacts[0].contact_type"),
    ([dict(CONTACT, contact_type="")], None, "contacts[0].contact_type"),
    ([dict(CONTACT, first_name="")], "missing_field", "contacts[0].first_name"),
    ([{k: v for k, v in CONTACT.items() if k != "email"}], "missing_field", "contacts[0].email"),
    ([dict(CONTACT, first_name="a" * 129)], "invalid_field", "contacts[0].first_name"),
    ([dict(CONTACT, last_name="a" * 129)], "invalid_field", "contacts[0].last_name"),
    ([dict(CONTACT, email="ann")], "invalid_field", "contacts[0].email"),
    ([dict(CONTACT, job_title="a" * 65)], "invalid_field", "contacts[0].job_title"),
    ([dict(CONTACT, telephone="1" * 33)], "invalid_field", "contacts[0].telephone"),
    ([dict(CONTACT, telephone_extension="1" * 17)], "invalid_field", "contacts[0].telephone_extension"),
    ([dict(CONTACT, last_name="Lee\r\nBcc: x")], "invalid_field", "contacts[0].last_name"),
]


def refused(answer, code, field):
    case.equal(f"status of {answer}", answer.status, 400)
    case.equal(f"field of {answer}", answer.error.get("field"), field)
    if code:
        case.equal(f"code of {answer}", answer.error["code"], code)


@tests
def notes(stack):
    account = Account(stack)
    number = account.place("noted.example.com")["id"]
    case.equal("none at first", account.info(number)["notes"], [])
    path = f"/order/certificate/{number}/note"
    answer = account.client.post(path, {"text": "Ask \u00c5se\nfirst."})
    golden.check("POST order/certificate/{order_id}/note", answer, loose=("email", "first_name"))
    second = account.client.post(path, {"text": "a" * 1024})
    case.equal(f"the longest: {second}", second.status, 201)
    shown = account.info(number)["notes"]
    case.equal("as they were told, oldest first", shown, [answer.json, second.json])
    case.equal("whose", {n["user"]["id"] for n in shown}, {account.user_id})
    row = stack.db.rows(f"SELECT activity, detail FROM audit WHERE subject = 'order/{number}' ORDER BY id")[1]
    case.equal("audited, without its text", (row["activity"], row["detail"]), ("note added", {"note_id": shown[0]["id"]}))


@tests
def notes_that_are_none(stack):
    account = Account(stack)
    number = account.place("unnoted.example.com")["id"]
    for body, code, field in BAD_NOTES:
        refused(account.client.post(f"/order/certificate/{number}/note", body), code, field)
    case.equal("nothing is stored", account.info(number)["notes"], [])
    viewer = account.as_role(1, 102)
    case.equal("view only", viewer.post(f"/order/certificate/{number}/note", {"text": "x"}).status, 403)


@tests
def notes_are_bounded(stack):
    """As many as order info can show."""
    account = Account(stack)
    number = account.place("full.example.com")["id"]
    stack.db.run("INSERT INTO order_note (order_id, account_id, user_id, text, created_at) SELECT"
                 f" {number}, {account.id}, {account.user_id}, 'n' || i, :now FROM generate_series(1, 249) i")
    path = f"/order/certificate/{number}/note"
    case.equal("the last", account.client.post(path, {"text": "last"}).status, 201)
    refused(account.client.post(path, {"text": "one more"}), "invalid_field", "text")
    shown = account.info(number)["notes"]
    case.equal("all are shown", (len(shown), shown[0]["text"], shown[-1]["text"]), (250, "n1", "last"))


@tests
def of_somebody_else(stack):
    account, stranger = Account(stack), Account(stack)
    number = account.place("theirs.example.com")["id"]
    for order in (number, 999999999):
        for answer in (stranger.client.post(f"/order/certificate/{order}/note", {"text": "x"}),
                       stranger.client.put(f"/order/certificate/{order}/contact", {"contacts": [CONTACT]})):
            case.equal(f"{answer}", (answer.status, answer.error["code"]), (404, "not_found|order"))
    info = account.info(number)
    case.equal("untouched", (info["notes"], info.get("technical_contact")), ([], None))


@tests
def contact(stack):
    """Set where there was none, then replaced as a whole; also of an issued order."""
    account = Account(stack)
    account.prove("example.com")
    number = account.place("contact.example.com", certificate_dcv_scope="base_domain",
                           alternative_order_id="kept-1", additional_emails=["b@example.net"])["id"]
    path = f"/order/certificate/{number}/contact"
    golden.check("PUT order/certificate/{order_id}/contact", account.client.put(path, {"contacts": [CONTACT]}))
    wanted = {k: v for k, v in CONTACT.items() if k != "contact_type"}
    case.equal("set", account.info(number)["technical_contact"], wanted)
    short = {k: CONTACT[k] for k in ("contact_type", "first_name", "last_name", "email")}
    case.equal("again", account.client.put(path, {"contacts": [dict(short, first_name="Bo")]}).status, 204)
    info = account.info(number)
    case.equal("replaced as a whole", info["technical_contact"],
               {"first_name": "Bo", "last_name": "Lee", "email": "ann@example.net"})
    case.equal("the rest is kept", (info["additional_emails"], info["order_validity"]), (["b@example.net"], {"years": 1}))


@tests
def contacts_that_are_none(stack):
    account = Account(stack)
    number = account.place("nocontact.example.com", technical_contact={"first_name": "Eva"})["id"]
    for sent, code, field in BAD_CONTACTS:
        body = sent if isinstance(sent, dict) else {"contacts": sent}
        refused(account.client.put(f"/order/certificate/{number}/contact", body), code, field)
    golden.check("PUT order/certificate/{order_id}/contact twice the same type",
                 account.client.put(f"/order/certificate/{number}/contact", {"contacts": [CONTACT, CONTACT]}))
    case.equal("as it was", account.info(number)["technical_contact"], {"first_name": "Eva"})
