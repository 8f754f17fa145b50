#include "rule_value.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

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

/* ---- numbers; all are counted in int somewhere */

static bool is_from_to(const char *value, int64_t least, int64_t most)
{
    int64_t n;
    return int64_read(value, &n) && n >= least && n <= most;
}

enum { COUNT_MOST = 100000000 };

bool rule_value_counts(const char *value)
{
    return is_from_to(value, 0, COUNT_MOST);
}

static bool is_time(const char *value)
{
    return is_from_to(value, 1, COUNT_MOST);
}

static bool is_bool(const char *value)
{
    return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
}

static bool is_mark(const char *value)
{
    return strcmp(value, "1") == 0;
}

static bool is_logs(const char *value)
{
    return is_from_to(value, 1, PARAMETER_LOGS_MOST);
}

static bool is_redirects(const char *value)
{
    return is_from_to(value, 0, PARAMETER_REDIRECTS_MOST);
}

static bool is_bytes(const char *value)
{
    return is_from_to(value, 1, PARAMETER_BYTES_MOST);
}

/* ---- words with single spaces between */

/* Each word, cut at `mark` unless that is NUL, passes; from one to `most` of them. */
static bool each_word(const char *value, size_t most, char mark,
                      bool (*passes)(const char *word, const char *behind))
{
    char word[256];
    size_t count = 0;
    do {
        size_t length = strcspn(value, " ");
        if (length == 0 || length >= sizeof word || ++count > most)
            return false;
        snprintf(word, sizeof word, "%.*s", (int)length, value);
        char *behind = mark ? strchr(word, mark) : NULL;
        if (mark && !behind)
            return false;
        if (behind)
            *behind++ = '\0';
        if (!passes(word, behind))
            return false;
        value += length;
    } while (*value++);
    return true;
}

static bool is_phase(const char *every, const char *lasts)
{
    struct duration step, during;
    return duration_read(every, &step) && duration_read(lasts, &during) && step.us > 0 &&
           during.us >= step.us;
}

/* As services/validation/cadence.c reads it: "1m/15m 5m/1h". */
static bool is_cadence(const char *value)
{
    return each_word(value, PARAMETER_PHASES_MOST, '/', is_phase);
}

static bool is_rate(const char *most, const char *during)
{
    struct duration d;
    return is_time(most) && duration_read(during, &d) && d.us > 0;
}

/* "5/1h 20/1d": five within any hour, twenty within any day. */
static bool is_rates(const char *value)
{
    enum { RATES_MOST = 8 };
    return each_word(value, RATES_MOST, '/', is_rate);
}

static bool is_status(const char *word, const char *none)
{
    return !none && is_from_to(word, 300, 399);
}

static bool is_statuses(const char *value)
{
    return each_word(value, PARAMETER_STATUSES_MOST, '\0', is_status);
}

static bool is_port(const char *word, const char *none)
{
    return !none && is_from_to(word, 1, 65535);
}

static bool is_ports(const char *value)
{
    return each_word(value, PARAMETER_PORTS_MOST, '\0', is_port);
}

/* A-labels, two or more. */
static bool is_domain(const char *word, const char *none)
{
    size_t length, labels = 0;
    for (; (length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")) > 0; word++) {
        labels++;
        word += length;
        if (*word != '.')
            return !none && !*word && labels > 1;
    }
    return false;
}

/* As services/validation/caa_finding.c reads it. */
static bool is_domains(const char *value)
{
    return each_word(value, PARAMETER_DOMAINS_MOST, '\0', is_domain);
}

static bool is_section_word(const char *word, const char *none)
{
    return !none && is_section(word);
}

static bool is_sections(const char *value)
{
    return each_word(value, PARAMETER_SECTIONS_MOST, '\0', is_section_word);
}

static bool is_refusal(const char *value)
{
    return strcmp(value, "not_allowed") == 0 || strcmp(value, "invalid") == 0;
}

// clang-format off
static const struct {
    const char *units; /* "" : none */
    bool (*fits)(const char *value); /* NULL: it has none */
    const char *means;
} forms[FORMS] = {
    [FORM_TIME]      = { "d h min s", is_time,         "a number of days, hours, minutes or seconds" },
    [FORM_DAYS]      = { "d",         is_time,         "a number of days" },
    [FORM_BITS]      = { "bits",      rule_value_counts, "a number of bits" },
    [FORM_COUNT]     = { "count",     rule_value_counts, "a number" },
    [FORM_LOGS]      = { "count",     is_logs,         "a number from 1 to 16" },
    [FORM_YES]       = { "bool",      is_bool,         "0 or 1" },
    [FORM_MARK]      = { "bool",      is_mark,         "1: without the rule it is not so" },
    [FORM_CADENCE]   = { "",          is_cadence,      "a cadence such as 1m/15m 5m/1h" },
    [FORM_RATES]     = { "",          is_rates,        "how many within which times, such as 5/1h 20/1d" },
    [FORM_STATUSES]  = { "",          is_statuses,     "status codes such as 301 302" },
    [FORM_PORTS]     = { "",          is_ports,        "ports such as 80 443" },
    [FORM_REDIRECTS] = { "",          is_redirects,    "a number from 0 to 10" },
    [FORM_BYTES]     = { "",          is_bytes,        "a number from 1 to 65536" },
    [FORM_KM]        = { "km",        rule_value_counts, "a number" },
    [FORM_SECTIONS]  = { "",          is_sections,     "whole sections such as 3.2.2.4.4 3.2.2.4.12" },
    [FORM_DOMAINS]   = { "",          is_domains,      "domain names such as ca.example" },
    [FORM_BAN]       = { "",          NULL,            "nothing" },
    [FORM_REFUSAL]   = { "",          is_refusal,      "not_allowed or invalid" },
};
// clang-format on

/* Is it one of the words? No unit is one where none are listed. */
static bool unit_fits(const char *units, const char *unit)
{
    size_t length = unit ? strlen(unit) : 0;
    if (!*units || length == 0)
        return !*units && !unit;
    for (const char *at = units; (at = strstr(at, unit)) != NULL; at += length)
        if ((at == units || at[-1] == ' ') && (!at[length] || at[length] == ' '))
            return true;
    return false;
}

static bool level_fits(const Rule *r, const struct parameter *p, struct fault *f)
{
    bool forbids = strcmp(r->level, "X") == 0;
    return forbids == parameter_forbids(p) ||
           fault_set(f, FAULT_INVALID, r->id, "has level %s, but what gives %s %s", r->level,
                     r->parameter, forbids ? "is M or S" : "is a prohibition, X");
}

bool rule_value_fits(const Rule *r, const struct parameter *p, struct fault *f)
{
    const char *units = forms[p->form].units;
    if (!level_fits(r, p, f))
        return false;
    if (!unit_fits(units, r->unit))
        return fault_set(f, FAULT_INVALID, r->id, "has unit %s, but %s counts in %s",
                         r->unit ? r->unit : "none", r->parameter, *units ? units : "none");
    return (forms[p->form].fits ? r->value && forms[p->form].fits(r->value) : !r->value) ||
           fault_set(f, FAULT_INVALID, r->id, "has value \"%s\", which must be %s",
                     r->value ? r->value : "", forms[p->form].means);
}

/* ---- keys */

static bool is_number(const char *text)
{
    return is_from_to(text, 0, 255) && (*text != '0' || !text[1]);
}

static bool is_word(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && !text[length];
}

// clang-format off
static const struct {
    bool (*fits)(const char *key);
    const char *means;
} keys[] = {
    [KEY_SECTION] = { is_section, "must name a whole section, such as 3.2.2.4.7" },
    [KEY_WORD]    = { is_word,    "must end in a word" },
    [KEY_NUMBER]  = { is_number,  "must end in a number from 0 to 255" },
};
// clang-format on

bool rule_key_fits(const Rule *r, const struct parameter *p, struct fault *f)
{
    return p->key == KEY_NONE || keys[p->key].fits(parameter_key(p, r->parameter)) ||
           fault_set(f, FAULT_INVALID, r->id, "has parameter %s, which %s", r->parameter,
                     keys[p->key].means);
}
