#include "pki/idn.h"

#include <idn2.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

static const char disallowed[] = "is no valid internationalised name (IDNA2008)";

// clang-format off
static const struct { int rc; const char *reason; } reasons[] = {
    { IDN2_TOO_BIG_LABEL,       "is too long when it is written with A-labels" },
    { IDN2_PUNYCODE_BIG_OUTPUT, "is too long when it is written with A-labels" },
    { IDN2_UNASSIGNED,          "has a character that the tables of IDNA2008 used here do not have" },
    { IDN2_BIDI,                "has a label of two directions that may not be mixed so (RFC 5893)" },
    { IDN2_LEADING_COMBINING,   "has a label that begins with a combining mark" },
    { IDN2_CONTEXTJ,            "has a character that may stand only beside certain others (RFC 5892)" },
    { IDN2_CONTEXTO,            "has a character that may stand only beside certain others (RFC 5892)" },
    { IDN2_2HYPHEN,             "has a label with hyphens at its third and fourth place" },
};
// clang-format on

static const char *reason_of(int rc)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].rc == rc)
            return reasons[i].reason;
    return disallowed;
}

bool idn_is_ascii(const char *text)
{
    for (; *text; text++)
        if (*text & 0x80)
            return false;
    return true;
}

/* The character at `*at`, which is valid UTF-8 and is moved on. */
static uint32_t take(const char **at)
{
    const uint8_t *p = (const uint8_t *)*at;
    size_t size = utf8_length(*at, strnlen(*at, 4));
    uint32_t c = size > 1 ? p[0] & (0x7fU >> size) : p[0];

    for (size_t i = 1; i < size; i++)
        c = c << 6 | (p[i] & 0x3fU);
    *at += size;
    return c;
}

static char *folded(struct arena *a, const char *text, uint32_t (*fold)(uint32_t))
{
    struct text out;
    char character[4];

    text_init(&out, a);
    while (*text)
        text_add_bytes(&out, character, utf8_write(fold(take(&text)), character));
    return out.data;
}

/* RFC 5891 4.2; `out` is for idn2_free(). A label that has only signs of ASCII's letters becomes
 * one of ASCII by normalisation, without saying so. */
static int register_label(const char *label, uint8_t **out)
{
    int rc = idn2_register_u8((const uint8_t *)label, NULL, out, IDN2_NFC_INPUT);

    if (rc == IDN2_OK && strncmp((char *)*out, "xn--", 4) != 0) {
        idn2_free(*out);
        return IDN2_DISALLOWED;
    }
    return rc;
}

/* As it stands, since there are scripts whose capitals are the letters to be registered (Cherokee);
 * else in lower case. */
static const char *label_to_ascii(struct arena *a, const char *label, int *rc)
{
    uint8_t *found = NULL;
    const char *out;

    if (idn_is_ascii(label))
        return folded(a, label, idn_fold_case);
    *rc = register_label(label, &found);
    if (*rc != IDN2_OK)
        *rc = register_label(folded(a, label, idn_fold_case), &found);
    if (*rc != IDN2_OK)
        return NULL;
    out = arena_strdup(a, (char *)found);
    idn2_free(found);
    return out;
}

static bool is_registrable(struct arena *a, const char *name)
{
    char *labels = arena_strdup(a, name), *label;

    while ((label = strsep(&labels, ".")))
        if (*label == '\0' || (strncmp(label, "xn--", 4) == 0 && !idn_is_a_label(label)))
            return false;
    return true;
}

/* What resolvers that map more (UTS #46) ask for instead, if that is a name. */
static const char *with_hint(struct arena *a, const char *text, const char *reason)
{
    uint8_t *mapped = NULL;
    const char *out = reason;

    if (idn2_lookup_u8((const uint8_t *)text, &mapped, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
        IDN2_OK) {
        if (is_registrable(a, (char *)mapped))
            out = arena_format(a, "has a character that no name has: write \"%s\" if that is meant",
                               (char *)mapped);
        idn2_free(mapped);
    }
    return out;
}

const char *idn_to_ascii(struct arena *a, const char *text, const char **reason)
{
    char *labels, *label;
    struct text out;
    int rc = IDN2_OK;

    if (idn_is_ascii(text)) /* nearly all are */
        return folded(a, text, idn_fold_case);
    text_init(&out, a);
    labels = folded(a, text, idn_fold_width);
    while ((label = strsep(&labels, "."))) {
        const char *ascii = label_to_ascii(a, label, &rc);
        if (!ascii) {
            *reason = with_hint(a, text, reason_of(rc));
            return NULL;
        }
        text_add(&out, ascii);
        if (labels)
            text_add_char(&out, '.');
    }
    return out.data;
}

bool idn_is_a_label(const char *label)
{
    uint8_t *back = NULL;
    char *unicode = NULL;
    bool same = false;

    if (idn2_to_unicode_8z8z(label, &unicode, 0) == IDN2_OK && !idn_is_ascii(unicode) &&
        idn2_register_u8((uint8_t *)unicode, NULL, &back, 0) == IDN2_OK)
        same = strcmp((char *)back, label) == 0;
    idn2_free(unicode);
    idn2_free(back);
    return same;
}
