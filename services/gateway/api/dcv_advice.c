#include "api/dcv_advice.h"

#include <string.h>

#include "api/text_rules.h"
#include "gateway.h"
#include "message/field.h"
#include "pki/dcv_method.h"

/* What customers are told. What the method is, dcv_methods.def says. */
struct dcv_advice {
    DcvMethod__Value id;
    bool check_fails;
    enum fault_code missing;
    char *(*fix)(struct arena *a, const char *domain, const char *value);
};

/* ---- what to do */

static char *fix_txt(struct arena *a, const char *domain, const char *value)
{
    return arena_format(a, "Publish a TXT record at %s or _dnsauth.%s that contains %s", domain,
                        domain, value);
}

static char *fix_cname(struct arena *a, const char *domain, const char *value)
{
    return arena_format(a, "Publish a CNAME record at _dnsauth.%s that points to %s.%s", domain,
                        value, gateway.dcv_cname_target);
}

static char *fix_file(struct arena *a, const char *domain, const char *value)
{
    return arena_format(a,
                        "Put a file at http://%s/.well-known/pki-validation/fileauth.txt that "
                        "contains %s",
                        domain, value);
}

// clang-format off
static const struct dcv_advice methods[] = {
    { DCV_METHOD__VALUE__DNS_TXT_TOKEN,      false, FAULT_DNS_TXT,    fix_txt },
    { DCV_METHOD__VALUE__DNS_CNAME_TOKEN,    false, FAULT_DNS_TXT,    fix_cname },
    { DCV_METHOD__VALUE__HTTP_TOKEN,         true,  FAULT_FILE_VALUE, fix_file },
    { DCV_METHOD__VALUE__HTTP_TOKEN_DYNAMIC, true,  FAULT_FILE_VALUE, fix_file },
};
// clang-format on

/* By a method that is not in the table a name is proved as by the first. */
static const struct dcv_advice *find(DcvMethod__Value method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].id == method)
            return &methods[i];
    return &methods[0];
}

/* At the very name; what is found there serves no wildcard. */
static bool is_exact(DcvMethod__Value method)
{
    const struct dcv_method *m = dcv_method(method);

    return m && m->exact;
}

/* ---- what is asked */

bool dcv_advice_offered(struct call *call, const Product *p, DcvMethod__Value method)
{
    const char *text = enum_text(&call->arena, &dcv_method__value__descriptor, (int)method);
    for (size_t i = 0; p && i < p->n_dcv_methods; i++)
        if (strcmp(p->dcv_methods[i], text) == 0)
            return true;
    return fault_set(&call->fault, FAULT_DCV_METHOD, "dcv_method",
                     "%s is not offered for this product, which takes %s", text,
                     p ? texts_listed(&call->arena, p->dcv_methods, p->n_dcv_methods) : "none");
}

bool dcv_advice_permitted(struct call *call, const struct policy *policy, const Product *p,
                          DcvMethod__Value method, struct instant then)
{
    const struct dcv_method *m = dcv_method(method);
    return !m ||
           !policy_forbids(policy, p->rule_scope,
                           arena_format(&call->arena, "dcv.method.%s", m->section), then) ||
           fault_set(&call->fault, FAULT_DCV_METHOD, "dcv_method",
                     "may not be used any more: choose another");
}

bool dcv_advice_takes(struct call *call, DcvMethod__Value method, const char *wildcard)
{
    const char *text = enum_text(&call->arena, &dcv_method__value__descriptor, (int)method);
    return !wildcard || !is_exact(method) ||
           fault_set(&call->fault, FAULT_DCV_METHOD, "dcv_method",
                     "%s cannot prove the wildcard %.80s: choose another method", text, wildcard);
}

const char *dcv_advice_place(DcvMethod__Value method, const OrderName *name)
{
    return is_exact(method) ? name->fqdn : name->domain;
}

enum fault_code dcv_advice_missing(DcvMethod__Value method)
{
    return find(method)->missing;
}

bool dcv_advice_check_fails(DcvMethod__Value method)
{
    return find(method)->check_fails;
}

char *dcv_advice_fix(struct arena *a, DcvMethod__Value method, const char *domain,
                     const char *value)
{
    return find(method)->fix(a, domain,
                             value ? value : "the order's random value (PUT dcv-random-value)");
}
