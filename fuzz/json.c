/* The JSON codec: what it reads it writes, and reads again as the same. */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "codec.pb-c.h"
#include "message/field.h"
#include "message/json.h"
#include "order.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fault(const struct fault *f)
{
    assert(f->code == FAULT_BODY_FORMAT || f->code == FAULT_REQUIRED || f->code == FAULT_INVALID);
    assert(f->detail[0]);
    assert(f->code != FAULT_BODY_FORMAT || !f->field[0]);
}

static struct text write(struct arena *a, const ProtobufCMessage *message)
{
    struct text out;

    text_init(&out, a);
    message_to_json(message, &out);
    assert(utf8_valid(out.data, out.length) && strlen(out.data) == out.length);
    return out;
}

static void check_same(struct arena *a, const ProtobufCMessage *message,
                       const ProtobufCMessageDescriptor *type)
{
    struct text once = write(a, message);
    struct fault f = { 0 };
    ProtobufCMessage *again = message_from_json(a, type, once.data, once.length, &f);

    assert(again);
    assert(strcmp(write(a, again).data, once.data) == 0);
    assert(strcmp(write(a, message_copy(a, message)).data, once.data) == 0);
}

/* A client's is read more kindly: whatever is taken strictly is taken so, too. */
static void check_request(struct arena *a, const ProtobufCMessageDescriptor *type, const char *json,
                          size_t size, bool taken)
{
    struct fault f = { 0 };
    struct json_strays strays = { 0 };
    ProtobufCMessage *message = message_new(a, type);

    if (message_merge_request(a, message, json, size, &strays, &f))
        check_same(a, message, type);
    else
        check_fault(&f);
    for (size_t i = 0; i < strays.count; i++)
        assert(strays.all[i].outer <= strlen(strays.all[i].path));
    assert(!taken || f.code == FAULT_NONE);
}

static void check(const ProtobufCMessageDescriptor *type, const char *json, size_t size)
{
    struct arena a;
    struct fault f = { 0 };

    arena_init(&a);
    ProtobufCMessage *message = message_from_json(&a, type, json, size, &f);
    if (message)
        check_same(&a, message, type);
    else
        check_fault(&f);
    check_request(&a, type, json, size, message != NULL);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(&codec__descriptor, (const char *)data, size);
    check(&order_request__descriptor, (const char *)data, size);
    return 0;
}
