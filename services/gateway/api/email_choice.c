#include "api/email_choice.h"

#include <string.h>

#include "api/emails.h"
#include "message/convert.h"
#include "pki/name.h"

enum { LOCALE_MAX = 35 };

/* BR 3.2.2.4.4. The database has the same list: table email_local_part. */
static const char *const local_parts[] = { "admin", "administrator", "hostmaster", "postmaster",
                                           "webmaster" };
enum { LOCAL_PARTS = sizeof local_parts / sizeof *local_parts };

static bool given(const char *text)
{
    return text && *text;
}

/* ---- one wish */

static OrderName *name_find(const struct name *n, OrderName *const *names, size_t count,
                            bool placed)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i]->fqdn, n->fqdn) == 0)
            return names[i];
    for (size_t i = 0; placed && i < count; i++)
        if (strcmp(names[i]->domain, n->fqdn) == 0)
            return names[i];
    return NULL;
}

/* `below`: what must lie within the domain that is chosen. */
static bool domain_read(struct call *call, const char *text, const struct name *name,
                        const char *below, const char *field, const char **out)
{
    struct name domain;
    if (!name_read(&call->arena, text, NAMES_PUBLIC, &domain, &call->fault, field))
        return false;
    *out = domain.fqdn;
    return (!domain.wildcard && name_is_within(below, domain.fqdn) &&
            name_is_within(domain.fqdn, name->base_domain)) ||
           fault_set(&call->fault, FAULT_INVALID, field, "must be %s or a parent of it within %s",
                     below, name->base_domain);
}

static const char *local_part(const char *text, size_t length)
{
    for (int i = 0; i < LOCAL_PARTS; i++)
        if (strlen(local_parts[i]) == length && strncasecmp(local_parts[i], text, length) == 0)
            return local_parts[i];
    return NULL;
}

static bool address_read(struct call *call, const char *text, const struct email_members *members,
                         struct email_choice *out)
{
    struct name domain;
    const char *at = strrchr(text, '@');
    const char *local = at ? local_part(text, (size_t)(at - text)) : NULL;
    if (!local)
        return fault_set(&call->fault, FAULT_INVALID, members->address,
                         "must be admin, administrator, hostmaster, postmaster or webmaster at %s",
                         out->domain);
    if (!name_read(&call->arena, at + 1, NAMES_PUBLIC, &domain, &call->fault, members->address))
        return false;
    out->address = arena_format(&call->arena, "%s@%s", local, out->domain);
    return strcmp(domain.fqdn, out->domain) == 0 ||
           fault_set(&call->fault, FAULT_INVALID, members->address, "is not at %s", out->domain);
}

/* Without a domain of its own a wish is about that of its address, else about the usual one. */
static bool wish_domain(struct call *call, const struct email_wish *wish,
                        const struct email_members *members, const struct name *name,
                        const char *below, struct email_choice *out)
{
    const char *at = given(wish->address) ? strrchr(wish->address, '@') : NULL;
    out->domain = out->name->domain;
    if (given(wish->domain))
        return domain_read(call, wish->domain, name, below, members->domain, &out->domain);
    return !at || !at[1] || domain_read(call, at + 1, name, below, members->address, &out->domain);
}

static OrderName *wish_name(struct call *call, const char *text, const char *field,
                            OrderName *const *names, size_t count, bool placed, struct name *name)
{
    OrderName *found = NULL;
    if (!given(text))
        fault_set(&call->fault, FAULT_REQUIRED, field, "is required");
    else if (name_read(&call->arena, text, NAMES_PUBLIC, name, &call->fault, field) &&
             !(found = name_find(name, names, count, placed)))
        fault_set(&call->fault, FAULT_INVALID, field, "is no name of the order");
    return found;
}

bool email_choice_read(struct call *call, const struct email_wish *wish,
                       const struct email_members *members, OrderName *const *names, size_t count,
                       bool placed, struct email_choice *out)
{
    struct name name = { 0 };
    *out = (struct email_choice){ 0 };
    out->name = wish_name(call, wish->name, members->name, names, count, placed, &name);
    if (!out->name)
        return false;
    const char *below = placed ? out->name->domain : name.host;
    return wish_domain(call, wish, members, &name, below, out) &&
           (!given(wish->address) || address_read(call, wish->address, members, out));
}

bool email_wishes_counted(struct call *call, size_t wishes, size_t names, const char *field)
{
    return wishes <= names * LOCAL_PARTS ||
           fault_set(&call->fault, FAULT_INVALID, field,
                     "has %zu entries: for %zu names there are %zu addresses at the most", wishes,
                     names, names * LOCAL_PARTS);
}

/* ---- those of a new order */

/* Where names are proved, and which addresses of it are asked already: a bit for each of local_parts. */
struct email_domain {
    const char *name;
    unsigned asked;
};

struct email_intake {
    struct call *call;
    OrderIntake *row;
    char *locale;
    bool *chosen; /* names about whose domain there was a wish, by position */
    struct email_domain *domains;
    size_t count;
};

static void row_add(struct email_intake *in, const char *domain, const char *local)
{
    struct call *call = in->call;
    struct arena *a = &call->arena;
    EmailChoice *e = arena_new(a, EmailChoice);
    email_choice__init(e);
    e->domain = arena_strdup(a, domain);
    e->address = arena_format(a, "%s@%s", local, domain);
    e->locale = in->locale && strlen(in->locale) <= LOCALE_MAX ? in->locale : NULL;
    in->row->emails[in->row->n_emails++] = e;
}

static struct email_domain *domain_of(struct email_intake *in, const char *name)
{
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->domains[i].name, name) == 0)
            return &in->domains[i];
    in->domains[in->count] = (struct email_domain){ .name = name };
    return &in->domains[in->count++];
}

/* Each address once, however often and for however many names it is asked for. */
static void choice_add(struct email_intake *in, const struct email_choice *c)
{
    struct email_domain *domain = domain_of(in, c->domain);
    size_t length = c->address ? (size_t)(strrchr(c->address, '@') - c->address) : 0;
    for (int i = 0; i < LOCAL_PARTS; i++) {
        bool wanted = !c->address || local_part(c->address, length) == local_parts[i];
        if (wanted && !(domain->asked & 1U << i))
            row_add(in, c->domain, local_parts[i]);
        domain->asked |= wanted ? 1U << i : 0;
    }
}

/* One wish of a new order. The name is proved where the first wish about it says. */
static bool choice_take(struct email_intake *in, const DcvEmail *e)
{
    static const struct email_members members = { "dcv_emails.dns_name", "dcv_emails.email_domain",
                                                  "dcv_emails.email" };
    struct email_wish wish = { e->dns_name, e->email_domain, e->email };
    struct email_choice c;
    struct call *call = in->call;
    const OrderIntake *row = in->row;
    if (!email_choice_read(call, &wish, &members, row->names, row->n_names, false, &c))
        return false;
    if (in->chosen[c.name->position] && strcmp(c.name->domain, c.domain) != 0)
        return fault_set(&call->fault, FAULT_INVALID, members.domain,
                         "is %s and %s for %s: only one can be", c.name->domain, c.domain,
                         c.name->fqdn);
    in->chosen[c.name->position] = true;
    c.name->domain = arena_strdup(&call->arena, c.domain);
    choice_add(in, &c);
    return true;
}

bool email_choices_take(struct call *call, const OrderRequest *in, const char *rule_scope,
                        OrderIntake *row)
{
    struct arena *a = &call->arena;
    struct email_intake intake = { .call = call, .row = row, .locale = in->locale };
    if (!email_wishes_counted(call, in->n_dcv_emails, row->n_names, "dcv_emails") ||
        !emails_allowed(call, rule_scope))
        return false;
    intake.chosen = arena_array(a, bool, row->n_names);
    intake.domains = arena_array(a, struct email_domain, row->n_names);
    row->emails = arena_array(a, EmailChoice *, row->n_names * LOCAL_PARTS);
    for (size_t i = 0; i < in->n_dcv_emails; i++)
        if (!choice_take(&intake, in->dcv_emails[i]))
            return false;
    return true;
}
