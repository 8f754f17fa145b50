#include "pki/idn.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <idn2.h>
#include <string.h>

#include "base/utf8.h"

#define COUNT(a)    (sizeof(a) / sizeof(a)[0])

#define CONTEXT     "has a character that may stand only beside certain others (RFC 5892)"
#define WRITE(text) "has a character that no name has: write \"" text "\" if that is meant"

// clang-format off
static const struct { const char *text, *ascii, *reason; } names[] = {
    { "WWW.Example.COM",   "www.example.com", NULL },
    { "b\u00fccher.de",    "xn--bcher-kva.de", NULL },
    { "B\u00dcCHER.DE",    "xn--bcher-kva.de", NULL },
    { "bu\u0308cher.de",   "xn--bcher-kva.de", NULL }, /* composed */
    { "stra\u00dfe.de",    "xn--strae-oqa.de", NULL },
    { "\u041f\u0420\u0418\u0412\u0415\u0422.\u0440\u0444", "xn--b1agh1afp.xn--p1ai", NULL },
    { "\u13a0\u13a1.com",  "xn--58dc.com", NULL },    /* Cherokee is registered in capitals */
    { "\uff45\uff38ample\uff0ecom", "example.com", NULL },
    { "\uff76\uff9e.jp",   "xn--mck.jp", NULL },    /* a mark of another width joins */
    { "a..\u00fc.",        "a..xn--tda.", NULL },     /* labels that are empty are for others to see */
    { "\u03bf\u03b4\u03bf\u03c2.gr", "xn--pxavbm.gr", NULL },
    /* what others would make another name of */
    { "\ufb01x.com",       NULL, WRITE("fix.com") },  /* a ligature */
    { "x\u00b2.com",       NULL, WRITE("x2.com") },
    { "\u2460.com",        NULL, WRITE("1.com") },    /* a digit in a circle */
    { "\u2121.com",        NULL, WRITE("tel.com") },
    { "\u212aa.com",       NULL, WRITE("ka.com") },   /* the sign of Kelvin */
    { "\U0001d41a.com",    NULL, WRITE("a.com") },    /* a letter of mathematics */
    { "sof\u00adt.com",    NULL, WRITE("soft.com") }, /* a hyphen that is not seen */
    { "a\ufe0fb.com",      NULL, WRITE("ab.com") },   /* a variation selector */
    { "\u0130x.com",       NULL, WRITE("xn--ix-rub.com") }, /* its small letter has two parts */
    { "STRA\u1e9eE.de",    NULL, WRITE("strasse.de") },
    { "\u039f\u0394\u039f\u03a3.gr", NULL, WRITE("xn--pxavbq.gr") }, /* two small sigmas */
    { "\u01c5.com",        NULL, WRITE("xn--d-toa.com") },
    /* what may not be registered, RFC 5892 and 5893 */
    { "a\u00b7b.com",      NULL, CONTEXT },
    { "\u30fb.jp",         NULL, CONTEXT },
    { "a\u200db.com",      NULL, CONTEXT },
    { "\u05d01a.com",      NULL, "has a label of two directions that may not be mixed so (RFC 5893)" },
    { "\u0661\u0662.com",  NULL, "has a label of two directions that may not be mixed so (RFC 5893)" },
    { "\u0308a.com",       NULL, "has a label that begins with a combining mark" },
    { "ab--\u00fc.com",    NULL, "has a label with hyphens at its third and fourth place" },
    { "\u2764.com",        NULL, "is no valid internationalised name (IDNA2008)" },
    { "\u00fc_b.com",      NULL, "is no valid internationalised name (IDNA2008)" },
    { "\U0001f600.com",    NULL, "is no valid internationalised name (IDNA2008)" },
    { "\ua7c0.com",        NULL, "has a character that the tables of IDNA2008 used here do not have" },
};

static const struct { const char *label; bool good; } a_labels[] = {
    { "xn--bcher-kva", true },  { "xn--ll-0ea", true },   { "xn--58dc", true },
    { "xn--ab-0ea", false },    /* a middle dot that does not stand between two l */
    { "xn--vek", false },       /* a Katakana middle dot alone */
    { "xn--a", false },         { "xn--", false },        { "xn--abc-", false },
    { "xn--bcher-", false }, { "bcher", false },      { "xn--BCHER-KVA", false },
};
// clang-format on

static void a_name_stays_what_it_is_or_is_refused(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *reason = NULL, *ascii = idn_to_ascii(&a, names[i].text, &reason);
        if (!ascii != !names[i].ascii)
            fail_msg("%s: %s", names[i].text, ascii ? ascii : reason);
        if (ascii)
            assert_string_equal(ascii, names[i].ascii);
        else
            assert_string_equal(reason, names[i].reason);
    }
    arena_free(&a);
}

static void an_a_label_is_of_what_may_be_registered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(a_labels); i++)
        if (idn_is_a_label(a_labels[i].label) != a_labels[i].good)
            fail_msg("%s", a_labels[i].label);
}

/* "aCa" as a label. */
static const char *around(uint32_t c, char out[8])
{
    size_t size = utf8_write(c, out + 1);

    out[0] = out[1 + size] = 'a';
    out[2 + size] = '\0';
    return out;
}

/* Of every character: what is taken here goes to the same name in programs that map more, so that
 * nobody who types the name comes to another host than the one that was certified. */
static void what_is_taken_is_what_browsers_ask_for(void **state)
{
    struct arena a;
    size_t taken = 0;

    (void)state;
    for (uint32_t c = 0x80; c < 0x20000; c++) {
        char text[8];
        uint8_t *mapped = NULL;
        const char *reason, *ascii;
        if (c >= 0xd800 && c < 0xe000)
            continue;
        arena_init(&a);
        ascii = idn_to_ascii(&a, around(c, text), &reason);
        if (ascii && strspn(ascii, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(ascii)) {
            taken++;
            int rc = idn2_lookup_u8((const uint8_t *)text, &mapped,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
            if (rc != IDN2_OK || strcmp(ascii, (char *)mapped) != 0)
                fail_msg("U+%04X: %s, not %s", c, ascii,
                         rc == IDN2_OK ? (char *)mapped : idn2_strerror(rc));
            idn2_free(mapped);
        }
        arena_free(&a);
    }
    assert_true(taken > 60000); /* of letters there are many */
}

static void a_folded_character_has_no_other_partner(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x20000; c++) {
        uint32_t lower = idn_fold_case(c), usual = idn_fold_width(c);
        assert_int_equal(idn_fold_case(lower), lower);
        assert_int_equal(idn_fold_width(usual), usual);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_stays_what_it_is_or_is_refused),
        cmocka_unit_test(an_a_label_is_of_what_may_be_registered),
        cmocka_unit_test(what_is_taken_is_what_browsers_ask_for),
        cmocka_unit_test(a_folded_character_has_no_other_partner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
