/* The story of an order: what happened, in the order in which it did, and what it waits for. */
#include "shop_test.h"

#include "message/json.h"
#include "why.h"

/* A random value that nobody may read here. */
#define VALUE "thisvalueisseenbynobodyatall0000"

static const char looked[] =
    "{\"n8.example\": [{\"at\": \"2022-01-04T00:00:00+00:00\", \"perspective\": \"primary\","
    " \"expected_sha256\": \"abcd\", \"looks\": [{\"type\": \"TXT\", \"name\":"
    " \"_dnsauth.n8.example\", \"outcome\": \"1 record, but not with the value\", \"state\":"
    " \"found\", \"dnssec\": \"secure\", \"server\": \"192.0.2.53\", \"record_count\": 1,"
    " \"records\": [\"wrong\"], \"took_ms\": 12}]},"
    " {\"at\": \"2022-01-04T00:00:00+00:00\", \"perspective\": \"sin\","
    " \"reason\": \"gave no answer\"}]}";

/* Order 8: looked for, mailed for, reused for, tried, given up, told of, written down. */
static void much_happens(void)
{
    shop_make();
    execute(arena_format(
        &arena,
        "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, "
        "random_value_at, poll_from, checked_at, next_at, seen, looked) VALUES (900, 'request', "
        "80, 'TLS', 'dns-txt-token', '" VALUE "', '2022-01-03', '2022-01-03', '2022-01-04', "
        "'2022-01-05', '{\"n8.example\": \"no TXT record\"}', '%s');"
        "INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, state, "
        "created_at, tried_at, response_code, reason) SELECT id, 900, 'n8.example', 'admin', "
        "'refused', '2022-01-05', '2022-01-06', 550, 'no such user' FROM challenge;"
        "INSERT INTO email_token SELECT sha256('x'), i.id, c.id, 900, 'n8.example', "
        "'admin@n8.example', '2022-01-03', '2022-01-05', '2022-02-04' FROM challenge c, "
        "email_invitation i;"
        "UPDATE email_token SET used_at = '2022-01-07';"
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence, challenge_id) SELECT 900, 'n8.example', 'dns-txt-token', '3.2.2.4.7', d, e, c "
        "FROM (VALUES ('2022-01-08'::timestamptz, '{\"looks\": [{\"type\": \"TXT\", \"name\": "
        "\"n8.example\", \"outcome\": \"found\"}]}'::jsonb, (SELECT id FROM challenge)), "
        "('2021-12-01', '{}', NULL)) AS v (d, e, c);"
        "INSERT INTO issuance SELECT 6000 + n, 80, 900, '" CA_ID "', decode('" SERIAL
        "', 'hex') || decode(lpad(to_hex(n), 2, '0'), 'hex'), 0, s, 1, 1, 1, '', e, '2022-01-09', "
        "'2023-01-09', '2022-01-09' FROM (VALUES (51, 'ghost', '{}'::bigint[]), (52, 'reserved', "
        "(SELECT array_agg(id) FROM validation))) AS v (n, s, e);"
        "INSERT INTO to_sign SELECT id, 'final', '', '', NULL FROM issuance WHERE request_id = 80;"
        "INSERT INTO revocation (ca_id, serial, shard, reason, revoked_at, not_after) SELECT "
        "ca_id, serial, 0, 0, '2022-01-10', not_after FROM issuance WHERE state = 'ghost';"
        "INSERT INTO event (account_id, name, order_id, instant, at) VALUES (900, "
        "'certificate_issued', 8, false, '2022-01-11');"
        "INSERT INTO delivery (event_id, webhook_id, account_id, state, tries) SELECT id, 1234, "
        "900, 'failed', 9 FROM event;"
        "INSERT INTO audit (at, account_id, source, activity, subject, detail) VALUES "
        "('2022-01-12', 900, 'system', 'note added', 'order/8', '{\"length\": 5}'), "
        "('2022-01-12', 900, 'system', 'note added', 'order/7', NULL);"
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
        "SELECT 77, 'dcv', id, '" DAY "', 10, 0, 'the resolver is gone', '2022-01-13' FROM "
        "challenge",
        looked));
}

/* In this order, whatever stands between. */
static void must_say_in_order(const char *const *texts)
{
    const char *at = output;
    for (; at && *texts; texts++) {
        at = strstr(at, *texts);
        if (!at)
            fail_msg("\"%s\" does not follow in:\n%s", *texts, output);
    }
}

static void a_story_is_told_as_it_happened(void **state)
{
    static const char *const texts[] = {
        "Order 8 of Example Ltd (account 900) is pending since 2022-01-02 00:00:00",
        "  placed, by ann\n    ssl_dv for n8.example; names to be proved by dns-txt-token; to be "
        "signed by CA 1;",
        "  reused\n    control of n8.example was proved by dns-txt-token (3.2.2.4.7) on 2021-12-01 "
        "00:00:00,",
        "  challenge\n    names are looked for by dns-txt-token from now on; its random value is "
        "of 2022-01-03",
        "2022-01-04 00:00:00",
        "  look\n    control of n8.example was looked for, and not found\n"
        "    TXT _dnsauth.n8.example, answered by 192.0.2.53, secure by DNSSEC, 12 ms: 1 record, "
        "but not with\n    the value\n      1 record: \"wrong\"\n"
        "    expected: a value whose SHA-256 is abcd\n    perspective-sin: gave no answer\n",
        "  mail\n    a mail for n8.example was sent to admin@n8.example;",
        "  mail refused\n    for n8.example to admin@n8.example: 550 no such user\n",
        "  approved by mail\n    admin@n8.example has approved n8.example\n",
        "2022-01-08 00:00:00",
        "  proved\n    control of n8.example was proved by dns-txt-token (3.2.2.4.7); validation",
        "    TXT n8.example: found\n",
        "2022-01-09 00:00:00",
        "  attempt\n",
        "revocation\n    serial number " SERIAL "33 was revoked, CRLReason 0\n",
        "event\n    certificate_issued; webhook 1234 has not taken it: given up after 9 tries\n",
        "audit, by ",
        "note added, order/8: {\"length\": 5}\n",
        "given up\n    job 77 of lane dcv was given up after 10 attempts: the resolver is gone\n",
        "\nOpen now:\n",
        "  held_up, for the CA, since 2022-01-13 00:00:00",
        "To do: an operator mends the cause",
        NULL,
    };
    (void)state;
    much_happens();
    setenv("COLUMNS", "100", 1);
    must(run(why_order_command, "8"));
    must_say_in_order(texts);
    setenv("COLUMNS", "300", 1);
    must(run(why_order_command, "8"));
    must_say("with serial number " SERIAL "33 and policy 1: nobody knows whether it was signed: "
             "its serial number is revoked; final not signed\n");
    must_say("with serial number " SERIAL "34 and policy 1: is stored, and not signed yet; final "
             "not signed\n");
    assert_null(strstr(output, VALUE));
    assert_null(strstr(output, "order/7"));
}

static void programs_read_it_as_json(void **state)
{
    (void)state;
    much_happens();
    must(run_with(why_order_command, WORDS(SERIAL "34"), WORDS("json", "")));
    OrderStory *story = (OrderStory *)message_from_json(&arena, &order_story__descriptor, output,
                                                        strlen(output), &f);
    assert_non_null(story);
    assert_int_equal(story->order->id, 8);
    assert_int_equal(story->n_chapters, 14);
    for (size_t i = 1; i < story->n_chapters; i++)
        assert_true(story->chapters[i - 1]->at->us <= story->chapters[i]->at->us);
    assert_string_equal(story->chapters[0]->chapter, "placed");
    assert_int_equal(story->n_open, 3);
    assert_string_equal(story->open[1]->kind, "held_up");
    assert_non_null(story->open[1]->advice);
    assert_null(strstr(output, VALUE));
}

/* A challenge that was looked at, a job that failed, an authority that was stopped; and what is over. */
static void an_order_says_what_it_waits_for(void **state)
{
    (void)state;
    shop_make();
    must(run(why_order_command, "7"));
    must_say("  certificate\n    certificate 5007 with serial number " SERIAL "07 was issued by "
             "CA 1,");
    must_say("\nOrder 7 is issued: it waits for nothing.\n");
    must(run(why_order_command, "9"));
    must_say("\nOrder 9 is canceled: it waits for nothing.\n");
    must(run(why_order_command, "8"));
    must_say("\nOpen now:\n  dcv: n8.example, for the customer, since 2022-01-02 00:00:00");
    execute(
        "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, "
        "random_value_at, poll_from, checked_at, next_at, seen) VALUES (900, 'request', 80, "
        "'TLS', 'dns-txt-token', 'secret', '2022-01-03', '2022-01-03', '2022-01-04', "
        "'2022-01-05', '{\"n8.example\": \"no TXT record\"}');"
        "INSERT INTO job (lane, subject, run_at, attempt, idem_key) VALUES ('dcv', 30001, "
        "'2022-01-05', 2, 'dcv/30001'), ('dcv', 30002, '2022-01-05', 2, 'dcv/30002');"
        "UPDATE authority SET may_sign = false, stopped_at = '2022-01-06', changed_at = "
        "'2022-01-06'");
    must(run(why_order_command, "8"));
    must_say("  dcv: n8.example, for the customer, since 2022-01-03 00:00:00");
    must_say("    no TXT record\n    To do: the customer puts the proof");
    must_say("    Looked at again: 2022-01-05 00:00:00");
    execute("UPDATE challenge SET ours = '{n8.example}'");
    must(run(why_order_command, "8"));
    must_say("  dcv: n8.example, for the CA, since 2022-01-03 00:00:00");
    must_say(
        "    To do: an operator sees to what is said above, mostly to the other points of view");
    must_say("  authority: CA 1, for the CA, since 2022-01-06 00:00:00");
    must_say("  job: dcv 1, for the CA\n    failed 2 times\n");
    assert_null(strstr(output, "dcv 2"));
    must_fail(run(why_order_command, "6"), "6 no order has that number");
}

/* Its certificate waits for somebody to revoke it, though the order is issued. */
static void a_blocked_key_is_something_to_be_done(void **state)
{
    (void)state;
    shop_make();
    execute(
        "UPDATE request SET spki_sha256 = sha256('k') WHERE id = 70;"
        "UPDATE certificate SET not_after = now() + interval '1 year';"
        "INSERT INTO blocked_key (spki_sha256, since, reason) VALUES (sha256('k'), '2022-02-03', "
        "'found on a page')");
    setenv("COLUMNS", "300", 1);
    must(run(why_order_command, "7"));
    must_say("\nOpen now:\n  certificate: " SERIAL "07, for the CA, since 2022-02-03 00:00:00");
    must_say("    its key is known to others (found on a page): BR 4.9.1.1 wants it revoked within "
             "24 hours\n    To do: an operator revokes it.\n");
    execute("INSERT INTO revocation (ca_id, serial, shard, reason, revoked_at, not_after) SELECT "
            "ca_id, serial, 0, 1, '2022-02-03', not_after FROM certificate");
    must(run(why_order_command, "7"));
    must_say("\nOrder 7 is issued: it waits for nothing.\n");
    execute("INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, "
            "found_at) VALUES ('\\x0102030405060708', '" CA_ID "', 70, 1, true, '', '" DAY "')");
    must(run(why_order_command, "7"));
    must_say("\nOpen now:\n  quarantine: 0102030405060708, for the CA, since 2022-01-01 00:00:00");
}

/* No record is looked for, and each mail has a value of its own. */
static void an_order_by_mail_speaks_of_mails(void **state)
{
    (void)state;
    shop_make();
    execute("INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, "
            "random_value, random_value_at, poll_from) VALUES (900, 'request', 80, 'TLS', 'email', "
            "'secret', '2022-01-03', '2022-01-03');"
            "INSERT INTO job (lane, subject, run_at, attempt, idem_key) VALUES ('dcv', 30001, "
            "'2022-01-05', 1, 'dcv/30001')");
    setenv("COLUMNS", "300", 1);
    must(run(why_order_command, "8"));
    must_say("  challenge\n    names are to be approved by mail from now on\n");
    must_say("    To do: the customer opens the link in the mail, ");
    must_say("  job: dcv 1, for the CA\n    failed once\n");
    assert_null(strstr(output, "andom value"));
}

/* Every kind of what can be open says what is to be done. */
static void everything_open_has_its_advice(void **state)
{
    (void)state;
    shop_make();
    execute("INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, "
            "found_at) VALUES ('\\x0102030405060708', '" CA_ID "', 80, 1, true, '', '" DAY "');"
            "UPDATE request SET status = 'pending', spki_sha256 = sha256('k') WHERE id = 80;"
            "INSERT INTO blocked_key (spki_sha256, since, reason) VALUES (sha256('k'), '" DAY
            "', 'x');"
            "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
            "VALUES (78, 'issue', 80, '" DAY "', 10, 0, 'x', '2022-01-07');"
            "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, detail, evidence) "
            "VALUES (900, 'n8.example', now(), 0, 'forbidden', 'x', '{}')");
    execute("BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '" DAY "');"
            "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, "
            "valid_from, valid_till, statement, source) SELECT id, 'caa-check', 'TLS', "
            "'caa.check', '1', 'bool', 'M', '-infinity', 'infinity', 'x', 'x' FROM "
            "policy_version; INSERT INTO policy_active (one, version, activated_at) SELECT true, "
            "id, '" DAY "' FROM policy_version; COMMIT");
    must(run_with(why_order_command, WORDS("8"), WORDS("json", "")));
    OrderStory *story = (OrderStory *)message_from_json(&arena, &order_story__descriptor, output,
                                                        strlen(output), &f);
    assert_non_null(story);
    /* What its names need is not asked of an order that has a precertificate; the job is told of, too. */
    assert_int_equal(story->n_open, number("SELECT count(*) - 1 + 1 FROM task_kind"));
    for (size_t i = 0; i < story->n_open; i++)
        if (!story->open[i]->advice && strcmp(story->open[i]->kind, "job given up") != 0)
            fail_msg("%s has no advice", story->open[i]->kind);
}

/* ---- logs of Certificate Transparency */

static void precertificate_make(void)
{
    shop_make();
    execute(
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '" DAY "');"
        "INSERT INTO policy_document (version, kind, name, document, sha256) SELECT id, 'logs', "
        "'tls', d::json, sha256(d::bytea) FROM policy_version, (VALUES ('{\"operators\": "
        "[{\"name\": \"Ann\", \"tiled_logs\": [{\"description\": "
        "\"Oak 2022\", \"log_id\": \"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\"}]}]}')) v (d);"
        "INSERT INTO policy_active (one, version, activated_at) SELECT true, id, '" DAY
        "' FROM policy_version; COMMIT;"
        "INSERT INTO issuance SELECT 6053, 80, 900, '" CA_ID "', '\\x" SERIAL
        "35', 0, 'precert_signed', 1, 1, 1, '', '{}', '2022-01-09', '2023-01-09', '2022-01-09';"
        "INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, "
        "complete_before, looked) SELECT id, 80, 900, ca_id, serial, '', '2022-01-10', "
        "'2022-01-12', '[{\"log\": \"Elm\", "
        "\"operator\": \"Bo\", \"detail\": \"answered 503\"}]' FROM issuance WHERE id = 6053;"
        "INSERT INTO sct SELECT 6053, convert_to(repeat(c, 32), 'UTF8'), '2022-01-10 00:00:00.5', "
        "sha256('x') || sha256('x'), '2022-01-11' FROM (VALUES ('a'), ('b')) AS v (c)");
}

static void what_logs_say_is_told(void **state)
{
    static const char *const texts[] = {
        "35 and policy 1: its precertificate is signed",
        "  precertificate\n    the precertificate with serial number " SERIAL
        "35 was signed, and is given to logs\n",
        "  logged\n    Oak 2022 of Ann has promised to publish it; its timestamp is of 2022-01-10 "
        "00:00:00.500\n",
        "\nOpen now:\n  transparency, for the CA, since 2022-01-10 00:00:00",
        "\n    Elm of Bo: answered 503\n    To do: nothing while logs are asked again",
        NULL,
    };
    (void)state;
    precertificate_make();
    setenv("COLUMNS", "300", 1);
    must(run(why_order_command, "8"));
    must_say_in_order(texts);
    must_say("the log YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI= has promised");
    assert_null(strstr(output, "dcv: "));
    execute("UPDATE issuance SET state = 'ghost' WHERE id = 6053");
    must(run(why_order_command, "8"));
    must_say("is signed, and will be no certificate: its serial number is revoked");
}

/* Of a precertificate the same, while it binds. */
static void a_blocked_key_of_a_precertificate_is_told(void **state)
{
    (void)state;
    precertificate_make();
    execute("UPDATE request SET spki_sha256 = sha256('k') WHERE id = 80;"
            "INSERT INTO blocked_key (spki_sha256, since, reason) VALUES (sha256('k'), "
            "'2022-02-03', 'found on a page')");
    setenv("COLUMNS", "300", 1);
    must(run(why_order_command, "8"));
    must_say("  precertificate: " SERIAL "35, for the CA, since 2022-02-03 00:00:00");
    must_say("24 hours (BR 4.9.1.1)\n    To do: nothing: it is revoked by itself within minutes");
    execute("UPDATE issuance SET state = 'ghost' WHERE id = 6053");
    must(run(why_order_command, "8"));
    assert_null(strstr(output, "  precertificate: "));
    must_say("  blocked_key, for the customer");
}

/* ---- as text */

static Instant *instant_at(int64_t seconds_of)
{
    Instant *at = arena_new(&arena, Instant);
    instant__init(at);
    at->us = seconds_of * 1000000;
    return at;
}

/* What a stranger's server has said stays text. */
static void nothing_reaches_the_terminal(void **state)
{
    OrderFound order = ORDER_FOUND__INIT;
    OrderStory story = ORDER_STORY__INIT;
    OrderChapter chapter = ORDER_CHAPTER__INIT, *chapters[] = { &chapter };
    DcvProof proof = DCV_PROOF__INIT, *proofs[] = { &proof };
    DcvLook look = DCV_LOOK__INIT, *looks[] = { &look };
    DcvHop hop = DCV_HOP__INIT, *hops[] = { &hop };
    static char evil[] = "a\x1b[2Jb\xc2\x9b", at_all[] = "x", http[] = "HTTP";
    char *tried[] = { evil };
    struct text out;
    (void)state;
    arena_init(&arena);
    story.order = &order;
    order.account = order.status = evil;
    order.status_at = chapter.at = story.now = instant_at(86400 * 400);
    story.chapters = chapters;
    story.n_chapters = 1;
    chapter.chapter = at_all;
    chapter.text = chapter.who = evil;
    chapter.evidence = proofs;
    chapter.n_evidence = 1;
    proof.looks = looks;
    proof.n_looks = 1;
    look.type = http;
    look.name = look.outcome = look.body = look.found_at = look.server = evil;
    look.hops = hops;
    look.n_hops = 1;
    hop.url = hop.address = evil;
    hop.tried = tried;
    hop.n_tried = 1;
    text_init(&out, &arena);
    why_text(&story, 40, &out);
    assert_null(strchr(out.data, '\x1b'));
    assert_null(strstr(out.data, "\xc2\x9b"));
    for (const char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 1, 40);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_story_is_told_as_it_happened),
        FRESH(programs_read_it_as_json),
        FRESH(a_blocked_key_is_something_to_be_done),
        FRESH(an_order_by_mail_speaks_of_mails),
        FRESH(an_order_says_what_it_waits_for),
        FRESH(everything_open_has_its_advice),
        FRESH(what_logs_say_is_told),
        FRESH(a_blocked_key_of_a_precertificate_is_told),
        cmocka_unit_test(nothing_reaches_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
