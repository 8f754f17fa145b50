/* Which names of files are those of authorities. */
#include "api/placed_test.h"

#include "api/authority_files.h"

// clang-format off
static const struct {
    const char *file, *name, *type; /* name NULL: there is none */
} files[] = {
    { PUBLIC_CA ".crt",  "p.crt", "application/pkix-cert" },
    { PUBLIC_CA ".pem",  "p.pem", "application/x-pem-file" },
    { "q.crt",           "q.crt", "application/pkix-cert" },
    { PRIVATE_CA ".pem", "q.pem", "application/x-pem-file" },
    { PUBLIC_CA,         NULL,    NULL },
    { PUBLIC_CA ".key",  NULL,    NULL },
    { PUBLIC_CA ".crt.", NULL,    NULL },
    { "p.crt.pem",       NULL,    NULL },
    { "r.crt",           NULL,    NULL },
    { ".crt",            NULL,    NULL },
    { "",                NULL,    NULL },
};
// clang-format on

static void authorities_are_found_by_id_and_by_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        CertificateDownload out = CERTIFICATE_DOWNLOAD__INIT;
        bool found = authority_file_make(&arena, files[i].file, &out);
        if (found != (files[i].name != NULL))
            fail_msg("%s", files[i].file);
        if (found) {
            assert_string_equal(out.name, files[i].name);
            assert_string_equal(out.type, files[i].type);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorities_are_found_by_id_and_by_label),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
