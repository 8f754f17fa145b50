#include "api/intake.h"

#include <ctype.h>
#include <string.h>

#include "api/accounts.h"
#include "base/text.h"
#include "ledger/authority.h"
#include "ledger/policy.h"
#include "message/convert.h"
#include "message/field.h"
#include "message/json.h"
#include "pki/csr.h"
#include "pki/name.h"
#include "session.h"

enum { RANDOM_VALUE_LENGTH = 32, ALTERNATIVE_ID_MAX = 64, TEXT_MAX = 1024, DAYS_MAX = 3 * 365 };

/* What the steps share. */
struct examining {
    struct call *call;
    const OrderRequest *in;
    const struct policy *policy;
    struct account_settings account;
    struct instant now;
    struct intake *out;
    OrderIntake *row;
};

static bool refuse(struct examining *e, enum fault_code code, const char *field, const char *text)
{
    return fault_set(&e->call->fault, code, field, "%s", text);
}

static bool listed(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

/* ---- product */

/* order/certificate/ssl finds its product by the hint; several that fit are no product. */
static const Product *product_by_hint(const struct policy *p, const char *hint, bool *several)
{
    const Product *found = NULL;
    for (size_t i = 0; i < p->product_count; i++) {
        if (!listed(p->products[i]->type_hints, p->products[i]->n_type_hints, hint))
            continue;
        *several = found != NULL;
        found = p->products[i];
    }
    return found;
}

static bool product(struct examining *e)
{
    struct intake *out = e->out;
    if (strcmp(e->in->name_id, "ssl") != 0) {
        out->product = policy_product(e->policy, e->in->name_id);
        return out->product || refuse(e, FAULT_NO_PRODUCT, "name_id", "there is no such product");
    }
    bool several = false;
    if (!e->in->product || !e->in->product->type_hint)
        return refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                      "is needed to choose a product");
    out->product = product_by_hint(e->policy, e->in->product->type_hint, &several);
    if (several || !out->product)
        return refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                      "does not choose one product");
    return true;
}

/* ---- how long */

/* The deprecated forms at the root mean the same; an empty date is no date. */
static Validity validity_asked(const OrderRequest *in, const char **field)
{
    Validity v = VALIDITY__INIT;
    *field = "order_validity";
    if (in->order_validity)
        v = *in->order_validity;
    else {
        v.has_years = in->has_validity_years;
        v.years = in->validity_years;
        v.has_days = in->has_validity_days;
        v.days = in->validity_days;
        v.custom_expiration_date = in->custom_expiration_date;
    }
    if (v.custom_expiration_date && !*v.custom_expiration_date)
        v.custom_expiration_date = NULL;
    return v;
}

static bool date_read(struct examining *e, const char *text, const char *field, struct instant *out)
{
    if (!instant_read(text, out))
        return refuse(e, FAULT_VALIDITY, field, "is not a date such as 2026-10-15");
    return instant_before(e->now, *out) || refuse(e, FAULT_VALIDITY, field, "lies in the past");
}

static bool years_allowed(const Product *p, uint32_t years)
{
    for (size_t i = 0; i < p->n_allowed_order_validity_years; i++)
        if (p->allowed_order_validity_years[i] == years)
            return true;
    return false;
}

/* Exactly one of years, days and date; `till` is its end. */
static bool validity_end(struct examining *e, const Validity *v, const char *field,
                         struct instant *till)
{
    if (v->has_years + v->has_days + (v->custom_expiration_date != NULL) != 1)
        return refuse(e, FAULT_VALIDITY, field,
                      "takes exactly one of years, days and custom_expiration_date");
    if (v->has_years && !years_allowed(e->out->product, v->years))
        return fault_set(&e->call->fault, FAULT_VALIDITY, field,
                         "%u years are not offered for this product", v->years);
    if (v->has_days && (v->days < 1 || v->days > DAYS_MAX))
        return fault_set(&e->call->fault, FAULT_VALIDITY, field, "days must be from 1 to %d",
                         DAYS_MAX);
    if (v->custom_expiration_date) {
        if (!date_read(e, v->custom_expiration_date, field, till))
            return false;
        return instant_before(*till, instant_add(e->now, days(DAYS_MAX + 1))) ||
               refuse(e, FAULT_VALIDITY, field, "lies more than three years ahead");
    }
    *till = instant_add(e->now, days(v->has_years ? (int64_t)v->years * 365 : v->days));
    return true;
}

static bool validity(struct examining *e)
{
    const char *field;
    struct instant till = { 0 };
    Validity v = validity_asked(e->in, &field);
    if (!v.has_years && !v.has_days && !v.custom_expiration_date)
        return refuse(e, FAULT_REQUIRED, field, "is required");
    if (!validity_end(e, &v, field, &till))
        return false;
    e->row->valid_till = instant_message(&e->call->arena, till);
    const Validity *first = e->in->certificate->cert_validity;
    if (!first)
        return true;
    if (!validity_end(e, first, "certificate.cert_validity", &till))
        return false;
    e->row->cert_not_after = instant_message(&e->call->arena, till);
    return true;
}

/* ---- names and where they are proved */

static DcvScope__Value scope_of(const struct examining *e)
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

static void names_store(struct examining *e, const struct name_list *names)
{
    struct arena *a = &e->call->arena;
    bool at_base = scope_of(e) == DCV_SCOPE__VALUE__BASE_DOMAIN;
    e->row->names = arena_array(a, OrderName *, names->count);
    for (size_t i = 0; i < names->count; i++) {
        const struct name *n = &names->names[i];
        OrderName *row = arena_new(a, OrderName);
        order_name__init(row);
        row->position = (int32_t)i;
        row->fqdn = arena_strdup(a, n->fqdn);
        row->domain = arena_strdup(a, at_base ? n->base_domain : highest(names, n));
        row->account_id = e->call->actor.account_id;
        e->row->names[e->row->n_names++] = row;
    }
    e->row->common_name = e->row->names[0]->fqdn;
    e->row->dcv_scope = scope_of(e);
}

static bool names(struct examining *e)
{
    const CertificateRequest *c = e->in->certificate;
    const Product *p = e->out->product;
    struct name_list list;
    if (!name_list_read(&e->call->arena, c->common_name, (const char *const *)c->dns_names,
                        c->n_dns_names, &list, &e->call->fault))
        return false;
    if (list.count > p->max_names)
        return fault_set(&e->call->fault, FAULT_DNS_NAME, "certificate.dns_names",
                         "%zu names: this product takes %u", list.count, p->max_names);
    for (size_t i = 0; i < list.count; i++)
        if (list.names[i].wildcard && !p->wildcard_allowed)
            return refuse(e, FAULT_DNS_NAME,
                          i ? "certificate.dns_names" : "certificate.common_name",
                          "is a wildcard, which this product does not take");
    if (p->wildcard_required && !list.names[0].wildcard)
        return refuse(e, FAULT_DNS_NAME, "certificate.common_name",
                      "must be a wildcard for this product");
    names_store(e, &list);
    return true;
}

/* ---- key, hash, authority */

static bool csr(struct examining *e)
{
    struct csr csr;
    OrderIntake *row = e->row;
    struct arena *a = &e->call->arena;
    if (!csr_read_text(a, e->in->certificate->csr, &csr, &e->call->fault))
        return false;
    row->csr = bytes_message(a, csr.der);
    row->csr_sha256 = (ProtobufCBinaryData){ SHA256_SIZE, arena_copy(a, csr.sha256, SHA256_SIZE) };
    row->key_type = arena_strdup(a, key_type_name(csr.key.type));
    row->key_size = csr.key.bits;
    return true;
}

static bool hash(struct examining *e)
{
    static const char *const texts[] = { NULL, "sha256", "sha384", "sha512" };
    const Product *p = e->out->product;
    const char *asked = e->in->certificate->has_signature_hash
                            ? texts[e->in->certificate->signature_hash]
                            : p->allowed_hashes[0];
    if (!listed(p->allowed_hashes, p->n_allowed_hashes, asked))
        return refuse(e, FAULT_SIGNATURE_HASH, "certificate.signature_hash",
                      "is not offered for this product");
    e->row->signature_hash = arena_strdup(&e->call->arena, asked);
    return true;
}

static bool authority(struct examining *e)
{
    const Product *p = e->out->product;
    const char *asked = e->in->certificate->ca_cert_id;
    const Authority *ca =
        asked && *asked ? authority_find(asked) : authority_find_label(p->default_authority);
    if (!ca && !(asked && *asked))
        return refuse(e, FAULT_UNAVAILABLE, NULL,
                      "the product's authority does not exist: hold the ceremony");
    if (!ca || !listed(p->authorities, p->n_authorities, ca->key_label))
        return refuse(e, FAULT_CA_CERT, "certificate.ca_cert_id",
                      "is no authority of this product");
    e->row->ca_id = ca->id;
    return true;
}

/* B15: what public TLS certificates must not carry. */
static bool profile_option(struct examining *e)
{
    static const struct {
        const char *option;
        enum fault_code code;
    } refused[] = {
        { "basic_constraints_critical_true", FAULT_PROFILE_OPTION },
        { "data_encipherment", FAULT_PROFILE_OPTION_FORBIDDEN },
        { "non_repudiation", FAULT_PROFILE_OPTION_FORBIDDEN },
        { "non_repudiation_and_data_enciph", FAULT_PROFILE_OPTION_FORBIDDEN },
    };
    const char *option = e->in->certificate->profile_option;
    if (!option || !*option)
        return true;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strcmp(refused[i].option, option) == 0)
            return refuse(e, refused[i].code, "certificate.profile_option",
                          "is not allowed in public TLS certificates");
    return refuse(e, FAULT_PROFILE_OPTION, "certificate.profile_option", "is not known");
}

/* ---- domain control */

static bool dcv(struct examining *e)
{
    const Product *p = e->out->product;
    const ProtobufCEnumDescriptor *type = &dcv_method__value__descriptor;
    int method = 0;
    if (e->in->has_dcv_method)
        method = (int)e->in->dcv_method;
    else if (!enum_read(type, p->default_dcv_method, &method))
        return refuse(e, FAULT_INTERNAL, "default_dcv_method",
                      "the product names an unknown method");
    const char *text = enum_text(&e->call->arena, type, method);
    if (!listed(p->dcv_methods, p->n_dcv_methods, text))
        return refuse(e, FAULT_DCV_METHOD, "dcv_method", "is not offered for this product");
    char *value = arena_alloc(&e->call->arena, RANDOM_VALUE_LENGTH + 1);
    random_text(value, RANDOM_VALUE_LENGTH);
    e->row->dcv_method = (DcvMethod__Value)method;
    e->row->random_value = value;
    e->out->auth_key = p->auth_key_only || (e->in->has_use_auth_key && e->in->use_auth_key);
    return true;
}

/* ---- the rest */

static bool texts(struct examining *e)
{
    const char *id = e->in->alternative_order_id;
    for (const char *c = id; c && *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_. ", *c))
            return refuse(e, FAULT_INVALID, "alternative_order_id",
                          "takes letters, digits, '-', '_', '.' and spaces");
    if (id && strlen(id) > ALTERNATIVE_ID_MAX)
        return refuse(e, FAULT_INVALID, "alternative_order_id", "is longer than 64 characters");
    if (e->in->comments && strlen(e->in->comments) > TEXT_MAX)
        return refuse(e, FAULT_INVALID, "comments", "is longer than 1024 characters");
    e->row->alternative_order_id = id && *id ? e->in->alternative_order_id : NULL;
    e->row->comments = e->in->comments;
    return true;
}

static void options(struct examining *e)
{
    const OrderRequest *in = e->in;
    OrderOptions o = ORDER_OPTIONS__INIT;
    const char *field;
    Validity v = validity_asked(in, &field);
    o.order_validity = &v;
    o.cert_validity = in->certificate->cert_validity;
    o.technical_contact = in->technical_contact;
    o.additional_emails = in->additional_emails;
    o.n_additional_emails = in->n_additional_emails;
    o.custom_renewal_message = in->custom_renewal_message;
    o.payment_method = in->payment_method;
    o.locale = in->locale;
#define COPY(member) o.has_##member = in->has_##member, o.member = in->member
    COPY(disable_renewal_notifications);
    COPY(disable_issuance_email);
    COPY(disable_ct);
    COPY(auto_renew);
    COPY(auto_reissue);
    COPY(renewal_of_order_id);
#undef COPY
    if (in->certificate->server_platform) {
        o.has_server_platform_id = in->certificate->server_platform->has_id;
        o.server_platform_id = in->certificate->server_platform->id;
    }
    struct text json;
    text_init(&json, &e->call->arena);
    message_to_json(&o.base, &json);
    e->row->options = json.data;
}

/* B4: one step of approval by an administrator; who may approve asks for none. */
static void approval(struct examining *e)
{
    bool approved = session_may(e->call, "request:approve");
    e->row->status = approved ? "pending" : "needs_approval";
    e->row->request_status = approved ? "approved" : "pending";
}

static bool account(struct examining *e)
{
    if (!account_settings(e->call->actor.account_id, &e->account, &e->call->fault))
        return false;
    int64_t asked = e->in->container && e->in->container->has_id ? e->in->container->id
                                                                 : e->account.container_id;
    if (asked != e->account.container_id)
        return refuse(e, FAULT_INVALID, "container.id", "is no division of this account");
    e->row->has_container_id = true;
    e->row->container_id = asked;
    return true;
}

static void actor(struct examining *e)
{
    const struct call *call = e->call;
    OrderIntake *row = e->row;
    row->account_id = call->actor.account_id;
    row->user_id = call->actor.user_id;
    row->has_api_key_id = call->actor.api_key_id != 0;
    row->api_key_id = call->actor.api_key_id;
    row->source = arena_strdup(&e->call->arena, call->actor.source);
    row->ip = arena_strdup(&e->call->arena, call->actor.ip);
    row->traceparent = arena_strdup(&e->call->arena, call->traceparent);
    row->rule_scope = e->out->product->rule_scope;
    row->product_name_id = e->out->product->name_id;
}

bool intake_examine(struct call *call, const OrderRequest *in, struct intake *out)
{
    struct examining e = { .call = call, .in = in, .now = clock_now(), .out = out };
    e.row = out->row = arena_new(&call->arena, OrderIntake);
    order_intake__init(e.row);
    if (!policy_now(&e.policy, &call->fault) || !account(&e) || !product(&e) || !validity(&e) ||
        !names(&e) || !hash(&e) || !profile_option(&e) || !dcv(&e) || !texts(&e) ||
        !authority(&e) || !csr(&e))
        return false;
    options(&e);
    approval(&e);
    actor(&e);
    return true;
}
