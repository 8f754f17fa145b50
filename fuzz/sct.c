/* Signed certificate timestamps and lists of them, as logs and certificates have them: what is read lies within what
 * came, and writes what was read. */
#include <assert.h>

#include "pki/sct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(struct bytes part, struct bytes whole)
{
    return part.size <= whole.size && part.data >= whole.data &&
           (size_t)(part.data - whole.data) <= whole.size - part.size;
}

static void check_one(struct bytes in, struct arena *a)
{
    struct fault f = { 0 };
    struct sct s;

    if (!sct_read(in, &s, &f, "sct"))
        return;
    assert(in.size <= SCT_SIZE_MAX && s.log_id.size == SCT_LOG_ID_SIZE);
    assert(lies_within(s.log_id, in) && lies_within(s.extensions, in) &&
           lies_within(s.signature, in));
    assert(sct_time(&s).us >= 0);
    assert(bytes_equal(sct_write(&s, a), in));
}

static void check_list(struct bytes in, struct arena *a)
{
    struct bytes scts[SCTS_MAX];
    struct fault f = { 0 };
    size_t count;

    if (!sct_list_read(in, scts, &count, &f, "list"))
        return;
    assert(count > 0 && count <= SCTS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(lies_within(scts[i], in));
        check_one(scts[i], a);
    }
    assert(bytes_equal(sct_list_write(scts, count, a), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;

    arena_init(&a);
    check_one((struct bytes){ data, size }, &a);
    check_list((struct bytes){ data, size }, &a);
    arena_free(&a);
    return 0;
}
