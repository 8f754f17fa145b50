#include "base/arena.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

static int setup(void **state)
{
    static struct arena a;

    arena_init(&a);
    *state = &a;
    return 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 0, 1, 7, 16, 17, 4095, 4096, 4097, 65536, 1 << 20, 3, 0 };
    static const char zero[1 << 20];
    unsigned char *pieces[sizeof sizes / sizeof *sizes];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pieces[i] = arena_alloc(*state, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        assert_memory_equal(pieces[i], zero, sizes[i]);
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], i + 1);
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(pieces[i], pieces[k]);
    }
}

static void many_small_pieces_keep_what_they_hold(void **state)
{
    enum { COUNT = 20000 };
    static uint32_t *numbers[COUNT];

    for (uint32_t i = 0; i < COUNT; i++) {
        numbers[i] = arena_new((struct arena *)*state, uint32_t);
        *numbers[i] = i;
    }
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(*numbers[i], i);
}

static void is_used_again_after_free(void **state)
{
    struct arena *a = *state;

    for (int i = 0; i < 3; i++) {
        memset(arena_alloc(a, 5000), 0xFF, 5000);
        arena_free(a);
        assert_null(a->chunks);
    }
    assert_int_equal(*(char *)arena_alloc(a, 1), 0);
}

static void copies_texts(void **state)
{
    struct arena *a = *state;
    char source[] = "chancery";

    char *all = arena_strdup(a, source);
    char *some = arena_strndup(a, source, 4);
    char *more = arena_strndup(a, source, 100);
    memset(source, 'x', sizeof source - 1);
    assert_string_equal(all, "chancery");
    assert_string_equal(some, "chan");
    assert_string_equal(more, "chancery");
    assert_null(arena_strdup(a, NULL));
    assert_null(arena_strndup(a, NULL, 3));
    assert_memory_equal(arena_copy(a, "a\0b", 3), "a\0b", 3);
    assert_non_null(arena_copy(a, NULL, 0));
}

static void formats_any_length(void **state)
{
    static char long_text[10001];

    memset(long_text, 'y', sizeof long_text - 1);
    assert_string_equal(arena_format(*state, "%s-%d", "a", -7), "a--7");
    assert_string_equal(arena_format(*state, "%s", ""), "");
    assert_int_equal(strlen(arena_format(*state, "<%s>", long_text)), 10002);
}

static void serves_protobuf(void **state)
{
    struct arena *a = *state;
    void *p = a->pb.alloc(a->pb.allocator_data, 10);

    memset(p, 1, 10);
    a->pb.free(a->pb.allocator_data, p);
    assert_int_equal(*(char *)p, 1);
}

static void overruns_are_seen(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
    static const size_t sizes[] = { 0, 1, 8, 13, 16, 4096, 100000 };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *p = arena_alloc(*state, sizes[i]);
        assert_int_equal(__asan_region_is_poisoned(p, sizes[i]), 0);
        assert_true(__asan_address_is_poisoned(p + sizes[i]));
    }
#else
    (void)state;
    skip();
#endif
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(pieces_are_zeroed_aligned_and_apart),
        TEST(many_small_pieces_keep_what_they_hold),
        TEST(is_used_again_after_free),
        TEST(copies_texts),
        TEST(formats_any_length),
        TEST(serves_protobuf),
        TEST(overruns_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
