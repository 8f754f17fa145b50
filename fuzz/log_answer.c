/* What a log answers to a precertificate: a timestamp that can be stored, and read again, or a fault. */
#include <assert.h>

#include "pki/sct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault f = { 0 };
    struct sct s, again;
    struct arena a;

    arena_init(&a);
    if (sct_answer_read((struct bytes){ data, size }, &a, &s, &f)) {
        struct bytes stored = sct_write(&s, &a);
        assert(stored.size >= 47 && stored.size <= SCT_SIZE_MAX); /* as the table sct has it */
        assert(sct_read(stored, &again, &f, "sct"));
        assert(bytes_equal(again.log_id, s.log_id) && again.timestamp_ms == s.timestamp_ms);
        assert(bytes_equal(again.signature, s.signature));
    } else {
        assert(f.code == FAULT_INVALID && *f.detail);
    }
    arena_free(&a);
    return 0;
}
