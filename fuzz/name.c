/* A DNS name as a client writes it: what is accepted is a host name in one form, under a domain of
 * its own, and reads as itself. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "pki/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct arena *a, const struct name *name)
{
    struct name again;
    struct fault f = { 0 };

    assert(strlen(name->fqdn) <= NAME_LENGTH_MAX && strchr(name->base_domain, '.'));
    assert(name->wildcard == (name->fqdn[0] == '*'));
    assert(strcmp(name->fqdn + (name->wildcard ? 2 : 0), name->host) == 0);
    assert(strspn(name->host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(name->host));
    assert(name_is_within(name->host, name->base_domain));
    assert(name_read(a, name->fqdn, &again, &f, ""));
    assert(strcmp(again.fqdn, name->fqdn) == 0);
    assert(strcmp(again.base_domain, name->base_domain) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct name name;
    struct fault f = { 0 };
    struct arena a;
    char *text;

    arena_init(&a);
    text = malloc(size + 1); /* not the arena's: the sanitizer must see both ends */
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (name_read(&a, text, &name, &f, "x"))
        check_name(&a, &name);
    else
        assert(f.code == FAULT_DNS_NAME && utf8_valid(f.detail, strlen(f.detail)));
    arena_free(&a);
    free(text);
    return 0;
}
