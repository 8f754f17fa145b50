#include "policy_answer.h"

#include <string.h>

#include "message/field.h"
#include "pki/dcv_method.h"
#include "policy_show.h"

struct question {
    struct arena *arena;
    const Product *product;
    const Rule *const *rules;
    size_t count;
    struct text ids; /* of the rules that the answer is from */
};

/* ---- rules, and their values as words */

/* NULL: none of that parameter is in force. */
static const Rule *rule_of(struct question *q, const char *parameter)
{
    for (size_t i = 0; i < q->count; i++) {
        const Rule *r = q->rules[i];
        if (strcmp(r->parameter, parameter) != 0)
            continue;
        text_format(&q->ids, "%s%s", q->ids.length ? ", " : "", r->id);
        return r;
    }
    return NULL;
}

/* Of one that has none, too: there is no limit then, or nothing is asked. */
static const char *value(struct question *q, const char *parameter)
{
    const Rule *r = rule_of(q, parameter);
    return r ? policy_value_text(q->arena, r) : NULL;
}

/* "before VALUE after"; nothing where the rule is not there. */
static void part(struct text *out, const char *before, const char *of, const char *after)
{
    if (of)
        text_format(out, "%s%s%s%s", out->length ? "; " : "", before, of, after);
}

static bool is_proved(const struct question *q)
{
    return q->product->n_dcv_methods > 0;
}

/* ---- the answers */

static void validity(struct question *q, struct text *out)
{
    part(out, "at most ", value(q, "validity.max"), "");
    part(out, "issued for ", value(q, "validity.advised"), " at the longest");
}

/* Whether it can be chosen on that day. */
static const struct dcv_method *method_at(const struct question *q, size_t i)
{
    int id = 0;
    return enum_read(&dcv_method__value__descriptor, q->product->dcv_methods[i], &id)
               ? dcv_method((DcvMethod__Value)id)
               : NULL;
}

static const Rule *ban_of(struct question *q, size_t i)
{
    const struct dcv_method *m = method_at(q, i);
    return m ? rule_of(q, arena_format(q->arena, "dcv.method.%s", m->section)) : NULL;
}

static void methods(struct question *q, struct text *out)
{
    struct text barred;
    text_init(&barred, q->arena);
    for (size_t i = 0; i < q->product->n_dcv_methods; i++) {
        struct text *list = ban_of(q, i) ? &barred : out;
        text_format(list, "%s%s", list->length ? ", " : "", q->product->dcv_methods[i]);
    }
    if (!is_proved(q))
        text_add(out, "names are not proved");
    else if (out->length == 0)
        text_add(out, "none: nothing can be proved");
    if (barred.length)
        text_format(out, "; prohibited: %s", barred.data);
}

/* Several methods of one section have one rule. */
static bool is_first_of_section(const struct question *q, size_t i)
{
    const struct dcv_method *m = method_at(q, i);
    for (size_t k = 0; m && k < i; k++)
        if (method_at(q, k) && strcmp(method_at(q, k)->section, m->section) == 0)
            return false;
    return m != NULL;
}

static void reuse(struct question *q, struct text *out)
{
    if (!is_proved(q))
        return;
    part(out, "what is proved counts for ", value(q, "reuse.dcv"), "");
    for (size_t i = 0; i < q->product->n_dcv_methods; i++)
        if (is_first_of_section(q, i)) {
            const char *section = method_at(q, i)->section;
            part(out, arena_format(q->arena, "by %s for ", section),
                 value(q, arena_format(q->arena, "reuse.dcv.%s", section)), "");
        }
}

static void perspectives(struct question *q, struct text *out)
{
    const char *most = is_proved(q) ? value(q, "mpic.remotes") : NULL;
    if (!most)
        return;
    text_format(out, "%s others must see it as well, or more", most);
    part(out, "of up to 5, ", value(q, "mpic.misses_2_5"), " may see it otherwise");
    part(out, "of 6 and more, ", value(q, "mpic.misses_6plus"), "");
    part(out, "those who agree are in ", value(q, "mpic.rirs"), " regions");
    part(out, "all are ", value(q, "mpic.distance"), " apart");
    part(out, "not asked where a name is proved by ", value(q, "mpic.exempt"), "");
}

static void caa(struct question *q, struct text *out)
{
    if (!is_proved(q) || !rule_of(q, "caa.check"))
        return;
    text_add(out, "looked at for each name");
    part(out, "what was seen counts for ", value(q, "caa.window"),
         ", or its TTL if that is longer");
    part(out, "they name this CA as ", value(q, "caa.identities"), "");
}

static void keys(struct question *q, struct text *out)
{
    part(out, "RSA of at least ", value(q, "key.rsa.bits"), ", or on P-256, P-384 or P-521");
    part(out, "",
         rule_of(q, "key.debian") && rule_of(q, "key.roca") && rule_of(q, "key.fermat")
             ? "none that is known to be weak"
             : NULL,
         "");
}

static void names(struct question *q, struct text *out)
{
    const Product *p = q->product;
    text_format(out, "up to %u; wildcards: %s", p->max_names,
                p->wildcard_required  ? "required"
                : p->wildcard_allowed ? "yes"
                                      : "no");
}

static void order(struct question *q, struct text *out)
{
    part(out, "expires when it is still pending after ", value(q, "order.pending"), "");
}

static const struct {
    const char *label;
    void (*answer)(struct question *q, struct text *out);
} questions[] = {
    { "validity", validity }, { "methods", methods },
    { "reuse", reuse },       { "perspectives", perspectives },
    { "CAA", caa },           { "keys", keys },
    { "names", names },       { "order", order },
};

enum { LABEL_WIDTH = 12 };

void policy_answer_write(const Product *product, const Rule *const *rules, size_t count,
                         struct text *out)
{
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct question q = { out->arena, product, rules, count, { 0 } };
        struct text answer;
        text_init(&q.ids, out->arena);
        text_init(&answer, out->arena);
        questions[i].answer(&q, &answer);
        if (answer.length == 0)
            continue;
        if (q.ids.length)
            text_format(&answer, " (%s)", q.ids.data);
        text_format(out, "    %-*s  ", LABEL_WIDTH, questions[i].label);
        policy_show_words(out, answer.data, LABEL_WIDTH + 6);
    }
}
