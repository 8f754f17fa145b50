/* CAA records of a customer's zone: what is read from them lies within them and says only what stands there. */
#include <assert.h>
#include <string.h>

#include "look/caa_record.h"
#include "look/caa_verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(struct bytes part, struct bytes whole)
{
    return part.size == 0 || (part.data >= whole.data && part.size <= whole.size &&
                              (size_t)(part.data - whole.data) <= whole.size - part.size);
}

static void check_methods(struct bytes list)
{
    struct bytes rest = list, label;

    while (rest.size && caa_method_next(&rest, &label)) {
        assert(lies_within(label, list) && label.size > 0);
        assert(!memchr(label.data, ',', label.size));
    }
}

static void check_issue(struct bytes value)
{
    struct caa_issue issue;

    if (!caa_issue_read(value, &issue))
        return;
    assert(lies_within(issue.issuer, value));
    assert(!issue.has_account_uri || lies_within(issue.account_uri, value));
    assert(!issue.has_methods || lies_within(issue.methods, value));
    assert(!memchr(value.data, '\0', value.size));
    if (issue.issuer.size)
        assert(!memchr(issue.issuer.data, ';', issue.issuer.size));
    if (issue.has_methods)
        check_methods(issue.methods);
}

/* Whoever is let in stands there. */
static void check_verdict(struct bytes rdata, bool wildcard)
{
    static const char *const ours[] = { "ca.example" };
    const struct caa_terms terms = { ours, 1, 7, true };
    struct caa_record r;
    struct caa_verdict v;
    struct arena a;

    arena_init(&a);
    caa_verdict(&a, &rdata, 1, wildcard, &terms, &v);
    assert(v.permitted ? !v.reason : v.reason != NULL);
    assert(caa_record_read(rdata, &r) || !v.permitted);
    if (v.permitted && (caa_record_is(&r, "issue") || (wildcard && caa_record_is(&r, "issuewild"))))
        assert(r.value.size >= strlen(ours[0]));
    for (const char *c = caa_shown(&a, &rdata, 1); *c; c++)
        assert(*c >= ' ' && *c <= '~');
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rdata = { data, size };
    struct caa_record r;

    if (caa_record_read(rdata, &r)) {
        assert(r.tag.size + r.value.size + 2 == size);
        assert(lies_within(r.tag, rdata) && lies_within(r.value, rdata));
        check_issue(r.value);
    }
    check_verdict(rdata, false);
    check_verdict(rdata, true);
    return 0;
}
