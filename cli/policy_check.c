/* What a policy must be before it may be loaded. */
#include <ctype.h>
#include <string.h>

#include "message/convert.h"
#include "policy_source.h"

/* ---- values */

static bool is_count(const char *value)
{
    int64_t n;
    return int64_read(value, &n) && n >= 0;
}

/* A number of a unit of time, or of a rate, fits rule_interval() and rule_rates(), which count in int. */
static bool is_time(const char *value)
{
    int64_t n;
    return int64_read(value, &n) && n > 0 && n <= 100000000;
}

static bool is_bool(const char *value)
{
    return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
}

static const struct {
    const char *unit, *form;
    bool (*fits)(const char *value);
} units[] = {
    { "d", "a number of days", is_time },      { "h", "a number of hours", is_time },
    { "min", "a number of minutes", is_time }, { "s", "a number of seconds", is_time },
    { "bits", "a number of bits", is_count },  { "bool", "0 or 1", is_bool },
    { "count", "a number", is_count },
};

static bool value_fits(const Rule *r, struct fault *f)
{
    if (!r->unit)
        return true;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(r->unit, units[i].unit) == 0)
            return (r->value && units[i].fits(r->value)) ||
                   fault_set(f, FAULT_INVALID, r->id, "has value \"%s\", which must be %s",
                             r->value ? r->value : "", units[i].form);
    return fault_set(f, FAULT_INVALID, r->id, "has the unknown unit \"%s\"", r->unit);
}

/* "1m/15m 5m/1h": every minute for 15 minutes, then every 5 minutes for an hour. */
static bool is_cadence(const char *value)
{
    char step[32], *until;
    struct duration every, during;
    while (*value) {
        size_t length = strcspn(value, " ");
        if (length == 0 || length >= sizeof step)
            return false;
        memcpy(step, value, length);
        step[length] = '\0';
        until = strchr(step, '/');
        if (!until)
            return false;
        *until++ = '\0';
        if (!duration_read(step, &every) || !duration_read(until, &during) || every.us <= 0 ||
            during.us < every.us)
            return false;
        value += length + (value[length] == ' ');
    }
    return true;
}

/* "5/1h 20/1d": five within any hour, twenty within any day. */
static bool is_rates(const char *value)
{
    char rate[32], *during;
    struct duration d;
    do {
        size_t length = strcspn(value, " ");
        if (length == 0 || length >= sizeof rate)
            return false;
        memcpy(rate, value, length);
        rate[length] = '\0';
        during = strchr(rate, '/');
        if (!during)
            return false;
        *during++ = '\0';
        if (!is_time(rate) || !duration_read(during, &d) || d.us <= 0)
            return false;
        value += length;
    } while (*value++);
    return true;
}

/* "301 302": up to seven, as validation reads them. */
static bool is_numbers(const char *value)
{
    enum { MOST = 7, DIGITS_MOST = 5 };
    int count = 0;
    for (size_t length; (length = strspn(value, "0123456789")) > 0; value++, count++) {
        if (length > DIGITS_MOST || count == MOST)
            return false;
        value += length;
        if (*value != ' ')
            return !*value;
    }
    return false;
}

/* A number that quorum_rules() and quorum_missed() can count with. */
static bool is_few(const char *value)
{
    int64_t n;
    return int64_read(value, &n) && n >= 0 && n <= 20000;
}

static bool is_section(const char *text);

/* "3.2.2.4.4 3.2.2.4.12" */
static bool is_sections(const char *value)
{
    char section[32];
    size_t length;
    do {
        length = strcspn(value, " ");
        if (length >= sizeof section)
            return false;
        memcpy(section, value, length);
        section[length] = '\0';
        if (!is_section(section))
            return false;
        value += length;
    } while (*value++);
    return true;
}

// clang-format off
static const struct {
    const char *parameter;
    bool (*fits)(const char *value);
    const char *form;
} parameters[] = {
    { "dcv.poll",            is_cadence, "a cadence such as 1m/15m 5m/1h" },
    { "email.per_address",   is_rates,   "how many mails within which times, such as 5/1h 20/1d" },
    { "email.per_account",   is_rates,   "how many mails within which times, such as 5/1h 20/1d" },
    { "dcv.redirect.status", is_numbers, "status codes such as 301 302" },
    { "dcv.web.ports",       is_numbers, "ports such as 80 443" },
    { "mpic.remotes",        is_few,     "how many perspectives, such as 5" },
    { "mpic.rirs",           is_few,     "how many regions, such as 2" },
    { "mpic.misses_2_5",     is_few,     "how many perspectives, such as 1" },
    { "mpic.misses_6plus",   is_few,     "how many perspectives, such as 2" },
    { "mpic.distance",       is_few,     "how many kilometres, such as 500" },
    { "mpic.exempt",         is_sections, "whole sections such as 3.2.2.4.4 3.2.2.4.12" },
};
// clang-format on

static bool parameter_fits(const Rule *r, struct fault *f)
{
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (strcmp(r->parameter, parameters[i].parameter) == 0 &&
            !(r->value && parameters[i].fits(r->value)))
            return fault_set(f, FAULT_INVALID, r->id, "must say %s", parameters[i].form);
    return true;
}

/* "3.2.2.4.7", "3.2.2.5.4" of the TLS Baseline Requirements, "3.2.2.1" of those for S/MIME. A last
 * number alone would be that of several methods. */
static bool is_section(const char *text)
{
    enum { PARTS_LEAST = 4, PARTS_MOST = 5, DIGITS_MOST = 2 };
    int parts = 0;
    if (strncmp(text, "3.2.2.", strlen("3.2.2.")) != 0)
        return false;
    for (size_t digits; (digits = strspn(text, "0123456789")) > 0; text++) {
        if (digits > DIGITS_MOST || *text == '0')
            return false;
        parts++;
        text += digits;
        if (*text != '.')
            return !*text && parts >= PARTS_LEAST && parts <= PARTS_MOST;
    }
    return false;
}

static bool key_fits(const Rule *r, struct fault *f)
{
    static const char *const by_section[] = { "dcv.method.", "dcv.exact." };
    for (size_t i = 0; i < sizeof by_section / sizeof *by_section; i++)
        if (strncmp(r->parameter, by_section[i], strlen(by_section[i])) == 0 &&
            !is_section(r->parameter + strlen(by_section[i])))
            return fault_set(f, FAULT_INVALID, r->id,
                             "has parameter %s, which must name a whole section, such as "
                             "%s3.2.2.4.7",
                             r->parameter, by_section[i]);
    return strcmp(r->parameter, "dcv.exempt") != 0 ||
           fault_set(f, FAULT_INVALID, r->id,
                     "is dcv.exempt: no rule excuses names from proof, only an authority that is "
                     "not public");
}

/* ---- one rule */

/* "tls-validity-47", "sig_sha1": words of a-z and 0-9 between single '-' or '_'. */
static bool is_id(const char *id)
{
    char before = '-';
    for (; *id; before = *id++) {
        bool mark = *id == '-' || *id == '_';
        if (mark ? before == '-' || before == '_'
                 : !islower((unsigned char)*id) && !isdigit((unsigned char)*id))
            return false;
    }
    return before != '-' && before != '_';
}

static int64_t from_of(const Rule *r)
{
    return r->from ? r->from->us : INT64_MIN;
}

static int64_t until_of(const Rule *r)
{
    return r->until ? r->until->us : INT64_MAX;
}

bool rule_in_force(const Rule *rule, struct instant at)
{
    return from_of(rule) <= at.us && at.us < until_of(rule);
}

static bool is_prohibition(const Rule *r)
{
    return strcmp(r->level, "X") == 0;
}

static bool rule_check(const Rule *r, struct fault *f)
{
    if (!is_id(r->id))
        return fault_set(f, FAULT_INVALID, r->id, "is no id: use a-z, 0-9 and single '-' or '_'");
    if (strlen(r->level) != 1 || !strchr("MSX", *r->level))
        return fault_set(f, FAULT_INVALID, r->id, "has level \"%s\": M, S and X are known",
                         r->level);
    if (!is_prohibition(r) && !r->value)
        return fault_set(f, FAULT_INVALID, r->id, "has no value; only prohibitions (X) need none");
    if (!*r->scope || !*r->parameter || !*r->statement || !*r->source)
        return fault_set(f, FAULT_INVALID, r->id, "has an empty member");
    if (from_of(r) >= until_of(r))
        return fault_set(f, FAULT_INVALID, r->id, "ends before it begins");
    return key_fits(r, f) && value_fits(r, f) && parameter_fits(r, f);
}

/* ---- rules beside each other */

static bool overlap(const Rule *a, const Rule *b)
{
    return from_of(a) < until_of(b) && from_of(b) < until_of(a);
}

/* Asking for a parameter on a day must give one answer; prohibitions only add up. */
static bool contradict(const Rule *a, const Rule *b)
{
    return strcmp(a->scope, b->scope) == 0 && strcmp(a->parameter, b->parameter) == 0 &&
           !is_prohibition(a) && !is_prohibition(b) && overlap(a, b);
}

static bool rules_check(const struct policy_source *p, struct fault *f)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *r = p->rules[i];
        if (!rule_check(r, f))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(p->rules[j]->id, r->id) == 0)
                return fault_set(f, FAULT_INVALID, r->id, "is the id of two rules");
            if (contradict(p->rules[j], r))
                return fault_set(f, FAULT_INVALID, r->id,
                                 "and %s give %s %s two values on one day: end one before the "
                                 "other begins",
                                 p->rules[j]->id, r->scope, r->parameter);
        }
    }
    return true;
}

/* ---- products */

static bool is_among(char **list, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], what) == 0)
            return true;
    return false;
}

static const Product *product_of(const struct policy_source *p, const char *name_id)
{
    for (size_t i = 0; i < p->product_count; i++)
        if (strcmp(p->products[i]->name_id, name_id) == 0)
            return p->products[i];
    return NULL;
}

static const Profile *profile_of(const struct policy_source *p, const Product *product)
{
    for (size_t i = 0; product->profile && i < p->profile_count; i++)
        if (strcmp(p->profiles[i]->name, product->profile) == 0)
            return p->profiles[i];
    return NULL;
}

static bool scope_has_rules(const struct policy_source *p, const char *scope)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i]->scope, scope) == 0)
            return true;
    return false;
}

static bool is_proved(const Product *product)
{
    return product->n_dcv_methods > 0 || product->default_dcv_method;
}

static bool profile_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const Profile *profile = profile_of(p, product);
    const char *id = product->name_id;
    if (!profile)
        return fault_set(f, FAULT_INVALID, id, "names profile %s, which is not in profiles/",
                         product->profile ? product->profile : "none");
    return strcmp(profile->rule_scope, product->rule_scope) == 0 ||
           fault_set(f, FAULT_INVALID, id, "has scope %s, its profile %s", product->rule_scope,
                     profile->rule_scope);
}

/* A certificate without a purpose is one for every purpose, and only a root's may be (TLS BR 7.1.2.1.2). */
static bool purposes_check(const Profile *profile, struct fault *f)
{
    bool root = profile->certificate && strcmp(profile->certificate, "root") == 0;
    return root || profile->n_ext_key_usage > 0 ||
           fault_set(f, FAULT_INVALID, profile->name,
                     "has no ext_key_usage: what are its certificates for?");
}

/* The number stands in certificates and in rows of smallint. */
static bool shards_check(const Profile *profile, struct fault *f)
{
    enum { SHARDS_MAX = 32767 };
    bool marked = profile->crl_url && strstr(profile->crl_url, "{shard}");
    if (profile->has_crl_shards && (profile->crl_shards < 1 || profile->crl_shards > SHARDS_MAX))
        return fault_set(f, FAULT_INVALID, profile->name, "has crl_shards %u: 1 to %d are possible",
                         profile->crl_shards, SHARDS_MAX);
    return marked == profile->has_crl_shards ||
           fault_set(f, FAULT_INVALID, profile->name,
                     "has %s: crl_shards and {shard} in crl_url go together",
                     marked ? "{shard} alone" : "crl_shards alone");
}

/* Names need no proof below an authority that is not public, and such a one signs for one scope. */
static bool methods_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const char *id = product->name_id, *usual = product->default_dcv_method;
    for (size_t i = 0; i < p->product_count; i++)
        if (!p->products[i]->refused && is_proved(p->products[i]) != is_proved(product) &&
            strcmp(p->products[i]->rule_scope, product->rule_scope) == 0)
            return fault_set(f, FAULT_INVALID, id,
                             "has %s, unlike %s: all products of scope %s have, or none",
                             is_proved(product) ? "dcv_methods" : "no dcv_methods",
                             p->products[i]->name_id, product->rule_scope);
    return !is_proved(product) ||
           (usual && is_among(product->dcv_methods, product->n_dcv_methods, usual)) ||
           fault_set(f, FAULT_INVALID, id, "has default_dcv_method %s, not among dcv_methods",
                     usual ? usual : "none");
}

static bool authority_check(const Product *product, struct fault *f)
{
    const char *id = product->name_id, *usual = product->default_authority;
    if (!usual || !is_among(product->authorities, product->n_authorities, usual))
        return fault_set(f, FAULT_INVALID, id, "has default_authority %s, not among authorities",
                         usual ? usual : "none");
    return true;
}

/* What is proved, or needs no proof, for one hierarchy must not be signed by another. */
static bool authorities_apart(const struct policy_source *p, const Product *product,
                              struct fault *f)
{
    for (size_t i = 0; i < p->product_count; i++)
        for (size_t j = 0; j < product->n_authorities; j++)
            if (strcmp(p->products[i]->rule_scope, product->rule_scope) != 0 &&
                is_among(p->products[i]->authorities, p->products[i]->n_authorities,
                         product->authorities[j]))
                return fault_set(f, FAULT_INVALID, product->name_id,
                                 "shares authority %s with %s: one authority signs for one scope",
                                 product->authorities[j], p->products[i]->name_id);
    return true;
}

/* An order for a product with a shim is one for its successor, at once. */
static bool shim_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const Product *next = product->shim ? product_of(p, product->shim) : NULL;
    return !product->shim || (next && !next->shim) ||
           fault_set(f, FAULT_INVALID, product->name_id,
                     "has shim %s, which is no product or has one itself", product->shim);
}

static bool product_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const char *id = product->name_id;
    if (product->max_names == 0)
        return fault_set(f, FAULT_INVALID, id, "allows no name at all");
    if (product->n_allowed_hashes == 0)
        return fault_set(f, FAULT_INVALID, id, "allows no hash at all");
    if (!shim_check(p, product, f) ||
        !(product->refused || (profile_check(p, product, f) && authority_check(product, f) &&
                               methods_check(p, product, f))))
        return false;
    return scope_has_rules(p, product->rule_scope) ||
           fault_set(f, FAULT_INVALID, id, "has scope %s, for which there is no rule",
                     product->rule_scope);
}

bool policy_source_check(const struct policy_source *p, struct fault *f)
{
    if (!rules_check(p, f))
        return false;
    for (size_t i = 0; i < p->profile_count; i++)
        if (!purposes_check(p->profiles[i], f) || !shards_check(p->profiles[i], f))
            return false;
    for (size_t i = 0; i < p->product_count; i++)
        if (!product_check(p, p->products[i], f))
            return false;
    for (size_t i = 0; i < p->product_count; i++)
        if (!authorities_apart(p, p->products[i], f))
            return false;
    return true;
}
