#include "pki/authkey.h"

#include <string.h>

#include "pki/digest.h"

/* Divides a big-endian number by 36 in place and returns the remainder. */
static unsigned divide_by_36(uint8_t number[SHA256_SIZE])
{
    unsigned rest = 0;

    for (size_t i = 0; i < SHA256_SIZE; i++) {
        rest = rest << 8 | number[i];
        number[i] = (uint8_t)(rest / 36);
        rest %= 36;
    }
    return rest;
}

/* 50 digits hold 258 bits, so that each MAC fits. */
static void write_base36(uint8_t mac[SHA256_SIZE], char out[AUTHKEY_MAC_LENGTH])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

    for (size_t i = AUTHKEY_MAC_LENGTH; i > 0; i--)
        out[i - 1] = digits[divide_by_36(mac)];
}

/* What all tokens of one key and request share. */
struct signer {
    struct bytes key;
    struct text message; /* 14 digits, to be filled in, and the request */
};

static void signer_init(struct signer *s, struct arena *a, const char *auth_key,
                        struct bytes csr_der)
{
    s->key = BYTES_OF(auth_key);
    text_init(&s->message, a);
    text_add(&s->message, "00000000000000");
    text_add(&s->message, base64_write(a, csr_der));
}

static void make_token(struct signer *s, const char stamp[AUTHKEY_STAMP_LENGTH],
                       char out[AUTHKEY_TOKEN_LENGTH])
{
    uint8_t mac[SHA256_SIZE];

    memcpy(s->message.data, stamp, AUTHKEY_STAMP_LENGTH);
    hmac_sha256(s->key, (struct bytes){ (uint8_t *)s->message.data, s->message.length }, mac);
    memcpy(out, stamp, AUTHKEY_STAMP_LENGTH);
    write_base36(mac, out + AUTHKEY_STAMP_LENGTH);
}

/* The first 14 digits of "2024-03-01T10:20:30+00:00" */
static void write_stamp(struct instant at, char out[AUTHKEY_STAMP_LENGTH])
{
    char text[INSTANT_TEXT_SIZE];
    const char *p = instant_text(at, text);

    for (size_t i = 0; i < AUTHKEY_STAMP_LENGTH; p++)
        if (*p >= '0' && *p <= '9')
            out[i++] = *p;
}

char *authkey_token(struct arena *a, const char *auth_key, struct bytes csr_der, struct instant at)
{
    char stamp[AUTHKEY_STAMP_LENGTH];
    char *out = arena_alloc(a, AUTHKEY_TOKEN_LENGTH + 1);
    struct signer s;

    signer_init(&s, a, auth_key, csr_der);
    write_stamp(at, stamp);
    make_token(&s, stamp, out);
    return out;
}

static bool read_stamp(const char *p, struct instant *at)
{
    char text[] = "yyyy-mm-dd hh:mm:ss";

    for (size_t i = 0; text[i]; i++) {
        if (text[i] < 'a')
            continue;
        if (*p < '0' || *p > '9')
            return false;
        text[i] = *p++;
    }
    return instant_read(text, at);
}

static bool stamp_is_timely(const char *p, struct instant now, struct duration max_age,
                            struct instant *at)
{
    return read_stamp(p, at) && !instant_before(now, *at) &&
           instant_since(now, *at).us <= max_age.us;
}

static bool is_base36(const char *p)
{
    for (int i = 0; i < AUTHKEY_TOKEN_LENGTH; i++)
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'a' && p[i] <= 'z'))
            return false;
    return true;
}

/* Each candidate costs an HMAC over the whole request, so a text full of timely stamps gets no more
 * than that many. */
enum { CANDIDATES_MAX = 16 };

bool authkey_find(struct arena *a, const char *text, size_t length, const char *auth_key,
                  struct bytes csr_der, struct instant now, struct duration max_age,
                  struct instant *made)
{
    struct signer s;
    int tried = 0;

    signer_init(&s, a, auth_key, csr_der);
    for (size_t i = 0; i + AUTHKEY_TOKEN_LENGTH <= length && tried < CANDIDATES_MAX; i++) {
        char want[AUTHKEY_TOKEN_LENGTH];
        if (!stamp_is_timely(text + i, now, max_age, made) || !is_base36(text + i))
            continue;
        tried++;
        make_token(&s, text + i, want);
        if (bytes_equal_secret((struct bytes){ (uint8_t *)want, sizeof want },
                               (struct bytes){ (const uint8_t *)text + i, sizeof want }))
            return true;
    }
    return false;
}
