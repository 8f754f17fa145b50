/* A name as a client writes it: what is accepted is a host name in one form, under a domain of its
 * own, and reads as itself; in the private realm also any other host name and an address. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "pki/ip.h"
#include "pki/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct arena *a, enum name_realm realm, const struct name *name)
{
    struct name again;
    struct fault f = { 0 };

    assert(name_read(a, name->fqdn, realm, &again, &f, ""));
    assert(strcmp(again.fqdn, name->fqdn) == 0);
    assert(strcmp(again.base_domain, name->base_domain) == 0);
}

static void check_host(const struct name *name)
{
    assert(strlen(name->fqdn) <= NAME_LENGTH_MAX);
    assert(name->wildcard == (name->fqdn[0] == '*'));
    assert(strcmp(name->fqdn + (name->wildcard ? 2 : 0), name->host) == 0);
    assert(strspn(name->host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(name->host));
    assert(name_is_within(name->host, name->base_domain));
    assert(!name_ends_in_number(name->host, strlen(name->host)));
}

/* What the world may have, a private authority may certify as well, under the same name. */
static void check(struct arena *a, enum name_realm realm, const char *text)
{
    struct name name, other;
    struct ip ip;
    struct fault f = { 0 };

    if (!name_read(a, text, realm, &name, &f, "x")) {
        assert(f.code == FAULT_DNS_NAME && utf8_valid(f.detail, strlen(f.detail)));
        return;
    }
    check_again(a, realm, &name);
    if (realm == NAMES_PRIVATE && ip_read(name.fqdn, &ip)) {
        assert(!ip_not_of_host(&ip));
        return;
    }
    check_host(&name);
    if (realm == NAMES_PRIVATE)
        return;
    assert(strchr(name.base_domain, '.'));
    assert(name_read(a, text, NAMES_PRIVATE, &other, &f, "x"));
    assert(strcmp(other.fqdn, name.fqdn) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    char *text;

    arena_init(&a);
    text = malloc(size + 1); /* not the arena's: the sanitizer must see both ends */
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    check(&a, NAMES_PUBLIC, text);
    check(&a, NAMES_PRIVATE, text);
    arena_free(&a);
    free(text);
    return 0;
}
