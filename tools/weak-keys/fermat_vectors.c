/* The test with AVX-512 IFMA: eight numbers in the lanes of vectors, digits of 52 bits. */
#include "fermat_vectors.h"

#ifdef __x86_64__

#include <immintrin.h>

#include "candidate.h"

#define VECTORS __attribute__((target("avx512f,avx512dq,avx512ifma")))
#define INLINE  VECTORS static inline __attribute__((always_inline))

enum { DIGIT = 52, DIGITS_MAX = 40, HEAD = 9 };

bool fermat_has_vectors(void)
{
    return __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("avx512dq");
}

/* A lane is a number; element i of each array has digit i, 52 bits, of all eight. R = 2^(52 D). */
struct modulus {
    __m512i n[DIGITS_MAX], inverse; /* -1/n modulo 2^52 */
};

static uint64_t digit_of(const uint64_t *number, unsigned limbs, unsigned index)
{
    unsigned at = index * DIGIT, limb = at / 64, shift = at % 64;
    uint64_t low = limb < limbs ? number[limb] >> shift : 0;

    if (shift > 64 - DIGIT && limb + 1 < limbs)
        low |= number[limb + 1] << (64 - shift);
    return low & ((UINT64_C(1) << DIGIT) - 1);
}

/* Newton's method doubles the right bits of an inverse: 3, 6, 12, 24, 48, 96. */
static uint64_t inverse_of(uint64_t n)
{
    uint64_t x = n;

    for (int i = 0; i < 5; i++)
        x *= 2 - n * x;
    return -x & ((UINT64_C(1) << DIGIT) - 1);
}

VECTORS static void modulus_load(struct modulus *m, const uint64_t *const numbers[LANES],
                                 unsigned limbs, unsigned digits)
{
    uint64_t lane[LANES];

    for (unsigned i = 0; i < digits; i++) {
        for (int k = 0; k < LANES; k++)
            lane[k] = digit_of(numbers[k], limbs, i);
        m->n[i] = _mm512_loadu_si512(lane);
    }
    for (int k = 0; k < LANES; k++)
        lane[k] = inverse_of(numbers[k][0]);
    m->inverse = _mm512_loadu_si512(lane);
}

#define LOW(sum, a, b)  ((sum) = _mm512_madd52lo_epu64(sum, a, b))
#define HIGH(sum, a, b) ((sum) = _mm512_madd52hi_epu64(sum, a, b))

/* A product by columns: column k has the low halves of a_i b_(k-i) and the high halves of
 * a_i b_(k-1-i). Several sums, so that one addition need not wait for the one before. */

/* Column k of m n, without m_k, which in the lower half is not known yet. */
INLINE __m512i column_mixed(const __m512i *m, const __m512i *n, int k, const int D)
{
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
    int i = k < D ? 0 : k - D + 1, end = k < D ? k : D;

    if (k >= D)
        HIGH(s3, m[k - D], n[D - 1]);
    for (; i + 1 < end; i += 2) {
        LOW(s0, m[i], n[k - i]);
        HIGH(s1, m[i], n[k - 1 - i]);
        LOW(s2, m[i + 1], n[k - 1 - i]);
        HIGH(s3, m[i + 1], n[k - 2 - i]);
    }
    if (i < end) {
        LOW(s0, m[i], n[k - i]);
        HIGH(s1, m[i], n[k - 1 - i]);
    }
    return _mm512_add_epi64(_mm512_add_epi64(s0, s1), _mm512_add_epi64(s2, s3));
}

/* Column k of a a: the products of two different digits count twice. */
INLINE __m512i column_square(const __m512i *a, int k, const int D)
{
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, once = s0;
    int low = k < D ? 0 : k - D + 1, high = k <= D ? 0 : k - D;

    for (int i = low; 2 * i < k; i++)
        LOW(s0, a[i], a[k - i]);
    for (int i = high; 2 * i < k - 1; i++)
        HIGH(s1, a[i], a[k - 1 - i]);
    if (k % 2 == 0)
        LOW(once, a[k / 2], a[k / 2]);
    else
        HIGH(once, a[k / 2], a[k / 2]);
    s0 = _mm512_add_epi64(s0, s1);
    return _mm512_add_epi64(_mm512_add_epi64(s0, s0), once);
}

/* a = a a / R modulo n, times 2 in the lanes where `twice` has 1. No lane is ever reduced to below
 * n: with R over 2^16 n what comes out is below 3 n, whatever below R went in a few times before. */
INLINE void square_twice(__m512i *a, const struct modulus *mod, __m512i twice, const int D)
{
    const __m512i mask = _mm512_set1_epi64((INT64_C(1) << DIGIT) - 1);
    __m512i m[DIGITS_MAX], s = _mm512_setzero_si512();

    for (int k = 0; k < D; k++) {
        s = _mm512_add_epi64(s, column_square(a, k, D));
        s = _mm512_add_epi64(s, column_mixed(m, mod->n, k, D));
        m[k] = _mm512_madd52lo_epu64(_mm512_setzero_si512(), s, mod->inverse);
        LOW(s, m[k], mod->n[0]);
        s = _mm512_srli_epi64(s, DIGIT);
    }
    s = _mm512_sllv_epi64(s, twice);
    for (int k = D; k < 2 * D; k++) {
        __m512i column = column_square(a, k, D);
        column = _mm512_add_epi64(column, column_mixed(m, mod->n, k, D));
        s = _mm512_add_epi64(s, _mm512_sllv_epi64(column, twice));
        a[k - D] = _mm512_and_si512(s, mask); /* no later column has this digit */
        s = _mm512_srli_epi64(s, DIGIT);
    }
}

/* a = a / R modulo n, at most n. */
INLINE void leave_montgomery(__m512i *a, const struct modulus *mod, const int D)
{
    const __m512i mask = _mm512_set1_epi64((INT64_C(1) << DIGIT) - 1);
    __m512i m[DIGITS_MAX], s = _mm512_setzero_si512();

    for (int k = 0; k < D; k++) {
        s = _mm512_add_epi64(_mm512_add_epi64(s, a[k]), column_mixed(m, mod->n, k, D));
        m[k] = _mm512_madd52lo_epu64(_mm512_setzero_si512(), s, mod->inverse);
        LOW(s, m[k], mod->n[0]);
        s = _mm512_srli_epi64(s, DIGIT);
    }
    for (int k = D; k < 2 * D; k++) {
        s = _mm512_add_epi64(s, column_mixed(m, mod->n, k, D));
        a[k - D] = _mm512_and_si512(s, mask);
        s = _mm512_srli_epi64(s, DIGIT);
    }
}

/* The power's exponent is -(n - 1), reached from -u, a start that needs no arithmetic, since
 * R 2^-u is a power of two: -(n - 1) = -u 2^K + rest. `u` is the exponent's head, rounded up, and the
 * rest, of K bits, says after which of K squarings 2 is multiplied in. */
struct plan {
    uint64_t rest[LANES][LIMBS_MAX];
    unsigned u[LANES];
};

static void plan_make(struct plan *p, const uint64_t *const numbers[LANES], unsigned limbs)
{
    for (int lane = 0; lane < LANES; lane++) {
        const uint64_t *n = numbers[lane];
        bool borrow = false;
        for (unsigned i = 0; i < limbs; i++) { /* -(n - 1) modulo 2^bits; n is odd */
            uint64_t limb = i == 0 ? n[0] - 1 : n[i];
            p->rest[lane][i] = -limb - borrow;
            borrow = borrow || limb != 0;
        }
        p->u[lane] = (unsigned)((1U << HEAD) - (p->rest[lane][limbs - 1] >> (64 - HEAD)));
    }
}

VECTORS static __m512i bits_at(const struct plan *p, unsigned bit)
{
    uint64_t lane[LANES];

    for (int k = 0; k < LANES; k++)
        lane[k] = p->rest[k][bit / 64] >> bit % 64 & 1;
    return _mm512_loadu_si512(lane);
}

VECTORS static void start_power(__m512i *a, const struct plan *p, int D)
{
    uint64_t lane[DIGITS_MAX][LANES] = { 0 };

    for (int k = 0; k < LANES; k++) {
        unsigned bit = (unsigned)D * DIGIT - p->u[k];
        lane[bit / DIGIT][k] = UINT64_C(1) << bit % DIGIT;
    }
    for (int i = 0; i < D; i++)
        a[i] = _mm512_loadu_si512(lane[i]);
}

VECTORS static void collect(const __m512i *a, int D, bool passes[LANES])
{
    __mmask8 one = _mm512_cmpeq_epi64_mask(a[0], _mm512_set1_epi64(1));

    for (int i = 1; i < D; i++)
        one &= _mm512_testn_epi64_mask(a[i], a[i]);
    for (int k = 0; k < LANES; k++)
        passes[k] = one >> k & 1;
}

INLINE void test_lanes(const uint64_t *const numbers[LANES], unsigned bits, bool passes[LANES],
                       const int D)
{
    struct modulus mod;
    struct plan plan = { 0 };
    __m512i a[DIGITS_MAX];

    modulus_load(&mod, numbers, bits / 64, (unsigned)D);
    plan_make(&plan, numbers, bits / 64);
    start_power(a, &plan, D);
    for (unsigned bit = bits - HEAD; bit-- > 0;)
        square_twice(a, &mod, bits_at(&plan, bit), D);
    leave_montgomery(a, &mod, D);
    collect(a, D, passes);
}

/* One copy a length, so that each is compiled with its number of digits. */
VECTORS static void test_1024(const uint64_t *const numbers[LANES], bool passes[LANES])
{
    test_lanes(numbers, 1024, passes, 20);
}

VECTORS static void test_1536(const uint64_t *const numbers[LANES], bool passes[LANES])
{
    test_lanes(numbers, 1536, passes, 30);
}

VECTORS static void test_2048(const uint64_t *const numbers[LANES], bool passes[LANES])
{
    test_lanes(numbers, 2048, passes, 40);
}

void fermat_vectors_test(const uint64_t *const numbers[LANES], unsigned bits, bool passes[LANES])
{
    if (bits == 1024)
        test_1024(numbers, passes);
    else if (bits == 1536)
        test_1536(numbers, passes);
    else
        test_2048(numbers, passes);
}

#else

bool fermat_has_vectors(void)
{
    return false;
}

void fermat_vectors_test(const uint64_t *const numbers[LANES], unsigned bits, bool passes[LANES])
{
    (void)numbers, (void)bits, (void)passes;
}

#endif
