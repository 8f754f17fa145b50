/* Case and width of characters, where they have one partner and it has no other. */
#include <stddef.h>

#include "pki/idn.h"

// clang-format off
/* From `first` each `step`th up to `last`; the lower case is `offset` away. Left out on purpose:
 * U+03A3 (a small sigma has two forms), U+0130, U+1E9E, U+2126, U+212A and U+212B (whose small letter
 * has another capital), U+01C5 and its like (neither small nor capital), and U+04C0 (programs
 * disagree). What is not here has to be written in lower case. */
static const struct { uint32_t first, last, step; int32_t offset; } cases[] = {
    { 0xc0,    0xd6,    1, 32 },  { 0xd8,    0xde,    1, 32 },   /* Latin-1 */
    { 0x100,   0x12e,   2, 1 },   { 0x132,   0x136,   2, 1 },    /* Latin Extended-A */
    { 0x139,   0x147,   2, 1 },   { 0x14a,   0x176,   2, 1 },
    { 0x178,   0x178,   1, -121 }, { 0x179,  0x17d,   2, 1 },
    { 0x186,   0x186,   1, 206 }, { 0x189,   0x18a,   1, 205 },  /* Latin Extended-B */
    { 0x18f,   0x18f,   1, 202 }, { 0x190,   0x190,   1, 203 },
    { 0x193,   0x193,   1, 205 }, { 0x194,   0x194,   1, 207 },
    { 0x196,   0x196,   1, 211 }, { 0x197,   0x197,   1, 209 },
    { 0x198,   0x198,   1, 1 },   { 0x19d,   0x19d,   1, 213 },
    { 0x1a0,   0x1a4,   2, 1 },   { 0x1af,   0x1af,   1, 1 },
    { 0x1b3,   0x1b5,   2, 1 },   { 0x1b7,   0x1b7,   1, 219 },
    { 0x1cd,   0x1db,   2, 1 },   { 0x1de,   0x1ee,   2, 1 },
    { 0x1f4,   0x1f4,   1, 1 },   { 0x1f8,   0x21e,   2, 1 },
    { 0x222,   0x232,   2, 1 },
    { 0x386,   0x386,   1, 38 },  { 0x388,   0x38a,   1, 37 },   /* Greek */
    { 0x38c,   0x38c,   1, 64 },  { 0x38e,   0x38f,   1, 63 },
    { 0x391,   0x3a1,   1, 32 },  { 0x3a4,   0x3ab,   1, 32 },
    { 0x400,   0x40f,   1, 80 },  { 0x410,   0x42f,   1, 32 },   /* Cyrillic */
    { 0x460,   0x480,   2, 1 },   { 0x48a,   0x4be,   2, 1 },
    { 0x4c1,   0x4cd,   2, 1 },   { 0x4d0,   0x52e,   2, 1 },
    { 0x531,   0x556,   1, 48 },                                 /* Armenian */
    { 0x1e00,  0x1e94,  2, 1 },   { 0x1ea0,  0x1efe,  2, 1 },    /* Latin Extended Additional */
    { 0x1e900, 0x1e921, 1, 34 },                                 /* Adlam */
};

/* Halfwidth Katakana, U+FF66 to U+FF9F; the last two are marks that NFC joins with the letter. */
static const uint16_t katakana[] = {
    0x30f2, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30e3, 0x30e5, 0x30e7, 0x30c3,
    0x30fc, 0x30a2, 0x30a4, 0x30a6, 0x30a8, 0x30aa, 0x30ab, 0x30ad, 0x30af, 0x30b1,
    0x30b3, 0x30b5, 0x30b7, 0x30b9, 0x30bb, 0x30bd, 0x30bf, 0x30c1, 0x30c4, 0x30c6,
    0x30c8, 0x30ca, 0x30cb, 0x30cc, 0x30cd, 0x30ce, 0x30cf, 0x30d2, 0x30d5, 0x30d8,
    0x30db, 0x30de, 0x30df, 0x30e0, 0x30e1, 0x30e2, 0x30e4, 0x30e6, 0x30e8, 0x30e9,
    0x30ea, 0x30eb, 0x30ec, 0x30ed, 0x30ef, 0x30f3, 0x3099, 0x309a,
};
// clang-format on

_Static_assert(sizeof katakana / sizeof katakana[0] == 0xff9f - 0xff66 + 1, "U+FF66 to U+FF9F");

uint32_t idn_fold_case(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (c >= cases[i].first && c <= cases[i].last && (c - cases[i].first) % cases[i].step == 0)
            return c + (uint32_t)cases[i].offset;
    return c;
}

uint32_t idn_fold_width(uint32_t c)
{
    if (c == 0x3002 || c == 0xff61) /* ideographic full stops: RFC 5895 section 2, step 4 */
        return '.';
    if (c == 0xff65) /* halfwidth middle dot */
        return 0x30fb;
    if (c >= 0xff01 && c <= 0xff5e) /* fullwidth ASCII */
        return c - 0xff01 + '!';
    return c >= 0xff66 && c <= 0xff9f ? katakana[c - 0xff66] : c;
}
