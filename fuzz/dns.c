/* Records of a customer's zone: what is read from them stays within bounds and says only what
 * stands there. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look/rdata.h"
#include "look/value.h"
#include "pki/authkey.h"

#define VALUE  "0123456789abcdefghijklmnopqrstuv"
#define TARGET "dcv.chancery.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(const uint8_t *data, size_t size)
{
    char shown[RDATA_SHOWN_SIZE];

    rdata_show(data, size, shown);
    assert(strlen(shown) < sizeof shown);
    for (const char *c = shown; *c; c++)
        assert(*c >= ' ' && *c <= '~');
}

static void check_token(const struct rdata_text *text)
{
    static const struct bytes csr = { (const uint8_t *)"csr", 3 };
    struct instant now = instant_from_unix(1709288430), made; /* 2024-03-01 10:20:30 */
    struct arena a;

    arena_init(&a);
    if (authkey_find(&a, (const char *)text->data, text->size, "key", csr, now, days(30), &made))
        assert(!instant_before(now, made) && text->size >= AUTHKEY_TOKEN_LENGTH);
    arena_free(&a);
}

static void check_text(struct bytes rdata)
{
    struct rdata_text text;

    if (!rdata_read_text(rdata, &text))
        return;
    assert(text.size < rdata.size);
    assert(!value_stands((struct bytes){ text.data, text.size }, ""));
    if (value_stands((struct bytes){ text.data, text.size }, VALUE))
        assert(memmem(text.data, text.size, VALUE, strlen(VALUE)));
    check_shown(text.data, text.size);
    check_token(&text);
}

static void check_name(struct bytes rdata)
{
    char name[RDATA_NAME_SIZE] = "", want[RDATA_NAME_SIZE];
    struct rdata_text labels;

    if (!rdata_read_name(rdata, name))
        return;
    assert(strlen(name) + 2 == rdata.size || (rdata.size == 1 && !name[0]));
    assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(name));
    snprintf(want, sizeof want, "%s.%s", VALUE, TARGET);
    assert(rdata_leads_to(name, VALUE, TARGET) == (strcmp(name, want) == 0));
    assert(rdata_leads_to(name, "", TARGET) == (strcmp(name, TARGET) == 0));
    if (rdata_labels_above(name, TARGET, &labels))
        assert(labels.size + strlen(TARGET) < strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rdata = { data, size };

    check_text(rdata);
    check_name(rdata);
    check_shown(data, size);
    return 0;
}
