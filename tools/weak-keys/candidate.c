#include "candidate.h"

#include <endian.h>
#include <string.h>

/* Compiled for this processor's vectors, and for any. */
#ifdef __x86_64__
#define VECTOR_LOOPS __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define VECTOR_LOOPS
#endif

enum { PRIMES = 2047 /* without 2 */, PRIME_LAST = 17863, DIGITS_MAX = 2 * LIMBS_MAX };
enum { BLOCK = 64, BLOCKS = (PRIMES + BLOCK) / BLOCK, SLOTS = BLOCK * BLOCKS };

/* A number's remainder is the sum of its 32-bit digits, each by what 2^(32 i) leaves: for a block of
 * primes at once, which compilers do with vectors. The last slot's prime repeats the one before. */
static uint32_t primes[SLOTS];
static float powers[BLOCKS][DIGITS_MAX][BLOCK];
static double inverses[SLOTS];

static void primes_find(void)
{
    static bool composite[PRIME_LAST + 1];
    int count = 0;

    for (uint32_t i = 3; i <= PRIME_LAST; i += 2) {
        if (composite[i])
            continue;
        primes[count++] = i;
        for (uint32_t k = i * 3; k <= PRIME_LAST; k += 2 * i)
            composite[k] = true;
    }
}

void candidate_tables(void)
{
    primes_find();
    primes[PRIMES] = PRIME_LAST;
    for (int p = 0; p < SLOTS; p++) {
        uint64_t power = 1;
        inverses[p] = 1.0 / primes[p];
        for (int i = 0; i < DIGITS_MAX; i++) {
            powers[p / BLOCK][i][p % BLOCK] = (float)power;
            power = (power << 32) % primes[p];
        }
    }
}

/* The sums are below 64 * 2^32 * 2^14.2 = 2^52.2: a double holds them exactly. */
VECTOR_LOOPS static void remainders_block(const double *digits, unsigned count, int block,
                                          uint32_t *out)
{
    double sums[BLOCK] = { 0 };

    for (unsigned i = 0; i < count; i++)
        for (int p = 0; p < BLOCK; p++)
            sums[p] += digits[i] * (double)powers[block][i][p];
    for (int p = 0; p < BLOCK; p++) {
        int64_t prime = primes[block * BLOCK + p];
        int64_t times = (int64_t)(sums[p] * inverses[block * BLOCK + p]);
        int64_t rest = (int64_t)sums[p] - times * prime;
        rest += rest < 0 ? prime : 0;
        out[p] = (uint32_t)(rest >= prime ? rest - prime : rest);
    }
}

static void remainders(const uint64_t *number, unsigned limbs, uint32_t *out)
{
    double digits[DIGITS_MAX];

    for (unsigned i = 0; i < 2 * limbs; i++)
        digits[i] = (double)(uint32_t)(number[i / 2] >> (i % 2 * 32));
    for (int block = 0; block < BLOCKS; block++)
        remainders_block(digits, 2 * limbs, block, out + block * BLOCK);
}

enum { WINDOW = 256 };

/* Half of what must be added to `rest` to be divided by the prime. */
static inline uint32_t half_way(uint32_t rest, uint32_t prime)
{
    uint32_t way = rest == 0 ? 0 : prime - rest;

    return (way + (way % 2 == 0 ? 0 : prime)) / 2;
}

/* The least k for which rest + 2 k leaves 0, and the least for which it leaves 1. */
VECTOR_LOOPS static void first_steps(const uint32_t *rests, uint32_t *to_0, uint32_t *to_1)
{
    for (int p = 0; p < SLOTS; p++) {
        to_0[p] = half_way(rests[p], primes[p]);
        to_1[p] = half_way(rests[p] == 0 ? primes[p] - 1 : rests[p] - 1, primes[p]);
    }
}

/* The least even number which, added, leaves neither 0 nor 1 with any prime. */
static uint64_t distance(uint32_t *rests)
{
    uint32_t to_0[SLOTS], to_1[SLOTS];

    for (uint64_t base = 0;; base += 2 * WINDOW) {
        uint8_t bad[WINDOW] = { 0 };
        first_steps(rests, to_0, to_1);
        for (int p = 0; p < PRIMES; p++) {
            for (uint32_t k = to_0[p]; k < WINDOW; k += primes[p])
                bad[k] = 1;
            for (uint32_t k = to_1[p]; k < WINDOW; k += primes[p])
                bad[k] = 1;
        }
        const uint8_t *good = memchr(bad, 0, WINDOW);
        if (good)
            return base + 2 * (uint64_t)(good - bad);
        for (int p = 0; p < SLOTS; p++)
            rests[p] = (rests[p] + 2 * WINDOW) % primes[p];
    }
}

static void from_bytes(const uint8_t *bytes, unsigned limbs, uint64_t *out)
{
    for (unsigned i = 0; i < limbs; i++) {
        uint64_t limb;
        memcpy(&limb, bytes + 8 * (limbs - 1 - i), 8);
        out[i] = be64toh(limb);
    }
}

void candidate_draw(struct weak_random *r, unsigned bits, uint64_t *out)
{
    uint8_t bytes[LIMBS_MAX * 8];
    uint32_t rests[SLOTS];
    unsigned limbs = bits / 64;

    weak_random_number(r, bytes, bits / 8);
    bytes[0] |= 0xc0;
    bytes[bits / 8 - 1] |= 1;
    from_bytes(bytes, limbs, out);
    remainders(out, limbs, rests);
    uint64_t add = distance(rests);
    for (unsigned i = 0; i < limbs && add != 0; i++) {
        out[i] += add;
        add = out[i] < add;
    }
}

/* Below the candidate less one? */
static bool is_witness(const uint64_t *witness, const uint64_t *candidate, unsigned limbs)
{
    while (limbs > 1 && witness[limbs - 1] == candidate[limbs - 1])
        limbs--;
    return limbs > 1 ? witness[limbs - 1] < candidate[limbs - 1] : witness[0] < candidate[0] - 1;
}

/* BN_pseudo_rand_range() draws until the number is in the range. */
void candidate_skip_witness(struct weak_random *r, unsigned bits, const uint64_t *candidate)
{
    uint8_t bytes[LIMBS_MAX * 8];
    uint64_t witness[LIMBS_MAX] = { 0 };

    do {
        weak_random_number(r, bytes, bits / 8);
        from_bytes(bytes, bits / 64, witness);
    } while (!is_witness(witness, candidate, bits / 64));
}

bool candidate_bad_for_f4(unsigned bits, const uint64_t *candidate)
{
    uint64_t rest = 0;

    for (unsigned i = bits / 64; i-- > 0;)
        for (int shift = 48; shift >= 0; shift -= 16)
            rest = (rest << 16 | (candidate[i] >> shift & 0xffff)) % 65537;
    return rest == 1;
}
