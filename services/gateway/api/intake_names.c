/* The names, and where control over them is proved. */
#include "api/examination.h"

#include <string.h>

#include "pki/ip.h"
#include "pki/name.h"

static DcvScope__Value scope_of(const struct examination *e)
{
    return e->in->has_certificate_dcv_scope ? e->in->certificate_dcv_scope : e->account.dcv_scope;
}

/* FQDN scope: the highest name of the order that the name lies within (C3). */
static const char *highest(const struct name_list *names, const struct name *of)
{
    const char *best = of->host;
    for (size_t i = 0; i < names->count; i++) {
        const char *host = names->names[i].host;
        if (strlen(host) < strlen(best) && name_is_within(of->host, host))
            best = host;
    }
    return best;
}

/* Which GeneralName it becomes; addresses are read only where the product takes them. */
static const char *kind_of(const struct name *n)
{
    return ip_read(n->fqdn, &(struct ip){ 0 }) ? "ip" : "dns";
}

static void names_store(struct examination *e, const struct name_list *names)
{
    struct arena *a = &e->call->arena;
    bool at_base = scope_of(e) == DCV_SCOPE__VALUE__BASE_DOMAIN;
    e->row->names = arena_array(a, OrderName *, names->count);
    for (size_t i = 0; i < names->count; i++) {
        const struct name *n = &names->names[i];
        OrderName *row = arena_new(a, OrderName);
        order_name__init(row);
        row->position = (int32_t)i;
        row->kind = arena_strdup(a, kind_of(n));
        row->fqdn = arena_strdup(a, n->fqdn);
        row->domain = arena_strdup(a, at_base ? n->base_domain : highest(names, n));
        e->row->names[e->row->n_names++] = row;
    }
    e->row->dcv_scope = scope_of(e);
}

bool intake_names(struct examination *e)
{
    const CertificateRequest *c = e->in->certificate;
    const Product *p = e->out->product;
    struct name_list list;
    if (!name_list_read(&e->call->arena, p->private_names ? NAMES_PRIVATE : NAMES_PUBLIC,
                        c->common_name, (const char *const *)c->dns_names, c->n_dns_names, &list,
                        &e->call->fault))
        return false;
    if (list.count > p->max_names)
        return fault_set(&e->call->fault, FAULT_DNS_NAME, "certificate.dns_names",
                         "%zu names: this product takes %u", list.count, p->max_names);
    for (size_t i = 0; i < list.count; i++)
        if (list.names[i].wildcard && !p->wildcard_allowed)
            return examination_refuse(e, FAULT_DNS_NAME,
                                      i ? "certificate.dns_names" : "certificate.common_name",
                                      "is a wildcard, which this product does not take");
    if (p->wildcard_required && !list.names[0].wildcard)
        return examination_refuse(e, FAULT_DNS_NAME, "certificate.common_name",
                                  "must be a wildcard for this product");
    names_store(e, &list);
    return true;
}
