#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ROOM_FIRST = 256 };

void text_init(struct text *t, struct arena *a)
{
    *t = (struct text){ .arena = a, .data = arena_alloc(a, ROOM_FIRST), .room = ROOM_FIRST };
}

/* Makes room for `size` more bytes and the NUL. */
static void grow(struct text *t, size_t size)
{
    size_t room = t->room;

    if (size < room - t->length)
        return;
    if (size > SIZE_MAX / 4)
        abort();
    while (size >= room - t->length)
        room *= 2;
    char *data = arena_alloc(t->arena, room);
    memcpy(data, t->data, t->length + 1);
    t->data = data;
    t->room = room;
}

void text_make_room(struct text *t, size_t size)
{
    grow(t, size);
}

void text_add_bytes(struct text *t, const void *data, size_t size)
{
    grow(t, size);
    if (size)
        memcpy(t->data + t->length, data, size);
    t->length += size;
    t->data[t->length] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_add_bytes(t, s, strlen(s));
}

void text_add_char(struct text *t, char c)
{
    text_add_bytes(t, &c, 1);
}

void text_format(struct text *t, const char *fmt, ...)
{
    va_list args, again;

    va_start(args, fmt);
    va_copy(again, args);
    int length = vsnprintf(t->data + t->length, t->room - t->length, fmt, args);
    va_end(args);
    if (length < 0)
        abort();
    if ((size_t)length >= t->room - t->length) {
        t->data[t->length] = '\0';
        grow(t, (size_t)length);
        vsnprintf(t->data + t->length, t->room - t->length, fmt, again);
    }
    va_end(again);
    t->length += (size_t)length;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Sizes are no secret; which byte differs is. */
bool bytes_equal_secret(struct bytes a, struct bytes b)
{
    volatile uint8_t differ = 0;

    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        differ |= (uint8_t)(a.data[i] ^ b.data[i]);
    return differ == 0;
}

bool int64_read(const char *text, int64_t *out)
{
    bool negative = *text == '-';
    int64_t n = 0;

    text += negative;
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        int digit = negative ? '0' - *text : *text - '0';
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

void random_bytes(void *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = getrandom((char *)out + done, size - done, 0);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            abort();
    }
}

void random_text(char *out, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum { LETTERS = sizeof letters - 1, FAIR = 256 - 256 % LETTERS };
    uint8_t drawn[64];
    size_t left = 0;

    for (size_t i = 0; i < length;) {
        if (left == 0)
            random_bytes(drawn, left = sizeof drawn);
        uint8_t byte = drawn[--left];
        /* The bytes above the last whole multiple would favour the first letters. */
        if (byte < FAIR)
            out[i++] = letters[byte % LETTERS];
    }
    out[length] = '\0';
}
