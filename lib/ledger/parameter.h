/* parameter - what a rule of policy may give: a list that is written once, in parameters.def.
 *
 * The loader (cli/) refuses what is not in it, and the tests of the calendar ask, for each rule, whoever
 * stands there as its reader.
 */
#ifndef LEDGER_PARAMETER_H
#define LEDGER_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>

enum parameter_key { KEY_NONE, KEY_SECTION, KEY_WORD, KEY_NUMBER };

enum parameter_form {
    FORM_TIME,      /* "30" of unit d (24 hours), h, min, s: as rule_interval() reads it */
    FORM_DAYS,      /* "200" of unit d */
    FORM_BITS,      /* "112" of unit bits */
    FORM_COUNT,     /* "5" of unit count */
    FORM_LOGS,      /* "2" of unit count: as many as one certificate has room for */
    FORM_YES,       /* "1" or "0" of unit bool */
    FORM_MARK,      /* "1" of unit bool: that there is a rule is what it says */
    FORM_CADENCE,   /* "1m/15m 5m/1h" */
    FORM_RATES,     /* "5/1h 20/24h" */
    FORM_STATUSES,  /* "301 302" */
    FORM_PORTS,     /* "80 443" */
    FORM_REDIRECTS, /* "5" */
    FORM_BYTES,     /* "5000" */
    FORM_KM,        /* "500" of unit km */
    FORM_SECTIONS,  /* "3.2.2.4.4 3.2.2.4.12" */
    FORM_DOMAINS,   /* "ca.example" */
    FORM_BAN,       /* no value: what the parameter names is prohibited */
    FORM_REFUSAL,   /* "not_allowed" or "invalid": prohibited, and in these words */
    FORMS
};

/* What readers can take: lib/look/redirect.h, lib/pki/sct.h, services/validation/cadence.h. */
enum {
    PARAMETER_STATUSES_MOST = 7,
    PARAMETER_PORTS_MOST = 7,
    PARAMETER_REDIRECTS_MOST = 10,
    PARAMETER_BYTES_MOST = 65536,
    PARAMETER_PHASES_MOST = 8,
    PARAMETER_SECTIONS_MOST = 32,
    PARAMETER_DOMAINS_MOST = 8,
    PARAMETER_LOGS_MOST = 16
};

/* Where rules that bring a check are asked. */
#define PARAMETER_CHECKS_TEST "services/issuer/calendar_test.c"

struct parameter {
    const char *name;
    enum parameter_key key;
    enum parameter_form form;
    const char *reader; /* who does what it says */
    const char *test;   /* the file of the test that proves it */
};

/* All of them; ends with a row without a name. */
extern const struct parameter parameters[];

/* The line for a rule's parameter; NULL: nobody would read it. The key is not looked at. */
const struct parameter *parameter_find(const char *name);

/* What stands behind the beginning: "3.2.2.4.7" of "dcv.method.3.2.2.4.7"; "" where there is no key. */
const char *parameter_key(const struct parameter *p, const char *name);

/* Is a rule that gives it a prohibition? */
bool parameter_forbids(const struct parameter *p);

#endif
