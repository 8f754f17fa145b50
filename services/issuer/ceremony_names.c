#include "ceremony_names.h"

#include <ctype.h>
#include <string.h>

#include "pki/example.h"
#include "x509/marks.h"
#include "x509/url.h"

enum { NAMES = 3, COMMON_NAME_MAX = 64 /* RFC 5280 appendix A: ub-common-name */ };

static const char *const settings[NAMES] = { "CHANCERY_CA_NAME", "CHANCERY_CA_ORGANIZATION",
                                             "CHANCERY_CA_COUNTRY" };
static const char *const meanings[NAMES] = {
    "what the common names of its certificates begin with, such as the name of your company",
    "the organization that stands in its certificates, as it is registered",
    "the country of that organization, two letters of ISO 3166-1"
};

struct filling {
    struct mark marks[NAMES];
    struct arena *a;
    struct fault *f;
};

static bool fill(struct filling *fill, char **text)
{
    const struct mark *missing = marks_missing(*text, fill->marks, NAMES);
    if (missing) {
        size_t i = (size_t)(missing - fill->marks);
        return fault_set(fill->f, FAULT_INVALID, settings[i],
                         "must be set before the CA is made, and can never be changed: %s",
                         meanings[i]);
    }
    *text = marks_fill(fill->a, *text, fill->marks, NAMES);
    return true;
}

static bool common_names_fill(struct filling *filling, Ceremony *script)
{
    for (size_t i = 0; i < script->n_authorities; i++) {
        CeremonyAuthority *row = script->authorities[i];
        if (!fill(filling, &row->common_name))
            return false;
        if (strlen(row->common_name) > COMMON_NAME_MAX)
            return fault_set(filling->f, FAULT_INVALID, "common_name",
                             "\"%s\" is longer than %d characters: shorten CHANCERY_CA_NAME",
                             row->common_name, COMMON_NAME_MAX);
    }
    return true;
}

static bool is_country(const char *text)
{
    return strlen(text) == 2 && isupper((unsigned char)text[0]) && isupper((unsigned char)text[1]);
}

/* ---- in earnest */

static bool is_public(const Ceremony *script)
{
    for (size_t i = 0; i < script->n_authorities; i++)
        if (!script->authorities[i]->issuer && script->authorities[i]->public_)
            return true;
    return false;
}

static bool address_serious(const char *template, const char *status, struct arena *a,
                            struct fault *f)
{
    const char *url = url_fill(a, template, status, "ID");
    if (!url || !url_is_example(url))
        return true;
    return fault_set(f, FAULT_INVALID,
                     strstr(template, "{status}") ? "CHANCERY_STATUS_HOST" : "url",
                     "%s stands in every certificate, and its host is one for examples (RFC 2606): "
                     "name one of your own. Only a demonstration, which has \"%s\" in "
                     "CHANCERY_CA_ORGANIZATION, may have it",
                     url, CEREMONY_DEMONSTRATION);
}

static bool serious(const Ceremony *script, const struct ceremony_names *names, struct arena *a,
                    struct fault *f)
{
    if (strcmp(script->country, "XX") == 0)
        return fault_set(f, FAULT_INVALID, "CHANCERY_CA_COUNTRY",
                         "XX is no country: only a demonstration, which has \"%s\" in "
                         "CHANCERY_CA_ORGANIZATION, may be there",
                         CEREMONY_DEMONSTRATION);
    return address_serious(script->ocsp_url, names->status, a, f) &&
           address_serious(script->ca_issuers_url, names->status, a, f) &&
           address_serious(script->crl_url, names->status, a, f);
}

/* ---- all of it */

static bool status_given(const Ceremony *script, const struct ceremony_names *names,
                         struct fault *f)
{
    const char *const templates[] = { script->ocsp_url, script->ca_issuers_url, script->crl_url };
    bool wanted = false;
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        wanted |= templates[i] && strstr(templates[i], "{status}");
    return !wanted || (names->status && *names->status) ||
           fault_set(f, FAULT_INVALID, "CHANCERY_STATUS_HOST",
                     "must be set before the CA is made, and can never be changed: the host of the "
                     "addresses in its certificates");
}

bool ceremony_name(Ceremony *script, const struct ceremony_names *names, struct arena *a,
                   struct fault *f)
{
    struct filling filling = { .marks = { { "{name}", names->name },
                                          { "{organization}", names->organization },
                                          { "{country}", names->country } },
                               .a = a,
                               .f = f };
    if (!fill(&filling, &script->country) || !fill(&filling, &script->organization) ||
        !common_names_fill(&filling, script) || !status_given(script, names, f))
        return false;
    if (!is_country(script->country))
        return fault_set(f, FAULT_INVALID, "CHANCERY_CA_COUNTRY",
                         "\"%s\" is not two capital letters of ISO 3166-1", script->country);
    return strcasestr(script->organization, CEREMONY_DEMONSTRATION) || !is_public(script) ||
           serious(script, names, a, f);
}
