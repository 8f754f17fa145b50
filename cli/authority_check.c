/* chancery authority check: is there an authority that the public would have to trust under a name, or at
 * addresses, that cannot be meant in earnest? Nothing of it can be mended but by another authority. */
#include <string.h>

#include "certificate.pb-c.h"
#include "commands.h"
#include "ledger/authority.sql.h"
#include "listing.h"
#include "message/convert.h"
#include "pki/addresses.h"
#include "pki/dn.h"
#include "pki/example.h"

#define DN_COUNTRY DER_BYTES("\x55\x04\x06")

static void finding(struct table *t, const Authority *y, const char *what)
{
    TABLE_ROW(t, y->id, y->name, what);
}

static void names_check(struct table *t, const Authority *y, const struct certificate *c)
{
    const char *organization = dn_find(t->arena, c->subject, DN_ORGANIZATION);
    const char *country = dn_find(t->arena, c->subject, DN_COUNTRY);
    if (!organization || !country)
        finding(t, y, "its subject has no organization or no country (TLS BR 7.1.2.10.2)");
    if (y->demonstration)
        finding(t, y, arena_format(t->arena, "is a demonstration: \"%s\"", organization));
    if (country && strcmp(country, "XX") == 0)
        finding(t, y, "its country is XX, which is none");
}

static void addresses_check(struct table *t, const Authority *y, const struct certificate *c)
{
    struct addresses all;
    certificate_addresses(t->arena, c, &all);
    for (size_t i = 0; i < all.count; i++)
        if (url_is_example(all.urls[i]))
            finding(
                t, y,
                arena_format(t->arena, "%s: the host is one for examples (RFC 2606)", all.urls[i]));
}

static void authority_check(struct table *t, const Authority *y)
{
    struct certificate c;
    struct fault why = { 0 };
    if (!certificate_read(bytes_value(y->der), &c, &why, "its certificate")) {
        finding(t, y, "its certificate cannot be read");
        return;
    }
    names_check(t, y, &c);
    addresses_check(t, y, &c);
}

bool authority_check_command(struct command_run *r, struct fault *f)
{
    Nothing none = NOTHING__INIT;
    struct table table;
    struct rows rows;
    if (!command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_authority_all, &none.base, &rows, f))
        return false;
    table_init(&table, &r->arena, 3);
    TABLE_ROW(&table, "ID", "NAME", "FOUND");
    for (size_t i = 0; i < rows.count; i++) {
        const Authority *y = (const Authority *)rows.items[i];
        if (y->public_)
            authority_check(&table, y);
    }
    listing_print(r, &table,
                  rows.count ? "nothing found"
                             : "no authority: hold the ceremony (chancery-issuer ceremony)",
                  0);
    r->status = table_rows(&table) > 0;
    return true;
}
