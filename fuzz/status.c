/* A CRL or an OCSP response, whole or as what is signed of it: what is read lies inside it and is what DER
 * says; every check of them comes to an end, and says the same when it is asked again. */
#include <assert.h>
#include <string.h>

#include "services/issuer/lints/status_lint.h"
#include "services/issuer/lints/status_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes part, struct bytes whole)
{
    assert(part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

static void check_serial(struct bytes serial, struct bytes whole)
{
    check_inside(serial, whole);
    assert(serial.size > 0);
    assert(serial.size == 1 || serial.data[0] != 0 || serial.data[1] & 0x80);
}

static void check_extensions(const struct status_extensions *all, struct bytes whole)
{
    struct der walk = all->list;
    struct status_extension one, found;

    while (all->present && status_extension_next(&walk, &one)) {
        check_inside(one.oid, whole);
        check_inside(one.value, whole);
        assert(status_extension_find(all, one.oid, &found));
    }
    assert(!all->present || der_done(&walk));
}

static void check_entries(const struct crl *crl, struct bytes tbs)
{
    struct der walk = crl->entries;
    struct crl_entry entry;

    while (crl->has_entries && crl_next(&walk, &entry)) {
        check_serial(entry.serial, tbs);
        check_extensions(&entry.extensions, tbs);
    }
    assert(!crl->has_entries || der_done(&walk));
}

static void count(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    size_t *told = data;

    assert(lint->name && !advice);
    told[why ? 1 : 0]++;
    assert(!why || why[0]);
}

static void check_lints(enum status_kind kind, struct bytes der, struct bytes crl)
{
    static const struct status_rule rules[] = {
        { "crl.life.max", { 1000000 }, 'M' },  { "crl.idp", { 0 }, 'M' },
        { "ocsp.life.max", { 1000000 }, 'M' }, { "ocsp.life.min", { 1000000 }, 'M' },
        { "revocation.reason", { 0 }, 'M' },   { "revocation.reason.6", { 0 }, 'X' }
    };
    const struct status_issuer issuer = { .key_id = der };
    struct status_input in = { .kind = kind,
                               .der = der,
                               .algorithm = der,
                               .issuer = &issuer,
                               .rules = rules,
                               .rule_count = 6,
                               .url = "http://a/",
                               .serial = der,
                               .crl = crl };
    size_t told[2] = { 0 }, again[2] = { 0 };
    struct fault f = { 0 };

    if (!status_each(&in, count, told, &f))
        return;
    assert(status_each(&in, count, again, &f));
    assert(told[0] == again[0] && told[1] == again[1] && told[0] + told[1] > 0);
}

static void check_crl(struct bytes tbs)
{
    struct fault f = { 0 };
    struct crl crl;

    if (!crl_read(tbs, &crl, &f)) {
        assert(f.code == FAULT_INTERNAL && f.detail[0]);
        return;
    }
    check_inside(crl.algorithm, tbs);
    check_inside(crl.issuer, tbs);
    check_entries(&crl, tbs);
    check_extensions(&crl.extensions, tbs);
    check_lints(STATUS_CRL_LEAF, tbs, tbs);
    check_lints(STATUS_CRL_CA, tbs, tbs);
}

static void check_ocsp(struct bytes data)
{
    struct fault f = { 0 };
    struct ocsp ocsp;

    if (!ocsp_read(data, &ocsp, &f)) {
        assert(f.code == FAULT_INTERNAL && f.detail[0]);
        return;
    }
    check_inside(ocsp.by_name, data);
    check_inside(ocsp.by_key, data);
    check_extensions(&ocsp.extensions, data);
    if (ocsp.count > 0) {
        check_serial(ocsp.single.serial, data);
        check_extensions(&ocsp.single.extensions, data);
        assert(!ocsp.single.has_reason || ocsp.single.reason.size == 1);
    }
    check_lints(STATUS_OCSP_LEAF, data, (struct bytes){ NULL, 0 });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes der = { data, size };
    struct crl_parts crl;
    struct ocsp_parts ocsp;
    struct fault f = { 0 };

    check_crl(crl_split(der, &crl, &f) ? crl.tbs : der);
    check_ocsp(ocsp_split(der, &ocsp, &f) ? ocsp.data : der);
    return 0;
}
