#include "x509/serial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pki/der.h"

static const struct instant times[] = { { 0 },
                                        { INT64_C(1767225600000000) },
                                        { INT64_C(1767225600001000) },
                                        { INT64_C(4102444800000000) },
                                        { INT64_C(253402300799999999) } };
enum { TIMES = sizeof times / sizeof *times };

static void serials_are_positive_and_of_one_length(void **state)
{
    (void)state;
    struct arena a;

    arena_init(&a);
    for (size_t i = 0; i < TIMES; i++) {
        uint8_t serial[SERIAL_SIZE];
        struct text t;
        struct bytes content;
        serial_make(times[i], serial);
        text_init(&t, &a);
        der_add_unsigned(&t, DER_INTEGER, (struct bytes){ serial, sizeof serial });
        struct der c = der_open(der_written(&t));
        assert_true(der_take(&c, DER_INTEGER, &content));
        assert_int_equal(content.size, 20); /* RFC 5280 4.1.2.2: no more, with its sign */
        assert_int_equal(content.data[0], 0x40);
    }
    arena_free(&a);
}

static void serials_grow_with_time(void **state)
{
    (void)state;
    uint8_t before[SERIAL_SIZE], serial[SERIAL_SIZE];

    for (size_t i = 1; i < TIMES; i++) {
        serial_make(times[i - 1], before);
        serial_make(times[i], serial);
        assert_true(memcmp(before, serial, SERIAL_SIZE) < 0);
    }
    serial_make((struct instant){ INT64_C(0x0123456789ab) * 1000 + 999 }, serial);
    assert_memory_equal(serial, "\x40\x01\x23\x45\x67\x89\xab", SERIAL_TIME_SIZE);
}

static void serials_of_one_moment_are_all_different(void **state)
{
    (void)state;
    uint8_t serials[64][SERIAL_SIZE];

    for (size_t i = 0; i < 64; i++) {
        serial_make(times[1], serials[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(serials[i] + SERIAL_TIME_SIZE, serials[j] + SERIAL_TIME_SIZE,
                                    SERIAL_SIZE - SERIAL_TIME_SIZE);
    }
}

/* It stands in certificates: these answers may never change. */
static void shards_are_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *serial;
        size_t size;
        unsigned shards, shard;
    } cases[] = {
        { "\x40\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\xff", 20,
          128, 127 },
        { "\x40\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x80", 20,
          128, 0 },
        { "\x40\xff\xff\xff\x00\x00\x03\xe9", 8, 1000, 1 },
        { "\xff\xff\xff\xff", 4, 32767, 3 },
        { "\x05", 1, 4, 1 },
        { "\x05", 1, 1, 0 },
        { "\x05", 1, 0, 0 },
        { "", 0, 128, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes serial = { (const uint8_t *)cases[i].serial, cases[i].size };
        assert_int_equal(serial_shard(serial, cases[i].shards), cases[i].shard);
    }
}

static void shards_fill_evenly(void **state)
{
    (void)state;
    enum { SHARDS = 128, SERIALS = SHARDS * 64 };
    unsigned count[SHARDS] = { 0 };

    for (size_t i = 0; i < SERIALS; i++) {
        uint8_t serial[SERIAL_SIZE];
        serial_make(times[1], serial); /* all of one moment: it is not time that spreads them */
        count[serial_shard((struct bytes){ serial, sizeof serial }, SHARDS)]++;
    }
    for (size_t i = 0; i < SHARDS; i++)
        assert_in_range(count[i], 8, 160); /* 64 on average; beyond these once in 10^12 runs */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials_are_positive_and_of_one_length),
        cmocka_unit_test(serials_grow_with_time),
        cmocka_unit_test(serials_of_one_moment_are_all_different),
        cmocka_unit_test(shards_are_what_they_are),
        cmocka_unit_test(shards_fill_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
