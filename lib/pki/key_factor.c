#include "pki/key_factor.h"

#include <endian.h>
#include <math.h>
#include <openssl/bn.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "pki/evp.h"

AUTO_FREE(BIGNUM, BN_free);
AUTO_FREE(BN_CTX, BN_CTX_free);

// clang-format off
static const uint16_t primes[] = { /* all below 752 */
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61,
    67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151,
    157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251,
    257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359,
    367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463,
    467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587, 593,
    599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701,
    709, 719, 727, 733, 739, 743, 751,
};
// clang-format on

enum { PRIMES = sizeof primes / sizeof primes[0], ROCA_PRIMES = 39 /* up to 167 */ };

/* The remainder of a big-endian number. */
static uint64_t remainder_of(struct bytes n, uint64_t by)
{
    uint64_t rest = 0;
    size_t at = 0;

    for (; (n.size - at) % 8 != 0; at++)
        rest = (uint64_t)(__extension__((unsigned __int128)rest << 8 | n.data[at]) % by);
    for (; at < n.size; at += 8) {
        uint64_t limb;
        memcpy(&limb, n.data + at, 8);
        rest = (uint64_t)(__extension__((unsigned __int128)rest << 64 | be64toh(limb)) % by);
    }
    return rest;
}

/* Remainders by `count` primes: one division of the long number serves as many primes as have a
 * product below 2^64. */
static void remainders(struct bytes n, const uint16_t *by, uint16_t *out, size_t count)
{
    for (size_t first = 0, next; first < count; first = next) {
        uint64_t product = 1, rest;

        for (next = first; next < count && product <= UINT64_MAX / by[next]; next++)
            product *= by[next];
        rest = remainder_of(n, product);
        for (size_t i = first; i < next; i++)
            out[i] = (uint16_t)(rest % by[i]);
    }
}

unsigned key_factor_small(struct bytes modulus)
{
    uint16_t rests[PRIMES];

    remainders(modulus, primes, rests, PRIMES);
    for (size_t i = 1; i < PRIMES; i++) /* not 2 */
        if (rests[i] == 0)
            return primes[i];
    return 0;
}

static bool is_power_of_65537(unsigned rest, unsigned prime)
{
    unsigned power = 1;

    do {
        if (power == rest)
            return true;
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
}

bool key_factor_roca(struct bytes modulus)
{
    uint16_t rests[ROCA_PRIMES];

    remainders(modulus, primes, rests, ROCA_PRIMES);
    for (size_t i = 1; i < ROCA_PRIMES; i++) /* not 2 */
        if (!is_power_of_65537(rests[i], primes[i]))
            return false;
    return true;
}

/* A number that is at least sqrt(n): the root of its leading bits, rounded up. */
static void root_estimate(BIGNUM *root, const BIGNUM *n)
{
    int drop = BN_num_bits(n) - 52;
    double top;

    drop = drop < 0 ? 0 : drop + (drop & 1);
    evp_must(BN_rshift(root, n, drop), "root");
    top = (double)BN_get_word(root); /* exact: below 2^53 */
    evp_must(BN_set_word(root, (BN_ULONG)ceil(sqrt(top + 1)) + 1) &&
                 BN_lshift(root, root, drop / 2),
             "root");
}

/* The largest integer whose square is not above n, by Newton's method, which falls until it is
 * there. */
static void root_floor(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
    AUTO(BIGNUM) next = BN_new();

    evp_must(next != NULL, "root");
    BN_zero(root);
    if (BN_is_zero(n))
        return;
    for (root_estimate(root, n);; BN_swap(root, next)) {
        evp_must(BN_div(next, NULL, n, root, ctx) && BN_add(next, next, root) &&
                     BN_rshift1(next, next),
                 "root");
        if (BN_cmp(next, root) >= 0)
            return;
    }
}

static bool is_square(const BIGNUM *n, BN_CTX *ctx)
{
    AUTO(BIGNUM) root = BN_new();

    evp_must(root != NULL, "square");
    root_floor(root, n, ctx);
    evp_must(BN_sqr(root, root, ctx), "square");
    return BN_cmp(root, n) == 0;
}

/* Whether a^2 - n is a square. */
static bool fermat_hit(const BIGNUM *a, const BIGNUM *n, BN_CTX *ctx)
{
    AUTO(BIGNUM) rest = BN_new();

    evp_must(rest && BN_sqr(rest, a, ctx) && BN_sub(rest, rest, n), "Fermat");
    return is_square(rest, ctx);
}

/* Squares leave few remainders: together these moduli let one number in 800 pass, so that hardly a
 * round costs long arithmetic. */
static const uint16_t sieve[] = { 64, 63, 65, 11, 17, 19, 23 };

enum { SIEVES = sizeof sieve / sizeof sieve[0] };

struct sieve_state {
    unsigned a[SIEVES], n[SIEVES]; /* remainders */
    uint64_t squares[SIEVES][2];   /* bit r is set if r is the remainder of a square */
};

static void sieve_start(struct sieve_state *s, const BIGNUM *a, const BIGNUM *n)
{
    *s = (struct sieve_state){ 0 };
    for (size_t i = 0; i < SIEVES; i++) {
        s->a[i] = (unsigned)BN_mod_word(a, sieve[i]);
        s->n[i] = (unsigned)BN_mod_word(n, sieve[i]);
        for (unsigned r = 0; r < sieve[i]; r++)
            s->squares[i][r * r % sieve[i] / 64] |= UINT64_C(1) << r * r % sieve[i] % 64;
    }
}

/* Whether (a + round)^2 - n may be a square. */
static bool sieve_passes(const struct sieve_state *s, unsigned round)
{
    for (size_t i = 0; i < SIEVES; i++) {
        unsigned m = sieve[i], a = (s->a[i] + round) % m, rest = (a * a + m - s->n[i]) % m;
        if (!(s->squares[i][rest / 64] >> rest % 64 & 1))
            return false;
    }
    return true;
}

bool key_factor_fermat(struct bytes modulus, unsigned rounds)
{
    AUTO(BN_CTX) ctx = BN_CTX_new();
    AUTO(BIGNUM) n = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
    AUTO(BIGNUM) a = BN_new();
    AUTO(BIGNUM) at = BN_new();
    struct sieve_state s;

    evp_must(ctx && n && a && at, "Fermat");
    root_floor(a, n, ctx);
    evp_must(BN_sqr(at, a, ctx), "Fermat");
    if (BN_cmp(at, n) < 0) /* start at the root, rounded up */
        evp_must(BN_add_word(a, 1), "Fermat");
    sieve_start(&s, a, n);
    for (unsigned round = 0; round < rounds; round++) {
        if (!sieve_passes(&s, round))
            continue;
        evp_must(BN_copy(at, a) && BN_add_word(at, round), "Fermat");
        if (fermat_hit(at, n, ctx))
            return true;
    }
    return false;
}

/* ---- powers */

/* A number is a k-th power only if it is one modulo each prime q. Where k divides q - 1, one in k is:
 * exactly those whose power of (q - 1) / k is 1. With two such q for each k, one number in 60 comes
 * as far as long arithmetic. */
enum { EXPONENTS = 146 /* primes from 3 to 853: 757^857 has more than 8192 bits */, WITNESSES = 2 };

static uint16_t exponents[EXPONENTS], witnesses[WITNESSES][EXPONENTS];

static bool is_prime(unsigned n)
{
    for (unsigned i = 2; i * i <= n; i++)
        if (n % i == 0)
            return false;
    return n > 1;
}

static void find_witnesses(void)
{
    unsigned k = 3;

    for (size_t i = 0; i < EXPONENTS; i++, k++) {
        while (!is_prime(k))
            k++;
        unsigned q = k + 1;
        exponents[i] = (uint16_t)k;
        for (size_t w = 0; w < WITNESSES; w++, q += k) {
            while (!is_prime(q))
                q += k;
            witnesses[w][i] = (uint16_t)q;
        }
    }
}

static bool may_be_power(unsigned rest, unsigned k, unsigned q)
{
    uint64_t result = 1, base = rest;

    for (unsigned e = (q - 1) / k; e > 0; e /= 2) {
        if (e % 2 == 1)
            result = result * base % q;
        base = base * base % q;
    }
    return result <= 1; /* 0: q divides it */
}

/* root = (root (k - 1) + n / root^(k - 1)) / k */
static void root_step(BIGNUM *next, const BIGNUM *root, const BIGNUM *n, unsigned k, BN_CTX *ctx)
{
    AUTO(BIGNUM) less = BN_new();
    AUTO(BIGNUM) power = BN_new();

    evp_must(less && power && BN_set_word(less, k - 1) && BN_exp(power, root, less, ctx) &&
                 BN_div(next, NULL, n, power, ctx) && BN_copy(power, root) &&
                 BN_mul_word(power, k - 1) && BN_add(next, next, power) &&
                 BN_div_word(next, k) != (BN_ULONG)-1,
             "root");
}

/* By Newton's method from above, which falls until it is at the root, rounded down. */
static bool is_power(const BIGNUM *n, unsigned k, BN_CTX *ctx)
{
    AUTO(BIGNUM) root = BN_new();
    AUTO(BIGNUM) next = BN_new();
    AUTO(BIGNUM) exponent = BN_new();

    evp_must(root && next && exponent && BN_set_word(exponent, k) &&
                 BN_set_bit(root, BN_num_bits(n) / (int)k + 1),
             "root");
    for (;; BN_swap(root, next)) {
        root_step(next, root, n, k, ctx);
        if (BN_cmp(next, root) >= 0)
            break;
    }
    evp_must(BN_exp(next, root, exponent, ctx), "root");
    return BN_cmp(next, n) == 0;
}

unsigned key_factor_power(struct bytes modulus)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AUTO(BN_CTX) ctx = BN_CTX_new();
    AUTO(BIGNUM) n = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
    uint16_t rests[EXPONENTS];
    size_t count = 0;

    pthread_once(&once, find_witnesses);
    evp_must(ctx && n, "power");
    while (count < EXPONENTS && exponents[count] * 9 < BN_num_bits(n)) /* 757 has 9.6 bits */
        count++;
    remainders(modulus, witnesses[0], rests, count);
    for (size_t i = 0; i < count; i++) {
        unsigned k = exponents[i], q = witnesses[1][i];
        if (may_be_power(rests[i], k, witnesses[0][i]) &&
            may_be_power((unsigned)remainder_of(modulus, q), k, q) && is_power(n, k, ctx))
            return k;
    }
    return 0;
}
