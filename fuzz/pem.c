/* A certificate request as text: what is accepted is the same object when it is written and read
 * again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pki/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct arena *a, struct bytes der, const char *label, const char *eol)
{
    struct bytes again;
    struct fault f = { 0 };
    struct text t;

    text_init(&t, a);
    pem_write(&t, label, der, eol);
    if (t.length > PEM_SIZE_MAX) /* a long bare one gets too long by its armour */
        return;
    assert(pem_read_csr(a, t.data, &again, &f));
    assert(bytes_equal(der, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes der;
    struct fault f = { 0 };
    struct arena a;
    char *text;

    arena_init(&a);
    text = malloc(size + 1); /* not the arena's: the sanitizer must see both ends */
    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (pem_read_csr(&a, text, &der, &f)) {
        assert(der.size > 0 && der.size < size);
        assert(!strstr(text, "BEGIN PRIVATE KEY-----") &&
               !strstr(text, "END RSA PRIVATE KEY-----"));
        check_again(&a, der, "CERTIFICATE REQUEST", "\n");
        check_again(&a, der, "NEW CERTIFICATE REQUEST", "\r\n");
    } else {
        assert(f.code == FAULT_CSR && f.detail[0]);
    }
    arena_free(&a);
    free(text);
    return 0;
}
