/* Whom a new order asks by mail: how many wishes there may be, and that each address is asked once. */
#include "api/placed_test.h"

#include "api/email_choice.h"

enum { NAMES = 3, LOCAL_PARTS = 5, MOST = NAMES * LOCAL_PARTS };

static char zone[] = "example.com", www[] = "www.example.com", ftp[] = "ftp.example.com";
static char at_zone[] = "admin@example.com", loud[] = "ADMIN@Example.COM",
            at_www[] = "webmaster@www.example.com";

/* The wishes of one order, and the addresses that come of them. */
static const struct {
    struct {
        char *name, *domain, *address;
    } wishes[3];
    const char *rows;
} orders[] = {
    { { { www, NULL, at_zone } }, "admin@example.com " },
    { { { www, NULL, at_zone }, { www, NULL, loud } }, "admin@example.com " },
    { { { www, NULL, at_zone }, { ftp, NULL, at_zone } }, "admin@example.com " },
    { { { www, NULL, at_www }, { ftp, NULL, at_zone } },
      "webmaster@www.example.com admin@example.com " },
    { { { www, zone, NULL }, { ftp, zone, NULL }, { zone, NULL, at_zone } },
      "admin@example.com administrator@example.com hostmaster@example.com postmaster@example.com "
      "webmaster@example.com " },
    { { { ftp, zone, at_zone }, { www, zone, NULL } },
      "admin@example.com administrator@example.com hostmaster@example.com postmaster@example.com "
      "webmaster@example.com " },
};

static OrderIntake *names_of(struct call *call)
{
    static char *const fqdns[NAMES] = { zone, www, ftp };
    OrderIntake *row = arena_new(&call->arena, OrderIntake);
    order_intake__init(row);
    row->names = arena_array(&call->arena, OrderName *, NAMES);
    for (int i = 0; i < NAMES; i++) {
        OrderName *n = row->names[row->n_names++] = arena_new(&call->arena, OrderName);
        order_name__init(n);
        n->position = i;
        n->fqdn = fqdns[i];
        n->domain = zone;
    }
    return row;
}

static void wish_add(struct call *call, OrderRequest *in, char *name, char *domain, char *address)
{
    DcvEmail *e = arena_new(&call->arena, DcvEmail);
    dcv_email__init(e);
    e->dns_name = name;
    e->email_domain = domain;
    e->email = address;
    in->dcv_emails[in->n_dcv_emails++] = e;
}

static void each_address_is_asked_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct call call = { .actor.account_id = ACCOUNT };
        OrderRequest in = ORDER_REQUEST__INIT;
        struct text rows;
        arena_init(&call.arena);
        OrderIntake *row = names_of(&call);
        in.dcv_emails = arena_array(&call.arena, DcvEmail *, NAMES);
        for (size_t j = 0; j < 3 && orders[i].wishes[j].name; j++)
            wish_add(&call, &in, orders[i].wishes[j].name, orders[i].wishes[j].domain,
                     orders[i].wishes[j].address);
        if (!email_choices_take(&call, &in, "TLS", row))
            fail_msg("%s: %s", call.fault.field, call.fault.detail);
        text_init(&rows, &call.arena);
        for (size_t j = 0; j < row->n_emails; j++)
            text_format(&rows, "%s ", row->emails[j]->address);
        assert_string_equal(rows.data, orders[i].rows);
        arena_free(&call.arena);
    }
}

/* Five for each name is what there can be; one more is refused, whatever it says. */
static void there_are_no_more_wishes_than_addresses(void **state)
{
    (void)state;
    for (size_t count = MOST; count <= MOST + 1; count++) {
        struct call call = { .actor.account_id = ACCOUNT };
        OrderRequest in = ORDER_REQUEST__INIT;
        arena_init(&call.arena);
        OrderIntake *row = names_of(&call);
        in.dcv_emails = arena_array(&call.arena, DcvEmail *, count);
        while (in.n_dcv_emails < count)
            wish_add(&call, &in, www, NULL, at_zone);
        assert_int_equal(email_choices_take(&call, &in, "TLS", row), count == MOST);
        assert_int_equal(row->n_emails, count == MOST);
        assert_string_equal(call.fault.field, count == MOST ? "" : "dcv_emails");
        assert_int_equal(call.fault.code, count == MOST ? FAULT_NONE : FAULT_INVALID);
        arena_free(&call.arena);
    }
}

/* No row: no notifier has said anything yet, and a mail that waits for one is a promise that can be kept. */
static void without_a_relay_nobody_is_asked(void **state)
{
    static const struct {
        const char *said;
        bool taken;
    } relays[] = { { "DELETE FROM mail_relay", true },
                   { "INSERT INTO mail_relay VALUES (true, false, '2026-01-01')", false },
                   { "UPDATE mail_relay SET is_there = true", true } };
    (void)state;
    for (size_t i = 0; i < sizeof relays / sizeof *relays; i++) {
        struct call call = { .actor.account_id = ACCOUNT };
        OrderRequest in = ORDER_REQUEST__INIT;
        arena_init(&call.arena);
        run_sql(relays[i].said);
        assert_int_equal(email_choices_take(&call, &in, "TLS", names_of(&call)), relays[i].taken);
        assert_int_equal(call.fault.code, relays[i].taken ? FAULT_NONE : FAULT_DCV_METHOD);
        if (!relays[i].taken)
            assert_non_null(strstr(call.fault.detail, "this CA sends no mails"));
        arena_free(&call.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_is_asked_once),
        cmocka_unit_test(there_are_no_more_wishes_than_addresses),
        cmocka_unit_test(without_a_relay_nobody_is_asked),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
